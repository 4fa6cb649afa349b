"""What of the timeline is shown? The newest events, of one sort if somebody asks for it; older ones page by page."""

from msgspec import Struct

from tocsin.api.views import EventView, event_view
from tocsin.errors import InvalidInput
from tocsin.sop.model import Sop
from tocsin.store.queries import Queries

PAGE = 100

# Which kinds of events each sort shows; none: all.
SORTS: dict[str, tuple[str, ...]] = {
    "all": (),
    "updates": ("update_posted",),
    "decisions": (
        "incident_opened",
        "acknowledged",
        "assessed",
        "severity_changed",
        "role_assigned",
        "team_added",
        "mitigated",
        "resolved",
        "reopened",
        "cancelled",
        "restored",
        "released",
        "postmortem_requested",
        "postmortem_saved",
        "postmortem_completed",
    ),
    "pages": (
        "step_fired",
        "person_paged",
        "page_accepted",
        "page_failed",
        "page_repeated",
        "response_time_missed",
        "assessment_overdue",
        "reminded",
        "update_overdue",
        "stakeholders_informed",
        "pattern_noticed",
        "postmortem_reminded",
    ),
    "alerts": ("alerts_cleared", "alerts_firing", "alert_worsened"),
    "notes": ("note_added", "channel_opened", "channel_failed", "summary_posted"),
}
_SORT_OF = {kind: sort for sort, kinds in SORTS.items() for kind in kinds}


class Entry(Struct, frozen=True):
    """One line of the timeline."""

    view: EventView
    sort: str


class Timeline(Struct, frozen=True):
    """The entries, the newest first; `is_more` says whether older ones of the sort follow."""

    entries: list[Entry]
    sort: str
    is_more: bool

    @property
    def oldest(self) -> int:
        """The number of the oldest shown; 0 where none is."""
        return self.entries[-1].view.seq if self.entries else 0


def sort_of(text: str) -> str:
    """The sort that is asked for; raises InvalidInput."""
    if text not in SORTS:
        raise InvalidInput(f"show: must be one of {', '.join(SORTS)}, got {text!r}")
    return text


def timeline_page(queries: Queries, incident: str, sop: Sop, *, sort: str, before: int | None = None) -> Timeline:
    """A page of the timeline."""
    found = queries.recent_events(incident, kinds=SORTS[sort], before=before, limit=PAGE + 1)
    entries = [
        Entry(event_view(recorded, sop), _SORT_OF.get(str(recorded.event.__struct_config__.tag), "decisions"))
        for recorded in found[:PAGE]
    ]
    return Timeline(entries=entries, sort=sort, is_more=len(found) > PAGE)

"""Which triage steps are taken, which are missing? The checklist is read from the milestones: it is always true."""

from datetime import datetime

from msgspec import Struct

from tocsin.domain.deadlines import needs_postmortem
from tocsin.domain.incident import Incident, Status
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, TriageStep


class ChecklistItem(Struct, frozen=True):
    """A triage step: taken at `at` by `by`, or missing; `note` says what more it takes, or that it isn't needed."""

    step: TriageStep
    at: datetime | None = None
    by: str | None = None
    is_needed: bool = True
    note: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the step was taken."""
        return self.at is not None


def checklist(sop: Sop, incident: Incident) -> tuple[ChecklistItem, ...]:
    """The seven steps in their order."""
    return tuple(_item(sop, incident, step) for step in TriageStep)


def _item(sop: Sop, incident: Incident, step: TriageStep) -> ChecklistItem:
    milestone = incident.milestones.get(step)
    level = sop.severities.get(incident.severity) if incident.severity else None
    is_needed = step is not TriageStep.POSTMORTEM or level is None or needs_postmortem(level, incident)
    return ChecklistItem(
        step=step,
        at=milestone.at if milestone else None,
        by=milestone.by if milestone else None,
        is_needed=is_needed and incident.status is not Status.CANCELLED,
        note=_note(incident, step),
    )


def _note(incident: Incident, step: TriageStep) -> str:
    if step is TriageStep.RESOLVE and not incident.status.is_over:
        return "monitoring clean" if incident.is_clear else ""
    return ""


def missing_roles(sop: Sop, incident: Incident) -> tuple[Role, ...]:
    """The roles that the severity requires and nobody holds."""
    level = sop.severities.get(incident.severity) if incident.severity else None
    required = level.requires if level else ()
    return tuple(role for role in required if role not in incident.roles)

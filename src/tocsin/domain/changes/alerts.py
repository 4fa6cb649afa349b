"""What does monitoring say of it now?"""

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.incident import Incident


def alerts_cleared(incident: Incident, event: e.AlertsCleared, recorded: e.Recorded) -> Incident:
    """No alert of its group fires any more."""
    return replace(incident, is_clear=True)


def alerts_firing(incident: Incident, event: e.AlertsFiring, recorded: e.Recorded) -> Incident:
    """Its group fires again."""
    return replace(incident, is_clear=False)


def alert_worsened(incident: Incident, event: e.AlertWorsened, recorded: e.Recorded) -> Incident:
    """Monitoring suggests a graver severity; where that begins to page, the ladder counts from now."""
    starts_paging = event.pages_unassessed and not incident.pages_unassessed and incident.severity is None
    # Counting from the quiet beginning would fire the whole ladder at once.
    ladder = replace(incident.ladder, started_at=recorded.at) if starts_paging else incident.ladder
    return replace(incident, provisional=event.provisional, pages_unassessed=event.pages_unassessed, ladder=ladder)

"""Which triage steps are done, since when, and by whom? The first time counts."""

from msgspec.structs import replace

from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident, Milestone
from tocsin.sop.words import TriageStep


def reached(incident: Incident, step: TriageStep, recorded: Recorded) -> Incident:
    """The incident with the milestone set; the first time counts."""
    if step in incident.milestones:
        return incident
    return replace(incident, milestones={**incident.milestones, step: Milestone(recorded.at, recorded.actor)})

"""How far is what is to be learnt?"""

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes.milestones import reached
from tocsin.domain.incident import Incident, Status
from tocsin.sop.words import TriageStep


def postmortem_requested(incident: Incident, event: e.PostmortemRequested, recorded: e.Recorded) -> Incident:
    """One is due though the severity demands none."""
    return replace(incident, postmortem=replace(incident.postmortem, is_requested=True))


def postmortem_saved(incident: Incident, event: e.PostmortemSaved, recorded: e.Recorded) -> Incident:
    """What people wrote, and what is to be done."""
    saved = replace(incident.postmortem, sections=event.sections, action_items=event.action_items)
    return replace(incident, postmortem=saved)


def postmortem_reminded(incident: Incident, event: e.PostmortemReminded, recorded: e.Recorded) -> Incident:
    """So many times was it called for."""
    return replace(incident, postmortem_reminders=event.times + 1)


def postmortem_completed(incident: Incident, event: e.PostmortemCompleted, recorded: e.Recorded) -> Incident:
    """It is closed."""
    done = replace(incident.postmortem, completed_at=recorded.at)
    changed = replace(incident, status=Status.CLOSED, postmortem=done)
    return reached(changed, TriageStep.POSTMORTEM, recorded)

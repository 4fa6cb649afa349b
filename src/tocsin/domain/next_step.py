"""What is to be done next? One obvious step for whoever looks at an incident; every surface offers the same one."""

from enum import StrEnum

from tocsin.domain.checklist import checklist, missing_roles
from tocsin.domain.incident import Incident, Status
from tocsin.sop.model import Sop
from tocsin.sop.words import TriageStep


class NextStep(StrEnum):
    """The step that the procedure asks for now."""

    RELEASE = "release"
    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    ASSIGN_ROLE = "assign_role"  # to the first of the missing roles
    POST_UPDATE = "post_update"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    POSTMORTEM = "postmortem"


def next_step(sop: Sop, incident: Incident) -> NextStep | None:
    """The next step, one that the status allows; None when nothing is left to do."""
    if incident.held_since is not None:
        return NextStep.RELEASE
    match incident.status:
        case Status.TRIGGERED:
            return NextStep.ACKNOWLEDGE
        case Status.ACKNOWLEDGED:
            return _while_working(sop, incident)
        case Status.MITIGATED:
            return NextStep.RESOLVE
        case Status.RESOLVED if _lacks_postmortem(sop, incident):
            return NextStep.POSTMORTEM
    return None


def _while_working(sop: Sop, incident: Incident) -> NextStep:
    if incident.milestone_at(TriageStep.ASSESS) is None:
        return NextStep.ASSESS
    if missing_roles(sop, incident):
        return NextStep.ASSIGN_ROLE
    return NextStep.MITIGATE if incident.updates else NextStep.POST_UPDATE


def _lacks_postmortem(sop: Sop, incident: Incident) -> bool:
    items = checklist(sop, incident)
    return any(it.step is TriageStep.POSTMORTEM and it.is_needed and not it.is_done for it in items)

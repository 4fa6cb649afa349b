"""Who is responsible, who was told what, and what is overdue?"""

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes.milestones import reached
from tocsin.domain.incident import CadenceMemory, Channel, Incident, Update
from tocsin.sop.words import TriageStep


def role_assigned(incident: Incident, event: e.RoleAssigned, recorded: e.Recorded) -> Incident:
    """The role has a new holder."""
    return replace(incident, roles={**incident.roles, event.role: event.person})


def team_added(incident: Incident, event: e.TeamAdded, recorded: e.Recorded) -> Incident:
    """One more team responds."""
    return replace(incident, teams=(*incident.teams, event.team))


def update_posted(incident: Incident, event: e.UpdatePosted, recorded: e.Recorded) -> Incident:
    """The cadence counts from this update."""
    update = Update(at=recorded.at, by=recorded.actor, audience=event.audience, text=event.text)
    changed = replace(
        incident,
        updates=(*incident.updates, update),
        cadence=CadenceMemory(since=recorded.at, promised_within=event.next_within),
    )
    return reached(changed, TriageStep.COMMUNICATE, recorded)


def stakeholders_informed(incident: Incident, event: e.StakeholdersInformed, recorded: e.Recorded) -> Incident:
    """They are told once."""
    return replace(incident, are_stakeholders_informed=True)


def channel_opened(incident: Incident, event: e.ChannelOpened, recorded: e.Recorded) -> Incident:
    """It has its channel."""
    changed = replace(incident, channel=Channel(id=event.channel, name=event.name))
    return reached(changed, TriageStep.COMMUNICATE, recorded)


def summary_posted(incident: Incident, event: e.SummaryPosted, recorded: e.Recorded) -> Incident:
    """The channel's pinned summary is known, so that it can be edited."""
    channel = replace(incident.channel, summary_id=event.message) if incident.channel else None
    return replace(incident, channel=channel)


def reminded(incident: Incident, event: e.Reminded, recorded: e.Recorded) -> Incident:
    """Who owes the update was reminded."""
    return replace(incident, cadence=replace(incident.cadence, is_reminded=True))


def update_overdue(incident: Incident, event: e.UpdateOverdue, recorded: e.Recorded) -> Incident:
    """So many times was it said that the update is overdue."""
    return replace(incident, cadence=replace(incident.cadence, is_reminded=True, overdue=event.times))


def response_time_missed(incident: Incident, event: e.ResponseTimeMissed, recorded: e.Recorded) -> Incident:
    """It was not responded to in time; said once."""
    return replace(incident, is_response_missed=True)


def assessment_overdue(incident: Incident, event: e.AssessmentOverdue, recorded: e.Recorded) -> Incident:
    """So many times was an assessment called for."""
    return replace(incident, assessment_calls=event.times)

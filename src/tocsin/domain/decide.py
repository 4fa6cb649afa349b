"""What follows from a command? `decide` is the whole core: (incident, command, context) to a decision or a refusal.

It reads nothing but its arguments. After every command, what is due by then is carried out as well: an incident is
never left behind its own deadlines, and an acknowledgement in the same instant as a step comes before the step. Time
never runs backwards on a timeline, whatever the clock of the node that asks.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tocsin.domain import commands as c
from tocsin.domain.context import Context, Decision, Draft, Refusal
from tocsin.domain.decisions import lifecycle, people, postmortem, receipts, restoring
from tocsin.domain.decisions.due import fire_due
from tocsin.domain.incident import Incident
from tocsin.domain.react import effects_of, withdrawn
from tocsin.domain.transitions import why_not


def decide(incident: Incident | None, command: c.Opening | c.Change, context: Context) -> Decision | Refusal:
    """The decision on `command`, or why it is refused; `incident` is None for a command that opens one.

    A refusal leaves everything as it was. A decision may be without events, when there was nothing to do.
    """
    forbidden = why_not(command, incident.id, incident.status) if incident else None
    if forbidden is not None:
        return Refusal(*forbidden)
    draft = Draft(incident, _not_before(incident, context))
    refusal = _HANDLERS[type(command)](draft, command)
    if refusal is not None:
        return refusal
    wake_at = fire_due(draft)
    return Decision(
        before=incident,
        incident=draft.incident,
        events=tuple(draft.events),
        effects=effects_of(incident, draft),
        withdrawn=withdrawn(incident, draft.incident),
        wake_at=wake_at,
    )


def _not_before(incident: Incident | None, context: Context) -> Context:
    """The context at the incident's newest event at the earliest: another node's clock may be a little ahead."""
    return replace(context, now=max(context.now, incident.changed_at)) if incident else context


def _tick(draft: Draft, command: c.Tick) -> Refusal | None:
    """Nothing beside what is due."""
    return None


# Each handler takes the key's command; the type system can't say so of a dict.
_HANDLERS: dict[type, Callable[[Draft, Any], Refusal | None]] = {
    c.OpenFromAlert: lifecycle.open_from_alert,
    c.Declare: lifecycle.declare,
    c.Acknowledge: lifecycle.acknowledge,
    c.Assess: lifecycle.assess,
    c.AssignRole: people.assign_role,
    c.AddTeam: lifecycle.add_team,
    c.AddNote: lifecycle.add_note,
    c.PostUpdate: people.post_update,
    c.PageByHand: people.page_by_hand,
    c.Mitigate: lifecycle.mitigate,
    c.Resolve: lifecycle.resolve,
    c.Reopen: lifecycle.reopen,
    c.Restore: restoring.restore,
    c.Release: restoring.release,
    c.NoteStillFiring: restoring.note_still_firing,
    c.Cancel: lifecycle.cancel,
    c.NoteAlertsCleared: lifecycle.note_alerts_cleared,
    c.NoteAlertsFiring: lifecycle.note_alerts_firing,
    c.NoteAlertWorse: lifecycle.note_alert_worse,
    c.RequestPostmortem: postmortem.request_postmortem,
    c.SavePostmortem: postmortem.save_postmortem,
    c.CompletePostmortem: postmortem.complete_postmortem,
    c.Tick: _tick,
    c.ReportPageAccepted: receipts.page_accepted,
    c.ReportPageFailed: receipts.page_failed,
    c.ReportChannelOpened: receipts.channel_opened,
    c.ReportChannelFailed: receipts.channel_failed,
    c.ReportSummaryPosted: receipts.summary_posted,
}

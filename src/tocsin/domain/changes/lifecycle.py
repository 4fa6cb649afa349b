"""What follows from where a response stands: acknowledged, assessed, mitigated, over, and begun anew?"""

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes.milestones import reached
from tocsin.domain.incident import CadenceMemory, Incident, LadderMemory, Newest, Page, PageStatus, Status
from tocsin.sop.words import TriageStep

_UNDONE_BY_REOPENING = (
    TriageStep.ACKNOWLEDGE,
    TriageStep.ESCALATE,
    TriageStep.MITIGATE,
    TriageStep.RESOLVE,
    TriageStep.POSTMORTEM,
)


def acknowledged(incident: Incident, event: e.Acknowledged, recorded: e.Recorded) -> Incident:
    """Somebody responds; who was first stays the one who acknowledged."""
    is_first = incident.status is Status.TRIGGERED
    changed = replace(
        incident,
        status=Status.ACKNOWLEDGED if is_first else incident.status,
        acknowledged_by=incident.acknowledged_by or recorded.actor,
        pages=_answered(incident.pages),
        ladder=_answered_ladder(incident.ladder),
    )
    return reached(changed, TriageStep.ACKNOWLEDGE, recorded)


def _answered_ladder(memory: LadderMemory) -> LadderMemory:
    """Somebody responds: whom a step could not reach need not be stood in for."""
    return replace(memory, paging=Newest(), notifying=replace(memory.notifying, lost_at=None))


def _answered(pages: dict[str, Page]) -> dict[str, Page]:
    """Somebody responds: what demanded an answer has it; notifications are still on their way."""
    return {key: _settled(page) if page.demands_answer else page for key, page in pages.items()}


def _ended(pages: dict[str, Page]) -> dict[str, Page]:
    """It is over: nothing that was sent for it matters any more."""
    return {key: _settled(page) for key, page in pages.items()}


def _settled(page: Page) -> Page:
    return page if page.status is PageStatus.FAILED else replace(page, status=PageStatus.ANSWERED)


def assessed(incident: Incident, event: e.Assessed, recorded: e.Recorded) -> Incident:
    """Its severity is known, and with it its ladder and its cadence."""
    changed = replace(
        incident,
        severity=event.severity,
        severity_reason=event.reason,
        trigger=event.trigger,
        ladder=_another_ladder(incident.ladder),
        cadence=CadenceMemory(since=recorded.at),
    )
    return reached(changed, TriageStep.ASSESS, recorded)


def _another_ladder(memory: LadderMemory) -> LadderMemory:
    """What is done stays done, and a page that reached nobody still hurries the next one, whichever ladder it is on.

    But the last notification of one ladder, had it reached nobody, doesn't hurry those of another.
    """
    return replace(memory, notifying=replace(memory.notifying, lost_at=None))


def severity_changed(incident: Incident, event: e.SeverityChanged, recorded: e.Recorded) -> Incident:
    """It is on another ladder, and its cadence counts from now; neither, where only what it is due to has changed."""
    changed = replace(incident, severity_reason=event.reason, trigger=event.trigger or incident.trigger)
    if event.severity is event.before:
        return changed
    return replace(
        changed,
        severity=event.severity,
        ladder=_another_ladder(incident.ladder),
        cadence=CadenceMemory(since=recorded.at),
        is_response_missed=False,
    )


def mitigated(incident: Incident, event: e.Mitigated, recorded: e.Recorded) -> Incident:
    """Service is restored: nobody needs to be woken."""
    changed = replace(
        incident,
        status=Status.MITIGATED,
        pages=_answered(incident.pages),
        ladder=_answered_ladder(incident.ladder),
    )
    return reached(changed, TriageStep.MITIGATE, recorded)


def resolved(incident: Incident, event: e.Resolved, recorded: e.Recorded) -> Incident:
    """The fix is confirmed."""
    changed = replace(incident, status=Status.RESOLVED, pages=_ended(incident.pages))
    return reached(changed, TriageStep.RESOLVE, recorded)


def reopened(incident: Incident, event: e.Reopened, recorded: e.Recorded) -> Incident:
    """A new epoch: it is to be answered anew, and its ladder counts from now."""
    kept = {step: made for step, made in incident.milestones.items() if step not in _UNDONE_BY_REOPENING}
    return replace(
        incident,
        status=Status.TRIGGERED,
        epoch=incident.epoch + 1,
        ladder=LadderMemory(started_at=recorded.at),
        acknowledged_by=None,
        assessment_calls=0,
        is_response_missed=False,
        milestones=kept,
        cadence=CadenceMemory(since=recorded.at if incident.severity else None),
        postmortem=replace(incident.postmortem, completed_at=None),
        postmortem_reminders=0,
        cancelled_at=None,
        held_since=None,
    )


def cancelled(incident: Incident, event: e.Cancelled, recorded: e.Recorded) -> Incident:
    """It was none."""
    return replace(incident, status=Status.CANCELLED, pages=_ended(incident.pages), cancelled_at=recorded.at)

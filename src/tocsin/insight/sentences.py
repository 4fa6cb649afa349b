"""How did the response go, in words? Compliance and reach as sentences of plain text, for the postmortem.

Blameless: a sentence says what was asked for and what came when, never who ought to have done what.
"""

from datetime import datetime, timedelta

from tocsin.domain.checklist import checklist
from tocsin.domain.deadlines import needs_postmortem
from tocsin.domain.incident import Incident, Status
from tocsin.insight.compliance import CadenceCompliance, PostmortemCompliance, ResponseCompliance, Verdict, level_of
from tocsin.insight.metrics import Epoch, Metrics
from tocsin.sop.durations import Duration
from tocsin.sop.model import PostmortemRule, SeverityLevel, Sop
from tocsin.sop.render import phrases
from tocsin.sop.render.text import listed


def stamp(at: datetime) -> str:
    """An instant as the postmortem says it, `2026-11-25 12:15 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def spell(length: timedelta) -> str:
    """A length of time in words, cut to whole seconds: `4 min 12 s`."""
    return Duration.of(length).words


def compliance_sentences(incident: Incident, metrics: Metrics, sop: Sop) -> tuple[str, ...]:
    """How the response compares with what the SOP asks for, one sentence a duty."""
    return (
        *(_response_sentence(epoch, number, sop) for number, epoch in enumerate(metrics.epochs)),
        _cadence_sentence(metrics.cadence),
        _paging_sentence(metrics),
        _steps_sentence(incident, sop),
    )


def _response_sentence(epoch: Epoch, number: int, sop: Sop) -> str:
    start = f"After the reopening on {stamp(epoch.started_at)}: " if number else ""
    sentence = _response(epoch.response, epoch.started_at, sop)
    return start + (sentence if start else sentence[0].upper() + sentence[1:])


def _response(response: ResponseCompliance, started_at: datetime, sop: Sop) -> str:
    level = sop.severities.get(response.severity) if response.severity else None
    if level is None:
        return "the severity was not assessed, so no response time was asked for."
    if response.due_at is None:
        return f"{response.severity} asks for no response time."
    asked = f"the {phrases.response_time(level)} that {response.severity} asks for"
    if response.answered_at is None or response.answered_by is None:
        return _awaiting(response, response.due_at, asked)
    waited = spell(response.answered_at - started_at)
    done = f"{_DONE[response.answered_by]} after {waited}"
    if response.verdict is Verdict.MISSED:
        return f"{done}, {spell(response.answered_at - response.due_at)} later than {asked}."
    return f"{done}, within {asked}."


_DONE = {
    Status.ACKNOWLEDGED: "acknowledged",
    Status.MITIGATED: "mitigated, without an acknowledgement on record,",
    Status.RESOLVED: "resolved, without an acknowledgement on record,",
    Status.CANCELLED: "cancelled, without an acknowledgement on record,",
}


def _awaiting(response: ResponseCompliance, due_at: datetime, asked: str) -> str:
    if response.verdict is Verdict.MISSED:
        return f"no acknowledgement is on record; {asked} were over at {stamp(due_at)}."
    return f"not acknowledged yet; {asked} are over at {stamp(due_at)}."


def _cadence_sentence(cadence: CadenceCompliance) -> str:
    if cadence.longest_gap is None:
        return "No status updates at a fixed interval were asked for."
    if not cadence.required:
        return "No status update fell due."
    asked = f"Status updates asked for: {cadence.required}, in time: {cadence.required - cadence.late}"
    overdue = f"one was overdue for {spell(cadence.lateness)} in all, and " if cadence.late else ""
    return f"{asked}; {overdue}the longest stretch without one was {spell(cadence.longest_gap)}."


def _paging_sentence(metrics: Metrics) -> str:
    people = f"{metrics.people_paged} {'person was' if metrics.people_paged == 1 else 'people were'} paged"
    if not metrics.pages_failed:
        return f"{people}." if metrics.people_paged else "Nobody was paged."
    pages = "page was" if metrics.pages_failed == 1 else "pages were"
    return f"{people}; {metrics.pages_failed} {pages} taken by no contact method."


def _steps_sentence(incident: Incident, sop: Sop) -> str:
    needed = [item for item in checklist(sop, incident) if item.is_needed]
    missing = [item.step.value for item in needed if not item.is_done]
    rest = f"; not on record: {listed(missing)}" if missing else ""
    return f"Triage steps on record: {len(needed) - len(missing)} of {len(needed)}{rest}."


def due_sentence(incident: Incident, postmortem: PostmortemCompliance, sop: Sop) -> str:
    """By when this incident's postmortem is due, or that none is."""
    level = level_of(sop, incident)
    if incident.status is Status.CANCELLED:
        return "Cancelled: no postmortem is due."
    if level is None:
        return "Whether a postmortem is due depends on the severity, which is not assessed yet."
    if not needs_postmortem(level, incident):
        unless = " unless somebody asks for one" if level.postmortem is PostmortemRule.ON_REQUEST else ""
        return f"{incident.severity}: no postmortem is due{unless}."
    return _due(postmortem, level)


def _due(postmortem: PostmortemCompliance, level: SeverityLevel) -> str:
    after = f"{level.postmortem_within.words} after the resolution" if level.postmortem_within else "at no fixed time"
    due = f"Due by {stamp(postmortem.due_at)}, {after}" if postmortem.due_at else f"Due {after}"
    if postmortem.completed_at:
        return f"{due}; completed on {stamp(postmortem.completed_at)}."
    return f"{due}; overdue." if postmortem.verdict is Verdict.MISSED else f"{due}."

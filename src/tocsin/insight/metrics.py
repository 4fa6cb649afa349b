"""How did the response go? Times, compliance with the SOP and reach, folded from one incident's timeline.

Pure: the present comes in as `now`. Instants are aware UTC.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain import events as e
from tocsin.domain.incident import Incident, PageStatus
from tocsin.insight.compliance import (
    CadenceCompliance,
    PostmortemCompliance,
    ResponseCompliance,
    Verdict,
    cadence_compliance,
    postmortem_compliance,
    response_compliance,
)
from tocsin.insight.history import Moment, epochs, first, history
from tocsin.sop.model import Sop
from tocsin.sop.words import Urgency


class Epoch(Struct, frozen=True):
    """The span between reopenings; the times count from its start and are None while not reached."""

    started_at: datetime
    ended_at: datetime | None  # resolved or cancelled; None when it was reopened before, or is open
    to_acknowledge: timedelta | None
    to_mitigate: timedelta | None
    to_resolve: timedelta | None
    response: ResponseCompliance


class Metrics(Struct, frozen=True):
    """One incident in figures. The times count from the opening and are None while not reached.

    Of a reopened incident the first acknowledgement counts, and the mitigation and the resolution that held, if one
    did. `duration` lasts to the resolution or cancellation that held, else to now; `open_for` leaves out the time
    between an end and a reopening. `epochs` has at least one.
    """

    epochs: tuple[Epoch, ...]
    to_acknowledge: timedelta | None
    to_assess: timedelta | None
    to_mitigate: timedelta | None
    to_resolve: timedelta | None
    duration: timedelta
    open_for: timedelta
    cadence: CadenceCompliance
    postmortem: PostmortemCompliance
    people_paged: int
    pages_failed: int  # pages that no contact method took

    @property
    def response(self) -> ResponseCompliance:
        """The response time of the first epoch that missed it, else of the newest."""
        missed = (epoch.response for epoch in self.epochs if epoch.response.verdict is Verdict.MISSED)
        return next(missed, self.epochs[-1].response)


def measure(incident: Incident, timeline: Sequence[e.Recorded], sop: Sop, now: datetime) -> Metrics:
    """The incident's figures at `now`; the timeline is complete, `sop` the version that the incident runs under."""
    moments = history(timeline)
    spans = epochs(moments)
    opened_at, newest = incident.opened_at, spans[-1]
    told = tuple(_epoch(sop, span, now) for span in spans)
    return Metrics(
        epochs=told,
        to_acknowledge=_since(opened_at, first(moments, e.Acknowledged)),
        to_assess=_since(opened_at, first(moments, e.Assessed)),
        to_mitigate=_since(opened_at, first(newest, e.Mitigated)),
        to_resolve=_since(opened_at, first(newest, e.Resolved)),
        duration=(told[-1].ended_at or now) - opened_at,
        open_for=_open_for(told, now),
        cadence=cadence_compliance(sop, moments, now),
        postmortem=postmortem_compliance(sop, incident, now),
        people_paged=len(_paged(timeline)),
        pages_failed=_failed_pages(incident),
    )


def _epoch(sop: Sop, span: Sequence[Moment], now: datetime) -> Epoch:
    started_at = span[0].at
    return Epoch(
        started_at=started_at,
        ended_at=first(span, e.Resolved, e.Cancelled),
        to_acknowledge=_since(started_at, first(span, e.Acknowledged)),
        to_mitigate=_since(started_at, first(span, e.Mitigated)),
        to_resolve=_since(started_at, first(span, e.Resolved)),
        response=response_compliance(sop, span, now),
    )


def _since(start: datetime, reached_at: datetime | None) -> timedelta | None:
    return reached_at - start if reached_at else None


def _open_for(told: Sequence[Epoch], now: datetime) -> timedelta:
    """An epoch without an end lasted until the reopening that began the next one."""
    followers = [*(epoch.started_at for epoch in told[1:]), now]
    spans = zip(told, followers, strict=True)
    return sum(((epoch.ended_at or follower) - epoch.started_at for epoch, follower in spans), timedelta())


def _paged(timeline: Sequence[e.Recorded]) -> set[str]:
    reaches = (e.reaches_of(recorded.event) for recorded in timeline)
    return {reach.person for urgency, reached in reaches if urgency is Urgency.PAGE for reach in reached}


def _failed_pages(incident: Incident) -> int:
    return sum(page.demands_answer and page.status is PageStatus.FAILED for page in incident.pages.values())

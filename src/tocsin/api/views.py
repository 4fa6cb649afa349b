"""What does the API show of alerts, timelines, pages and duties? Values made for reading; times are RFC 3339 in UTC."""

from datetime import datetime

from msgspec import Struct

from tocsin.domain.effects import SendPage
from tocsin.domain.events import AnyEvent, Recorded
from tocsin.domain.narrate import name_of, narrate
from tocsin.oncall.roster import OnCall
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity
from tocsin.store.rows import OutboxRow, StoredAlert


class AlertView(Struct, frozen=True):
    """An alert of an incident."""

    fingerprint: str
    incident: str | None
    status: str
    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    received: int
    generator_url: str


class EventView(Struct, frozen=True):
    """An entry of the timeline: `text` tells it, `event` holds it."""

    seq: int
    at: datetime
    actor: str
    via: str
    text: str
    event: AnyEvent


class OnCallView(Struct, frozen=True):
    """Who answers for a team until the next handoff, and who takes over; None is nobody."""

    team: str
    primary: str | None
    primary_name: str | None
    secondary: str | None
    secondary_name: str | None
    until: datetime
    next_primary: str | None
    next_secondary: str | None


class PageView(Struct, frozen=True):
    """A page or notification to a person; `delivery` is pending, leased, counted, done, failed or suppressed."""

    key: str
    incident: str
    title: str
    person: str
    name: str
    urgency: str
    via: str
    reason: str
    severity: Severity | None
    sent_at: datetime
    delivery: str
    attempts: int
    note: str


def event_view(recorded: Recorded, sop: Sop) -> EventView:
    """An entry of the timeline."""
    text = narrate(recorded.event, sop)
    return EventView(recorded.seq, recorded.at, recorded.actor, recorded.via, text, recorded.event)


def alert_view(alert: StoredAlert) -> AlertView:
    """An alert."""
    return AlertView(
        fingerprint=alert.fingerprint,
        incident=alert.incident,
        status=alert.status,
        name=alert.labels.get("alertname", ""),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.last_seen_at,
        received=alert.received,
        generator_url=alert.generator_url,
    )


def page_view(row: OutboxRow, page: SendPage, sop: Sop) -> PageView:
    """A page or notification of the inbox."""
    return PageView(
        key=page.key,
        incident=page.incident,
        title=page.title,
        person=page.reach.person,
        name=name_of(page.reach.person, sop),
        urgency=page.urgency,
        via=row.provider,
        reason=page.reason,
        severity=page.severity,
        sent_at=row.created_at,
        delivery=row.status,
        attempts=row.attempts,
        note=row.note,
    )


def on_call_view(it: OnCall, sop: Sop) -> OnCallView:
    """Who is on call in a team, with names."""
    return OnCallView(
        team=it.team,
        primary=it.primary,
        primary_name=name_of(it.primary, sop) if it.primary else None,
        secondary=it.secondary,
        secondary_name=name_of(it.secondary, sop) if it.secondary else None,
        until=it.until,
        next_primary=it.next_primary,
        next_secondary=it.next_secondary,
    )

"""What becomes of alerts? A batch is attached to incidents, or opens them, in one transaction.

A repeated alert only counts. What changes the response becomes an event: the first firing of a group, a worse alert,
all clear, firing again. The outcome doesn't depend on the order in which alerts of one batch or of several arrive.
"""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain import commands as c
from tocsin.domain.alert import Alert, AlertStatus, fingerprint
from tocsin.domain.placement import Placement, place
from tocsin.engine.desk import Actor, Desk
from tocsin.store.codec import to_column
from tocsin.store.rows import KnownAlert
from tocsin.store.transaction import Transaction


class Intake:
    """The intake of one batch of alerts."""

    def __init__(self, desk: Desk, tx: Transaction, now: datetime, actor: Actor) -> None:
        self._desk = desk
        self._tx = tx
        self._now = now
        self._actor = actor
        self._repeated: list[int] = []
        self._may_be_clear: dict[str, None] = {}
        self._fires: dict[str, str] = {}  # incident -> what fires on it again

    def take(self, alerts: Sequence[Alert]) -> None:
        """Attach every alert; the last alert of a fingerprint in the batch is taken after the earlier ones."""
        prints = [fingerprint(alert.labels) for alert in alerts]
        known = self._tx.known_alerts(prints)
        for alert, print_ in zip(alerts, prints, strict=True):
            changed = self._take(alert, print_, known.get(print_))
            if changed is not None:
                known[print_] = changed
        self._tx.bump_alerts(self._repeated, self._now)
        self._tell_incidents()

    def _take(self, alert: Alert, print_: str, known: KnownAlert | None) -> KnownAlert | None:
        """The alert as it is known from now on; None where nothing but a counter changes."""
        if known is None or not known.is_open:
            return self._take_unattached(alert, print_, known)
        if alert.status is known.status or _is_stale(alert, known):
            self._repeated.append(known.id)
            return None
        self._tx.change_alert(known.id, alert, self._now)
        if alert.status is AlertStatus.RESOLVED:
            self._may_be_clear[str(known.incident)] = None
        else:
            self._fires[str(known.incident)] = alert.summary
        return _known(known.id, known.incident, alert)

    def _take_unattached(self, alert: Alert, print_: str, known: KnownAlert | None) -> KnownAlert | None:
        if alert.status is AlertStatus.RESOLVED:
            return self._take_resolved(alert, print_, known)
        if known is not None and (_is_stale(alert, known) or _is_same_episode(alert, known)):
            self._repeated.append(known.id)
            return None
        placement = place(self._desk.sops.current, alert)
        incident = self._incident_for(alert, placement)
        return _known(self._tx.add_alert(alert, print_, incident, self._now), incident, alert)

    def _take_resolved(self, alert: Alert, print_: str, known: KnownAlert | None) -> KnownAlert | None:
        """A resolution of nothing open: remembered, so that its own firing, arriving late, pages nobody."""
        if known is None:
            return _known(self._tx.add_alert(alert, print_, None, self._now), None, alert)
        if known.status == AlertStatus.FIRING and to_column(alert.starts_at) >= known.starts_at:
            self._tx.change_alert(known.id, alert, self._now)
            return _known(known.id, known.incident, alert, is_open=known.is_open)
        self._repeated.append(known.id)
        return None

    def _incident_for(self, alert: Alert, placement: Placement) -> str:
        incident = self._tx.open_incident_of(placement.group_key)
        if incident is None:
            opening = c.OpenFromAlert(title=alert.summary, placement=placement)
            return self._desk.open(self._tx, self._now, opening, self._actor).id
        self._desk.change(
            self._tx, self._now, incident, c.NoteAlertWorse(title=alert.summary, placement=placement), self._actor
        )
        self._fires[incident] = alert.summary
        return incident

    def _tell_incidents(self) -> None:
        for incident, title in self._fires.items():
            self._desk.change(self._tx, self._now, incident, c.NoteAlertsFiring(title=title), self._actor)
        for incident in self._may_be_clear:
            total, firing = self._tx.alert_counts(incident)
            if not firing:
                self._desk.change(self._tx, self._now, incident, c.NoteAlertsCleared(alerts=total), self._actor)


def _known(id_: int, incident: str | None, alert: Alert, *, is_open: bool | None = None) -> KnownAlert:
    return KnownAlert(
        id=id_,
        incident=incident,
        is_open=incident is not None if is_open is None else is_open,
        status=alert.status.value,
        starts_at=to_column(alert.starts_at),
        ends_at=to_column(alert.ends_at) if alert.ends_at else None,
    )


def _is_stale(alert: Alert, known: KnownAlert) -> bool:
    """Whether the alert tells of a time before what is known: it was delayed on its way (invariant 4)."""
    if alert.status is AlertStatus.RESOLVED:
        return to_column(alert.ends_at or alert.starts_at) < known.starts_at
    return known.ends_at is not None and to_column(alert.starts_at) < known.ends_at


def _is_same_episode(alert: Alert, known: KnownAlert) -> bool:
    """Whether it is still the firing that a closed incident was about.

    Prometheus repeats a firing alert every minute or so. Somebody resolved its incident all the same, and said so in
    the record; opening another incident for each repetition would page them again and again.
    """
    return known.status == AlertStatus.FIRING and to_column(alert.starts_at) <= known.starts_at

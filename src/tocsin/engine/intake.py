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
from tocsin.store.codec import optional_to_column, to_column
from tocsin.store.connection import Stale
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
        self._still_fires: dict[str, str] = {}  # incident that is held -> what fires on it

    def take(self, alerts: Sequence[Alert]) -> None:
        """Attach every alert; the last alert of a fingerprint in the batch is taken after the earlier ones."""
        prints = [fingerprint(alert.labels) for alert in alerts]
        known = self._tx.alerts.known(prints)
        for alert, print_ in zip(alerts, prints, strict=True):
            known[print_] = self._take(alert, print_, known.get(print_))
        self._tx.alerts.bump(self._repeated, self._now)
        self._tell_incidents()

    def _take(self, alert: Alert, print_: str, known: KnownAlert | None) -> KnownAlert:
        """The alert as it is known from now on."""
        if known is None:
            return self._take_new(alert, print_)
        told = _told(alert, known.id, known.incident, is_open=known.is_open)
        is_old = _moment(told) <= _moment(known)
        # A repetition is no news, but after a restoration it is proof; a firing that was delayed proves nothing.
        if known.is_held and alert.status is AlertStatus.FIRING and (not is_old or known.status == told.status):
            self._still_fires[str(known.incident)] = alert.summary
        if is_old:
            self._repeated.append(known.id)
            return known
        if not known.is_open and alert.status is AlertStatus.FIRING:
            return self._take_new(alert, print_)
        if known.is_open and alert.status is AlertStatus.FIRING:
            self._hold_open(str(known.incident))
        self._tx.alerts.change(known, alert, self._now)
        if known.is_open and told.status != known.status:
            self._note_change(alert, str(known.incident))
        return told

    def _take_new(self, alert: Alert, print_: str) -> KnownAlert:
        """An alert of no open incident opens one, or joins that of its group.

        A resolution is remembered alone, so that its own firing, arriving late, pages nobody.
        """
        is_firing = alert.status is AlertStatus.FIRING
        incident = self._incident_for(alert, place(self._desk.sops.current, alert)) if is_firing else None
        id_ = self._tx.alerts.add(alert, print_, incident, self._now)
        return _told(alert, id_, incident, is_open=is_firing)

    def _note_change(self, alert: Alert, incident: str) -> None:
        if alert.status is AlertStatus.RESOLVED:
            self._may_be_clear[incident] = None
        else:
            self._fires[incident] = alert.summary

    def _incident_for(self, alert: Alert, placement: Placement) -> str:
        incident = self._tx.incidents.open_one_of(placement.group_key)
        if incident is None:
            opening = c.OpenFromAlert(title=alert.summary, placement=placement)
            return self._desk.open(self._tx, self._now, opening, self._actor).id
        self._hold_open(incident)
        command = c.NoteAlertWorse(title=alert.summary, placement=placement)
        joined = self._desk.change(self._tx, self._now, incident, command, self._actor)
        self._fires[incident] = alert.summary
        if joined.held_since is not None:
            self._still_fires[incident] = alert.summary
        return incident

    def _tell_incidents(self) -> None:
        for incident, title in self._fires.items():
            self._desk.change(self._tx, self._now, incident, c.NoteAlertsFiring(title=title), self._actor)
        for incident, title in self._still_fires.items():
            self._desk.change(self._tx, self._now, incident, c.NoteStillFiring(title=title), self._actor)
        for incident in self._may_be_clear:
            self._tx.incidents.hold(incident)  # else two nodes, each clearing one of two alerts, would see one fire
            total, firing = self._tx.alerts.counts(incident)
            if not firing:
                self._desk.change(self._tx, self._now, incident, c.NoteAlertsCleared(alerts=total), self._actor)

    def _hold_open(self, incident: str) -> None:
        """Let nobody end the incident while an alert joins it: on an ended one it would page nobody."""
        if not self._tx.incidents.hold(incident):
            raise Stale(f"{incident}: it has ended meanwhile")


def _told(alert: Alert, id_: int, incident: str | None, *, is_open: bool) -> KnownAlert:
    return KnownAlert(
        id=id_,
        incident=incident,
        is_open=is_open,
        status=alert.status.value,
        starts_at=to_column(alert.starts_at),
        ends_at=optional_to_column(alert.ends_at),
    )


def _moment(known: KnownAlert) -> tuple[int, int, bool]:
    """The moment that an alert tells of: a firing of its start, a resolution of its end.

    Of all that arrives the latest moment is kept, so the order of arrival doesn't matter (invariant 4): what was
    delayed changes nothing. A firing that begins as another ends comes after that end, but an alert's end comes after
    its own beginning, however short it was.

    Prometheus repeats a firing alert every minute or so. Where somebody has resolved its incident all the same, and
    said so in the record, a repetition tells nothing later: another incident for each would page them again and again.
    """
    is_over = known.status == AlertStatus.RESOLVED
    told_of = known.ends_at if is_over and known.ends_at is not None else known.starts_at
    return told_of, known.starts_at, is_over

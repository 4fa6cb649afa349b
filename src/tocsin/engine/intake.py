"""What becomes of alerts? A batch is attached to incidents, or opens them, in one transaction.

A repeated alert only counts. What changes the response becomes an event: the first firing of a group, a worse alert,
all clear, firing again. The outcome doesn't depend on the order in which alerts of one batch or of several arrive.

What a storm brings is asked and written by the batch, and an incident is decided on once for all alerts of a kind.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.domain.incident import Incident
from tocsin.domain.placement import Placement, Placer
from tocsin.domain.silence import muted_by
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.memory import Learnt, Memory, moment
from tocsin.store.alerts import NewAlert
from tocsin.store.codec import optional_to_column, to_column
from tocsin.store.connection import Stale
from tocsin.store.incidents import Standing
from tocsin.store.rows import KnownAlert, MutedAlert
from tocsin.store.transaction import Transaction


class _Heard(Struct):
    """An alert of a batch, and how many times the batch tells of the same."""

    alert: Alert
    times: int = 1

    @property
    def fingerprint(self) -> str:
        """The alert's."""
        return self.alert.fingerprint


_Placed = tuple[_Heard, Placement]


class Intake:
    """Takes alerts in; one for each node."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.placer = Placer(desk.sops.current)
        self.memory = Memory()

    def take(self, tx: Transaction, now: datetime, actor: Actor, alerts: Sequence[Alert]) -> Learnt:
        """Attach every alert; the last alert of a fingerprint in the batch is taken after the earlier ones.

        What is learnt thereby is given to `learn` once it is committed.
        """
        return _Batch(self, tx, now, actor).take(alerts)

    def learn(self, learnt: Learnt) -> None:
        """Remember what a batch has found out, so that the database need not be asked again."""
        self.memory.learn(learnt)

    def let_out(self, tx: Transaction, now: datetime, actor: Actor, muted: MutedAlert) -> None:
        """The silence of an alert is over."""
        _Batch(self, tx, now, actor).let_out(muted)


def _waves(alerts: Sequence[Alert]) -> Iterator[dict[str, _Heard]]:
    """The alerts by fingerprint, in their order; where a batch tells of one twice, what is new in it comes later."""
    coming = [_Heard(alert) for alert in alerts]
    while coming:
        wave: dict[str, _Heard] = {}
        later: list[_Heard] = []
        for heard in coming:
            first = wave.setdefault(heard.fingerprint, heard)
            if first is heard:
                continue
            if _tells_the_same(first.alert, heard.alert):
                first.times += heard.times
            else:
                later.append(heard)
        yield wave
        coming = later


def _tells_the_same(one: Alert, other: Alert) -> bool:
    return (one.status, one.starts_at, one.ends_at) == (other.status, other.starts_at, other.ends_at)


class _Batch:
    """What one batch brings: alerts, wave after wave, and at its end what the incidents hear of it."""

    def __init__(self, intake: Intake, tx: Transaction, now: datetime, actor: Actor) -> None:
        self._intake = intake
        self._tx = tx
        self._now = now
        self._actor = actor
        self._new: list[_Heard] = []
        self._changed: list[tuple[KnownAlert, _Heard]] = []
        self._repeated: dict[int, int] = {}  # an alert's row -> how many times it was told of again
        self._still_fires: dict[str, str] = {}  # incident that is held -> what fires on it
        self._may_be_clear: dict[str, None] = {}
        self._standing: dict[str, Standing] = {}  # of incidents that nothing in this wave has changed
        self._learnt = Learnt()

    def take(self, alerts: Iterable[Alert]) -> Learnt:
        """Attach every alert, and return what was learnt."""
        for wave in _waves(self._count_repeated(alerts)):
            known = self._tx.alerts.known(wave.keys())
            for print_, heard in wave.items():
                self._sort(heard, known.get(print_))
            if self._new or self._changed:
                self._attach()
        self._tx.alerts.bump(self._repeated, self._now)
        self._tell_incidents()
        return self._learnt

    def _count_repeated(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Count what is known to be repeated, and return the others: those that the database is asked about."""
        row_repeated_by, repeated = self._intake.memory.row_repeated_by, self._repeated
        others: list[Alert] = []
        for alert in alerts:
            row = row_repeated_by(alert)
            if row is None:
                others.append(alert)
            else:
                repeated[row] = repeated.get(row, 0) + 1
        return others

    def _sort(self, heard: _Heard, known: KnownAlert | None) -> None:
        """Put it to what is new, to what is repeated, or to what has changed."""
        if known is None:
            self._new.append(heard)
            return
        alert = heard.alert
        is_firing = alert.status is AlertStatus.FIRING
        is_old = _moment_of(alert) <= moment(known.status, known.starts_at, known.ends_at)
        # A repetition is no news, but after a restoration it is proof; a firing that was delayed proves nothing.
        if known.is_held and is_firing and (not is_old or known.status == alert.status):
            self._still_fires[str(known.incident)] = alert.summary
        if is_old:
            self._repeated[known.id] = self._repeated.get(known.id, 0) + heard.times
            if known.incident is not None and not known.is_held:
                self._learnt.repeated.append((alert, known.id))
        elif is_firing and not known.is_open and not known.is_muted:
            self._new.append(heard)
        else:
            self._changed.append((known, heard))

    def _attach(self) -> None:
        """Give what is new its incident, and write down what has changed.

        An alert of no open incident opens one, or joins that of its group; one that is silenced is remembered alone,
        until its silence ends. A resolution is remembered alone as well, so that its own firing, arriving late, pages
        nobody.
        """
        firing = [it for it in self._new if _is_firing(it)]
        muted = self._muted(firing)
        incident_of = self._placed([it for it in firing if it.fingerprint not in muted])
        new = [NewAlert(it.fingerprint, it.alert, incident_of.get(it.fingerprint), it.times) for it in self._new]
        self._tx.alerts.add(new, self._now)
        self._tx.silences.mute(muted)
        for known, heard in self._changed:
            self._change(known, heard)
        self._join_again()
        self._new, self._changed = [], []

    def _join_again(self) -> None:
        """What fires anew under its old name may look worse than it did: an event of PagerDuty's names it by a key."""
        again: dict[str, list[_Placed]] = {}
        for known, heard in self._changed:
            if known.is_open and _is_firing(heard):
                again.setdefault(str(known.incident), []).append((heard, self._intake.placer.place(heard.alert)))
        for incident, placed in again.items():
            self._join(incident, placed)

    def _muted(self, firing: Sequence[_Heard]) -> dict[str, str]:
        """The silences that keep some of them quiet, by the alert's fingerprint."""
        silences = self._tx.silences.holding(self._now) if firing else ()
        if not silences:
            return {}
        found = ((it.fingerprint, muted_by(silences, it.alert.labels)) for it in firing)
        return {print_: silence.id for print_, silence in found if silence is not None}

    def _placed(self, firing: Sequence[_Heard]) -> dict[str, str]:
        """The incidents that these alerts have opened or joined, by fingerprint."""
        groups: dict[str, list[_Placed]] = {}
        for heard in firing:
            placement = self._intake.placer.place(heard.alert)
            groups.setdefault(placement.group_key, []).append((heard, placement))
        joined = self._tx.incidents.open_ones_of(groups.keys())
        self._standing = self._kept_open(joined.values())
        incident_of: dict[str, str] = {}
        for group, placed in groups.items():
            incident = joined.get(group) or self._open(*placed[0])
            self._join(incident, placed if group in joined else placed[1:])
            incident_of |= dict.fromkeys((heard.fingerprint for heard, _ in placed), incident)
        return incident_of

    def let_out(self, muted: MutedAlert) -> None:
        """Its silence is over: what still fires opens an incident or joins one, unless another silence mutes it."""
        alert = self._tx.alerts.firing_alone(muted.alert)
        silence = muted_by(self._tx.silences.holding(self._now), alert.labels) if alert else None
        if alert is None or silence is None:
            self._tx.silences.unmute(muted.alert)
        if alert is None:
            return
        heard = _Heard(alert)
        if silence is not None:
            self._tx.silences.mute({heard.fingerprint: silence.id})
            return
        incident = self._placed([heard])[heard.fingerprint]
        self._tx.alerts.attach(muted.alert, heard.fingerprint, incident)
        self._tell_incidents()

    def _kept_open(self, joined: Iterable[str]) -> dict[str, Standing]:
        """How the incidents stand that alerts join. Nobody ends one meanwhile: there they would page nobody."""
        changed = {str(it.incident) for it, heard in self._changed if it.is_open and _is_firing(heard)}
        needed = changed.union(joined)
        standing = self._tx.incidents.keep_open(needed)
        if ended := needed - standing.keys():
            raise Stale(f"{', '.join(sorted(ended))}: ended meanwhile")
        return standing

    def _open(self, heard: _Heard, placement: Placement) -> str:
        opening = c.OpenFromAlert(title=heard.alert.summary, placement=placement)
        return self._intake.desk.open(self._tx, self._now, opening, self._actor).id

    def _join(self, incident: str, placed: Sequence[_Placed]) -> None:
        """Tell an incident of the alerts that join it: of each placement once, and only if that may be news."""
        standing = self._standing.pop(incident, None)
        kinds = {placement: heard for heard, placement in reversed(placed)}
        if standing and not standing.is_held:
            memory = self._intake.memory
            kinds = {it: kinds[it] for it in kinds if not memory.is_no_news(incident, standing.seq, it)}
        if not kinds:
            return
        for placement, heard in kinds.items():
            title = heard.alert.summary
            told = self._change_incident(incident, c.NoteAlertWorse(title=title, placement=placement))
        told = self._change_incident(incident, c.NoteAlertsFiring(title=title))
        if told.held_since is not None:
            self._still_fires[incident] = title
        elif standing and told.seq == standing.seq:
            self._learnt.no_news.append((incident, told.seq, frozenset(kinds)))

    def _change(self, known: KnownAlert, heard: _Heard) -> None:
        """Write down that an alert has resolved, or fires again."""
        self._tx.alerts.change(known, heard.alert, self._now, heard.times)
        if known.is_open and known.status != heard.alert.status and not _is_firing(heard):
            self._may_be_clear[str(known.incident)] = None

    def _tell_incidents(self) -> None:
        for incident, title in self._still_fires.items():
            self._change_incident(incident, c.NoteStillFiring(title=title))
        for incident in self._may_be_clear:
            self._tx.incidents.hold(incident)  # else two nodes, each clearing one of two alerts, would see one fire
            if self._tx.alerts.is_clear(incident):
                self._change_incident(incident, c.NoteAlertsCleared(alerts=self._tx.alerts.count(incident)))

    def _change_incident(self, incident: str, command: c.Change) -> Incident:
        return self._intake.desk.change(self._tx, self._now, incident, command, self._actor)


def _is_firing(heard: _Heard) -> bool:
    return heard.alert.status is AlertStatus.FIRING


def _moment_of(alert: Alert) -> tuple[int, int, bool]:
    return moment(alert.status, to_column(alert.starts_at), optional_to_column(alert.ends_at))

"""What is to be sent? A row is leased, sent, settled; never marked as sent before it is.

A lease ends by itself, so that a dead node's deliveries go on elsewhere; the count of attempts is its fence: an outcome
is written only where nobody has begun a later attempt (invariant 9).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.domain.context import Decision
from tocsin.domain.effects import AnyEffect, BriefNewcomer, PageEffect, SendPage
from tocsin.sop.words import Severity
from tocsin.store import codec
from tocsin.store.catchup import Catchup
from tocsin.store.chain import Sealed
from tocsin.store.connection import Connection, Row
from tocsin.store.incidents import rank_of
from tocsin.store.leased import COLUMNS, Decoded
from tocsin.store.rows import Delivery, Only
from tocsin.store.storms import Storms, kind_of, recipient_of

LEASE = timedelta(seconds=20)
_LEASE_MICROS = LEASE // timedelta(microseconds=1)
ONLY = {
    Only.ANYTHING: "",
    Only.PAGES: "AND page IS NOT NULL",
    Only.GRAVEST_PAGES: f"AND page IS NOT NULL AND outbox.rank = {Severity.SEV1.rank}",
}
# Every earlier row of its lane is finished.
FREE = """NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.lane = outbox.lane AND earlier.id < outbox.id AND earlier.status IN ('pending', 'leased', 'counted')
)"""


class Outbox:
    """The rows of the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._storms = Storms(connection)
        self._catchup = Catchup(connection)

    def withdraw(self, decisions: Sequence[Decision]) -> None:
        """Pages that nobody needs any more don't leave; what is leaving this moment is marked as such.

        What was counted in one that waited is free again.
        """
        # One statement: between two, another node could give a page that it is sending back to those that wait.
        sql = """
            UPDATE outbox SET
                stopped_at = CASE status WHEN 'leased' THEN coalesce(stopped_at, ?) ELSE stopped_at END,
                settled_at = CASE status WHEN 'leased' THEN settled_at ELSE ? END,
                note = CASE status WHEN 'leased' THEN note ELSE 'no longer needed' END,
                counted_in = NULL,
                status = CASE status WHEN 'leased' THEN status ELSE 'suppressed' END
            WHERE page = ? AND status IN ('pending', 'leased', 'counted')
        """
        pages = [(codec.to_column(it.events[-1].at), page) for it in decisions for page in it.withdrawn]
        self._connection.many(sql, [(at, at, page) for at, page in pages])
        sql = """
            UPDATE outbox SET status = 'pending', counted_in = NULL
            WHERE status = 'counted' AND counted_in IN (SELECT id FROM outbox WHERE page = ? AND status = 'suppressed')
        """
        self._connection.many(sql, [(page,) for _, page in pages])

    def enqueue(self, decisions: Sequence[Decision]) -> None:
        """Write down what decisions send."""
        sql = """
            INSERT INTO outbox
                (key, incident, provider, lane, page, recipient, rank, effect, status, due_at, created_at, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)
        """
        self._connection.many(sql, [row for decision in decisions for row in _rows_of(decision)])

    def whisper(self, effect: BriefNewcomer, rank: int, now: datetime) -> None:
        """Have a newcomer briefed: no event asks for it, and nothing follows from what comes of it."""
        key = f"{effect.incident}-joined-{effect.user}-{now:%Y%m%dT%H%M%S%f}-0"
        text, at = codec.to_json(effect), codec.to_column(now)
        row = Sealed(key, effect.incident, effect.provider, effect.lane, None, text, at)
        sql = """
            INSERT INTO outbox (key, incident, provider, lane, page, rank, effect, status, due_at, created_at, digest)
            VALUES (?, ?, ?, ?, NULL, ?, ?, 'pending', ?, ?, ?)
        """
        values = (key, effect.incident, effect.provider, effect.lane, rank, text, at, at, row.digest)
        self._connection.many(sql, [values])

    def rank(self, decisions: Sequence[Decision]) -> None:
        """What waits, or is tried this moment, is as urgent as its incident is now.

        A SEV1 is not counted in a lesser page any longer, nor in one that has become lesser and waits.
        """
        changed = [it.incident for it in decisions if it.before and rank_of(it.before) != rank_of(it.incident)]
        ranks = [(rank_of(incident), incident.id) for incident in changed]
        sql = """
            UPDATE outbox SET rank = ?, recipient = ? || substr(recipient, 2)
            WHERE incident = ? AND status IN ('pending', 'leased', 'counted')
        """
        self._connection.many(sql, [(rank, kind_of(rank), id_) for rank, id_ in ranks])
        sql = """
            UPDATE outbox SET status = 'pending', counted_in = NULL
            WHERE id IN (
                SELECT mine.id FROM outbox AS mine JOIN outbox AS lead ON lead.id = mine.counted_in
                WHERE mine.incident = ? AND mine.status = 'counted' AND mine.rank = 1 AND lead.rank > 1
                UNION ALL
                SELECT other.id FROM outbox AS lead JOIN outbox AS other ON other.counted_in = lead.id
                WHERE lead.incident = ? AND lead.status = 'pending' AND lead.rank > 1
                    AND other.status = 'counted' AND other.rank = 1
            )
        """
        self._connection.many(sql, [(id_, id_) for _, id_ in ranks])

    # --- leases ------------------------------------------------------------------------------------------------------

    def lease(
        self, provider: str, node: str, now: datetime, limit: int, but: Collection[int] = (), only: Only = Only.ANYTHING
    ) -> Decoded:
        """Lease what is due: the gravest severity first, each recipient's first page before a second, then the newest.

        At most the earliest row of a lane; of a recipient's pages those that leave by themselves, or one for a storm.
        The lease is the node's until LEASE from now by the database's clock. `but` are rows that are left alone.
        """
        calls = self._storms.calls(provider, now, but, only)
        turns = [((it.lead.rank, it.turn, -codec.to_column(it.lead.created_at)), it.lead.id) for it in calls]
        turns += [((rank, 0, -at), id_) for id_, rank, at in self._others(provider, now, limit, but, only)]
        picked = [id_ for _, id_ in sorted(turns)[:limit]]
        if not picked:
            return Decoded((), ())
        self._storms.begin([call for call in calls if call.lead.id in picked], now)
        connection = self._connection
        sql = f"""
            UPDATE outbox SET
                status = 'leased', attempts = attempts + 1, claimed_by = ?, leased_until = {connection.NOW} + ?
            WHERE id {connection.ONE_OF} AND status = 'pending'
            RETURNING {COLUMNS}
        """
        rows = connection.all(sql, node, _LEASE_MICROS, connection.list_of(picked))
        leased = Decoded.of(sorted(rows, key=lambda row: picked.index(row[0])))
        leads = {call.lead.id for call in calls if call.counted or call.lead.counted}
        return Decoded(
            tuple(self._telling(it) if it.id in leads else it for it in leased.deliveries), leased.unreadable
        )

    def with_what_waits(self, delivery: Delivery) -> Delivery:
        """The delivery as it leaves now: what else is to be said in its channel is said with it."""
        return self._catchup.with_what_waits(delivery)

    def is_superseded(self, delivery: Delivery) -> bool:
        """Whether something that waits behind it shows the same anew."""
        return self._catchup.is_superseded(delivery)

    def is_told(self, delivery: Delivery, fault: str) -> bool:
        """Whether the delivery before it in its lane failed by the same fault."""
        return self._catchup.is_told(delivery, fault)

    def _others(
        self, provider: str, now: datetime, limit: int, but: Collection[int], only: Only
    ) -> list[tuple[int, int, int]]:
        """What is due beside pages: id, rank and time, those that come first."""
        connection = self._connection
        # `+`: the order is the index's (outbox_others_urgent), so that of a long queue only the head is looked at.
        sql = f"""
            SELECT id, rank, created_at FROM outbox
            WHERE provider = ? AND status = 'pending' AND recipient IS NULL AND +due_at <= ? AND {FREE}
                AND NOT id {connection.ONE_OF} {ONLY[only]}
            ORDER BY rank, created_at DESC, id LIMIT ?{connection.UNLOCKED_ONLY}
        """
        rows = connection.all(sql, provider, codec.to_column(now), connection.list_of(but), limit)
        return [(id_, rank, at) for id_, rank, at in rows]

    def _telling(self, delivery: Delivery) -> Delivery:
        """The delivery as it leaves now: it says what is counted in it."""
        more, rows = self._storms.told_by(delivery.id)
        return replace(delivery, effect=replace(delivery.effect, more=more), counted=rows)

    def give_back(self, ids: Collection[int]) -> None:
        """End leases without an outcome: another node may be able to do what this one can't."""
        sql = f"""
            UPDATE outbox SET status = 'pending', untaken = untaken + 1
            WHERE status = 'leased' AND id {self._connection.ONE_OF}
        """
        self._connection.all(sql, self._connection.list_of(ids))

    def renew(self, node: str, ids: Collection[int]) -> None:
        """The node is alive: what it is delivering stays its own."""
        connection = self._connection
        sql = f"""
            UPDATE outbox SET leased_until = {connection.NOW} + ?
            WHERE id {connection.ONE_OF} AND status = 'leased' AND claimed_by = ?
        """
        connection.all(sql, _LEASE_MICROS, connection.list_of(ids), node)

    def release_expired(self) -> list[str]:
        """Give back what a node that died or stands still was delivering; returns the keys.

        Where the clock was set back (another server of the database has taken over), a lease lasts from now on as long
        as any: its node may live, and renews it.
        """
        now = self._connection.NOW
        sql = f"UPDATE outbox SET leased_until = {now} + ? WHERE status = 'leased' AND leased_until > {now} + ?"
        self._connection.many(sql, [(_LEASE_MICROS, _LEASE_MICROS)])
        sql = f"""
            UPDATE outbox SET status = 'pending'
            WHERE status = 'leased' AND (leased_until IS NULL OR leased_until <= {now}) RETURNING key
        """
        return [key for (key,) in self._connection.all(sql)]

    def release_all(self) -> None:
        """Give back every lease: whoever had one is known to be dead. It is sent again, under its old key."""
        self._connection.all("UPDATE outbox SET status = 'pending' WHERE status = 'leased'")

    def call_off(self, now: datetime) -> None:
        """Nothing leaves of what waits in a backup. As it may have left after that, an attempt is counted for it."""
        sql = """
            UPDATE outbox SET
                status = 'suppressed', settled_at = ?, attempts = attempts + 1, note = 'restored: not sent',
                counted_in = NULL
            WHERE status IN ('pending', 'leased', 'counted')
        """
        self._connection.many(sql, [(codec.to_column(now),)])

    # --- outcomes ----------------------------------------------------------------------------------------------------

    def was_never_sent(self, delivery: Delivery) -> bool:
        """Whether what a follow-up follows was withdrawn before its first attempt: then there is nothing to follow."""
        effect = delivery.effect
        if not isinstance(effect, PageEffect) or isinstance(effect, SendPage):
            return False
        sql = "SELECT max(attempts) FROM outbox WHERE lane = ? AND page IS NOT NULL AND id < ?"
        return not self._connection.all(sql, effect.lane, delivery.id)[0][0]

    def is_outdated(self, delivery: Delivery) -> bool:
        """Whether a later page tells the same person of the same incident by the same provider, and as urgently."""
        page = delivery.effect
        if not isinstance(page, SendPage):
            return False
        sql = """
            SELECT effect FROM outbox
            WHERE incident = ? AND id > ? AND provider = ? AND page IS NOT NULL
                AND status IN ('pending', 'leased', 'counted', 'done')
        """
        later = self._connection.all(sql, delivery.incident, delivery.id, page.provider)
        return any(_tells_the_same(codec.known_effect(effect), page) for (effect,) in later)

    def settle(self, delivery: Delivery, status: str, now: datetime, note: str) -> bool:
        """End a delivery: `done`, `failed` or `suppressed`; False where a later attempt has begun meanwhile."""
        sql = """
            UPDATE outbox SET status = ?, settled_at = ?, note = ?, counted_in = NULL
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased', 'counted') RETURNING id
        """
        at = codec.to_column(now)
        is_ended = bool(self._connection.all(sql, status, at, note, delivery.id, delivery.attempts))
        if is_ended:
            self._storms.note_end(delivery.id, now if status == "done" else None)
        return is_ended

    def leave_out(self, delivery: Delivery, now: datetime, note: str) -> bool:
        """End a delivery of which nothing has left in this attempt, so that it doesn't count; False as for `settle`."""
        sql = """
            UPDATE outbox SET status = 'suppressed', attempts = attempts - 1, settled_at = ?, note = ?
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased') RETURNING id
        """
        is_ended = bool(self._connection.all(sql, codec.to_column(now), note, delivery.id, delivery.attempts))
        if is_ended:
            self._storms.note_end(delivery.id, None)
        return is_ended

    def put_off(self, delivery: Delivery, due_at: datetime) -> bool:
        """Give a delivery back before it has left; its attempt counts, as the fence never goes back."""
        sql = """
            UPDATE outbox SET status = 'pending', due_at = ?, untaken = untaken + 1
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased') RETURNING id
        """
        return bool(self._connection.all(sql, codec.to_column(due_at), delivery.id, delivery.attempts))

    def postpone(self, delivery: Delivery, due_at: datetime, note: str, *, is_untaken: bool = False) -> bool:
        """Give a delivery back, to be tried again at `due_at`; False where a later attempt has begun meanwhile.

        `is_untaken`: it is certain that nothing came of this attempt.
        """
        sql = """
            UPDATE outbox SET status = 'pending', due_at = ?, note = ?, untaken = untaken + ?
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased') RETURNING id
        """
        values = codec.to_column(due_at), note, int(is_untaken), delivery.id, delivery.attempts
        return bool(self._connection.all(sql, *values))

    def is_stopped(self, delivery: Delivery) -> bool:
        """Whether it has become needless while it was being sent."""
        rows = self._connection.all("SELECT 1 FROM outbox WHERE id = ? AND stopped_at IS NOT NULL", delivery.id)
        return bool(rows)


def _rows_of(decision: Decision) -> Iterator[Row]:
    """What the decision sends, as rows; their keys follow from its last event."""
    rank = rank_of(decision.incident)
    for number, effect in enumerate(decision.effects):
        last = decision.events[-1]
        key, page, at = f"{last.incident}-{last.seq}-{number}", page_of(effect), codec.to_column(last.at)
        row = Sealed(key, last.incident, effect.provider, effect.lane, page, codec.to_json(effect), at)
        whom = recipient_of(effect, rank)
        yield key, row.incident, row.provider, row.lane, page, whom, rank, row.effect, at, at, row.digest


def _tells_the_same(later: AnyEffect | None, page: SendPage) -> bool:
    if not isinstance(later, SendPage):
        return False
    return (later.reach.person, later.way, later.urgency) == (page.reach.person, page.way, page.urgency)


def page_of(effect: AnyEffect) -> str | None:
    """The key of the page that the effect sends; None where it sends none."""
    return effect.key if isinstance(effect, SendPage) else None

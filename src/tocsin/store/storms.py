"""Who is to be paged now, and what is counted in whose page? The rows behind `domain/storm.py`.

Recipients are found by jumping from one to the next in an index, so that it doesn't matter how much waits for each.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain.effects import AnyEffect, SendPage
from tocsin.domain.storm import MOST_COUNTED, STORM, Call, Last, Queue, Waiting, calls, leaves_at
from tocsin.sop.words import Severity, Urgency
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import Only

TOLD_LATER = "a later page tells the same"  # why a page that an outage has outdated is left out
FRESH_FOR = timedelta(seconds=30)  # for that long no page is outdated
WHOM = "substr(outbox.recipient, 3)"  # as its index says it: `page alice`, `page alice apprise:sms`
_GRAVEST, _LESSER = "1", "2"
_AT_ONCE = 50  # incidents are told in one transaction: the writer is held up for some 20 ms


class Counted(Struct, frozen=True):
    """A row that is counted in another: `page` is the key of the page that it would have sent; empty for a message."""

    id: int
    key: str
    incident: str
    page: str


class Ended(Struct, frozen=True):
    """How a lead has ended: its status and note, its own page's key (empty for a message), its lane and its key."""

    status: str
    note: str
    page: str
    lane: str
    key: str = ""

    @property
    def way(self) -> str:
        """The contact method by which it left."""
        return self.lane.removeprefix(f"{self.page}/")


def recipient_of(effect: AnyEffect, rank: int) -> str | None:
    """Who the recipient is: `1 page alice` for a SEV1, else `2 page alice`; None where nobody is reached.

    Where a provider serves several contact methods of a person, each is a recipient: `2 page alice apprise:sms`.
    """
    if not isinstance(effect, SendPage):
        return None
    which = "" if effect.way == effect.provider else f" {effect.way}"
    return f"{kind_of(rank)} {effect.urgency} {effect.reach.person}{which}"


def sent_to(urgency: Urgency, person: str) -> tuple[str, str]:
    """Between which two, the second left out, the recipient without its rank stands: `page alice`, whatever the way."""
    return f"{urgency} {person}", f"{urgency} {person}!"  # the character after the space, by which a way is set off


def kind_of(rank: int) -> str:
    """The first letter of the recipients to whom pages of that rank go."""
    return _GRAVEST if rank == Severity.SEV1.rank else _LESSER


def queues(reads: Reads, provider: str, but: Collection[int] = (), only: Only = Only.ANYTHING) -> list[Queue]:
    """The recipients for whom something waits; `but` are rows that don't count.

    What is counted in a page that waits for its retry waits with it: they are a storm still.
    """
    mine = "provider = ? AND outbox.recipient = present.recipient"
    rows = f"FROM outbox WHERE {mine} AND status = 'pending' AND recipient IS NOT NULL AND NOT id {reads.ONE_OF}"
    sql = f"""
        WITH RECURSIVE present (recipient) AS (
            SELECT min(recipient) FROM outbox WHERE provider = ? AND status = 'pending' AND recipient IS NOT NULL
            UNION ALL
            SELECT (
                SELECT min(outbox.recipient) FROM outbox
                WHERE provider = ? AND status = 'pending' AND recipient IS NOT NULL
                    AND outbox.recipient > present.recipient
            ) FROM present WHERE present.recipient IS NOT NULL
        )
        SELECT
            present.recipient,
            (SELECT count(*) FROM (SELECT 1 {rows} LIMIT {STORM}) AS first),
            (SELECT count(*) FROM (
                SELECT 1 FROM outbox AS other WHERE other.status = 'counted'
                    AND other.counted_in IN (SELECT id {rows} LIMIT {STORM}) LIMIT {STORM}
            ) AS counted),
            (SELECT count(*) FROM outbox WHERE {mine} AND status = 'leased'),
            (SELECT due_at {rows} ORDER BY due_at LIMIT 1),
            last_pages.page,
            CASE WHEN last_pages.taken_at > last_pages.at THEN last_pages.taken_at ELSE last_pages.at END,
            newest.status, newest.due_at
        FROM present
        LEFT JOIN last_pages ON last_pages.provider = ? AND last_pages.recipient = present.recipient
        LEFT JOIN outbox AS newest ON newest.id = last_pages.page
        WHERE present.recipient < ?
    """
    listed = reads.list_of(but)
    until = _LESSER if only is Only.GRAVEST_PAGES else chr(ord(_LESSER) + 1)
    values = (provider, provider, provider, listed, provider, listed, provider, provider, listed, provider, until)
    return [_queue(row) for row in reads.all(sql, *values) if row[1]]


def _queue(row: Row) -> Queue:
    recipient, waiting, counted, under_way, due_at, *newest = row
    return Queue(recipient, waiting + counted, under_way, codec.from_column(due_at), _last(*newest))


def _last(page: int | None, at: int | None, status: str | None, due_at: int | None) -> Last | None:
    if page is None or at is None:
        return None
    again_at = codec.optional_from_column(due_at) if status == "pending" else None
    return Last(page, codec.from_column(at), status == "leased", again_at)


class Storms:
    """Which pages leave, and what is counted in them, inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def calls(self, provider: str, now: datetime, but: Collection[int], only: Only) -> list[Call]:
        """What may leave now for whom. No other node serves these recipients before this transaction has ended."""
        ready = self._ready(provider, now, but, only)
        mine = self._locked(provider, list(ready))
        # Only what is seen behind the lock stands: another node may have served them until a moment ago.
        ready = self._ready(provider, now, but, only) if mine else {}
        found = (calls(ready[it], self._waiting(provider, it, now, but), now) for it in ready.keys() & mine)
        return [call for some in found for call in some]

    def _ready(self, provider: str, now: datetime, but: Collection[int], only: Only) -> dict[str, Queue]:
        found = queues(self._connection, provider, but, only)
        return {it.recipient: it for it in found if (at := leaves_at(it)) is not None and at <= now}

    def _locked(self, provider: str, recipients: list[str]) -> set[str]:
        """Those of the recipients whose turn is this transaction's."""
        connection = self._connection
        known = "SELECT recipient FROM last_pages WHERE provider = ? AND recipient " + connection.ONE_OF
        missing = set(recipients) - {it for (it,) in connection.all(known, provider, connection.list_of(recipients))}
        sql = "INSERT INTO last_pages (provider, recipient, page, at) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"
        connection.many(sql, [(provider, it) for it in sorted(missing)])
        rows = connection.all(f"{known}{connection.UNLOCKED_ONLY}", provider, connection.list_of(recipients))
        return {it for (it,) in rows}

    def _waiting(self, provider: str, recipient: str, now: datetime, but: Collection[int]) -> list[Waiting]:
        """What waits for the recipient, without what an outage has outdated: that comes to its end here."""
        connection = self._connection
        sql = f"""
            SELECT id, rank, created_at, due_at, attempts,
                CASE WHEN attempts = 0 THEN 0 ELSE (
                    SELECT count(*) FROM outbox AS other WHERE other.counted_in = outbox.id AND other.status = 'counted'
                ) END,
                CASE WHEN created_at >= ? THEN 0 ELSE (
                    SELECT count(*) FROM outbox AS other
                    WHERE other.incident = outbox.incident AND other.provider = outbox.provider
                        AND substr(other.recipient, 2) = substr(outbox.recipient, 2)
                        AND other.status = 'done' AND other.settled_at > outbox.created_at
                ) END
            FROM outbox
            WHERE provider = ? AND recipient = ? AND status = 'pending' AND recipient IS NOT NULL
                AND NOT id {connection.ONE_OF}
            ORDER BY rank, created_at, id LIMIT ?{connection.UNLOCKED_ONLY}
        """
        old = codec.to_column(now - FRESH_FOR)
        rows = connection.all(sql, old, provider, recipient, connection.list_of(but), MOST_COUNTED + 1)
        self._leave_out([id_ for id_, *_, is_told in rows if is_told], now)
        return [
            Waiting(id_, rank, codec.from_column(created_at), codec.from_column(due_at), attempts, counted)
            for id_, rank, created_at, due_at, attempts, counted, is_told in rows
            if not is_told
        ]

    def _leave_out(self, told: list[int], now: datetime) -> None:
        """The person was told the same since these were decided on."""
        if told:
            sql = f"""
                UPDATE outbox SET status = 'suppressed', settled_at = ?, note = ?
                WHERE id {self._connection.ONE_OF} AND status = 'pending'
            """
            self._connection.all(sql, codec.to_column(now), TOLD_LATER, self._connection.list_of(told))
            for lead in told:
                self.free(lead)

    def begin(self, leads: Sequence[Call], now: datetime) -> None:
        """The leads leave: count in each what was chosen for it, with what was counted in that before."""
        connection = self._connection
        for call in leads:
            if call.counted:
                ids = connection.list_of(call.counted)
                sql = f"UPDATE outbox SET counted_in = ? WHERE status = 'counted' AND counted_in {connection.ONE_OF}"
                connection.all(sql, call.lead.id, ids)
                sql = f"""
                    UPDATE outbox SET status = 'counted', counted_in = ?
                    WHERE id {connection.ONE_OF} AND status = 'pending'
                """
                connection.all(sql, call.lead.id, ids)
        # A retry is no further page: others have waited for it once.
        sql = """
            UPDATE last_pages SET page = ?, at = ?
            WHERE (provider, recipient) = (SELECT provider, recipient FROM outbox WHERE id = ?) AND page != ?
        """
        at = codec.to_column(now)
        connection.many(sql, [(call.lead.id, at, call.lead.id, call.lead.id) for call in leads])

    def told_by(self, lead: int) -> tuple[tuple[str, ...], int]:
        """The incidents that are counted in a page beside its own, the gravest and then oldest first; how many rows."""
        sql = """
            SELECT counted.incident, counted.incident = outbox.incident FROM outbox
            JOIN outbox AS counted ON counted.counted_in = outbox.id AND counted.status = 'counted'
            WHERE outbox.id = ? ORDER BY counted.rank, counted.created_at, counted.id
        """
        rows = self._connection.all(sql, lead)
        return tuple(dict.fromkeys(incident for incident, is_own in rows if not is_own)), len(rows)

    def note_end(self, page: int, taken_at: datetime | None) -> None:
        """The page, be it not the last, has come to its end: only to one that was taken the next keeps a distance."""
        if taken_at is None:
            self._connection.many("UPDATE last_pages SET at = 0 WHERE page = ?", [(page,)])
            return
        at = codec.to_column(taken_at)
        # By the page first: its incident may have got worse while it was under way, and another recipient its own.
        if not self._connection.all("UPDATE last_pages SET taken_at = ? WHERE page = ? RETURNING page", at, page):
            sql = """
                UPDATE last_pages SET taken_at = ?
                WHERE (provider, recipient) = (SELECT provider, recipient FROM outbox WHERE id = ?)
            """
            self._connection.many(sql, [(at, page)])

    # --- what is counted in a lead that has ended --------------------------------------------------------------------

    def end_of(self, lead: int) -> Ended | None:
        """How the lead has ended; None while it may still leave."""
        sql = """
            SELECT status, note, coalesce(page, ''), lane, key FROM outbox
            WHERE id = ? AND status NOT IN ('pending', 'leased', 'counted')
        """
        rows = self._connection.all(sql, lead)
        return Ended(*rows[0]) if rows else None

    def end(self, lead: int, status: str, now: datetime, note: str) -> list[Counted]:
        """End some of what is counted in the lead, and return it; another node may be ending the rest."""
        connection = self._connection
        sql = f"""
            SELECT id, key, incident, coalesce(page, '') FROM outbox WHERE counted_in = ? AND status = 'counted'
            ORDER BY rank, id LIMIT ?{connection.UNLOCKED_ONLY}
        """
        found = [Counted(*row) for row in connection.all(sql, lead, _AT_ONCE)]
        sql = f"""
            UPDATE outbox SET status = ?, settled_at = ?, note = ?
            WHERE id {connection.ONE_OF} AND status = 'counted'
        """
        connection.all(sql, status, codec.to_column(now), note, connection.list_of([it.id for it in found]))
        return found

    def free(self, lead: int) -> None:
        """What is counted in the lead waits for itself again."""
        sql = "UPDATE outbox SET status = 'pending', counted_in = NULL WHERE counted_in = ? AND status = 'counted'"
        self._connection.all(sql, lead)


def leads_that_ended(reads: Reads, provider: str) -> list[int]:
    """The leads that have ended while something is still counted in them: a server died in between."""
    sql = """
        WITH RECURSIVE leads (id) AS (
            SELECT min(counted_in) FROM outbox WHERE status = 'counted'
            UNION ALL
            SELECT (SELECT min(counted_in) FROM outbox WHERE status = 'counted' AND counted_in > leads.id)
            FROM leads WHERE leads.id IS NOT NULL
        )
        SELECT outbox.id FROM leads JOIN outbox USING (id)
        WHERE outbox.provider = ? AND outbox.status NOT IN ('pending', 'leased', 'counted')
    """
    return [id_ for (id_,) in reads.all(sql, provider)]

"""How is PostgreSQL spoken to? One connection a thread, opened when it is needed and anew after it was lost.

libpq finds the primary among several hosts by itself (`target_session_attrs=read-write`). Time-outs see to it that a
dead primary, a cut cable or a forgotten lock holds up nobody for long.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tocsin.errors import InvalidInput, StoreError
from tocsin.store.connection import InTheWay, Row, Stale
from tocsin.store.postgres_watch import cut

_SESSION = {
    "connect_timeout": "3",
    "target_session_attrs": "read-write",
    "keepalives": "1",
    "keepalives_idle": "3",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "7000",  # milliseconds until unanswered data means that the other side is gone
    "application_name": "tocsin",
}
# A node that stands still in the middle of a transaction must not keep the others from its rows. A server that is well
# ends what takes too long before it is taken for dead (`postgres_watch`).
_OPTIONS = "-c idle_in_transaction_session_timeout=5000 -c statement_timeout=8000 -c lock_timeout=500 -c timezone=UTC"
_IN_THE_WAY = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.SerializationFailure,
)
# What was asked is at fault, and will be whenever it is asked: not the database, and no sender helps by trying again.
_OURS = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded)
_LOCKS = 0x746F63  # "toc": the locks of `try_lock` among other advisory ones
_NOT_REPLICATED = "might not have been replicated"


def conninfo_of(url: str) -> str:
    """libpq's words for the URL, with what Tocsin asks of a session wherever the URL says nothing of it."""
    given = _given(url)
    options = f"{_OPTIONS} {given.pop('options', '')}".strip()
    return make_conninfo("", **{**_SESSION, **given, "options": options})


def _given(url: str) -> dict[str, str]:
    """What the URL says, by libpq's names; raises InvalidInput, which holds nothing that may be a password."""
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        why = _one_line(error)
        told = why if "query parameter" in why else "what is special in it must be escaped: `@` %40, `/` %2F, `%` %25"
    raise InvalidInput(f"database: not a PostgreSQL address that libpq understands: {told}")


def name_of(url: str) -> str:
    """The database as errors name it: never with the password."""
    given = _given(url)
    hosts = given.get("host") or "this machine"
    return f"database {given.get('dbname') or 'of the default name'} on {hosts}"


@lru_cache(maxsize=512)
def _translated(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def _fit(values: Row) -> Row:
    """The values as PostgreSQL can hold them: its texts have no NUL."""
    return tuple(it.replace("\0", "\ufffd") if isinstance(it, str) and "\0" in it else it for it in values)


class PostgresConnection:
    """One connection, and one thread's. What the database refuses is told as StoreError."""

    ONE_OF = "= ANY(?)"
    NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    EACH = "jsonb_array_elements(CAST(? AS jsonb)) AS each (value)"
    HAS_WORDS = "to_tsvector('simple', d.words) @@ to_tsquery('simple', ?)"
    LOCKED = " FOR UPDATE"
    SHARED = " FOR SHARE"
    UNLOCKED_ONLY = " FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str) -> None:
        self.name = name_of(url)
        self._conninfo = conninfo_of(url)
        self._connection: psycopg.Connection[Row] | None = None
        self._is_unreplicated = False
        self._requests = 0

    # --- its life ----------------------------------------------------------------------------------------------------

    def open(self) -> psycopg.Connection[Row]:
        """The connection, opened if it isn't; raises StoreError when there is no primary to be reached."""
        if self._connection is None or self._connection.closed:
            with self.faults():
                self._connection = psycopg.connect(self._conninfo, autocommit=True, prepare_threshold=5)
                self._connection.add_notice_handler(self._notice)
                self._insist_on_durability()
        return self._connection

    def _insist_on_durability(self) -> None:
        """A 2xx means durable: an asynchronous commit would make it a hope."""
        if self.all("SHOW synchronous_commit") == [("off",)]:
            self.run("SET synchronous_commit = on")

    def waiting_for(self) -> int | None:
        """The number of the request that it waits for an answer to; None while it waits for none."""
        connection = self._connection
        if connection is None or connection.closed:
            return None
        is_waiting = connection.info.transaction_status is pq.TransactionStatus.ACTIVE
        return self._requests if is_waiting else None

    def hang_up(self) -> None:
        """End the connection from another thread; one that waits on it gets the error."""
        connection = self._connection
        if connection is not None and not connection.closed:
            cut(connection.pgconn.socket)

    def close(self) -> None:
        """Close the connection; it opens anew when it is used again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _notice(self, notice: psycopg.errors.Diagnostic) -> None:
        if _NOT_REPLICATED in (notice.message_detail or ""):
            self._is_unreplicated = True

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Raise what PostgreSQL refuses as StoreError: which database, what is wrong. Bugs of ours stay as they are."""
        try:
            yield
        except _OURS:
            raise
        except _IN_THE_WAY as error:
            raise InTheWay(f"{self.name}: {_one_line(error)}") from error
        except psycopg.Error as error:
            raise StoreError(f"{self.name}: {_one_line(error)}") from error

    # --- a transaction -----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a transaction, on a new connection where the old one was lost meanwhile."""
        self._is_unreplicated = False
        self.open()
        try:
            self.run("BEGIN")
        except psycopg.OperationalError:
            self.close()
            self.open()
            self.run("BEGIN")

    def commit(self) -> None:
        """Commit it; when that fails the outcome is unknown, and StoreError says so.

        Where the standby did not confirm it, the commit is no more than a hope: a fail-over would lose it.
        """
        self.refuse_if_undone()
        told = self._asked().execute("COMMIT").statusmessage
        if told != "COMMIT":  # PostgreSQL answers ROLLBACK, and calls it a success, where the transaction had failed
            raise StoreError(f"{self.name}: the transaction was undone")
        if self._is_unreplicated:
            raise StoreError(f"{self.name}: the standby did not confirm the commit: whether it lasts is unknown")

    def roll_back(self) -> None:
        """Undo it; a connection on which that fails is given up."""
        try:
            if self._connection is not None and not self._connection.closed:
                self.run("ROLLBACK")
        except psycopg.Error:
            self.close()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone when its block raises."""
        self.refuse_if_undone()
        with self.faults():
            self.run("SAVEPOINT part")
            try:
                yield
            except BaseException as error:
                if self._connection is not None and not self._connection.closed:
                    self.run("ROLLBACK TO part")
                    self.run("RELEASE part")
                if isinstance(error, psycopg.errors.UniqueViolation):
                    raise Stale(_one_line(error)) from error
                raise
            self.run("RELEASE part")

    def refuse_if_undone(self) -> None:
        """A lost connection has undone the transaction: what followed on a new one would be committed by itself."""
        connection = self._connection
        if connection is None or connection.closed:
            raise StoreError(f"{self.name}: the connection was lost, and the transaction was undone")
        if connection.info.transaction_status is not pq.TransactionStatus.INTRANS:
            raise StoreError(f"{self.name}: the transaction was undone")

    # --- statements --------------------------------------------------------------------------------------------------

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the result."""
        cursor = self._asked().execute(_translated(sql), _fit(values))
        return cursor.fetchall() if cursor.description else []

    def many(self, sql: str, rows: Iterable[Row]) -> int:
        """Run the statement once for each row of values, without waiting for each answer."""
        rows = [_fit(row) for row in rows]
        if not rows:
            return 0
        cursor = self._asked().cursor()
        cursor.executemany(_translated(sql), rows)
        return cursor.rowcount

    def copy_in(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Add many rows at once, as fast as the database takes them."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with self._asked().cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def try_lock(self, number: int) -> bool:
        """Whether this transaction has that lock now, until its end."""
        return self.all("SELECT pg_try_advisory_xact_lock(?::int, ?::int)", _LOCKS, number) == [(True,)]

    def run(self, script: str) -> None:
        """Run several statements, without values."""
        self._asked().execute(script)

    def _asked(self) -> psycopg.Connection[Row]:
        """The connection, which is about to be asked something more."""
        if self._connection is None:
            raise StoreError(f"{self.name}: the connection was lost")
        self._requests += 1
        return self._connection

    def sought(self, words: Sequence[str]) -> str:
        """A tsquery; the words hold letters and digits only."""
        return " & ".join(f"'{word}':*" for word in words)

    def list_of(self, values: Collection[str] | Collection[int]) -> Any:
        """A list as one value: an array."""
        return list(values)


class PostgresReader:
    """A connection that only reads; one question is asked again when the connection proves to be lost."""

    ONE_OF = PostgresConnection.ONE_OF
    NOW = PostgresConnection.NOW
    HAS_WORDS = PostgresConnection.HAS_WORDS

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the result."""
        with self._connection.faults():
            try:
                self._connection.open()
                return self._connection.all(sql, *values)
            except psycopg.OperationalError:
                self._connection.close()
                self._connection.open()
                return self._connection.all(sql, *values)

    def sought(self, words: Sequence[str]) -> str:
        """A tsquery."""
        return self._connection.sought(words)

    def list_of(self, values: Collection[str] | Collection[int]) -> Any:
        """A list as one value."""
        return self._connection.list_of(values)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()

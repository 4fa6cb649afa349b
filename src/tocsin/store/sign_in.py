"""Who is signed in, and who tries to be? Sessions, one-time links, and the attempts that failed."""

from collections.abc import Collection
from datetime import datetime

from tocsin.accounts.attempts import FORGOTTEN_AFTER, Attempts
from tocsin.accounts.sessions import IDLE, LASTS
from tocsin.store import codec
from tocsin.store.connection import Connection
from tocsin.store.rows import Session


class SignIn:
    """What comes and goes with signing in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, session: Session) -> None:
        """Somebody is signed in. What is over is forgotten on this occasion."""
        self._forget_what_is_over(session.began_at)
        columns = {
            "hash": session.hash,
            "account": session.account,
            "began_at": codec.to_column(session.began_at),
            "seen_at": codec.to_column(session.seen_at),
            "address": session.address,
            "agent": session.agent,
            "how": session.how or None,
            "passkey": session.passkey,
        }
        sql = f"INSERT INTO sessions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        self._connection.many(sql, [tuple(columns.values())])

    def _forget_what_is_over(self, now: datetime) -> None:
        sql = "DELETE FROM sessions WHERE began_at < ? OR seen_at < ?"
        self._connection.many(sql, [(codec.to_column(now - LASTS), codec.to_column(now - IDLE))])
        self._connection.many("DELETE FROM links WHERE expires_at < ?", [(codec.to_column(now),)])

    def end(self, hash_: str) -> None:
        """The session is over."""
        self._connection.many("DELETE FROM sessions WHERE hash = ?", [(hash_,)])

    def end_all_of(self, account: int, but: str = "") -> None:
        """Every session of the account is over, but the one named."""
        self._connection.many("DELETE FROM sessions WHERE account = ? AND hash != ?", [(account, but)])

    def end_all_by(self, passkey: str, but: str = "") -> None:
        """Every session that the passkey began is over, but the one named."""
        self._connection.many("DELETE FROM sessions WHERE passkey = ? AND hash != ?", [(passkey, but)])

    def forget_all(self) -> None:
        """Nobody is signed in, and no link works: a restored database must not let in who was sent away since."""
        for table in ("sessions", "links", "attempts"):
            self._connection.all(f"DELETE FROM {table}")

    def note_seen(self, seen: Collection[tuple[str, datetime]]) -> None:
        """When sessions were used last."""
        sql = "UPDATE sessions SET seen_at = ? WHERE hash = ?"
        self._connection.many(sql, [(codec.to_column(at), hash_) for hash_, at in seen])

    def keep_link(self, hash_: str, account: int | None, now: datetime, expires_at: datetime) -> None:
        """Let the link work once until then; an older one for the same account works no more.

        Those for the first admin stand beside each other: each node has told one of its own.
        """
        if account is not None:
            self.drop_links_of(account)
        sql = "INSERT INTO links (hash, account, created_at, expires_at) VALUES (?, ?, ?, ?)"
        self._connection.many(sql, [(hash_, account, codec.to_column(now), codec.to_column(expires_at))])

    def use_link(self, hash_: str) -> bool:
        """Whether the link was still there; it isn't any more."""
        return bool(self._connection.all("DELETE FROM links WHERE hash = ? RETURNING hash", hash_))

    def drop_links_of(self, account: int) -> None:
        """No link for the account works."""
        self._connection.many("DELETE FROM links WHERE account = ?", [(account,)])

    def note_attempts(self, subject: str, attempts: Attempts, now: datetime) -> None:
        """What is known of the subject's failures now; those of long ago are forgotten."""
        forgotten = codec.to_column(now - FORGOTTEN_AFTER)
        self._connection.many("DELETE FROM attempts WHERE last_at < ?", [(forgotten,)])
        sql = """
            INSERT INTO attempts (subject, failures, last_at) VALUES (?, ?, ?)
            ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at
        """
        self._connection.many(sql, [(subject, attempts.failures, codec.to_column(attempts.last_at or now))])

    def forget_attempts(self, subject: str) -> None:
        """The subject begins anew."""
        self._connection.many("DELETE FROM attempts WHERE subject = ?", [(subject,)])

"""Which passkeys are there, and which challenges have been answered? Kept by the id that the authenticator gave.

A removed passkey is gone; the audit log tells that it was there.
"""

from datetime import datetime
from typing import Any

from tocsin.errors import NotFound, Refused
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads
from tocsin.store.rows import Passkey

_COLUMNS = "id, account, public_key, sign_count, label, is_synced, created_at, used_at"


class PasskeyQueries:
    """What can be asked of passkeys."""

    def __init__(self, connection: Reads) -> None:
        self._reads = connection

    def passkey(self, id_: str) -> Passkey | None:
        """The passkey with that id, whoever's it is."""
        return next(iter(self._passkeys("WHERE id = ?", id_)), None)

    def of(self, account: int) -> list[Passkey]:
        """The account's passkeys, in the order in which they were added."""
        return self._passkeys("WHERE account = ? ORDER BY created_at, id", account)

    def _passkeys(self, where: str, *values: Any) -> list[Passkey]:
        return [_passkey(row) for row in self._reads.all(f"SELECT {_COLUMNS} FROM passkeys {where}", *values)]


class Passkeys(PasskeyQueries):
    """The passkeys, in a transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def add(self, it: Passkey) -> None:
        """Keep it; raises Refused where there is one with its id, whoever's it is."""
        values = (
            it.id,
            it.account,
            it.public_key,
            it.sign_count,
            it.label,
            int(it.is_synced),
            codec.to_column(it.created_at),
            None,
        )
        sql = f"""
            INSERT INTO passkeys ({_COLUMNS}) VALUES ({", ".join("?" * len(values))})
            ON CONFLICT (id) DO NOTHING RETURNING id
        """
        if not self._connection.all(sql, *values):
            raise Refused("passkey_exists", "passkey: it is there already: sign in with it")

    def note_used(self, id_: str, *, sign_count: int, is_synced: bool, at: datetime) -> None:
        """Somebody has signed in with it: what it said of itself."""
        sql = "UPDATE passkeys SET sign_count = ?, is_synced = ?, used_at = ? WHERE id = ?"
        self._connection.many(sql, [(sign_count, int(is_synced), codec.to_column(at), id_)])

    def rename(self, account: int, id_: str, label: str) -> None:
        """What its owner calls it; raises NotFound where the account has no such passkey."""
        sql = "UPDATE passkeys SET label = ? WHERE id = ? AND account = ? RETURNING id"
        if not self._connection.all(sql, label, id_, account):
            raise _no_such()

    def remove(self, account: int, id_: str) -> str:
        """Nobody signs in with it any more; returns its label. Raises NotFound where the account has none such."""
        rows = self._connection.all("DELETE FROM passkeys WHERE id = ? AND account = ? RETURNING label", id_, account)
        if not rows:
            raise _no_such()
        return str(rows[0][0])

    def spend(self, challenge: str, now: datetime, ends_at: datetime) -> bool:
        """Whether a challenge, by its hash, was not answered before; it is now. Those that are over are forgotten."""
        self._connection.many("DELETE FROM spent_challenges WHERE ends_at < ?", [(codec.to_column(now),)])
        sql = "INSERT INTO spent_challenges (hash, ends_at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING RETURNING hash"
        return bool(self._connection.all(sql, challenge, codec.to_column(ends_at)))


def _no_such() -> NotFound:
    return NotFound("passkey: there is none of yours of that name")


def _passkey(row: tuple[Any, ...]) -> Passkey:
    id_, account, public_key, sign_count, label, is_synced, created, used = row
    return Passkey(
        id=id_,
        account=account,
        public_key=public_key,
        sign_count=sign_count,
        label=label,
        is_synced=bool(is_synced),
        created_at=codec.from_column(created),
        used_at=codec.optional_from_column(used),
    )

"""What else is kept? Facts about the installation, SOP versions, tokens."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.store import codec
from tocsin.store.connection import Connection

RESTORED_FROM = "restored_from"  # the fact: when the backup was taken from which this database was restored


class Facts:
    """What the installation remembers beside incidents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep_sop(self, version: str, content: str, now: datetime) -> None:
        """Store a SOP version that incidents may be opened under."""
        sql = "INSERT INTO sop_versions (version, content, stored_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._connection.many(sql, [(version, content, codec.to_column(now))])

    def sop_content(self, version: str) -> str | None:
        """The stored SOP of a version."""
        rows = self._connection.all("SELECT content FROM sop_versions WHERE version = ?", version)
        return rows[0][0] if rows else None

    def meta(self, name: str) -> str | None:
        """A fact about the installation."""
        rows = self._connection.all("SELECT value FROM meta WHERE name = ?", name)
        return rows[0][0] if rows else None

    def set_meta(self, name: str, value: str) -> None:
        """Note a fact about the installation."""
        sql = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._connection.many(sql, [(name, value)])

    def first_meta(self, name: str, value: str) -> str:
        """The fact of that name; it is `value` where there was none."""
        sql = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._connection.many(sql, [(name, value)])
        return self.meta(name) or value

    def forget_meta(self, name: str) -> None:
        """The fact of that name is none any more."""
        self._connection.many("DELETE FROM meta WHERE name = ?", [(name,)])

    def tokens(self) -> frozenset[str]:
        """The hashes of all tokens."""
        return frozenset(hash_ for (hash_,) in self._connection.all("SELECT hash FROM tokens"))

    def revoke(self, hashes: Iterable[str]) -> None:
        """Whoever bears one of these tokens is out."""
        self._connection.many("DELETE FROM tokens WHERE hash = ?", [(hash_,) for hash_ in hashes])

    def set_token(self, hashed: str, name: str, scope: str, now: datetime) -> list[str]:
        """Let the bearer of a token in, under a name; whoever had the name with another token is out: their hashes."""
        out = self._connection.all(
            "DELETE FROM tokens WHERE name = ? AND hash != ? AND created_by IS NULL RETURNING hash", name, hashed
        )
        sql = "INSERT INTO tokens (hash, name, scope, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self._connection.many(sql, [(hashed, name, scope, codec.to_column(now))])
        return [hash_ for (hash_,) in out]

"""What was done under a key already? A request whose answer was lost comes again; it is done once all the same.

A key is kept in the transaction that does what it asks, so that both are durable or neither is. `heard.py` is no twin
to be joined with it: a vendor's id says all by itself, while a key is compared with what was asked under it, and
answered with what came of it; one table for both would leave old nodes without theirs during an upgrade.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.store import codec
from tocsin.store.connection import Connection

KEPT_FOR = timedelta(days=2)  # a page that stays open over the weekend's night, and a program's retries


class Done(Struct, frozen=True):
    """What was done: `digest` tells one request from another, `made` is the id of what came of it."""

    digest: str
    made: str


class Once:
    """The keys of what was done, by who sent them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, sender: str, key: str) -> Done | None:
        """What was done under the key; None where nothing was."""
        sql = "SELECT digest, incident FROM done_once WHERE sender = ? AND key = ?"
        rows = self._connection.all(sql, sender, key)
        return Done(*rows[0]) if rows else None

    def keep(self, sender: str, key: str, done: Done, now: datetime) -> None:
        """Keep what was done under the key, and forget what is old.

        Another node that has kept the key meanwhile makes the savepoint around this raise Stale.
        """
        self._connection.many("DELETE FROM done_once WHERE at < ?", [(codec.to_column(now - KEPT_FOR),)])
        sql = "INSERT INTO done_once (sender, key, digest, incident, at) VALUES (?, ?, ?, ?, ?)"
        self._connection.many(sql, [(sender, key, done.digest, done.made, codec.to_column(now))])

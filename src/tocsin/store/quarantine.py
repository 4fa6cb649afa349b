"""What could not be taken because of a fault of ours? Kept durably as it came, once an alert, for people to look at."""

import hashlib
from datetime import datetime

from tocsin.errors import NotFound
from tocsin.store import codec
from tocsin.store.connection import Connection


class Quarantine:
    """The bodies that are kept aside."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, source: str, identity: bytes, body: bytes, error: str, now: datetime) -> int:
        """Keep a body; returns its number. One of a known identity is counted, and stands for the older one."""
        sql = """
            INSERT INTO quarantine (digest, source, body, error, times, received_at, last_at)
            VALUES (?, ?, ?, ?, 1, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET
                times = quarantine.times + 1, body = excluded.body, error = excluded.error, last_at = excluded.last_at
            RETURNING id
        """
        digest = hashlib.blake2b(source.encode() + b"\0" + identity, digest_size=16).hexdigest()
        at = codec.to_column(now)
        return int(self._connection.all(sql, digest, source, body, error, at, at)[0][0])

    def drop(self, id_: int) -> None:
        """Forget a body; raises NotFound."""
        if not self._connection.all("DELETE FROM quarantine WHERE id = ? RETURNING id", id_):
            raise no_such(id_)


def no_such(id_: int) -> NotFound:
    """What is said of a number that there isn't."""
    return NotFound(f"quarantine: there is no {id_}")

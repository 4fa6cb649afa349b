"""What could not be taken because of a fault of ours? Kept durably as it came, once a body, for people to look at."""

import hashlib
from datetime import datetime

from tocsin.store import codec
from tocsin.store.connection import Connection


class Quarantine:
    """The bodies that are kept aside."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, source: str, body: bytes, error: str, now: datetime) -> bool:
        """Keep a body; returns whether it is new: one that comes again is only counted."""
        sql = """
            INSERT INTO quarantine (digest, source, body, error, times, received_at, last_at)
            VALUES (?, ?, ?, ?, 1, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET
                times = quarantine.times + 1, error = excluded.error, last_at = excluded.last_at
            RETURNING times
        """
        digest = hashlib.blake2b(source.encode() + b"\0" + body, digest_size=16).hexdigest()
        at = codec.to_column(now)
        return bool(self._connection.all(sql, digest, source, body, error, at, at)[0][0] == 1)

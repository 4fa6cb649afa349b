"""Which browsers ring by push, and for whom? Their subscriptions, each an account's.

Of a disabled account none rings; which person of the SOP it rings for is the account's.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import PushBrowser

_NAMES = ("id", "account", "endpoint", "p256dh", "auth", "hash", "label", "created_at", "taken_at")
_COLUMNS = ", ".join(f"b.{name}" for name in _NAMES)


class PushBrowsers:
    """The browsers, in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_account(self, account: int) -> list[PushBrowser]:
        """The account's browsers; no other node adds one until the end of the transaction."""
        self._connection.all(f"SELECT id FROM accounts WHERE id = ?{self._connection.LOCKED}", account)
        return browsers_of_account(self._connection, account)

    def with_hash(self, hash_: str) -> PushBrowser | None:
        """The browser that keeps the secret of that hash."""
        return browser_with(self._connection, hash_)

    def at(self, endpoint: str) -> PushBrowser | None:
        """The browser with that endpoint."""
        return _one(self._connection, "WHERE b.endpoint = ?", endpoint)

    def add(self, new: PushBrowser) -> PushBrowser:
        """Keep a browser; its `id` is given here."""
        row = (*_keys(new), codec.to_column(new.created_at), codec.optional_to_column(new.taken_at))
        sql = f"INSERT INTO push_browsers ({', '.join(_NAMES[1:])}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
        id_: int = self._connection.all(sql, *row)[0][0]
        return PushBrowser(id_, *_keys(new), new.created_at, new.taken_at)

    def change(self, browser: PushBrowser) -> None:
        """The browser is reached otherwise from now on, or is another account's, or goes by another name."""
        sql = """
            UPDATE push_browsers SET account = ?, endpoint = ?, p256dh = ?, auth = ?, hash = ?, label = ? WHERE id = ?
        """
        self._connection.many(sql, [(*_keys(browser), browser.id)])

    def drop(self, ids: Collection[int]) -> list[PushBrowser]:
        """Ring these no more; returns those that were there."""
        found = [it for id_ in ids if (it := _one(self._connection, "WHERE b.id = ?", id_)) is not None]
        self._connection.many("DELETE FROM push_browsers WHERE id = ?", [(it.id,) for it in found])
        return found

    def note_taken(self, ids: Collection[int], at: datetime) -> None:
        """Their push services have taken something for these."""
        sql = "UPDATE push_browsers SET taken_at = ? WHERE id = ?"
        self._connection.many(sql, [(codec.to_column(at), id_) for id_ in ids])


def browsers_of_account(reads: Reads, account: int) -> list[PushBrowser]:
    """The account's browsers, in the order in which they came."""
    return _some(reads, "WHERE b.account = ? ORDER BY b.id", account)


def browsers_of_person(reads: Reads, person: str) -> list[PushBrowser]:
    """The browsers that ring for a person: those of each of their accounts that isn't disabled."""
    where = "JOIN accounts AS a ON a.id = b.account WHERE a.person = ? AND a.disabled_at IS NULL ORDER BY b.id"
    return _some(reads, where, person)


def people_with_browsers(reads: Reads) -> dict[str, int]:
    """How many browsers ring for each person for whom any does."""
    sql = """
        SELECT a.person, count(*) FROM push_browsers AS b JOIN accounts AS a ON a.id = b.account
        WHERE a.person IS NOT NULL AND a.disabled_at IS NULL GROUP BY a.person
    """
    return dict(reads.all(sql))


def browser_counts(reads: Reads) -> dict[int, int]:
    """How many browsers ring for each account for which any does."""
    return dict(reads.all("SELECT account, count(*) FROM push_browsers GROUP BY account"))


def browser_with(reads: Reads, hash_: str) -> PushBrowser | None:
    """The browser that keeps the secret of that hash."""
    return _one(reads, "WHERE b.hash = ?", hash_)


def _one(reads: Reads, where: str, *values: Any) -> PushBrowser | None:
    return next(iter(_some(reads, where, *values)), None)


def _some(reads: Reads, where: str, *values: Any) -> list[PushBrowser]:
    rows = reads.all(f"SELECT {_COLUMNS} FROM push_browsers AS b {where}", *values)
    return [_browser(row) for row in rows]


def _browser(row: Row) -> PushBrowser:
    id_, account, endpoint, p256dh, auth, hash_, label, created, taken = row
    at = codec.from_column(created), codec.optional_from_column(taken)
    return PushBrowser(id_, account, endpoint, p256dh, auth, hash_, label, *at)


def _keys(it: PushBrowser) -> tuple[int, str, str, str, str, str]:
    return it.account, it.endpoint, it.p256dh, it.auth, it.hash, it.label

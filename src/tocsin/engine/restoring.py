"""How does a restored database begin? Quietly: nothing that fell due before it pages anybody (invariant 22).

Every incident is told that it comes from a backup, and what could page is held. What waited to be sent is called off.
Names are not given out twice: incident numbers begin after the next thousand, pages get a mark into their keys. Tokens
that were revoked since stay revoked.
"""

import secrets
from datetime import datetime
from itertools import count
from pathlib import Path

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.sops import Sops
from tocsin.errors import InvalidInput, StoreError
from tocsin.sop.load import default_sop
from tocsin.store import codec
from tocsin.store.backup import TAKEN_AT, verified
from tocsin.store.facts import RESTORED_FROM
from tocsin.store.restore import Present, install, nobody_serves, prepared, present_of, what_would_be_lost
from tocsin.store.snapshot import snapshot
from tocsin.store.sqlite import SqliteStore
from tocsin.store.transaction import Transaction
from tocsin.store.verify import Verification

_AT_ONCE = 500
_RESTORING = Actor("tocsin", "restore")


class Restored(Struct, frozen=True):
    """What a restoration gave back: `kept` is where what was there before lies."""

    taken_at: datetime
    incidents: int
    held: int
    kept: Path | None


class Restoration(Struct, frozen=True):
    """What is asked for: `place` is where the files of the database's owner begin, `revoked` are hashes of tokens.

    `is_forced`: what the database holds, and the backup doesn't, is no obstacle; it is kept aside.
    """

    url: str
    file: Path
    place: Path
    now: datetime
    revoked: frozenset[str] = frozenset()
    is_forced: bool = False


def restore(asked: Restoration) -> Restored:
    """Put the backup in the database's place.

    Raises StoreError where the backup isn't sound or somebody serves the database, InvalidInput where the database
    holds what the backup doesn't. Then everything is as it was.
    """
    asked.place.parent.mkdir(parents=True, exist_ok=True)
    with nobody_serves(asked.url), prepared(asked.file, asked.place) as copy:
        present, backup = _present(asked), present_of(f"sqlite:///{copy}")
        lost = what_would_be_lost(present, backup)
        if lost is not None and not asked.is_forced:
            what = f"the database holds {lost}, the backup doesn't"
            raise InvalidInput(f"{what}: --yes restores it, and keeps what is there aside")
        restored = _quieted(copy, asked, present, backup.newest_at or asked.now)
        verified(copy)
        kept = install(copy, asked.url, _aside(asked), asked.now)
    _prove(asked.url)
    return Restored(restored.taken_at, restored.incidents, restored.held, kept)


def _aside(asked: Restoration) -> Path:
    """A name that nothing has, for what is there now."""
    stem = f"{asked.place.name}.before-restore-{asked.now:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    return next(path for name in names if not (path := asked.place.with_name(name)).exists())


def _present(asked: Restoration) -> Present:
    try:
        return present_of(asked.url)
    except StoreError as error:
        if not asked.is_forced:
            raise StoreError(f"{error}; --yes restores the backup all the same, and keeps this aside") from error
        return Present()


def _quieted(copy: Path, asked: Restoration, present: Present, newest_at: datetime) -> Restored:
    """Let the prepared database begin quietly."""
    store = SqliteStore(copy)
    try:
        noted = store.queries.meta(TAKEN_AT)
        taken_at = codec.from_column(int(noted)) if noted else newest_at
        now = max(asked.now, newest_at)
        with store.transaction() as tx:
            _begin_anew(tx, asked, present, taken_at, now)
        _hold_all(store, c.Restore(taken_at=taken_at, mark=f"r{secrets.token_hex(3)}"), now)
        return Restored(taken_at, len(store.queries.incident_ids()), store.queries.held_count(), None)
    finally:
        store.close()


def _begin_anew(tx: Transaction, asked: Restoration, present: Present, taken_at: datetime, now: datetime) -> None:
    tx.nodes.forget_all()
    tx.outbox.call_off(now)
    tx.silences.forget_muted()
    tx.incidents.skip_numbers(present.numbers, range(taken_at.year, now.year + 1))
    installation = tx.facts.meta("installation")
    has_lived_on = present.installation and present.installation == installation
    tx.facts.revoke(asked.revoked | (tx.facts.tokens() - present.tokens if has_lived_on else frozenset()))
    tx.sign_in.forget_all()
    tx.facts.forget_meta(TAKEN_AT)
    tx.facts.set_meta(RESTORED_FROM, taken_at.isoformat())


def _hold_all(store: SqliteStore, command: c.Restore, now: datetime) -> None:
    desk = Desk(Sops(default_sop()), frozenset())  # each incident keeps the SOP that it was opened under
    ids = store.queries.incident_ids()
    for start in range(0, len(ids), _AT_ONCE):
        with store.transaction() as tx:
            for id_ in ids[start : start + _AT_ONCE]:
                desk.change(tx, now, id_, command, _RESTORING)


def _prove(url: str) -> None:
    with snapshot(url) as reads:
        fault = next(Verification(reads).faults(), None)
    if fault is not None:
        raise StoreError(f"restored, but it is not sound: {fault}; `tocsin verify --all` lists everything")

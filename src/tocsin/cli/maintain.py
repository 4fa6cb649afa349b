"""How is the data looked after? Backup, restoration, proof and migration: on the database itself, without the server.

What a restoration holds is released through the server, and the nodes are asked of it.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, as_person, clock, say, show_json, span, table
from tocsin.errors import StoreError
from tocsin.settings import Settings, settings_from

F = TypeVar("F", bound=Callable[..., Any])

_RELEASED_AT_ONCE = 500
_new_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_old_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def _with_database(command: F) -> F:
    """Give a command `--database`, and the settings with it."""
    option = click.option("--database", help="sqlite:///FILE or postgresql://HOST/NAME; else TOCSIN_DATABASE.")
    return option(command)


def _settings(database: str | None) -> Settings:
    settings = settings_from(os.environ)
    return replace(settings, database=database) if database else settings


@click.command()
@_new_file
@_with_database
def backup(file: Path, database: str | None) -> None:
    """Write everything to FILE, as of one moment, while the server runs; FILE must not exist."""
    from tocsin.store.backup import back_up  # noqa: PLC0415  # SQLite takes 20 ms

    made = back_up(_settings(database).database, file, datetime.now(UTC))
    what = f"{_count(made.incidents, 'incident')}, {_count(made.events, 'event')}, {_size(made.size)}"
    say(f"{made.file}: {what}; verified")


@click.command()
@_old_file
@click.option("--yes", "is_forced", is_flag=True, help="Even where the database holds what the backup doesn't.")
@_with_database
def restore(file: Path, is_forced: bool, database: str | None) -> None:
    """Put the backup in the database's place; stop every server first. Nothing pages until you release it."""
    from tocsin.api.auth import revoked_tokens  # noqa: PLC0415
    from tocsin.engine.restoring import Restoration, restore  # noqa: PLC0415

    settings = _settings(database)
    began = time.monotonic()
    asked = Restoration(
        url=settings.database,
        file=file,
        place=settings.beside,
        now=datetime.now(UTC),
        revoked=revoked_tokens(settings.beside),
        is_forced=is_forced,
    )
    restored = restore(asked)
    took = time.monotonic() - began
    what = f"{_count(restored.incidents, 'incident')} as of {restored.taken_at:%Y-%m-%d %H:%M} UTC"
    say(f"restored {what} in {took:.1f} s")
    if restored.kept:
        say(f"what was there is kept in {restored.kept}")
    if restored.held:
        say(f"{_count(restored.held, 'incident')} held: start the server, look at `tocsin list --state held`, then")
        say("`tocsin release INC…` or `tocsin release --all`; what monitoring says is still firing goes on by itself")


@click.command()
@click.argument("incidents", metavar="INC...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every incident that is held.")
@click.option("--reason", default="", help="Why it goes on.")
@as_person
def release(incidents: tuple[str, ...], is_all: bool, reason: str, by: str | None) -> None:
    """Let restored incidents page again: what is due counts from now."""
    if is_all == bool(incidents):
        raise click.UsageError("name the incidents, or give --all")
    client = find_client()
    for incident in incidents:
        client.post("incidents", incident, "release", reason=reason, by=by)
        say(f"{incident}: released")
    while is_all and (held := client.get("incidents", state="held", limit=_RELEASED_AT_ONCE)):
        for it in held:
            client.post("incidents", it["id"], "release", reason=reason, by=by)
            say(f"{it['id']}: released")


@click.command()
@click.option("--all", "is_all", is_flag=True, help="List every fault, not the first alone.")
@_with_database
def verify(is_all: bool, database: str | None) -> int:
    """Prove that what is stored is what has happened: every state and row against its events."""
    from tocsin.store.snapshot import snapshot  # noqa: PLC0415
    from tocsin.store.verify import Verification  # noqa: PLC0415

    found = 0
    with snapshot(_settings(database).database) as reads:
        verification = Verification(reads)
        for fault in verification.faults():
            say(fault)
            found += 1
            if not is_all:
                return 1
    if found:
        say(f"{_count(found, 'fault')} in {_count(verification.incidents, 'incident')}")
        return 1
    old = f", {verification.unchained} of them older than hashes are" if verification.unchained else ""
    say(
        f"sound: {_count(verification.incidents, 'incident')}, {_count(verification.events, 'event')}{old}, "
        f"{verification.deliveries} rows of the outbox"
    )
    return 0


@click.command()
@click.option("--check", "is_check", is_flag=True, help="Change nothing; exit 1 when the schema is behind.")
@_with_database
def migrate(is_check: bool, database: str | None) -> int:
    """Bring the schema up to date, before nodes are rolled: nodes of the version before work on beside it."""
    from tocsin.store.snapshot import newest_schema, schema_of  # noqa: PLC0415
    from tocsin.store.upgrade import upgrade  # noqa: PLC0415

    url = _settings(database).database
    newest = newest_schema(url)
    if is_check:
        current = schema_of(url)
        if current > newest:
            raise StoreError(f"the database has schema {current}, this Tocsin knows {newest}: use the newer Tocsin")
        behind = current < newest
        say(f"schema {current}, this Tocsin has {newest}: {'run `tocsin migrate`' if behind else 'up to date'}")
        return int(behind)
    done = upgrade(url)
    say(f"schema {done.before} → {done.after}" if done.before != done.after else f"schema {done.after}: up to date")
    if done.derived:
        say(f"{_count(done.derived, 'incident')} derived anew from the events")
    return 0


@click.command()
@as_json
def nodes(is_json: bool) -> None:
    """The nodes that serve this database."""
    found = find_client().get("nodes")
    if is_json:
        show_json(found)
        return
    rows = [("node", "host", "url", "version", "up since", "last seen", "silent for")]
    for it in found:
        seen = (clock(it["up_since"]), clock(it["last_seen_at"]), span(int(it["silent_for"])))
        rows.append((it["id"], it["host"], it["url"] or "—", it["version"], *seen))
    table(rows)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _size(size: int) -> str:
    return f"{size / 1_048_576:.1f} MiB" if size >= 1_048_576 else f"{size / 1024:.0f} KiB"


COMMANDS = {
    "backup": backup,
    "restore": restore,
    "release": release,
    "verify": verify,
    "migrate": migrate,
    "nodes": nodes,
}

"""Who did what? The audit log, listed through the server, and proved on the database itself."""

import json
import os

import click
from msgspec.structs import replace

from tocsin.cli.client import find_client
from tocsin.cli.output import Number, as_json, clock, say, show_json, table
from tocsin.errors import InvalidInput
from tocsin.settings import settings_from


@click.group()
def audit() -> None:
    """Who did what: list it, or prove that nobody has changed it."""


@audit.command("list")
@click.option("--actor", help="Only what they did.")
@click.option("--target", help="Only what was done to it, such as INC-2026-0042.")
@click.option("--limit", type=Number(1, 1_000), default=50, show_default=True)
@as_json
def list_(actor: str | None, target: str | None, limit: int, is_json: bool) -> None:
    """What was done, the newest first."""
    found = find_client().get("audit", actor=actor, target=target, limit=limit)
    if is_json:
        show_json(found)
        return
    rows = [("at", "actor", "via", "action", "target", "detail")]
    for it in found:
        detail = " ".join(f"{name}={value}" for name, value in it["detail"].items())
        rows.append((clock(it["at"]), it["actor"], it["via"], it["action"], it["target"], detail))
    table(rows)


@audit.command()
@click.option("--head", "heads", multiple=True, help="LANE:SEQ:HASH, as noted elsewhere; shows a cut-off end.")
@click.option("--database", help="sqlite:///FILE or postgresql://HOST/NAME; else TOCSIN_DATABASE.")
@as_json
def verify(heads: tuple[str, ...], database: str | None, is_json: bool) -> int:
    """Prove that every entry stands as it was written, and none is missing."""
    from tocsin.store.snapshot import snapshot  # noqa: PLC0415  # SQLite takes 20 ms
    from tocsin.store.verify_audit import AuditVerification, head_of  # noqa: PLC0415

    settings = settings_from(os.environ)
    settings = replace(settings, database=database) if database else settings
    noted = [head_of(text) for text in heads]
    if None in noted:
        raise InvalidInput("head: must be LANE:SEQ:HASH, as the server's log tells it once an hour")
    with snapshot(settings.database) as reads:
        verification = AuditVerification(reads)
        faults = list(verification.faults([head for head in noted if head is not None]))
        whole = verification.whole
    if is_json:
        say(json.dumps({"entries": whole.entries, "heads": [str(it) for it in whole.heads], "faults": faults}))
    else:
        for fault in faults:
            say(fault)
        for head in whole.heads:
            say(f"head {head}")
        say(f"{'not whole' if faults else 'whole'}: {whole.entries} entries")
    return int(bool(faults))


COMMANDS = {"audit": audit}

"""Is everything set up as it must be? One line a finding, with its remedy: ✓ well, ✗ broken, – not in use."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, say, show_json
from tocsin.cli.sop import find_sop, with_sop
from tocsin.errors import Unreachable
from tocsin.settings import settings_from

_MARKS = {"well": ("✓", "green"), "broken": ("✗", "red"), "unused": ("–", None)}


@click.command()
@with_sop
@as_json
@click.pass_context
def doctor(ctx: click.Context, sop_file: Path | None, is_json: bool) -> None:
    """See whether everything is set up as it must be, and what to do where it isn't. Nobody is paged.

    Asks the running server, which has the secrets; where none runs, looks at what can be seen from here. Exit status 1
    where something is broken.
    """
    try:
        found = find_client().get("doctor")
    except Unreachable:
        found = _without_a_server(sop_file)
    if is_json:
        show_json(found)
    else:
        for finding in found:
            _show(finding)
    ctx.exit(1 if any(it["state"] == "broken" for it in found) else 0)


def _show(finding: dict[str, str]) -> None:
    mark, color = _MARKS[finding["state"]]
    told = f": {finding['told']}" if finding["told"] else ""
    say(f"{mark} {finding['what']}{told}", fg=color)
    if finding["remedy"] and finding["state"] != "well":
        say(f"    → {finding['remedy']}")


def _without_a_server(sop_file: Path | None) -> Any:
    from tocsin.engine.doctor import Situation, examine  # noqa: PLC0415  # httpx2 is for this case only
    from tocsin.engine.sender import Sender  # noqa: PLC0415

    sop, _ = find_sop(sop_file)
    situation = Situation(settings_from(os.environ), sop, datetime.now(UTC))

    async def look() -> Any:
        sender = Sender()
        try:
            return to_builtins(await examine(situation, sender.ask))
        finally:
            await sender.close()

    return asyncio.run(look())


COMMANDS = {"doctor": doctor}

"""How is quarantine looked after from a terminal? List it, show one safely, try it again after an upgrade, drop it."""

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import Number, as_json, as_person, clock, say, show_json, table

_id = click.argument("number", type=Number(0))


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def quarantine(ctx: click.Context, is_json: bool) -> None:
    """Alerts that a bug of Tocsin has kept out, the last heard of first."""
    if ctx.invoked_subcommand is not None:
        return
    found = find_client().get("quarantine")
    if is_json:
        show_json(found)
    elif not found:
        say("nothing is in quarantine")
    else:
        table([("number", "last heard of", "times", "came as", "why"), *map(_line, found)])


def _line(it: dict[str, object]) -> tuple[str, ...]:
    return str(it["id"]), clock(str(it["last_at"])), str(it["times"]), str(it["source"]), str(it["error"])[:80]


@quarantine.command()
@_id
@as_json
def show(number: int, is_json: bool) -> None:
    """One of them, as it came; what a terminal could obey is written as escapes."""
    it = find_client().get("quarantine", str(number))
    if is_json:
        show_json(it)
        return
    say(f"{it['source']}, {it['times']} times, first {clock(it['received_at'])}, last {clock(it['last_at'])}")
    say(f"{it['error']}\n")
    show_json(it["body"])


@quarantine.command()
@_id
@as_person
def retry(number: int, by: str | None) -> None:
    """Take it once more, after an upgrade; it leaves quarantine when that succeeds."""
    find_client().post("quarantine", str(number), "retry", by=by)
    say(f"{number} is in now")


@quarantine.command()
@_id
@as_person
def drop(number: int, by: str | None) -> None:
    """Forget it: what it told of is not known to Tocsin then."""
    find_client().post("quarantine", str(number), "drop", by=by)
    say(f"{number} is dropped")


COMMANDS = {"quarantine": quarantine}

"""How is an alert silenced from a terminal? Silences are listed, added and expired; amtool does the same."""

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, as_person, clock, say, show_json, table


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def silence(ctx: click.Context, is_json: bool) -> None:
    """Which alerts wake nobody for now: the silences that are not over."""
    if ctx.invoked_subcommand is None:
        _list(is_json, state=None)


@silence.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those that ended in the last five days as well.")
@as_json
def list_silences(is_all: bool, is_json: bool) -> None:
    """The silences that are not over, the one that ends first first."""
    _list(is_json, state="all" if is_all else None)


def _list(is_json: bool, *, state: str | None) -> None:
    found = find_client().get("silences", state=state)
    if is_json:
        show_json(found)
    elif not found:
        say("no silences")
    else:
        table([("silence", "", "until", "mutes", "by", "of", "comment"), *map(_line, found)])


def _line(it: dict[str, object]) -> tuple[str, ...]:
    matchers = ", ".join(it["matchers"]) if isinstance(it["matchers"], list) else ""
    comment = str(it["comment"]).splitlines()[0][:60]
    until = clock(str(it["ends_at"]))
    return (str(it["id"]), str(it["state"]), until, str(it["mutes"]), str(it["author"]), matchers[:80], comment)


@silence.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER…")
@click.option("--comment", required=True, help="Why: whoever wonders at night should know.")
@click.option("--from", "starts_at", metavar="TIME", help="2026-11-24T18:00:00+01:00; now if left out.")
@click.option("--until", "ends_at", metavar="TIME", help="When it ends; or say how long it lasts.")
@click.option("--for", "lasts", metavar="LENGTH", help="How long it lasts: 2h, 3d.")
@as_person
@as_json
def add(is_json: bool, matchers: tuple[str, ...], **said: str | None) -> None:
    """Alerts for which every MATCHER holds (alertname=Backup, instance=~"web.*") open no incident for a while."""
    made = find_client().post("silences", matchers=list(matchers), **said)
    if is_json:
        show_json(made)
    else:
        say(f"{made['id']}: silent until {clock(made['ends_at'])}")


@silence.command()
@click.argument("number", metavar="SILENCE")
@as_person
@as_json
def expire(is_json: bool, number: str, by: str | None) -> None:
    """End a silence at once: what still fires opens its incident."""
    ended = find_client().post("silences", number, "expire", by=by)
    if is_json:
        show_json(ended)
    else:
        say(f"{ended['id']} is over")


COMMANDS = {"silence": silence}

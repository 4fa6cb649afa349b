"""How does somebody take over a shift from a terminal? Overrides are listed, added and cancelled."""

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import Number, as_json, as_person, clock, say, show_json, table

_LAYERS = click.Choice(["primary", "secondary"])


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def override(ctx: click.Context, is_json: bool) -> None:
    """Who is on call instead: the overrides that are not over."""
    if ctx.invoked_subcommand is None:
        _list(is_json, state=None)


@override.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those that are over or cancelled as well, the newest first.")
@as_json
def list_overrides(is_all: bool, is_json: bool) -> None:
    """The overrides that are not over, in the order in which they were made."""
    _list(is_json, state="all" if is_all else None)


def _list(is_json: bool, *, state: str | None) -> None:
    found = find_client().get("overrides", state=state)
    if is_json:
        show_json(found)
    elif not found:
        say("no overrides")
    else:
        table(
            [("number", "team", "place", "on call", "instead of", "from", "until", "made by", ""), *map(_line, found)]
        )


def _line(it: dict[str, str]) -> tuple[str, ...]:
    instead_of = it["instead_of"] or "whoever it is"
    span = clock(it["starts_at"]), clock(it["ends_at"])
    return (str(it["id"]), it["team"], it["layer"], it["person_name"], instead_of, *span, it["made_by"], it["state"])


@override.command()
@click.argument("person")
@click.option("--team", required=True, help="Of which team.")
@click.option("--place", "layer", type=_LAYERS, default="primary", show_default=True)
@click.option("--instead-of", metavar="PERSON", help="Only where this person would be on call.")
@click.option("--from", "starts_at", metavar="TIME", help="2026-11-24T18:00:00+01:00; now if left out.")
@click.option("--until", "ends_at", metavar="TIME", help="When it ends; or say how long it lasts.")
@click.option("--for", "lasts", metavar="LENGTH", help="How long it lasts: 8h, 3d.")
@as_person
@as_json
def add(is_json: bool, **said: str | None) -> None:
    """PERSON takes over a shift: whoever is paged from then on is paged by it."""
    made = find_client().post("overrides", **said)
    if is_json:
        show_json(made)
    else:
        say(f"{made['id']}: {made['person_name']} is {made['layer']} of {made['team']}, {_span(made)}")


@override.command()
@click.argument("number", type=Number(0))
@as_person
@as_json
def cancel(is_json: bool, number: int, by: str | None) -> None:
    """End an override at once, or before it begins."""
    ended = find_client().post("overrides", str(number), "cancel", by=by)
    if is_json:
        show_json(ended)
    else:
        say(f"{number} is cancelled")


def _span(it: dict[str, str]) -> str:
    return f"from {clock(it['starts_at'])} until {clock(it['ends_at'])}"


COMMANDS = {"override": override}

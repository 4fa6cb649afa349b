"""How do machines get in? Tokens for the API, made and revoked over it."""

import click

from tocsin.accounts.names import is_token_name
from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, as_person, clock, say, show_json, table

_SCOPES = ("read", "respond", "intake", "admin")


@click.group()
def tokens() -> None:
    """Tokens for the API."""


@tokens.command("list")
@as_json
def list_(is_json: bool) -> None:
    """The tokens, and when each was used last."""
    found = find_client().get("tokens")
    if is_json:
        show_json(found)
        return
    rows = [("name", "scopes", "begins with", "made by", "expires", "last used")]
    for it in found:
        made_by = it["created_by"] or "a file beside the database"
        used = clock(it["used_at"])
        rows.append((it["name"], " ".join(it["scopes"]), it["start"] or "—", made_by, clock(it["expires_at"]), used))
    table(rows)


@tokens.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(_SCOPES), multiple=True, required=True)
@click.option("--expires", default="90d", show_default=True, help="How long it lasts, such as 12h or 30d.")
@as_person
def add(name: str, scopes: tuple[str, ...], expires: str, by: str | None) -> None:
    """Make a token and print it, this once."""
    made = find_client().post("tokens", name=name, scopes=list(scopes), expires=expires, by=by)
    say(made["token"])


@tokens.command("add-routing-key")
@click.argument("name")
@click.option("--expires", default="365d", show_default=True, help="How long it lasts, such as 12h or 30d.")
@as_person
def add_routing_key(name: str, expires: str, by: str | None) -> None:
    """Make a key for what pages PagerDuty, and print it, this once. Named as a service, its alerts are that one's."""
    body = {"name": name, "scopes": ["intake"], "form": "routing_key", "expires": expires, "by": by}
    say(find_client().post("tokens", **body)["token"])


@tokens.command()
@click.argument("name")
@as_person
def revoke(name: str, by: str | None) -> None:
    """Put its bearer out, on every node within a second. One of the files is made anew when its node starts again."""
    find_client().post("tokens", name, "revoke", by=by)
    is_of_file = not is_token_name(name)  # those have names that nobody may give
    say(f"{name}: revoked{'; its file has a new one once the server has been restarted' if is_of_file else ''}")


COMMANDS = {"tokens": tokens}

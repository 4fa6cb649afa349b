"""How are accounts looked after from a terminal? Over the API, with the admin token beside the database."""

from typing import Any

import click

from tocsin.cli.client import Client, find_client
from tocsin.cli.output import as_json, as_person, clock, say, show_json, table
from tocsin.errors import NotFound

ROLES = ("viewer", "responder", "admin")
_account = click.argument("account", metavar="EMAIL")


@click.group()
def accounts() -> None:
    """Who may sign in."""


@accounts.command("list")
@as_json
def list_(is_json: bool) -> None:
    """The accounts, in the order in which they were made."""
    found = find_client().get("accounts")
    if is_json:
        show_json(found)
    elif not found:
        say("nobody has an account yet: `tocsin serve` prints a link that makes the first admin")
    else:
        table([("email", "name", "role", "person", "signs in by", "last sign-in"), *map(_line, found)])


def _line(it: dict[str, Any]) -> tuple[str, ...]:
    passkeys = it.get("passkeys", 0)  # an older server doesn't say
    ways = [way for way, has in (("password", it["has_password"]), ("sso", it["has_single_sign_on"])) if has]
    ways += [f"{passkeys} passkey{'s' if passkeys > 1 else ''}"] if passkeys else []
    how = "disabled" if it["disabled_at"] else ", ".join(ways) or "nothing yet"
    return it["email"], it["name"], it["role"], it["person"] or "—", how, clock(it["signed_in_at"])


@accounts.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="responder", show_default=True)
@click.option("--name", default="", help="How they are called; else as the SOP says.")
@click.option("--person", help="Who they are in the SOP; else whoever has the address there.")
@as_person
def add(email: str, role: str, name: str, person: str | None, by: str | None) -> None:
    """Make an account, and print the link that sets its password."""
    made = find_client().post("accounts", email=email, role=role, name=name, person=person, by=by)
    who = made["account"]["person"]
    say(f"{made['account']['email']}: {role}, {f'acts as {who}' if who else 'nobody of the SOP'}; within 24 hours:")
    say(made["link"])


@accounts.command()
@_account
@click.argument("role", type=click.Choice(ROLES))
@as_person
def role(account: str, role: str, by: str | None) -> None:
    """Give an account another role; it is signed out everywhere."""
    client = find_client()
    client.post("accounts", _id_of(client, account), "role", role=role, by=by)
    say(f"{account}: {role} now")


@accounts.command()
@_account
@as_person
def disable(account: str, by: str | None) -> None:
    """Keep an account out, its tokens too; it is signed out everywhere."""
    client = find_client()
    client.post("accounts", _id_of(client, account), "disable", by=by)
    say(f"{account}: disabled")


@accounts.command()
@_account
@as_person
def enable(account: str, by: str | None) -> None:
    """Let an account in again."""
    client = find_client()
    client.post("accounts", _id_of(client, account), "enable", by=by)
    say(f"{account}: may sign in again")


@accounts.command("reset-link")
@_account
@as_person
def reset_link(account: str, by: str | None) -> None:
    """Print a link that sets the account's password once, within 24 hours."""
    client = find_client()
    say(client.post("accounts", _id_of(client, account), "reset-link", by=by)["link"])


@accounts.command("remove-passkeys")
@_account
@as_person
def remove_passkeys(account: str, by: str | None) -> None:
    """Let nobody in by the account's passkeys; whoever is signed in by one is out."""
    client = find_client()
    client.post("accounts", _id_of(client, account), "passkeys", "remove", by=by)
    say(f"{account}: has no passkeys any more")


def _id_of(client: Client, email: str) -> str:
    for it in client.get("accounts"):
        if it["email"] == email.strip().lower():
            return str(it["id"])
    raise NotFound(f"account: there is none with the address {email!r}; `tocsin accounts list`")


COMMANDS = {"accounts": accounts}

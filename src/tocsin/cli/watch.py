"""Is Tocsin itself well? Its alarms, the jobs that must call, and whether the emergency contacts can be reached."""

import asyncio
import os

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, clock, say, show_json, table
from tocsin.errors import InvalidSop, Unreachable
from tocsin.settings import settings_from


@click.command()
@as_json
def alarms(is_json: bool) -> None:
    """Tocsin's own troubles, as the server sees them now."""
    found = find_client().get("alarms")
    if is_json:
        show_json(found)
    elif not found:
        say("no alarms")
    else:
        table([(it["kind"], f"since {clock(it['since'])}", it["text"]) for it in found])


@click.command()
@as_json
def heartbeats(is_json: bool) -> None:
    """The jobs that must call, when each called last and by when it must again."""
    found = find_client().get("heartbeats")
    if is_json:
        show_json(found)
    elif not found:
        say("no job must call: [[heartbeats]] of the SOP names them")
    else:
        rows = [("job", "last call", "due", "")]
        rows += [(it["name"], clock(it["last_at"]), clock(it["due_at"]), _missed(it["is_missed"])) for it in found]
        table(rows)


def _missed(is_missed: bool) -> str:
    return "MISSED" if is_missed else ""


@click.group()
def emergency() -> None:
    """Whom Tocsin calls when it can't do its work: `emergency.toml` beside the database."""


@emergency.command("test")
def test_command() -> None:
    """Call every emergency contact by every way, with a message that says it is a test; needs no server."""
    from tocsin.engine.sender import Sender  # noqa: PLC0415  # httpx2 is for this command only
    from tocsin.engine.watch.contacts import emergency_of  # noqa: PLC0415
    from tocsin.engine.watch.cry import TEST, Told, cry_out  # noqa: PLC0415

    settings = settings_from(os.environ)
    contacts = emergency_of(settings)
    if not contacts.contacts:
        raise InvalidSop(str(contacts.path), ("there is no such file, so nobody would be called; write one",))

    async def call() -> tuple[Told, ...]:
        sender = Sender()
        try:
            return await cry_out(TEST, contacts, settings, sender.send)
        finally:
            await sender.close()

    told = asyncio.run(call())
    for it in told:
        say(f"{it.name}: {it.way}: {it.fault or 'taken'}", fg="red" if it.fault else "green")
    for contact in contacts.contacts:
        if contact.phone:
            say(f"{contact.name}: phone: {contact.phone}; Tocsin can't call it, people can")
    if any(it.fault for it in told):
        raise Unreachable(f"{contacts.path}: not every contact was reached; see above")


COMMANDS = {"alarms": alarms, "heartbeats": heartbeats, "emergency": emergency}

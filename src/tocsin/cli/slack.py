"""How is Slack set up? The manifest of the app, to be given to Slack as it is."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import click

from tocsin.cli.output import say
from tocsin.cli.sop import find_sop, with_sop
from tocsin.errors import InvalidInput

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


@click.group()
def slack() -> None:
    """Set up the Slack app."""


@slack.command("manifest")
@click.option("--url", metavar="URL", help="How Slack reaches this server, over https; TOCSIN_PUBLIC_URL by default.")
@click.option("--socket", "is_socket", is_flag=True, help="By Socket Mode instead: nothing needs to reach this server.")
@with_sop
def manifest_command(url: str | None, is_socket: bool, sop_file: Path | None) -> None:
    """Print the app's manifest (JSON).

    Without an https address it is one for Socket Mode. Give it to https://api.slack.com/apps: Create New App, From a
    manifest.
    """
    import msgspec  # noqa: PLC0415  # for this command only

    from tocsin.integrations.slack.manifest import Wanted, manifest  # noqa: PLC0415

    if url and is_socket:
        raise InvalidInput("--url: has no meaning with --socket: give one of them")
    sop, _ = find_sop(sop_file)
    address = "" if is_socket else _address(url)
    made = manifest(Wanted(url=address, is_private=bool(sop.slack.private_channel)))
    say(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
    secrets = "bot_token and signing_secret" if address else "bot_token and app_token (scope connections:write)"
    click.echo(f"tocsin: then set what [slack] {secrets} name, and team and app in the SOP file", err=True)


def _address(url: str | None) -> str:
    """Where Slack is to call; empty: it isn't. Raises InvalidInput for what was given, and is no https address."""
    found = url or os.environ.get("TOCSIN_PUBLIC_URL", "")
    parts = urlsplit(found)
    if parts.scheme == "https" and _HOST.fullmatch(parts.netloc) and not parts.query and not parts.fragment:
        return found
    if url:
        raise InvalidInput(f"--url: must be an https address such as https://tocsin.example.com, got {url!r}")
    return ""


COMMANDS = {"slack": slack}

"""What does `tocsin` do? The command line: each command's module is imported when the command is used.

Exit status: 0 done; 1 the SOP or the configuration has faults; 2 wrong usage, or refused by the rules; 3 the server
could not be reached or was not ready; 4 a bug of Tocsin.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tocsin import __version__
from tocsin.errors import InvalidSop, StoreError, TocsinError, Unreachable

# Command -> module and what it does; the help page needs no import of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Run the server: intake, paging, API."),
    "demo": ("demo", "Play a whole incident on this machine; no account needed."),
    "init": ("sop", "Write a commented tocsin.toml to start from."),
    "sop": ("sop", "Check, render or show the SOP."),
    "classify": ("sop", "Find the severity from answers."),
    "skill": ("skill", "Export the Agent Skill."),
    "slack": ("slack", "The manifest of the Slack app."),
    "declare": ("respond", "Declare an incident."),
    "ack": ("respond", "Confirm that you respond."),
    "assess": ("respond", "Establish or change the severity."),
    "role": ("respond", "Give a role to a person."),
    "team": ("respond", "Add an affected team."),
    "update": ("respond", "Post a status update."),
    "note": ("respond", "Write something down."),
    "page": ("respond", "Page a person or a target now."),
    "mitigate": ("respond", "Service is restored."),
    "resolve": ("respond", "The fix is confirmed."),
    "reopen": ("respond", "It came back."),
    "cancel": ("respond", "It is not an incident."),
    "list": ("look", "The open incidents."),
    "show": ("look", "The cockpit of an incident."),
    "timeline": ("look", "Everything that happened."),
    "search": ("look", "Where it was written."),
    "oncall": ("look", "Who is on call."),
    "override": ("override", "Take over a shift."),
    "people": ("people", "The people, and how each is reached."),
    "services": ("people", "The services, and who looks after each."),
    "test": ("people", "Try whether somebody's pager works."),
    "silence": ("silence", "Let alerts wake nobody for a while."),
    "inbox": ("look", "Pages and notifications."),
    "intake": ("look", "How monitoring delivers its alerts here."),
    "quarantine": ("quarantine", "Alerts that a bug of Tocsin has kept out."),
    "doctor": ("doctor", "See whether everything is set up as it must be."),
    "alarms": ("watch", "Tocsin's own troubles."),
    "heartbeats": ("watch", "The jobs that must call."),
    "emergency": ("watch", "Try the emergency contacts."),
    "backup": ("maintain", "Write everything to a file, while the server runs."),
    "restore": ("maintain", "Put a backup in the database's place, quietly."),
    "release": ("maintain", "Let restored incidents page again."),
    "verify": ("maintain", "Prove that what is stored is what has happened."),
    "migrate": ("maintain", "Bring the database's schema up to date."),
    "nodes": ("maintain", "The nodes that serve."),
    "accounts": ("accounts", "Who may sign in."),
    "tokens": ("tokens", "Tokens for the API."),
    "audit": ("audit", "Who did what, and the proof of it."),
    "postmortem": ("postmortem", "Draft, save and complete the postmortem."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of their table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tocsin.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. That nobody reads its output any more is no failure, which click would make of it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
            return 0

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands on the help page, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="tocsin")
def tocsin() -> None:
    """Incident response exactly as your SOP says.

    Start with `tocsin demo`, or `tocsin init` and `tocsin serve`.
    """


def exit_status(error: TocsinError) -> int:
    """The exit status of an expected failure."""
    if isinstance(error, InvalidSop):
        return 1
    return 3 if isinstance(error, Unreachable | StoreError) else 2


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run the command line and exit."""
    try:
        status = tocsin.main(arguments, prog_name="tocsin", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TocsinError as error:
        from tocsin.cli.output import say  # noqa: PLC0415  # the help page needs none of it

        say(f"tocsin: {error}", err=True)
        sys.exit(exit_status(error))
    except Exception as error:
        click.echo(f"tocsin: internal fault, a bug of Tocsin: {type(error).__name__}: {error}", err=True)
        sys.exit(4)
    sys.exit(status if isinstance(status, int) else 0)

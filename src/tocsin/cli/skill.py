"""How does an AI agent learn the SOP? The Agent Skill folder, exported."""

from pathlib import Path

import click

from tocsin.cli.output import say
from tocsin.cli.sop import find_sop, with_sop


@click.group()
def skill() -> None:
    """Export the Agent Skill."""


@skill.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@with_sop
def export_command(directory: Path, sop_file: Path | None) -> None:
    """Write the skill folder `incident-response` into DIRECTORY, rendered from the SOP."""
    from tocsin.skill.export import export  # noqa: PLC0415  # for this command only

    found, _ = find_sop(sop_file)
    for path in export(found, directory):
        say(f"wrote {path}")


COMMANDS = {"skill": skill}

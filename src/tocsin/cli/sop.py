"""How is the SOP written, checked and read? Commands that need no server."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from msgspec import convert, to_builtins

from tocsin.cli.output import as_json, say, show_json
from tocsin.cli.questions import ask_answers, given_answers, with_answers
from tocsin.errors import InvalidInput
from tocsin.settings import SOP_FILE, settings_from
from tocsin.sop.check import Level, check
from tocsin.sop.classify import classify as classify_answers
from tocsin.sop.load import default_sop, default_text, load_file
from tocsin.sop.model import Answers, Sop
from tocsin.sop.version import encode, version_of


def with_sop(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that says which SOP."""
    path = click.Path(dir_okay=False, path_type=Path)
    help_text = f"The SOP file; otherwise {SOP_FILE} here, else the default SOP."
    return click.option("--sop", "sop_file", type=path, envvar="TOCSIN_SOP", help=help_text)(command)


def find_sop(sop_file: Path | None) -> tuple[Sop, str]:
    """The SOP to work with, and where it is from; raises InvalidSop."""
    if sop_file is None and Path(SOP_FILE).is_file():
        sop_file = Path(SOP_FILE)
    return (load_file(sop_file), str(sop_file)) if sop_file else (default_sop(), "the default SOP")


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=SOP_FILE)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(path: Path, force: bool) -> None:
    """Write a commented tocsin.toml to start from."""
    target = path / SOP_FILE if path.is_dir() else path
    try:
        with target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(default_text())
    except FileExistsError as error:
        raise InvalidInput(f"{target}: is there already; --force replaces it") from error
    except OSError as error:
        raise InvalidInput(f"{target}: can't be written: {error.strerror}") from error
    say(f"wrote {target}: put your people, teams and services in, then `tocsin sop check`")


@click.group()
def sop() -> None:
    """Check, render or show the SOP."""


@sop.command("check")
@click.argument("sop_file", type=click.Path(dir_okay=False, path_type=Path), required=False, envvar="TOCSIN_SOP")
@click.option("--sop", "sop_option", type=click.Path(dir_okay=False, path_type=Path), help="The same, as an option.")
@as_json
@click.pass_context
def check_command(ctx: click.Context, sop_file: Path | None, sop_option: Path | None, is_json: bool) -> None:
    """Prove the SOP sound: each finding says where, what, and what to do. Exit status 1 on errors.

    What can't work on this machine (a secret that isn't set, Apprise that isn't installed) is a warning.
    """
    from tocsin.engine.reachable import unusable_here  # noqa: PLC0415  # for this command only

    found, name = find_sop(sop_option or sop_file)
    findings = (*check(found), *unusable_here(settings_from(os.environ), found))
    errors = sum(finding.level is Level.ERROR for finding in findings)
    if is_json:
        show_json([to_builtins(finding) for finding in findings])
    else:
        for finding in findings:
            say(str(finding), fg="red" if finding.level is Level.ERROR else "yellow")
        say(f"{name}: {errors} errors, {len(findings) - errors} warnings (version {version_of(found)})")
    ctx.exit(1 if errors else 0)


@sop.command("render")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@with_sop
def render_command(directory: Path, sop_file: Path | None) -> None:
    """Write the severity levels, the escalation policy, the postmortem template and the flowchart to DIRECTORY."""
    from tocsin.sop.render import documents  # noqa: PLC0415  # the renderers are for this command only

    found, _ = find_sop(sop_file)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in documents(found).items():
            (directory / name).write_text(text, encoding="utf-8")
            say(f"wrote {directory / name}")
    except OSError as error:
        raise InvalidInput(f"{directory}: can't be written: {error.strerror}") from error


@sop.command("show")
@with_sop
@as_json
def show_command(sop_file: Path | None, is_json: bool) -> None:
    """Print the SOP as people read it: severities and ladders; with --json the whole of it."""
    from tocsin.sop.render import escalation_policy, severity_levels  # noqa: PLC0415  # for this command only

    found, name = find_sop(sop_file)
    if is_json:
        show_json(json.loads(encode(found)))
        return
    say(f"{name}, version {version_of(found)}\n")
    click.echo(severity_levels(found))
    click.echo(escalation_policy(found))


@click.command()
@with_answers
@with_sop
@as_json
def classify(sop_file: Path | None, is_json: bool, **options: Any) -> None:
    """Find the severity from answers: give them as options, or be asked."""
    found, _ = find_sop(sop_file)
    answers = given_answers(options) or ask_answers()
    verdict = classify_answers(found, convert(answers, Answers))
    if is_json:
        show_json(to_builtins(verdict))
    else:
        say(f"{verdict.severity}: {verdict.reason}", bold=True)


COMMANDS = {"init": init, "sop": sop, "classify": classify}

"""How is something shown at a terminal? Plain text for people, `--json` for programs; no control characters pass."""

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.IntRange):
    """A whole number within bounds; what is none is told in everybody's words."""

    name = "whole number"


def _one_name(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """`text`, unless it would lead elsewhere as a part of a path."""
    if not text or "/" in text or text in (".", ".."):
        raise click.BadParameter(f"must be an incident such as INC-2026-0042, got {text!r}")
    return text


as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, as the API answers it.")
as_person = click.option("--as", "by", envvar="TOCSIN_AS", metavar="PERSON", help="Who acts: a person of the SOP.")
incident = click.argument("incident", metavar="INC", callback=_one_name)


def show_json(value: Any) -> None:
    """Print a value as JSON, what a terminal could obey as escapes of JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo("".join(it if it.isprintable() or it == "\n" else json.dumps(it)[1:-1] for it in text))


def say(text: str = "", *, err: bool = False, **style: Any) -> None:
    """Print a line, without the control characters that could move the cursor."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not any(style.values()):
        click.echo(plain, err=err)
    else:
        click.secho(plain, err=err, **style)


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def clock(at: str | None) -> str:
    """An RFC 3339 time as `11-26 03:04 UTC`, with the year where it isn't this one; `—` for none."""
    if not at:
        return "—"
    then = datetime.fromisoformat(at)
    return then.strftime("%m-%d %H:%M UTC" if then.year == datetime.now(UTC).year else "%Y-%m-%d %H:%M UTC")


def span(seconds: int) -> str:
    """A length of time: `02:13`, `1:02:13`, `3 d 04:00`."""
    minutes, second = divmod(abs(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24:02}:{minute:02}"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"


def due(seconds: int) -> str:
    """A countdown: `in 02:13`, `03:10 late`."""
    return f"in {span(seconds)}" if seconds >= 0 else f"{span(seconds)} late"

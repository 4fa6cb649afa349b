"""How are the classifier's questions answered at a terminal? As options, one a question, or by being asked."""

import sys
from collections.abc import Callable
from typing import Any

import click

from tocsin.errors import InvalidInput
from tocsin.sop.classify import QUESTIONS


def with_answers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command one option a question: `--scope`, `--data`, `--security`, `--workaround`, `--sla`."""
    for question in reversed(QUESTIONS):
        choices = click.Choice([answer for answer, _ in question.answers])
        command = click.option(f"--{question.name}", type=choices, help=question.ask)(command)
    return command


def given_answers(options: dict[str, Any]) -> dict[str, str] | None:
    """The answers given as options; None when none was. Raises InvalidInput when only some that are needed were."""
    given = {question.name: options[question.name] for question in QUESTIONS if options.get(question.name)}
    if not given:
        return None
    missing = [question for question in QUESTIONS if question.default is None and question.name not in given]
    if missing:
        raise InvalidInput(f"--{missing[0].name}: must be answered too: {missing[0].ask}")
    return given


def ask_why() -> str:
    """The reason, asked for; not on standard output, which may be meant for a program."""
    try:
        why: str = click.prompt("Why", err=True)
    except click.Abort as error:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("--reason: must be given where nobody can be asked") from error
    return why


def ask_answers() -> dict[str, str]:
    """The answers to all questions, asked one by one; raises UsageError where nobody is there to answer."""
    try:
        return _asked_one_by_one()
    except click.Abort as error:
        if sys.stdin.isatty():
            raise
        needed = ", ".join(f"--{question.name}" for question in QUESTIONS if question.default is None)
        others = ", ".join(f"--{question.name}" for question in QUESTIONS if question.default is not None)
        message = f"{needed}: must be given where nobody can be asked, and {others} as they apply"
        raise click.UsageError(message) from error


def _asked_one_by_one() -> dict[str, str]:
    answers = {}
    for question in QUESTIONS:
        click.echo(question.ask, err=True)
        for answer, meaning in question.answers:
            click.echo(f"  {answer}: {meaning}", err=True)
        choices = click.Choice([answer for answer, _ in question.answers])
        answers[question.name] = click.prompt(
            "  ", type=choices, default=question.default, show_choices=False, err=True
        )
    return answers

"""What did the checker find? A finding names a place of the SOP file, what is wrong there and what to do."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tocsin.sop.decode import did_you_mean

_MOST_LISTED = 8


class Level(StrEnum):
    """Whether the SOP can be used all the same."""

    ERROR = "error"  # the procedure would fail somebody: the file is refused
    WARNING = "warning"  # sound, but probably not meant


class Finding(Struct, frozen=True):
    """One fault: `where` as in `severities.SEV1.escalation[2]` (counted from 1), the problem, and its remedy."""

    level: Level
    where: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.problem}; {self.remedy}"


def error(where: str, problem: str, remedy: str) -> Finding:
    """A finding that makes the SOP unusable."""
    return Finding(level=Level.ERROR, where=where, problem=problem, remedy=remedy)


def warning(where: str, problem: str, remedy: str) -> Finding:
    """A finding that the SOP can be used with."""
    return Finding(level=Level.WARNING, where=where, problem=problem, remedy=remedy)


def no_time(where: str, such_as: str) -> Finding:
    """The error that a duration is zero where time must pass."""
    return error(where, "must be longer than 0m, got 0m", f"write {such_as}, say")


def unknown(where: str, word: str, what: str, known: Iterable[str]) -> Finding:
    """The error that `word` names no `what` (a noun, `person`); the remedy lists some of the `known` ones."""
    names = list(known)
    more = ", …" if len(names) > _MOST_LISTED else ""
    remedy = f"use one of {', '.join(names[:_MOST_LISTED])}{more}" if names else f"define a {what} first"
    return error(where, f'there is no {what} "{word}"', remedy + did_you_mean(word, names))

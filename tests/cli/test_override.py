"""Can a shift be taken over from a terminal? Added, listed, cancelled; and `oncall` tells who it is."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.cli.terminal import Terminal

_ELSEWHERE = timezone(timedelta(hours=1))


@pytest.fixture
def taken_over(tocsin: Terminal) -> str:
    """The number of an override of the frontend team's primary, for an hour."""
    made = tocsin.does("override", "add", "dana", "--team", "frontend", "--for", "1h", "--as", "bob", "--json").json
    return str(made["id"])


def test_shift_is_taken_over_listed_and_given_back(tocsin: Terminal, taken_over: str) -> None:
    heading, *lines = tocsin.does("override").out.splitlines()
    assert re.split(r"  +", heading)[:4] == ["number", "team", "place", "on call"]
    (line,) = [re.split(r"  +", line) for line in lines if line.startswith(taken_over)]
    assert line[1:5] == ["frontend", "primary", "Dana Diaz", "whoever it is"]
    assert line[-2:] == ["bob", "holds"]
    team = next(it for it in tocsin.does("oncall", "--json").json if it["team"] == "frontend")
    assert team["primary"] == "dana"
    assert tocsin.does("override", "cancel", taken_over).out == f"{taken_over} is cancelled\n"
    assert tocsin.does("override", "list").out == "no overrides\n"
    assert taken_over in {str(it["id"]) for it in tocsin.does("override", "list", "--all", "--json").json}


def test_override_is_told_in_words(tocsin: Terminal) -> None:
    start = datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(days=30)
    end = start + timedelta(hours=14)
    out = tocsin.does(
        "override", "add", "emma", "--team", "backend", "--place", "secondary",
        "--from", start.astimezone(_ELSEWHERE).isoformat(), "--until", end.astimezone(_ELSEWHERE).isoformat(),
    ).out  # fmt: skip
    number, _, told = out.partition(": ")
    assert told == f"Emma Evans is secondary of backend, from {start:%m-%d} 17:00 UTC until {end:%m-%d} 07:00 UTC\n"
    tocsin.does("override", "cancel", number)


def test_override_that_makes_no_sense_is_told_what_is_wrong(tocsin: Terminal) -> None:
    run = tocsin("override", "add", "nobody", "--team", "backend", "--for", "1h")
    assert (run.status, run.complaint.partition(" is not one of ")[0]) == (2, "tocsin: person: 'nobody'")
    run = tocsin("override", "add", "emma", "--team", "backend")
    assert run.complaint == "tocsin: --until: must say when it ends, or `--for` how long it lasts, such as 8h"

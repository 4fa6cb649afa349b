"""Is what a terminal gets fit for one? No control characters, no complaint to a closed pipe, no module too many."""

import os
import re
import subprocess
import sys

import pytest

from tests.cli.terminal import COMMAND, Terminal
from tests.system.server import Server, firing

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066\r\nDown"


@pytest.fixture(scope="session")
def hostile(server: Server) -> str:
    """An incident whose every text was chosen to take over the terminal."""
    alert = firing("Nasty", service="app", severity="critical", instance=_NASTY, pod=f"p{_NASTY}")
    alert["annotations"] = {"summary": f"Nasty {_NASTY}"}
    server.send_alerts(alert)
    (incident,) = [it["id"] for it in server.get("incidents", limit=500) if it["title"].startswith("Nasty")]
    for step, body in (
        ("assess", {"severity": "SEV2", "reason": _NASTY}),
        ("notes", {"text": _NASTY}),
        ("updates", {"text": _NASTY}),
        ("pages", {"target": "cto", "reason": _NASTY}),
        ("mitigate", {"note": _NASTY}),
    ):
        server.post(f"incidents/{incident}/{step}", **body)
    return str(incident)


@pytest.mark.parametrize(
    "command",
    [("list",), ("show", "{id}"), ("timeline", "{id}"), ("inbox",), ("postmortem", "{id}")],
    ids=lambda it: it[0],
)
@pytest.mark.parametrize("options", [pytest.param((), id="for people"), pytest.param(("--json",), id="for programs")])
def test_text_from_outside_cannot_take_over_the_terminal(
    tocsin: Terminal, hostile: str, command: tuple[str, ...], options: tuple[str, ...]
) -> None:
    run = tocsin.does(*(part.format(id=hostile) for part in command), *options)
    assert "Down" in run.out
    assert [line for line in run.out.split("\n") if _CONTROL.search(line)] == []


def test_a_title_typed_with_escapes_does_not_come_back_with_them(tocsin: Terminal) -> None:
    run = tocsin.does("declare", f"Checkout {_NASTY}")
    assert not _CONTROL.search(run.out.replace("\n", ""))
    assert not _CONTROL.search(tocsin("declare", "x", "--service", _NASTY).complaint)


def test_an_argument_that_is_not_text_is_refused_in_one_line(tocsin: Terminal, incident: str) -> None:
    done = subprocess.run(
        [*map(os.fsencode, COMMAND), b"note", incident.encode(), b"caf\xe9"],
        env=tocsin.environ,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"tocsin: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "command", [("sop", "show"), ("sop", "show", "--json"), ("timeline", "{id}"), ("oncall",)], ids="-".join
)
def test_a_reader_who_has_seen_enough_is_no_fault(tocsin: Terminal, incident: str, command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [*COMMAND, *(part.format(id=incident) for part in command)],
            env=tocsin.environ,
            stdout=nobody,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def test_colours_are_for_terminals_only(tocsin: Terminal, incident: str) -> None:
    assert not _COLOUR.search(tocsin.does("show", incident).out)


# -- the import budget -------------------------------------------------------------------------------------------------

_HEAVY = {
    "apsw",
    "asyncio",
    "httpx2",
    "jinja2",
    "msgspec",
    "ssl",
    "starlette",
    "tocsin.engine",
    "uvicorn",
    "uvloop",
    "whenever",
}
_FOR_A_SERVER = {"apsw", "asyncio", "httpx2", "jinja2", "starlette", "tocsin.engine", "uvicorn", "uvloop"}


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        pytest.param(("--help",), _HEAVY, id="help needs none of the heavy modules"),
        pytest.param(("--version",), _HEAVY, id="the version neither"),
        pytest.param(("list",), _FOR_A_SERVER, id="a client command needs no server"),
        pytest.param(("classify", "--scope", "all"), _FOR_A_SERVER, id="the SOP needs no server"),
    ],
)
def test_a_command_imports_no_more_than_it_needs(
    tocsin: Terminal, arguments: tuple[str, ...], forbidden: set[str]
) -> None:
    program = f"""
import sys
from tocsin.cli.main import main
try:
    main({list(arguments)!r})
finally:
    print("imported:", *sys.modules, file=sys.stderr)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=tocsin.environ, cwd=tocsin.directory, capture_output=True, text=True, timeout=60, check=True
    )
    assert forbidden & set(done.stderr.partition("imported:")[2].split()) == set()

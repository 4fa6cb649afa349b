"""What does a command say to wrong input? One line on standard error; the exit status tells whose fault it is."""

import subprocess
import sys

import pytest

from tests.cli.terminal import Terminal
from tocsin.cli import main
from tocsin.cli.main import COMMANDS

_NAME = (
    "must be 1 to 63 lower-case letters, digits, `.`, `_` and `-`, no person's, and not begin with admin- or intake-"
)
_NOBODY = "'zoe' is not one of alice, bob, carla, chris, dana, deniz, emma, erin, farid, victor"
_SEVERITIES = "'sev1', 'sev2', 'sev3', 'sev4'"


def wrong(*arguments: str, says: str) -> tuple[tuple[str, ...], str]:
    """Arguments, `{id}` for an incident's, and the line that they earn."""
    return arguments, says


_WRONG = [
    wrong("explode", says="Error: No such command 'explode'."),
    wrong("list", "--explode", says="Error: No such option '--explode'."),
    wrong(
        "list",
        "--state",
        "closed",
        says="Error: Invalid value for '--state': 'closed' is not one of 'open', 'ended', 'all', 'held'.",
    ),
    wrong("list", "--limit", "0", says="Error: Invalid value for '--limit': 0 is not in the range 1<=x<=500."),
    wrong("show", says="Error: Missing argument 'INC'."),
    wrong("test", "page", "", says="tocsin: people: must say which one is meant, got nothing"),
    wrong("show", "INC-1", says="tocsin: incident: there is no 'INC-1'"),
    wrong("show", "", says="Error: Invalid value for 'INC': must be an incident such as INC-2026-0042, got ''"),
    wrong(
        "show",
        "{id}/timeline",
        says="Error: Invalid value for 'INC': must be an incident such as INC-2026-0042, got '{id}/timeline'",
    ),
    wrong("ack", "..", says="Error: Invalid value for 'INC': must be an incident such as INC-2026-0042, got '..'"),
    wrong("timeline", "INC-1", says="tocsin: incident: there is no 'INC-1'"),
    wrong("oncall", "--at", "noon", says="tocsin: at: must be a time such as 2026-11-24T03:00:00Z, got 'noon'"),
    wrong("inbox", "--limit", "many", says="Error: Invalid value for '--limit': 'many' is not a valid integer range."),
    wrong("search", "--", "!?", says="tocsin: q: must hold 1 to 10 words, got 0"),
    wrong("search", says="Error: Missing argument 'WORDS...'."),
    wrong("people", "zoe", says="tocsin: person: there is no 'zoe'"),
    wrong("services", "now", says="Error: Got unexpected extra argument (now)"),
    wrong("test", "phone", says="Error: No such command 'phone'."),
    wrong("test", "page", "zoe", says="tocsin: person: there is no 'zoe'"),
    wrong("override", "cancel", "7777", says="tocsin: override: there is no 7777"),
    wrong(
        "override",
        "add",
        "bob",
        "--team",
        "x",
        "--for",
        "1",
        says="tocsin: lasts: must be a duration such as 15m, 1h30m, 48h or 2w, got '1'",
    ),
    wrong("silence", "expire", "x", says="tocsin: silence: there is no 'x'"),
    wrong("intake", "now", says="Error: Got unexpected extra argument (now)"),
    wrong("doctor", "now", says="Error: Got unexpected extra argument (now)"),
    wrong("alarms", "now", says="Error: Got unexpected extra argument (now)"),
    wrong("heartbeats", "backup", says="Error: Got unexpected extra argument (backup)"),
    wrong("accounts", "call", says="Error: No such command 'call'."),
    wrong("accounts", "add", "alice", says="tocsin: email: must be an e-mail address, got 'alice'"),
    wrong("accounts", "add", "a@b.example", "--person", "zoe", says=f"tocsin: person: {_NOBODY}"),
    wrong(
        "accounts",
        "role",
        "alice@example.com",
        "king",
        says="Error: Invalid value for '{{viewer|responder|admin}}': "
        "'king' is not one of 'viewer', 'responder', 'admin'.",
    ),
    wrong(
        "tokens",
        "add",
        "x",
        "--scope",
        "all",
        says="Error: Invalid value for '--scope': 'all' is not one of 'read', 'respond', 'intake', 'admin'.",
    ),
    wrong("tokens", "add", "zoë", "--scope", "read", says=f"tocsin: name: {_NAME}, got 'zoë'"),
    wrong("tokens", "revoke", "x", says="tocsin: token: there is no 'x' to revoke"),
    wrong(
        "audit",
        "verify",
        "--head",
        "x",
        says="tocsin: head: must be LANE:SEQ:HASH, as the server's log tells it once an hour",
    ),
    wrong("emergency", "call", says="Error: No such command 'call'."),
    wrong("declare", says="Error: Missing argument 'TITLE'."),
    wrong("declare", "", says="tocsin: title: must say something, got nothing"),
    wrong("declare", "x", "--service", "y", says="tocsin: service: 'y' is not one of api, app, database, website"),
    wrong("declare", "x", "--team", "y", says="tocsin: team: 'y' is not one of backend, frontend, platform"),
    wrong(
        "declare",
        "x",
        "--severity",
        "5",
        says=f"Error: Invalid value for '--severity': '5' is not one of {_SEVERITIES}.",
    ),
    wrong("declare", "x", "--data", "lost", says="tocsin: --scope: must be answered too: How many users are affected?"),
    wrong("declare", "x", "--as", "zoe", says=f"tocsin: by: {_NOBODY}"),
    wrong(
        "declare",
        "x",
        "--severity",
        "sev1",
        "--scope",
        "all",
        says="tocsin: severity: give a severity with a reason, or answers, not both",
    ),
    wrong("ack", "INC-1", says="tocsin: incident: there is no 'INC-1'"),
    wrong(
        "assess",
        "INC-1",
        "worst",
        says=f"Error: Invalid value for '[sev1|sev2|sev3|sev4]': 'worst' is not one of {_SEVERITIES}.",
    ),
    wrong("assess", "INC-1", "--scope", "all", says="tocsin: incident: there is no 'INC-1'"),
    wrong(
        "role",
        "INC-1",
        "boss",
        "bob",
        says="Error: Invalid value for 'ic|cl|tl': 'boss' is not one of 'ic', 'cl', 'tl', 'incident_commander', "
        "'communications_lead', 'technical_lead'.",
    ),
    wrong("role", "{id}", "ic", "zoe", says=f"tocsin: person: {_NOBODY}"),
    wrong("team", "{id}", "payments", says="tocsin: team: 'payments' is not one of backend, frontend, platform"),
    wrong("note", "{id}", " ", says="tocsin: note: must say something, got nothing"),
    wrong("update", "{id}", "", says="tocsin: update: must say something, got nothing"),
    wrong("update", "{id}", "x", "--next", "16m", says="tocsin: next update: SEV1 asks for one every 15m, got 16m"),
    wrong(
        "update",
        "{id}",
        "x",
        "--next",
        "soon",
        says="tocsin: next_within: must be a duration such as 15m, 1h30m, 48h or 2w, got 'soon'",
    ),
    wrong(
        "page",
        "{id}",
        "ceo",
        "--reason",
        "x",
        says="tocsin: target: 'ceo' is nobody: give a person or a target of the SOP",
    ),
    wrong("mitigate", says="Error: Missing argument 'INC'."),
    wrong("resolve", "{id}", "--as", "zoe", says=f"tocsin: by: {_NOBODY}"),
    wrong(
        "reopen",
        "{id}",
        "--reason",
        "x",
        says="tocsin: {id} is triggered and can't be reopened: it is open already",
    ),
    wrong("cancel", "{id}", "--reason", "", says="tocsin: reason: must say something, got nothing"),
    wrong(
        "postmortem",
        "{id}",
        "--complete",
        says="tocsin: {id} is triggered and can't be closed by its postmortem: resolve it first",
    ),
    wrong("quarantine", "retry", "4711", says="tocsin: quarantine: there is no 4711"),
    wrong("sop", "prove", says="Error: No such command 'prove'."),
    wrong("sop", "render", says="Error: Missing argument 'DIRECTORY'."),
    wrong(
        "slack",
        "manifest",
        "--url",
        "tocsin.example.com",
        says="tocsin: --url: must be an https address such as https://tocsin.example.com, got 'tocsin.example.com'",
    ),
    wrong("skill", "export", says="Error: Missing argument 'DIRECTORY'."),
    wrong(
        "classify",
        "--scope",
        "some",
        says="Error: Invalid value for '--scope': 'some' is not one of 'all', 'many', 'few', 'none'.",
    ),
    wrong("init", "a", "b", says="Error: Got unexpected extra argument (b)"),
    wrong("serve", "--port", "65536", says="Error: Invalid value for '--port': 65536 is not in the range 0<=x<=65535."),
    wrong(
        "serve",
        "--database",
        "mysql://x",
        says="tocsin: database: must be sqlite:///FILE or postgresql://HOST/NAME, got mysql://…",
    ),
    wrong("nodes", "--explode", says="Error: No such option '--explode'."),
    wrong("backup", says="Error: Missing argument 'FILE'."),
    wrong("restore", says="Error: Missing argument 'FILE'."),
    wrong("release", says="Error: name the incidents, or give --all"),
    wrong(
        "verify",
        "--database",
        "mysql://x",
        says="tocsin: database: must be sqlite:///FILE or postgresql://HOST/NAME, got mysql://…",
    ),
    wrong(
        "migrate",
        "--database",
        "mysql://x",
        says="tocsin: database: must be sqlite:///FILE or postgresql://HOST/NAME, got mysql://…",
    ),
    wrong("demo", "--speed", "1", says="Error: Invalid value for '--speed': 1.0 is not in the range 10<=x<=600."),
]


@pytest.mark.parametrize(("arguments", "says"), [pytest.param(*it, id=" ".join(it[0])) for it in _WRONG])
def test_wrong_input_is_said_in_one_line(
    tocsin: Terminal, incident: str, arguments: tuple[str, ...], says: str
) -> None:
    run = tocsin(*(argument.format(id=incident) for argument in arguments))
    assert run.status == 2
    assert run.complaint == says.format(id=incident)
    assert run.out == ""


def test_every_command_is_given_something_wrong_above() -> None:
    assert {arguments[0] for arguments, _ in _WRONG} >= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(alone: Terminal, name: str) -> None:
    assert alone.does(name, "--help").out.startswith(f"Usage: tocsin {name}")


def test_the_help_page_lists_every_command(alone: Terminal) -> None:
    listed = [line.split()[0] for line in alone.does("--help").out.partition("Commands:\n")[2].splitlines()]
    assert listed == list(COMMANDS)


def test_a_bug_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(main.COMMANDS, "list", ("nowhere", "A command whose module was lost."))
    with pytest.raises(SystemExit) as end:
        main.main(["list"])
    assert end.value.code == 4
    told = capsys.readouterr().err
    assert told.startswith("tocsin: internal fault, a bug of Tocsin: ModuleNotFoundError: ")
    assert told.count("\n") == 1


def test_help_waits_for_no_web_page() -> None:
    script = """
import sys
from tocsin.cli.main import main
try:
    main(["--help"])
except SystemExit:
    assert not {"jinja2", "starlette", "tocsin.web"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)

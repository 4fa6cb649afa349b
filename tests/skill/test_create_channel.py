"""create-incident-channel.sh opens the incident's Slack channel, sets it up, and says exactly what it couldn't do."""

import html
import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.searching import examples
from tests.skill.conftest import Run
from tests.skill.contracts import check_call
from tests.skill.test_page_oncall import HOSTILE
from tests.skill.vendor import HANG_UP, Reply, Vendor, answer
from tocsin.domain.text import slug

TOKEN = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzqqgy"
CREATED = answer(200, {"channel": {"previous_names": [], "id": "C0EAQDV4Z", "topic": {"value": ""}}, "ok": True})
OK = answer(200, {"ok": True})


def refusal(error: str) -> Reply:
    return answer(200, {"ok": False, "error": error})


def create(run: Run, vendor: Vendor, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    incident = () if "--incident" in arguments else ("--incident", "INC-2026-0042")
    title = () if "--title" in arguments else ("--title", "Checkout is down")
    settings = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_API_URL": f"{vendor.url}/api", **environment}
    return run("create-incident-channel.sh", *incident, *title, *arguments, **settings)


def test_channel_is_opened_named_peopled_and_told(run: Run, vendor: Vendor) -> None:
    vendor.will(CREATED, OK)
    done = create(run, vendor, "--severity", "SEV1", "--invite", "U012AB3CD,W045", "--message", "Join & read <#C1>.")
    assert (done.returncode, done.stdout, done.stderr) == (0, "C0EAQDV4Z inc-2026-0042-checkout-is-down\n", "")
    assert [(request.path, request.json) for request in vendor.requests] == [
        ("/api/conversations.create", {"name": "inc-2026-0042-checkout-is-down", "is_private": False}),
        ("/api/conversations.setTopic", {"channel": "C0EAQDV4Z", "topic": "INC-2026-0042 SEV1: Checkout is down"}),
        ("/api/conversations.invite", {"channel": "C0EAQDV4Z", "users": "U012AB3CD"}),
        ("/api/conversations.invite", {"channel": "C0EAQDV4Z", "users": "W045"}),
        (
            "/api/chat.postMessage",
            {
                "channel": "C0EAQDV4Z",
                "text": "*INC-2026-0042* SEV1: Checkout is down\nJoin &amp; read &lt;#C1&gt;.",
            },
        ),
    ]
    for request in vendor.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["content-type"] == "application/json; charset=utf-8"


def test_every_call_keeps_to_slack_s_contract(run: Run, vendor: Vendor) -> None:
    vendor.will(CREATED, OK)
    assert create(run, vendor, "--private", "--invite", "U1").returncode == 0
    for request in vendor.requests:
        check_call(request.path.removeprefix("/api"), request.json)
    assert vendor.requests[0].json["is_private"] is True


@pytest.mark.parametrize(
    ("incident", "title", "name"),
    [
        ("INC-2026-0042", "Checkout is down", "inc-2026-0042-checkout-is-down"),
        ("INC-2026-12345", "500s on /api/v2 (EU)!", "inc-2026-12345-500s-on-api-v2-eu"),
        ("INC-2026-0042", "🔥🔥🔥", "inc-2026-0042"),
        ("INC-2026-0042", "--- -rf ---", "inc-2026-0042-rf"),
        ("INC-2026-0042", "x" * 150, "inc-2026-0042-" + "x" * 40),
        ("INC-2026-0042", "a" * 39 + " b", "inc-2026-0042-" + "a" * 39),
    ],
)
def test_the_name_is_made_by_slack_s_rules(run: Run, vendor: Vendor, incident: str, title: str, name: str) -> None:
    vendor.will(CREATED, OK)
    assert create(run, vendor, "--incident", incident, "--title", title).stdout == f"C0EAQDV4Z {name}\n"
    assert vendor.requests[0].json["name"] == name


def check_title(run: Run, vendor: Vendor, title: str) -> None:
    vendor.will(CREATED, OK)
    done = create(run, vendor, "--title", title)
    assert done.returncode == 0, done.stderr
    channel, topic, message = (request.json for request in vendor.requests)
    assert re.fullmatch(r"inc-2026-0042(-[a-z0-9]+)*", channel["name"])
    if title.isascii():  # as Tocsin itself names the channel, so that it finds this one
        assert channel["name"] == f"inc-2026-0042-{slug(title, 40)}".removesuffix("-")
    assert topic["topic"] == f"INC-2026-0042: {title}"
    assert not re.search("[<>]", message["text"])  # nothing is mentioned and nothing linked
    assert message["text"] == f"*INC-2026-0042*: {html.escape(title, quote=False)}"


@pytest.mark.parametrize("title", [*HOSTILE, "<!channel> <@U1> <https://evil.example|click> &lt;!here&gt;"])
def test_a_hostile_title_stays_text(run: Run, vendor: Vendor, title: str) -> None:
    check_title(run, vendor, title)


@settings(max_examples=examples(25), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100))
def test_any_title_stays_text(run: Run, vendor: Vendor, title: str) -> None:
    check_title(run, vendor, f"x{title}")


def test_a_taken_name_has_an_exit_status_of_its_own(run: Run, vendor: Vendor) -> None:
    vendor.will(refusal("name_taken"))
    done = create(run, vendor)
    assert (done.returncode, done.stdout, len(vendor.requests)) == (5, "", 1)
    assert done.stderr == (
        "create-incident-channel.sh: channel inc-2026-0042-checkout-is-down exists already: look for it in Slack\n"
    )


@pytest.mark.parametrize(
    "reply",
    [
        refusal("invalid_auth"),
        answer(200, {"ok": False, "error": "missing_scope", "needed": "channels:manage"}),
        answer(200, {"ok": "true", "channel": {"id": "C1"}}),
        answer(200, {"channel": {"id": "C1", "ok": True}}),
        answer(200, {"ok": False, "error": 'say "ok": true'}),
        Reply(200, b"<html>Sign in to the hotel's network</html>"),
        Reply(200, b'{"ok":true,"channel":{"id":"C1"}'),
        Reply(302, b"", {"Location": "https://example.com"}),
        answer(404, {}),
    ],
    ids=lambda reply: f"{reply.status} {reply.body.decode()[:40]}",
)
def test_what_isn_t_slack_s_yes_is_a_no(run: Run, vendor: Vendor, reply: Reply) -> None:
    vendor.will(reply)
    done = create(run, vendor)
    assert (done.returncode, done.stdout, len(vendor.requests)) == (3, "", 1)
    shown = f"HTTP {reply.status}: {reply.body.decode()}".removesuffix(": ")
    assert done.stderr == (f"create-incident-channel.sh: channel inc-2026-0042-checkout-is-down not opened: {shown}\n")


def test_a_yes_without_an_id_is_not_believed(run: Run, vendor: Vendor) -> None:
    vendor.will(answer(200, {"ok": True, "channel": {"id": "C1; rm -rf /"}}))
    done = create(run, vendor)
    assert (done.returncode, done.stdout) == (3, "")
    assert "not under which id" in done.stderr


@pytest.mark.parametrize(
    "passing",
    [
        answer(429, {"ok": False, "error": "ratelimited"}, Retry_After="0"),
        Reply(502, b""),
        refusal("internal_error"),
        HANG_UP,
    ],
    ids=["429", "502", "internal_error", "hang-up"],
)
def test_passing_failures_are_tried_again(run: Run, vendor: Vendor, passing: Reply) -> None:
    vendor.will(passing, CREATED, passing, OK)
    done = create(run, vendor)
    assert (done.returncode, done.stderr) == (0, "")
    assert [request.path.rpartition(".")[2] for request in vendor.requests] == [
        "create", "create", "setTopic", "setTopic", "postMessage",
    ]  # fmt: skip


def test_slack_out_of_reach_is_said_after_the_last_attempt(run: Run, vendor: Vendor) -> None:
    vendor.will(Reply(503, b"later"))
    done = create(run, vendor, TOCSIN_ATTEMPTS="2")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.endswith("not opened: HTTP 503: later, after 2 attempts\n")


def test_what_fails_in_the_open_channel_is_listed_and_the_rest_is_done(run: Run, vendor: Vendor) -> None:
    vendor.will(CREATED, refusal("restricted_action"), refusal("user_not_found"), OK, OK)
    done = create(run, vendor, "--invite", "U1,U2")
    assert (done.returncode, done.stdout) == (6, "C0EAQDV4Z inc-2026-0042-checkout-is-down\n")
    assert done.stderr == (
        "create-incident-channel.sh: channel inc-2026-0042-checkout-is-down is open, but not complete: "
        'topic: HTTP 200: {"ok": false, "error": "restricted_action"}; '
        'invitation of U1: HTTP 200: {"ok": false, "error": "user_not_found"}\n'
    )
    assert [request.path.rpartition(".")[2] for request in vendor.requests][-2:] == ["invite", "postMessage"]


@pytest.mark.parametrize("error", ["already_in_channel", "cant_invite_self"])
def test_somebody_who_is_in_the_channel_needs_no_invitation(run: Run, vendor: Vendor, error: str) -> None:
    vendor.will(CREATED, OK, refusal(error), OK)
    assert create(run, vendor, "--invite", "U1").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--incident", "42"], "--incident: must be such as INC-2026-0042, got '42'"),
        (["--incident", "INC-2026-0042\nx"], "--incident: must be such as INC-2026-0042, got 'INC-2026-0042 x'"),
        (["--title", ""], "--title: must not be empty"),
        (["--title", "x" * 151], "--title: must have at most 150 characters, got 151"),
        (["--topic", "x" * 251], "--topic: must have at most 250 characters, got 251"),
        (["--message", "x" * 1001], "--message: must have at most 1000 characters, got 1001"),
        (["--severity", "critical"], "--severity: must be SEV1, SEV2, SEV3 or SEV4, got 'critical'"),
        (
            ["--invite", "U1,$(id)"],
            "--invite: must be at most 50 Slack member ids with commas between, such as U012AB3CD,U045EF6GH",
        ),
        (["--invite"], "--invite: needs a value; see --help"),
        (["--nonsense"], "unknown argument '--nonsense'; see --help"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    run: Run, vendor: Vendor, arguments: list[str], fault: str
) -> None:
    vendor.will(CREATED)
    done = create(run, vendor, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"create-incident-channel.sh: {fault}\n")
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN: not set; export a bot token"),
        (
            {"SLACK_BOT_TOKEN": 'x"\nurl = "https://evil.example'},
            "SLACK_BOT_TOKEN: has a blank or another character that a bot token can't have",
        ),
        ({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL: must be an http or https URL without a password in it"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_sent(
    run: Run, vendor: Vendor, environment: dict[str, str], fault: str
) -> None:
    vendor.will(CREATED)
    done = create(run, vendor, **environment)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"create-incident-channel.sh: {fault}\n")
    assert vendor.requests == []


def test_dry_run_shows_every_request_and_sends_none(run: Run, vendor: Vendor) -> None:
    vendor.will(CREATED)
    done = create(run, vendor, "--dry-run", "--invite", "U1", SLACK_BOT_TOKEN="")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    methods = ("conversations.create", "conversations.setTopic", "conversations.invite", "chat.postMessage")
    assert lines[::2] == [f"POST {vendor.url}/api/{method}" for method in methods]
    assert lines[1] == '{"name":"inc-2026-0042-checkout-is-down","is_private":false}'
    assert vendor.requests == []


def test_the_token_shows_on_no_command_line_and_in_no_output(run: Run, vendor: Vendor) -> None:
    vendor.will(refusal(f"bad token {TOKEN}"))
    done = create(run, vendor)
    assert done.returncode == 3
    assert TOKEN not in done.stdout + done.stderr
    assert any(b"curl" in line for line in vendor.requests[0].command_lines)
    assert not [line for line in vendor.requests[0].command_lines if TOKEN.encode() in line]


def test_help_tells_every_variable_and_exit_status(run: Run) -> None:
    done = run("create-incident-channel.sh", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("--incident", "SLACK_BOT_TOKEN", "SLACK_API_URL", "5 a channel of that name exists already"):
        assert word in done.stdout

"""page-oncall.sh pages through PagerDuty: with any text, through any passing failure, without showing the key."""

import re
import resource
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.searching import examples
from tests.skill.conftest import Run
from tests.skill.contracts import check_event
from tests.skill.vendor import HANG_UP, Reply, Vendor, answer

KEY = "e93facc04764012d7bfb002500d5d1a6"
ACCEPTED = answer(202, {"status": "success", "message": "Event processed", "dedup_key": "k"})
HOSTILE = [
    'it\'s "quoted" and \\escaped\\',
    "$(touch /tmp/owned) `id` ${HOME} $PATH ; rm -rf / & | > < * ? ~",
    "-rf",
    "--dry-run",
    "two\nlines\r\nand\ttab",
    "naïve Ünïcode 日本 🔥 👩‍🚒 \u202e",
    '","severity":"info',
    "%s %d \\n \\u0041 &amp; !!",
    "".join(map(chr, [*range(1, 32), 127])) + "x",
    "@/etc/passwd",
]


def page(run: Run, vendor: Vendor, *arguments: str | bytes, **environment: str) -> "subprocess.CompletedProcess[str]":
    url = f"{vendor.url}/v2/enqueue"
    return run(
        "page-oncall.sh", *arguments, **{"PAGERDUTY_ROUTING_KEY": KEY, "PAGERDUTY_EVENTS_URL": url, **environment}
    )


def test_trigger_sends_the_event_and_prints_the_dedup_key_alone(run: Run, vendor: Vendor) -> None:
    vendor.will(ACCEPTED)
    done = page(run, vendor, "--summary", "Checkout is down", "--dedup-key", "INC-2026-0042")
    assert (done.returncode, done.stdout, done.stderr) == (0, "INC-2026-0042\n", "")
    (request,) = vendor.requests
    assert request.path == "/v2/enqueue"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.json == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "INC-2026-0042",
        "payload": {"summary": "Checkout is down", "severity": "critical", "source": "web-1"},
        "client": "page-oncall.sh",
    }


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_later_actions_send_the_dedup_key_and_nothing_else(run: Run, vendor: Vendor, action: str) -> None:
    vendor.will(ACCEPTED)
    assert page(run, vendor, "--action", action, "--dedup-key", "k").stdout == "k\n"
    assert vendor.requests[0].json == {"routing_key": KEY, "event_action": action, "dedup_key": "k"}
    check_event(vendor.requests[0].json)


@pytest.mark.parametrize(
    ("given", "sent"),
    [(word, word) for word in ("critical", "error", "warning", "info")]
    + [("SEV1", "critical"), ("SEV2", "error"), ("SEV3", "warning"), ("SEV4", "info")],
)
def test_severities_of_both_vocabularies_are_understood(run: Run, vendor: Vendor, given: str, sent: str) -> None:
    vendor.will(ACCEPTED)
    page(run, vendor, "--summary", "x", "--severity", given)
    assert vendor.requests[0].json["payload"]["severity"] == sent


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_arrives_as_it_was_given_and_by_the_contract(run: Run, vendor: Vendor, text: str) -> None:
    vendor.will(ACCEPTED)
    key = text if text.isprintable() else "k"
    names = ("--summary", "--source", "--component", "--details")
    options = [part for name in names for part in (name, text)]
    link = "https://runbooks.example.com/x?a=b&c=d#e"
    done = page(run, vendor, *options, "--dedup-key", key, "--link", link)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{key}\n"
    event = vendor.requests[0].json
    payload = event["payload"]
    sent = (payload["summary"], payload["source"], payload["component"], payload["custom_details"]["details"])
    assert sent == (text, text, text, text)
    assert (event["dedup_key"], event["links"]) == (key, [{"href": link}])
    check_event(event)


@settings(max_examples=examples(40), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200))
def test_any_text_arrives_as_it_was_given(run: Run, vendor: Vendor, text: str) -> None:
    vendor.will(ACCEPTED)
    done = page(run, vendor, "--summary", f"x{text}")
    assert done.returncode == 0, done.stderr
    assert vendor.requests[0].json["payload"]["summary"] == f"x{text}"


@settings(max_examples=examples(40), deadline=None)
@given(st.binary(min_size=1, max_size=60).map(lambda raw: raw.replace(b"\0", b"")))
def test_bytes_that_are_not_utf8_are_replaced_and_the_rest_arrives(run: Run, vendor: Vendor, raw: bytes) -> None:
    vendor.will(ACCEPTED)
    assert page(run, vendor, "--summary", b"x" + raw).returncode == 0
    sent = vendor.requests[0].json["payload"]["summary"]
    # Python puts one replacement for a broken sequence, the script one for each of its bytes.
    assert re.sub("\ufffd+", "\ufffd", sent) == re.sub("\ufffd+", "\ufffd", "x" + raw.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    "passing",
    [
        answer(429, {"status": "throttle exceeded"}),
        answer(500, {"status": "error"}),
        Reply(503, b"<html>"),
        HANG_UP,
        answer(429, {}, retry_after="0"),
        answer(429, {}, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
    ids=["429", "500", "503 HTML", "hang-up", "429 at once", "429 with a date"],
)
def test_passing_failures_are_tried_again_with_the_same_event(run: Run, vendor: Vendor, passing: Reply) -> None:
    vendor.will(passing, passing, ACCEPTED)
    done = page(run, vendor, "--summary", "x")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(vendor.requests) == 3
    assert len({request.body for request in vendor.requests}) == 1
    assert done.stdout == vendor.requests[0].json["dedup_key"] + "\n"


def test_two_triggers_without_a_key_get_different_ones(run: Run, vendor: Vendor) -> None:
    vendor.will(ACCEPTED)
    assert page(run, vendor, "--summary", "x").stdout != page(run, vendor, "--summary", "x").stdout


def test_retry_after_is_honoured(run: Run, vendor: Vendor) -> None:
    vendor.will(answer(429, {}, Retry_After="1"), ACCEPTED)
    assert page(run, vendor, "--summary", "x").returncode == 0
    first, second = vendor.requests
    assert second.at - first.at >= 1


@pytest.mark.parametrize("asked", ["9999", "0099", "99999999999999999999999"])
def test_an_absurd_retry_after_is_capped(run: Run, vendor: Vendor, asked: str) -> None:
    vendor.will(answer(503, {}, Retry_After=asked), ACCEPTED)
    assert page(run, vendor, "--summary", "x", TOCSIN_RETRY_CAP="0").returncode == 0
    assert len(vendor.requests) == 2


@pytest.mark.slow
def test_the_wait_doubles_from_attempt_to_attempt(run: Run, vendor: Vendor) -> None:
    vendor.will(Reply(500, b""))
    page(run, vendor, "--summary", "x", TOCSIN_RETRY_DELAY="1", TOCSIN_ATTEMPTS="3")
    first, second, third = (request.at for request in vendor.requests)
    assert second - first >= 1
    assert third - second >= 2


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (Reply(500, b"oops"), "HTTP 500: oops"),
        (answer(429, {"status": "throttle exceeded"}), 'HTTP 429: {"status": "throttle exceeded"}'),
        (HANG_UP, "no answer: (52) Empty reply from server"),
    ],
    ids=["500", "429", "hang-up"],
)
def test_it_gives_up_after_the_last_attempt_and_says_why(run: Run, vendor: Vendor, failing: Reply, reason: str) -> None:
    vendor.will(failing)
    done = page(run, vendor, "--summary", "x", TOCSIN_ATTEMPTS="3")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"page-oncall.sh: not paged: {reason}, after 3 attempts\n"
    assert len(vendor.requests) == 3


def test_nobody_listening_is_said_in_one_line(run: Run, vendor: Vendor) -> None:
    done = page(run, vendor, "--summary", "x", TOCSIN_ATTEMPTS="2", PAGERDUTY_EVENTS_URL="http://127.0.0.1:1/")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("page-oncall.sh: not paged: no answer: (7) ")
    assert done.stderr.endswith(", after 2 attempts\n")


def test_a_server_that_never_answers_is_given_up_in_time(run: Run, vendor: Vendor) -> None:
    vendor.will(Reply(202, ACCEPTED.body, seconds=3))
    done = page(run, vendor, "--summary", "x", TOCSIN_TIMEOUT="1", TOCSIN_ATTEMPTS="1")
    assert done.returncode == 4
    assert "no answer: (28) " in done.stderr


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 408, 413])
def test_what_pagerduty_refuses_is_not_tried_again(run: Run, vendor: Vendor, status: int) -> None:
    vendor.will(answer(status, {"status": "invalid event", "errors": ["Length of 'routing_key' is incorrect"]}))
    done = page(run, vendor, "--summary", "x")
    assert (done.returncode, done.stdout, len(vendor.requests)) == (3, "", 1)
    assert done.stderr == (
        f'page-oncall.sh: not paged: HTTP {status}: {{"status": "invalid event", '
        '"errors": ["Length of \'routing_key\' is incorrect"]}\n'
    )


@pytest.mark.parametrize(
    "reply",
    [
        Reply(202, b""),
        Reply(202, b"{}"),
        Reply(202, b'<html>"status":"success"</html>'),
        Reply(202, b'{"status":"success"'),
        Reply(202, b'{"status":"success"} trailing'),
        Reply(202, b'["status","success"]'),
        Reply(202, b'{"status":"invalid event","cause":{"status":"success"}}'),
        Reply(202, b'{"message":"\\"status\\":\\"success\\"","status":"error"}'),
        Reply(202, b'{"status":["success"]}'),
        Reply(200, ACCEPTED.body),
        Reply(204, b""),
    ],
    ids=lambda reply: f"{reply.status} {reply.body.decode()}",
)
def test_only_202_with_status_success_counts_as_paged(run: Run, vendor: Vendor, reply: Reply) -> None:
    vendor.will(reply)
    done = page(run, vendor, "--summary", "x")
    assert (done.returncode, done.stdout, done.stderr.count("\n"), len(vendor.requests)) == (3, "", 1, 1)
    assert done.stderr.startswith(f"page-oncall.sh: not paged: HTTP {reply.status}")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(202, b' { "message" : "a, \\"b\\" {c}" , "errors":[{"status":1}], "status" : "success" }\r\n'),
        Reply(202, ACCEPTED.body, hints_first=True),
    ],
    ids=["spaced out", "after early hints"],
)
def test_success_is_understood_however_it_is_written(run: Run, vendor: Vendor, reply: Reply) -> None:
    vendor.will(reply)
    assert page(run, vendor, "--summary", "x").returncode == 0


def test_an_endless_reply_is_not_read_to_its_end(run: Run, vendor: Vendor) -> None:
    vendor.will(Reply(202, b'{"status":"success","x":"' + b"a" * 2_000_000 + b'"}'))
    done = page(run, vendor, "--summary", "x", TOCSIN_ATTEMPTS="1")
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr) < 300


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "--summary: must not be empty"),
        (["--summary", ""], "--summary: must not be empty"),
        (["--summary", " \n\t"], "--summary: must not be empty"),
        (["--summary"], "--summary: needs a value; see --help"),
        (["--summary", "é" * 1025], "--summary: must have at most 1024 characters, got 1025"),
        (["--summary", "x", "--dedup-key", "k" * 256], "--dedup-key: must have at most 255 characters, got 256"),
        (["--summary", "x", "--dedup-key", "a\nb"], "--dedup-key: must be one line without control characters"),
        (["--summary", "x", "--source", ""], "--source: must not be empty"),
        (
            ["--summary", "x", "--severity", "SEV5"],
            "--severity: must be critical, error, warning, info or SEV1 to SEV4, got 'SEV5'",
        ),
        (["--summary", "x", "--link", "javascript:x"], "--link: must be an http or https URL without a password in it"),
        (["--action", "resolve"], "--dedup-key: needed to resolve"),
        (["--action", "page"], "--action: must be trigger, acknowledge or resolve, got 'page'"),
        (["Checkout\nis down"], "unknown argument 'Checkout is down'; see --help"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    run: Run, vendor: Vendor, arguments: list[str], fault: str
) -> None:
    vendor.will(ACCEPTED)
    done = page(run, vendor, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"page-oncall.sh: {fault}\n")
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"PAGERDUTY_ROUTING_KEY": ""}, "PAGERDUTY_ROUTING_KEY: not set; export a routing key"),
        (
            {"PAGERDUTY_ROUTING_KEY": "a b"},
            "PAGERDUTY_ROUTING_KEY: has a blank or another character that a routing key can't have",
        ),
        (
            {"PAGERDUTY_EVENTS_URL": "https://me:secret@example.com/"},
            "PAGERDUTY_EVENTS_URL: must be an http or https URL without a password in it",
        ),
        (
            {"PAGERDUTY_EVENTS_URL": "-o/tmp/x"},
            "PAGERDUTY_EVENTS_URL: must be an http or https URL without a password in it",
        ),
        ({"TOCSIN_TIMEOUT": "0"}, "TOCSIN_TIMEOUT: must be a whole number from 1 to 9999, got '0'"),
        ({"TOCSIN_ATTEMPTS": "x[$(id)]"}, "TOCSIN_ATTEMPTS: must be a whole number from 1 to 9999, got 'x[$(id)]'"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_sent(
    run: Run, vendor: Vendor, environment: dict[str, str], fault: str
) -> None:
    vendor.will(ACCEPTED)
    done = page(run, vendor, "--summary", "x", **environment)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"page-oncall.sh: {fault}\n")
    assert vendor.requests == []


def test_the_longest_summary_fits_whatever_its_characters(run: Run, vendor: Vendor) -> None:
    vendor.will(ACCEPTED)
    assert page(run, vendor, "--summary", "🔥" * 1024).returncode == 0
    assert vendor.requests[0].json["payload"]["summary"] == "🔥" * 1024


def test_dry_run_shows_the_request_without_the_key_and_sends_nothing(run: Run, vendor: Vendor) -> None:
    vendor.will(ACCEPTED)
    arguments = ("--dry-run", "--summary", 'a "b"', "--dedup-key", "k")
    for environment in ({}, {"PAGERDUTY_ROUTING_KEY": ""}):
        done = page(run, vendor, *arguments, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (
            f"POST {vendor.url}/v2/enqueue\n"
            '{"routing_key":"***","event_action":"trigger","dedup_key":"k","payload":{"summary":"a \\"b\\"",'
            '"severity":"critical","source":"web-1"},"client":"page-oncall.sh"}\n'
        )
    assert vendor.requests == []


def test_the_routing_key_shows_on_no_command_line_and_in_no_output(run: Run, vendor: Vendor) -> None:
    vendor.will(Reply(400, b"x" * 280 + f"you sent {KEY}".encode() * 3))
    done = page(run, vendor, "--summary", "x")
    assert done.returncode == 3
    assert KEY[:8] not in done.stdout + done.stderr
    assert any(b"curl" in line for line in vendor.requests[0].command_lines)
    assert not [line for line in vendor.requests[0].command_lines if KEY.encode() in line]


def test_it_pages_while_the_disk_is_full(skill: Path, vendor: Vendor) -> None:
    vendor.will(ACCEPTED)
    done = subprocess.run(
        [skill / "scripts" / "page-oncall.sh", "--summary", "disk full"],
        env={"PATH": "/usr/bin:/bin", "PAGERDUTY_ROUTING_KEY": KEY, "PAGERDUTY_EVENTS_URL": vendor.url},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),  # whatever writes a file is killed
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_tells_every_option_variable_and_exit_status(run: Run) -> None:
    done = run("page-oncall.sh", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("--summary", "--dedup-key", "PAGERDUTY_ROUTING_KEY", "PAGERDUTY_EVENTS_URL", "TOCSIN_ATTEMPTS"):
        assert word in done.stdout
    assert "0 accepted; 2 wrong call or settings; 3 refused" in done.stdout
    assert "default https://events.pagerduty.com/v2/enqueue" in done.stdout

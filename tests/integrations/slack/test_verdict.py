import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.effects import FIRST, INCIDENT, SLACK, page
from tests.integrations.pace import unhurried
from tocsin.domain import effects as f
from tocsin.domain.commands import (
    ReportChannelFailed,
    ReportChannelOpened,
    ReportPageAccepted,
    ReportPageFailed,
    ReportSummaryPosted,
)
from tocsin.integrations.slack.outbound import SlackEffect, classify, request_for
from tocsin.integrations.wire import Again, Busy, Done, Limit, Never, Reply, Request, Then, Verdict

CHANNEL = "C0000000001"
BUG = "this is a fault of Tocsin's: report it"
OPEN = f.OpenChannel(incident=INCIDENT, name="inc-2026-0042-checkout-is-down")
INVITE = f.InviteToChannel(incident=INCIDENT, channel=CHANNEL, people=("alice", "bob", "carol"))
PIN = f.PinSummary(incident=INCIDENT, channel=CHANNEL, message="1767607200.000002")
POST = f.PostMessage(incident=INCIDENT, channel=CHANNEL, text="hi")
SUMMARY = f.PostSummary(incident=INCIDENT, channel=CHANNEL, text="hi")
TOPIC = f.SetTopic(incident=INCIDENT, channel=CHANNEL, topic="hi")


def sent(effect: SlackEffect) -> Request:
    request = request_for(effect, SLACK, FIRST)
    assert isinstance(request, Request)
    return request


def reply(answer: object, status: int = 200, **headers: str) -> Reply:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def no(error: str, **more: object) -> dict[str, object]:
    return {"ok": False, "error": error, **more}


def verdict_on(effect: SlackEffect, given: Reply) -> Verdict:
    return classify(effect, sent(effect), given, SLACK)


@pytest.mark.parametrize(
    ("effect", "answer", "verdict"),
    [
        pytest.param(
            OPEN,
            {"ok": True, "channel": {"id": CHANNEL, "name": "inc-2026-0042-checkout"}},
            Done(receipts=(ReportChannelOpened(channel=CHANNEL, name="inc-2026-0042-checkout"),)),
            id="a channel is reported under the name that Slack gave it",
        ),
        pytest.param(
            SUMMARY,
            {"ok": True, "channel": CHANNEL, "ts": "1767607200.000002", "message": {}},
            Done(receipts=(ReportSummaryPosted(message="1767607200.000002"),)),
            id="a summary is reported with its id",
        ),
        pytest.param(
            page("slack"),
            {"ok": True, "channel": "D0000000001", "ts": "1767607200.000002"},
            Done(receipts=(ReportPageAccepted(key=f"{INCIDENT}-3-0", via="slack"),)),
            id="a direct message is a page taken",
        ),
        pytest.param(POST, {"ok": True}, Done(), id="a message needs no receipt"),
        pytest.param(TOPIC, {"ok": True, "channel": {}}, Done(), id="nor does a topic"),
    ],
)
def test_a_positive_answer_is_done(effect: SlackEffect, answer: object, verdict: Verdict) -> None:
    assert verdict_on(effect, reply(answer)) == verdict


@pytest.mark.parametrize(
    ("effect", "error"), [(INVITE, "already_in_channel"), (INVITE, "cant_invite_self"), (PIN, "already_pinned")]
)
def test_what_is_so_already_is_done(effect: SlackEffect, error: str) -> None:
    assert verdict_on(effect, reply(no(error))) == Done()


@pytest.mark.parametrize(
    "unclear",
    [
        pytest.param(reply(b"", status=200), id="200 without a body"),
        pytest.param(reply(b'{"ok": tr'), id="truncated JSON"),
        pytest.param(reply(b"<html>Please log in</html>"), id="a captive portal's 200"),
        pytest.param(reply(b"ok"), id="the ok of an incoming webhook"),
        pytest.param(reply([]), id="a list"),
        pytest.param(reply({"ok": "true"}), id="ok as text"),
        pytest.param(reply({"ok": 1}), id="ok as a number"),
        pytest.param(reply({"ts": "1"}), id="no ok at all"),
        pytest.param(reply({"ok": False}), id="not ok, without an error"),
        pytest.param(reply({"ok": True}), id="ok without the promised channel"),
        pytest.param(reply({"ok": True, "channel": {"id": 5, "name": "x"}}), id="ok with a channel id of another type"),
        pytest.param(reply(b'{"ok": true, "channel": "\xff"}'), id="not UTF-8"),
        pytest.param(reply(b"[" * 100_000), id="nested without end"),
        pytest.param(reply({"ok": True, "channel": {"id": CHANNEL, "name": "x"}}, status=502), id="502 that says ok"),
        pytest.param(reply(no("invalid_auth"), status=503), id="503 that says no"),
        pytest.param(reply(b"", status=302, location="https://login.example.org"), id="302, which is never followed"),
        pytest.param(reply({"ok": True, "channel": {"id": CHANNEL, "name": "x"}}, status=403), id="403 that says ok"),
        pytest.param(reply(b"<html>Not Found</html>", status=404), id="404 of something that is not Slack"),
    ],
)
def test_whatever_is_no_clear_answer_is_tried_again(unclear: Reply) -> None:
    assert verdict_on(OPEN, unclear) == Again(reason=f"Slack did not confirm the call (HTTP {unclear.status})")


@pytest.mark.parametrize(
    "error",
    [
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
    ],
)
def test_a_passing_error_is_tried_again(error: str) -> None:
    assert verdict_on(page("slack"), reply(no(error))) == Again(reason=f"Slack: {error}")


@pytest.mark.parametrize(
    "busy",
    [
        reply(b"", status=429, retry_after="30"),
        reply(no("ratelimited"), status=429, retry_after="30"),
        reply(no("ratelimited"), retry_after="30"),
        reply(no("rate_limited"), retry_after="30"),
    ],
)
def test_a_rate_limit_waits_as_long_as_asked(busy: Reply) -> None:
    assert verdict_on(POST, busy) == Busy(reason="Slack takes no more calls at present", after=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("effect", "answer", "action", "reason"),
    [
        (
            OPEN,
            no("missing_scope", needed="channels:manage", provided="chat:write"),
            "conversations.create",
            "missing_scope; add the scope channels:manage to the app, and reinstall it",
        ),
        (OPEN, no("invalid_auth"), "conversations.create", "invalid_auth; set a valid bot token ([slack] bot_token)"),
        (TOPIC, no("is_archived"), "conversations.setTopic", "is_archived; unarchive the channel"),
        (
            POST,
            no("not_in_channel"),
            "chat.postMessage",
            "not_in_channel; invite the app's bot to the channel",
        ),
        (INVITE, no("user_not_found"), "conversations.invite", None),
        (POST, no("token_revoked"), "chat.postMessage", "token_revoked; set a valid bot token ([slack] bot_token)"),
        (POST, no("an_error_of_tomorrow"), "chat.postMessage", "an_error_of_tomorrow"),
        (POST, no("msg_too_long", errors=["x"]), "chat.postMessage", f"msg_too_long; {BUG}"),
        (PIN, no("name_taken"), "pins.add", None),
    ],
    ids=lambda value: value["error"] if isinstance(value, dict) else None,
)
def test_a_refusal_says_which_call_and_what_helps(
    effect: SlackEffect, answer: dict[str, object], action: str, reason: str | None
) -> None:
    verdict = verdict_on(effect, reply(answer))
    assert isinstance(verdict, Never)
    (receipt,) = verdict.receipts
    assert isinstance(receipt, ReportChannelFailed)
    assert receipt.action == action
    assert receipt.reason.startswith(str(answer["error"]))
    assert reason is None or verdict == Never(
        reason=f"{action}: {reason}", receipts=(ReportChannelFailed(action=action, reason=reason),)
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_call_that_is_not_let_through_moves_on_at_once(status: int) -> None:
    verdict = verdict_on(page("slack"), reply(b"<html>Forbidden</html>", status=status))
    assert isinstance(verdict, Never)
    assert verdict.reason == (
        f"chat.postMessage: HTTP {status}, without Slack's words; "
        "check the bot token, and the proxies and firewalls on the way"
    )
    assert [type(it) for it in verdict.receipts] == [ReportPageFailed]


@pytest.mark.parametrize(
    "error", ["not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope"]
)
@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_app_that_was_shut_out_moves_on_at_once(error: str, status: int) -> None:
    verdict = verdict_on(page("slack"), reply(no(error), status=status))
    assert isinstance(verdict, Never)
    assert verdict.reason.startswith(f"chat.postMessage: {error}; ")
    assert [type(it) for it in verdict.receipts] == [ReportPageFailed]


def test_a_refused_direct_message_fails_the_page_so_that_the_next_way_is_tried() -> None:
    reason = "user_disabled; correct the person's slack_user in the SOP file"
    failed = ReportPageFailed(key=f"{INCIDENT}-3-0", via="slack", reason=f"Slack: {reason}")
    expected = Never(reason=f"chat.postMessage: {reason}", receipts=(failed,))
    assert verdict_on(page("slack"), reply(no("user_disabled"))) == expected


def test_an_errors_own_text_cannot_disguise_itself() -> None:
    verdict = verdict_on(POST, reply(no("bad\x1b[2J\u202e" + "x" * 500)))
    assert isinstance(verdict, Never)
    assert "\x1b" not in verdict.reason
    assert len(verdict.reason) < 120


# -- a taken name, and people who can't be invited ---------------------------------------------------------------------


def listing(cursor: str = "") -> Request:
    arguments = "exclude_archived=true&limit=500&types=public_channel" + (f"&cursor={cursor}" if cursor else "")
    headers = {"authorization": f"Bearer {SLACK.token}"}
    url = f"https://slack.com/api/conversations.list?{arguments}"
    return Request(method="GET", url=url, headers=headers, limit=Limit("conversations.list", 20))


def test_a_taken_name_is_looked_up() -> None:
    assert verdict_on(OPEN, reply(no("name_taken"))) == Then(request=listing())


def test_a_lookup_that_meets_our_name_is_done() -> None:
    channels = [{"id": "C0000000009", "name": "general"}, {"id": CHANNEL, "name": OPEN.name, "is_member": True}]
    verdict = classify(OPEN, listing(), reply({"ok": True, "channels": channels}), SLACK)
    assert verdict == Done(receipts=(ReportChannelOpened(channel=CHANNEL, name=OPEN.name),))


def test_a_channel_that_somebody_made_by_hand_is_joined() -> None:
    channels = [{"id": CHANNEL, "name": OPEN.name, "is_member": False}]
    verdict = classify(OPEN, listing(), reply({"ok": True, "channels": channels}), SLACK)
    assert verdict == Then(request=SLACK.post("conversations.join", {"channel": CHANNEL}))
    joined = reply({"ok": True, "channel": {"id": CHANNEL, "name": OPEN.name}})
    done = classify(OPEN, verdict.request, joined, SLACK)
    assert done == Done(receipts=(ReportChannelOpened(channel=CHANNEL, name=OPEN.name),))


def test_a_lookup_turns_the_page_until_there_is_none() -> None:
    first = reply({"ok": True, "channels": [], "response_metadata": {"next_cursor": "dGVhbQ=="}})
    assert classify(OPEN, listing(), first, SLACK) == Then(request=listing("dGVhbQ%3D%3D"))
    last = reply({"ok": True, "channels": [], "response_metadata": {"next_cursor": ""}})
    reason = "name_taken; another channel, archived or private, has the name: rename it"
    assert classify(OPEN, listing("dGVhbQ%3D%3D"), last, SLACK) == Never(
        reason=f"conversations.create: {reason}",
        receipts=(ReportChannelFailed(action="conversations.create", reason=reason),),
    )


def test_a_lookup_that_turns_in_a_circle_ends() -> None:
    circle = reply({"ok": True, "channels": [], "response_metadata": {"next_cursor": "dGVhbQ=="}})
    assert isinstance(classify(OPEN, listing("dGVhbQ%3D%3D"), circle, SLACK), Again)


def test_a_lookup_that_is_refused_says_so() -> None:
    verdict = classify(OPEN, listing(), reply(no("missing_scope", needed="channels:read")), SLACK)
    assert isinstance(verdict, Never)
    assert verdict.reason == (
        "conversations.list: missing_scope; add the scope channels:read to the app, and reinstall it"
    )


def test_one_who_is_in_already_does_not_keep_the_others_out() -> None:
    errors = [{"user": "U0BOB0002", "ok": False, "error": "already_in_channel"}]
    verdict = verdict_on(INVITE, reply(no("already_in_channel", errors=errors)))
    rest = {"channel": CHANNEL, "users": "U0ALICE01,U0CAROL03"}
    assert verdict == Then(request=SLACK.post("conversations.invite", rest))


def test_all_who_are_in_already_are_done() -> None:
    everyone = ("U0ALICE01", "U0BOB0002", "U0CAROL03")
    errors = [{"user": user, "ok": False, "error": "already_in_channel"} for user in everyone]
    assert verdict_on(INVITE, reply(no("already_in_channel", errors=errors))) == Done()


def test_errors_about_nobody_who_was_asked_do_not_repeat_the_call_for_ever() -> None:
    errors = [{"user": "U0STRANGE", "ok": False, "error": "user_not_found"}]
    assert isinstance(verdict_on(INVITE, reply(no("user_not_found", errors=errors))), Never)


@unhurried
@given(
    status=st.integers(100, 599), body=st.binary() | st.builds(lambda text: json.dumps(no(text)).encode(), st.text())
)
def test_no_reply_whatsoever_breaks_the_reading_or_passes_for_a_page(status: int, body: bytes) -> None:
    assert not isinstance(verdict_on(page("slack"), reply(body, status=status)), Done)
    assert not isinstance(verdict_on(OPEN, reply(body, status=status)), Done)
    assert not isinstance(classify(OPEN, listing(), reply(body, status=status), SLACK), Done)

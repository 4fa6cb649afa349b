import pytest

from tests.fakes.effects import CARD, FIRST, INCIDENT, REPEAT, page
from tests.fakes.sending import send_to_slack
from tocsin.domain import effects as f
from tocsin.domain.commands import Receipt, ReportPageAccepted, ReportSummaryPosted
from tocsin.integrations.slack.outbound import SlackEffect
from tocsin.integrations.wire import Again, Attempt, Busy, Done
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox

NAME = "inc-2026-0042"
CHANNEL = "C0000000001"
POSTS: tuple[SlackEffect, ...] = (
    f.PostMessage(incident=INCIDENT, channel=CHANNEL, text="Acknowledged"),
    f.PostSummary(incident=INCIDENT, channel=CHANNEL, text="Status: triggered", card=CARD),
    f.TellStakeholders(incident=INCIDENT, channel=CHANNEL, text="SEV1"),
    page("slack"),
    f.SendPageTest(key="test-alice", reach=page("slack").reach, asked_by="bob"),
)


@pytest.fixture
def sandbox() -> Sandbox:
    made = Sandbox()
    assert made.slack.add(NAME).id == CHANNEL
    return made


def lost(sandbox: Sandbox, effect: SlackEffect, attempt: Attempt = FIRST) -> None:
    """Slack carries it out, and its answer is lost."""
    sandbox.script = lambda request: Response(504, is_processed=True)
    assert isinstance(send_to_slack(effect, sandbox, attempt), Again)
    sandbox.script = None


def count_of_messages(sandbox: Sandbox) -> int:
    return sum(len(channel.messages) for channel in sandbox.slack.channels.values())


def paths(sandbox: Sandbox) -> list[str]:
    return [request.path.removeprefix("/api/") for request in sandbox.requests]


@pytest.mark.parametrize("effect", POSTS, ids=lambda effect: type(effect).__name__)
def test_what_got_through_is_found_and_not_posted_again(effect: SlackEffect, sandbox: Sandbox) -> None:
    lost(sandbox, effect)
    verdict = send_to_slack(effect, sandbox, REPEAT)
    assert count_of_messages(sandbox) == 1
    (message,) = next(it.messages for it in sandbox.slack.channels.values() if it.messages)
    receipts: dict[type, tuple[Receipt, ...]] = {
        f.PostSummary: (ReportSummaryPosted(message=message.ts),),
        f.SendPage: (ReportPageAccepted(key=f"{INCIDENT}-3-0", via="slack"),),
    }
    assert verdict == Done(receipts=receipts.get(type(effect), ()))


@pytest.mark.parametrize("effect", POSTS, ids=lambda effect: type(effect).__name__)
def test_what_did_not_get_through_is_posted(effect: SlackEffect, sandbox: Sandbox) -> None:
    sandbox.script = lambda request: Response(503)
    assert isinstance(send_to_slack(effect, sandbox), Again)
    sandbox.script = None
    assert isinstance(send_to_slack(effect, sandbox, REPEAT), Done)
    assert count_of_messages(sandbox) == 1


def test_a_first_attempt_looks_for_nothing(sandbox: Sandbox) -> None:
    send_to_slack(POSTS[0], sandbox)
    assert paths(sandbox) == ["chat.postMessage"]


def test_the_same_words_of_another_delivery_are_no_repetition(sandbox: Sandbox) -> None:
    send_to_slack(POSTS[0], sandbox, Attempt("INC-2026-0042-6-0", FIRST.since))
    send_to_slack(POSTS[0], sandbox, REPEAT)
    assert count_of_messages(sandbox) == 2


def test_a_message_is_found_among_many(sandbox: Sandbox) -> None:
    lost(sandbox, POSTS[0])
    for number in range(120):
        send_to_slack(POSTS[0], sandbox, Attempt(f"INC-2026-0043-{number}-0", FIRST.since))
    assert send_to_slack(POSTS[0], sandbox, REPEAT) == Done()
    assert paths(sandbox)[-3:] == ["conversations.history"] * 3
    assert count_of_messages(sandbox) == 121


def test_a_link_that_got_through_is_not_added_again(sandbox: Sandbox) -> None:
    effect = f.AddLink(incident=INCIDENT, channel=CHANNEL, title="Runbook", url="https://runbooks.example.com/website")
    lost(sandbox, effect)
    assert send_to_slack(effect, sandbox, REPEAT) == Done()
    assert sandbox.slack.named(NAME).bookmarks == ("https://runbooks.example.com/website",)


def refusing(search: str, answer: bytes, status: int = 200) -> Script:
    """Slack, except for its answer to one method."""

    def script(request: RecordedRequest) -> Response | None:
        return Response(status, answer) if request.path.endswith(search) else None

    return script


@pytest.mark.parametrize("effect", POSTS, ids=lambda effect: type(effect).__name__)
def test_a_search_that_the_app_may_not_make_keeps_nothing_from_being_posted(
    effect: SlackEffect, sandbox: Sandbox
) -> None:
    answer = b'{"ok": false, "error": "missing_scope", "needed": "channels:history"}'
    sandbox.script = refusing("history", answer)
    assert isinstance(send_to_slack(effect, sandbox, REPEAT), Done)
    assert count_of_messages(sandbox) == 1


def test_a_message_waits_for_a_search_that_slack_has_no_time_for(sandbox: Sandbox) -> None:
    sandbox.script = refusing("history", b"", 429)
    assert isinstance(send_to_slack(POSTS[0], sandbox, REPEAT), Busy)
    sandbox.script = refusing("history", b"<html>")
    assert type(send_to_slack(POSTS[0], sandbox, REPEAT)) is Again
    assert count_of_messages(sandbox) == 0


@pytest.mark.parametrize("method", ["open", "history"])
def test_a_page_waits_for_no_search(method: str, sandbox: Sandbox) -> None:
    sandbox.script = refusing(method, b"", 429)
    assert isinstance(send_to_slack(page("slack"), sandbox, REPEAT), Done)
    assert count_of_messages(sandbox) == 1


def test_a_search_that_leads_to_itself_ends(sandbox: Sandbox) -> None:
    answer = b'{"ok": true, "messages": [], "response_metadata": {"next_cursor": "after:0"}}'
    sandbox.script = refusing("history", answer)
    assert isinstance(send_to_slack(POSTS[0], sandbox, REPEAT), Again)


def test_the_mark_of_another_app_is_not_taken_for_ours(sandbox: Sandbox) -> None:
    message = b'{"ts": "1767607200.000009", "metadata": {"event_type": "x", "event_payload": {"key": "%s"}}}'
    answer = b'{"ok": true, "messages": [%s, {"ts": "1767607200.000008"}]}' % (message % REPEAT.key.encode())
    sandbox.script = refusing("history", answer)
    assert isinstance(send_to_slack(POSTS[0], sandbox, REPEAT), Done)
    assert count_of_messages(sandbox) == 1

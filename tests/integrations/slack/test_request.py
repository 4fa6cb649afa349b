import json
import re
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import contract
from tests.fakes.effects import FIRST, INCIDENT, SECRET_TOKEN, SLACK, channel_effects, page
from tests.fakes.sending import recorded
from tests.integrations.pace import unhurried
from tests.integrations.slack.shown import texts_of
from tocsin.accounts.page_links import PageLinks
from tocsin.domain import effects as f
from tocsin.domain.commands import ReportChannelFailed, ReportPageFailed
from tocsin.integrations.slack.account import argument_of
from tocsin.integrations.slack.blocks import MAX_MESSAGE, MAX_TEXT
from tocsin.integrations.slack.mrkdwn import MAX_TOPIC, escape, fit
from tocsin.integrations.slack.outbound import MAX_INVITED, SlackEffect, api_url, request_for
from tocsin.integrations.wire import Done, Never, Request
from tocsin.simulate.sandbox.slack_call import METHODS, Parameters
from tocsin.sop.words import Urgency

CHANNEL = "C0000000001"
MESSAGE = "1767607200.000002"
EVERY_EFFECT: tuple[SlackEffect, ...] = (
    f.OpenChannel(incident=INCIDENT, name="inc-2026-0042-checkout-is-down"),
    f.PostSummary(incident=INCIDENT, channel=CHANNEL, text="Status: triggered"),
    f.TellStakeholders(incident=INCIDENT, channel=CHANNEL, text="SEV1"),
    *channel_effects(CHANNEL, MESSAGE),
    page("slack"),
)


def call(effect: SlackEffect) -> tuple[str, dict[str, str]]:
    """Which method is called, with which arguments."""
    request = request_for(effect, SLACK, FIRST)
    assert isinstance(request, Request)
    arguments = {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
    return request.url.removeprefix("https://slack.com/api/"), arguments


def post(text: str) -> f.PostMessage:
    return f.PostMessage(incident=INCIDENT, channel=CHANNEL, text=text)


@pytest.mark.parametrize(
    ("effect", "method", "arguments"),
    [
        (
            f.OpenChannel(incident=INCIDENT, name="inc-2026-0042-checkout"),
            "conversations.create",
            {"name": "inc-2026-0042-checkout"},
        ),
        (
            f.SetTopic(incident=INCIDENT, channel=CHANNEL, topic="SEV1 · triggered"),
            "conversations.setTopic",
            {"channel": CHANNEL, "topic": "SEV1 · triggered"},
        ),
        (
            f.InviteToChannel(incident=INCIDENT, channel=CHANNEL, people=("alice", "dave", "bob", "alice")),
            "conversations.invite",
            {"channel": CHANNEL, "users": "U0ALICE01,U0BOB0002"},
        ),
        (
            f.AddBookmark(incident=INCIDENT, channel=CHANNEL, title=f"{INCIDENT} in Tocsin"),
            "bookmarks.add",
            {
                "channel_id": CHANNEL,
                "title": f"{INCIDENT} in Tocsin",
                "type": "link",
                "link": f"https://tocsin.example.org/incidents/{INCIDENT}",
            },
        ),
        (
            f.PinSummary(incident=INCIDENT, channel=CHANNEL, message=MESSAGE),
            "pins.add",
            {"channel": CHANNEL, "timestamp": MESSAGE},
        ),
    ],
)
def test_each_channel_effect_is_one_call(effect: SlackEffect, method: str, arguments: dict[str, str]) -> None:
    assert call(effect) == (method, arguments)


def test_a_message_is_a_small_line_and_previews_and_links_nothing() -> None:
    method, arguments = call(post("Severity SEV2 → SEV1"))
    assert method == "chat.postMessage"
    line = {"type": "mrkdwn", "text": "Severity SEV2 → SEV1", "verbatim": True}
    assert json.loads(arguments.pop("blocks")) == [{"type": "context", "elements": [line]}]
    mark = {"key": FIRST.key, "decided_at": int(FIRST.since.timestamp())}
    assert json.loads(arguments.pop("metadata")) == {"event_type": "tocsin_message", "event_payload": mark}
    assert arguments == {
        "channel": CHANNEL,
        "text": "Severity SEV2 → SEV1",
        "unfurl_links": "false",
        "unfurl_media": "false",
        "link_names": "false",
        "parse": "none",
    }


def test_the_summary_is_updated_in_place() -> None:
    effect = f.UpdateSummary(incident=INCIDENT, channel=CHANNEL, message=MESSAGE, text="Status: resolved")
    method, arguments = call(effect)
    assert method == "chat.update"
    assert texts_of(arguments) == ["Status: resolved"]
    assert (arguments["channel"], arguments["ts"], arguments["parse"]) == (CHANNEL, MESSAGE, "none")


def test_a_page_by_slack_is_a_direct_message_that_leads_to_the_acknowledgement() -> None:
    method, arguments = call(page("slack"))
    assert (method, arguments["channel"]) == ("chat.postMessage", "U0ALICE01")
    assert texts_of(arguments) == [
        "Page: SEV1 · checkout",
        "Checkout is down",
        "Paged primary on-call",
        f"<https://tocsin.example.org/incidents/{INCIDENT}|{INCIDENT}: acknowledge in Tocsin>",
    ]


def test_a_page_by_slack_has_the_link_that_acknowledges_it_and_a_notification_has_none() -> None:
    links = PageLinks("https://tocsin.example.org", "5ec4e7")
    account = replace(SLACK, links=links)
    asked = [request_for(page("slack", urgency=urgency), account, FIRST) for urgency in (Urgency.PAGE, Urgency.NOTIFY)]
    texts = [argument_of(request, "text") for request in asked if isinstance(request, Request)]
    assert texts[0].endswith(
        f"\n<{links.acknowledgement(page().key)}|Acknowledge> · "
        f"<https://tocsin.example.org/incidents/{INCIDENT}|{INCIDENT} in Tocsin>"
    )
    assert "/a/" not in texts[1]


def test_a_notification_by_slack_asks_for_nothing() -> None:
    _, arguments = call(page("slack", urgency=Urgency.NOTIFY, severity=None))
    assert arguments["text"] == (
        "For information: Not assessed · checkout: Checkout is down\nPaged primary on-call\n"
        f"<https://tocsin.example.org/incidents/{INCIDENT}|{INCIDENT} in Tocsin>"
    )


@pytest.mark.parametrize("effect", EVERY_EFFECT, ids=lambda effect: type(effect).__name__)
def test_every_call_is_what_the_published_contract_takes(effect: SlackEffect) -> None:
    request = request_for(effect, SLACK, FIRST)
    assert isinstance(request, Request)
    assert contract.faults_of(recorded(request)) == []
    assert request.headers == {
        "authorization": f"Bearer {SECRET_TOKEN}",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    }
    assert SECRET_TOKEN.encode() not in request.body
    assert SECRET_TOKEN not in request.url


def test_inviting_nobody_with_a_slack_id_is_done_without_a_call() -> None:
    effect = f.InviteToChannel(incident=INCIDENT, channel=CHANNEL, people=("dave", "erin"))
    assert request_for(effect, SLACK, FIRST) == Done()


def test_no_more_are_invited_at_once_than_slack_takes() -> None:
    people = tuple(f"person{number}" for number in range(1500))
    account = msgspec.structs.replace(SLACK, members={person: f"U{person.upper()}" for person in people})
    request = request_for(f.InviteToChannel(incident=INCIDENT, channel=CHANNEL, people=people), account, FIRST)
    assert isinstance(request, Request)
    assert len(parse_qs(request.body.decode())["users"][0].split(",")) == MAX_INVITED


def test_a_page_to_somebody_without_a_slack_id_fails_at_once_naming_the_key() -> None:
    never = request_for(page("slack", person="dave"), SLACK, FIRST)
    reason = "dave has no slack_user in the SOP file"
    failed = ReportPageFailed(key=f"{INCIDENT}-3-0", via="slack", reason=f"Slack: {reason}")
    assert never == Never(reason=f"chat.postMessage: {reason}", receipts=(failed,))


def test_without_a_token_a_channel_effect_fails_at_once() -> None:
    account = msgspec.structs.replace(SLACK, token="")
    failed = ReportChannelFailed(action="conversations.create", reason="no Slack bot token is set")
    never = request_for(f.OpenChannel(incident=INCIDENT, name="inc-1"), account, FIRST)
    assert never == Never(reason="conversations.create: no Slack bot token is set", receipts=(failed,))


def test_an_account_does_not_show_its_token() -> None:
    assert SECRET_TOKEN not in repr(SLACK)


# -- text that wants more than to be read ------------------------------------------------------------------------------


def test_text_that_was_escaped_before_is_shown_as_it_was_written() -> None:
    assert call(post("&lt;b&gt; & <i>"))[1]["text"] == "&amp;lt;b&amp;gt; &amp; &lt;i&gt;"


def test_text_of_nothing_visible_is_shown_as_a_dash() -> None:
    assert texts_of(call(post("\u200b\u202e"))[1]) == ["—"]


@unhurried
@given(st.text(alphabet=st.sampled_from("&<>a\n😀"), min_size=1, max_size=MAX_TEXT * 2))
def test_long_text_is_cut_and_split_between_whole_characters(text: str) -> None:
    _, arguments = call(post(text))
    parts = texts_of(arguments)
    assert len(arguments["text"]) <= MAX_MESSAGE
    assert "".join(parts).replace("\n", "") == arguments["text"].replace("\n", "")
    assert all(1 <= len(part) <= MAX_TEXT for part in parts)
    assert all(re.fullmatch(r"(?:[^&<>]|&amp;|&lt;|&gt;)*", part) for part in parts)


def test_a_long_page_keeps_its_link() -> None:
    _, arguments = call(page("slack", reason="&" * 5000))
    assert len(arguments["text"]) <= MAX_MESSAGE
    assert texts_of(arguments)[-1].endswith(": acknowledge in Tocsin>")
    assert arguments["text"].endswith(texts_of(arguments)[-1])


@pytest.mark.parametrize("length", [MAX_TOPIC, MAX_TOPIC + 1, 1000])
def test_a_topic_is_cut_to_what_slack_takes(length: int) -> None:
    _, arguments = call(f.SetTopic(incident=INCIDENT, channel=CHANNEL, topic="x" * length))
    assert len(arguments["topic"]) == MAX_TOPIC


def test_text_of_exactly_the_limit_is_kept_and_one_more_is_cut() -> None:
    assert fit("x" * 10, 10) == "x" * 10
    assert fit("x" * 11, 10) == "x" * 9 + "…"
    assert fit(escape("xxxxxxx<y"), 10) == "xxxxxxx…"


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("", "https://slack.com/api/"),
        ("http://127.0.0.1:8025", "http://127.0.0.1:8025/api/"),
        ("http://127.0.0.1:8025/", "http://127.0.0.1:8025/api/"),
        ("https://slack-gov.com/api", "https://slack-gov.com/api/"),
        ("https://relay.example.org/slack/", "https://relay.example.org/slack/"),
    ],
)
def test_the_api_address_ends_in_a_slash(setting: str, url: str) -> None:
    assert api_url(setting) == url


def test_the_sandbox_demands_no_fewer_arguments_than_the_calls_carry() -> None:
    for effect in EVERY_EFFECT:
        method, arguments = call(effect)
        parameters: Parameters = METHODS[method]
        assert set(parameters.required) <= set(arguments)

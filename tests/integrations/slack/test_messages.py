import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.effects import CARD, FIRST, INCIDENT, PRESSED, SLACK, page
from tests.integrations.pace import unhurried
from tests.integrations.slack.shown import kinds_of, pressed, shown, texts_of
from tests.searching import examples
from tocsin.domain import effects as f
from tocsin.domain.next_step import NextStep
from tocsin.integrations.slack.account import SlackAccount, argument_of
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.blocks import MAX_BUTTON, MAX_MESSAGE, Button, actions, arguments_for, header
from tocsin.integrations.slack.outbound import SlackEffect, request_for
from tocsin.integrations.wire import Request
from tocsin.sop.words import Urgency

CHANNEL = "C0000000001"
AT = datetime(2026, 1, 5, 10, 7, tzinfo=UTC)
URL = f"https://tocsin.example.org/incidents/{INCIDENT}"


def message(effect: SlackEffect, account: SlackAccount = PRESSED) -> dict[str, str]:
    """The message's text and blocks."""
    request = request_for(effect, account, FIRST)
    assert isinstance(request, Request)
    return {name: argument_of(request, name) for name in ("text", "blocks")}


def summary(**fields: str) -> f.UpdateSummary:
    card = msgspec.structs.replace(CARD, **fields)
    return f.UpdateSummary(incident=INCIDENT, channel=CHANNEL, message="1767607200.000002", text="words", card=card)


def said(text: str, *lines: f.Line, is_update: bool = False, mention: str = "") -> f.PostMessage:
    return f.PostMessage(
        incident=INCIDENT, channel=CHANNEL, text=text, is_update=is_update, mention=mention, lines=lines
    )


def test_a_page_is_acknowledged_by_one_button_and_opened_by_another() -> None:
    arguments = message(page("slack"))
    assert texts_of(arguments) == ["Page: SEV1 · checkout", "Checkout is down", "Paged primary on-call"]
    acknowledge, opened = shown(arguments).buttons
    assert (acknowledge.action, acknowledge.value, acknowledge.style) == ("tocsin.acknowledge", INCIDENT, "primary")
    assert (opened.label, opened.url) == ("Open in Tocsin", URL)
    assert arguments["text"].endswith(f"<{URL}|{INCIDENT}: acknowledge in Tocsin>")


def test_a_notification_has_nothing_to_acknowledge() -> None:
    assert pressed(message(page("slack", urgency=Urgency.NOTIFY))) == []


def test_where_nothing_that_is_pressed_comes_back_there_are_links_instead_of_buttons() -> None:
    for effect in (page("slack"), summary()):
        arguments = message(effect, SLACK)
        assert shown(arguments).buttons == ()
        assert texts_of(arguments)[-1].startswith(f"<{URL}|{INCIDENT}")


def test_the_summary_has_a_title_its_facts_the_last_update_and_what_can_be_done() -> None:
    arguments = message(summary())
    assert kinds_of(arguments) == ["header", "section", "section", "actions"]
    assert texts_of(arguments) == [
        f"{INCIDENT}: Checkout is down",
        "*Severity*\nSEV1",
        "*Status*\nacknowledged",
        "*Incident Commander*\nAlice",
        "*Last update*\n10:07 UTC: rolling back",
    ]


@pytest.mark.parametrize(
    ("status", "step", "first", "others"),
    [
        ("triggered", NextStep.ACKNOWLEDGE, "tocsin.acknowledge", {Action.ASSESS, Action.PAGE, Action.NOTE}),
        (
            "acknowledged",
            NextStep.ASSESS,
            "tocsin.assess",
            {Action.UPDATE, Action.ROLE, Action.PAGE, Action.MITIGATE, Action.NOTE},
        ),
        ("mitigated", NextStep.RESOLVE, "tocsin.resolve", {Action.UPDATE, Action.NOTE}),
    ],
)
def test_the_one_next_step_stands_out_and_others_follow_by_the_status(
    status: str, step: NextStep, first: str, others: set[Action]
) -> None:
    arguments = message(summary(status=status, next=step))
    assert [it.action for it in shown(arguments).buttons if it.style == "primary"] == [first]
    assert pressed(arguments)[0] == first
    assert set(pressed(arguments)[1:]) == others


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled", "a status of a newer Tocsin"])
def test_what_is_over_is_only_looked_at(status: str) -> None:
    assert pressed(message(summary(status=status, next=""))) == []


def test_a_summary_that_an_older_tocsin_decided_on_is_shown_as_text() -> None:
    old = f.UpdateSummary(incident=INCIDENT, channel=CHANNEL, message="1767607200.000002", text="Status: triggered")
    assert texts_of(message(old)) == ["Status: triggered"]


def test_updates_are_large_and_what_else_happens_is_small() -> None:
    assert kinds_of(message(said("Update: rolling back", is_update=True))) == ["section"]
    assert kinds_of(message(said("Technical Lead: Bob"))) == ["context"]


def test_a_reminder_mentions_whose_turn_it_is() -> None:
    arguments = message(said("Status update due at 10:30 UTC", mention="alice"))
    assert arguments["text"] == "<@U0ALICE01> Status update due at 10:30 UTC"
    assert texts_of(arguments) == [arguments["text"]]
    assert message(said("Status update due", mention="dave"))["text"] == "Status update due"  # who has no Slack id


def test_what_is_not_formed_like_a_member_id_is_no_mention() -> None:
    account = msgspec.structs.replace(PRESSED, members={"eve": "!channel", "mallory": "U1> <!here"})
    for person in ("eve", "mallory"):
        assert message(said("due", mention=person), account)["text"] == "due"


def test_what_waited_is_told_in_order_with_its_times() -> None:
    lines = (
        f.Line(AT, "Acknowledged (Alice)"),
        f.Line(AT + timedelta(minutes=1), "Technical Lead: Bob"),
        f.Line(AT + timedelta(minutes=5), "Update: rolling back", is_update=True),
        f.Line(AT + timedelta(minutes=9), "Mitigated"),
    )
    arguments = message(said("Acknowledged (Alice)", *lines))
    assert kinds_of(arguments) == ["context", "section", "context"]
    assert texts_of(arguments) == [
        "10:07 UTC Acknowledged (Alice)\n10:08 UTC Technical Lead: Bob",
        "10:12 UTC Update: rolling back",
        "10:16 UTC Mitigated",
    ]
    assert arguments["text"] == "\n".join(texts_of(arguments))


def test_texts_of_buttons_and_titles_are_cut_to_what_slack_takes() -> None:
    blocks = [header("<" * 500), actions([Button("x" * 500, Action.NOTE, value="v" * 5_000)] * 1)]
    taken = shown(arguments_for("words", blocks))
    assert len(taken.texts[0]) <= 150
    assert (len(taken.buttons[0].label), len(taken.buttons[0].value)) == (MAX_BUTTON, 2_000)


# -- text that wants more than to be read ------------------------------------------------------------------------------

HOSTILE = (
    "<!channel> look",
    "<!here|here>",
    "<!everyone>",
    "<@U0BOB0002> you did it",
    "<!subteam^S0123456>",
    "<#C0000000001>",
    "<http://evil.example.org|our runbook>",
    "<mailto:ceo@example.org|mail>",
    "&lt;!channel&gt;",
    "<\x00!channel>",
)


def effects_with(text: str) -> tuple[SlackEffect, ...]:
    """Everything that carries text which people and alerts write."""
    card = f.Card(title=text, status=text, facts=((text, text),) * 12, update=text, next=text)
    return (
        said(text),
        said(text, is_update=True, mention="alice"),
        said(text, f.Line(AT, text), f.Line(AT, text, mention="alice"), f.Line(AT, text, is_update=True)),
        f.TellStakeholders(incident=INCIDENT, channel=CHANNEL, text=text),
        f.PostSummary(incident=INCIDENT, channel=CHANNEL, text=text, card=card),
        f.UpdateSummary(incident=INCIDENT, channel=CHANNEL, message="1767607200.000002", text=text, card=card),
        f.BriefNewcomer(incident=INCIDENT, channel=CHANNEL, user="U0ALICE01", text=text, card=card),
        f.SetTopic(incident=INCIDENT, channel=CHANNEL, topic=text),
        f.AddBookmark(incident=INCIDENT, channel=CHANNEL, title=text),
        page("slack", title=text, reason=text, service=text),
    )


def check_harmless(effect: SlackEffect, account: SlackAccount) -> None:
    """Whatever Slack would obey is ours: links to the incident, and the one mention."""
    request = request_for(effect, account, FIRST)
    assert isinstance(request, Request)
    texts = [argument_of(request, name) for name in ("text", "topic", "title")]
    if argument_of(request, "blocks"):
        taken = shown({name: argument_of(request, name) for name in ("text", "blocks")})
        texts += [*taken.texts, *(button.label for button in taken.buttons)]
        assert {button.value for button in taken.buttons} <= {INCIDENT}
        assert {button.url for button in taken.buttons} <= {"", URL}
    assert len(texts[0]) <= MAX_MESSAGE
    for text in texts:
        ours = re.sub(rf"<{re.escape(URL)}\|[^<>|]+>|<@U0ALICE01>", "", text)
        assert "<" not in ours
        assert ">" not in ours
        assert re.fullmatch(r"(?:[^&]|&amp;|&lt;|&gt;)*", ours, re.DOTALL)


@pytest.mark.parametrize("account", [SLACK, PRESSED], ids=["links", "buttons"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(hostile: str, account: SlackAccount) -> None:
    for effect in effects_with(hostile):
        check_harmless(effect, account)


@given(
    text=st.one_of(st.text(max_size=200), st.text(alphabet=st.sampled_from("&<>@!#|a\n😀\u202e\x00"), max_size=9_000)),
    account=st.sampled_from([SLACK, PRESSED]),
)
@settings(unhurried, max_examples=examples(100))
def test_no_text_whatever_does_anything_or_is_more_than_slack_takes(text: str, account: SlackAccount) -> None:
    for effect in effects_with(text):
        check_harmless(effect, account)

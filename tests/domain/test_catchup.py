"""A channel that has fallen behind: all that was said is one message, of topics and summaries the newest is shown."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain import effects as f
from tocsin.domain.catchup import Waiting, counted_in, is_superseded, lines_of

INCIDENT, CHANNEL = "INC-2026-0042", "C0123"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def said(text: str, channel: str = CHANNEL, *, is_update: bool = False) -> f.PostMessage:
    return f.PostMessage(incident=INCIDENT, channel=channel, text=text, is_update=is_update)


def topic(text: str = "SEV1") -> f.SetTopic:
    return f.SetTopic(incident=INCIDENT, channel=CHANNEL, topic=text)


def summary(message: str = "1.1") -> f.UpdateSummary:
    return f.UpdateSummary(incident=INCIDENT, channel=CHANNEL, message=message, text="words")


def queue(*effects: f.AnyEffect) -> list[Waiting]:
    """What waits behind the head, a minute apart."""
    return [Waiting(number, NOON + timedelta(minutes=number), it) for number, it in enumerate(effects, 1)]


def told(head: f.AnyEffect, *effects: f.AnyEffect) -> list[int]:
    return [it.id for it in counted_in(head, queue(*effects))]


def test_all_that_is_to_be_said_is_said_at_once() -> None:
    assert told(said("a"), said("b"), said("c")) == [1, 2]


def test_what_else_happens_in_between_does_not_part_it() -> None:
    assert told(said("a"), topic(), said("b"), summary(), said("c")) == [2, 4]


def test_a_message_that_waits_alone_is_itself() -> None:
    assert told(said("a")) == told(said("a"), topic(), summary()) == []
    assert lines_of(said("a"), NOON, ()) == ()


@pytest.mark.parametrize("head", [topic(), summary(), f.ArchiveChannel(incident=INCIDENT, channel=CHANNEL)])
def test_only_what_is_said_says_more(head: f.AnyEffect) -> None:
    assert told(head, said("b")) == []


def test_another_channel_is_another_message() -> None:
    stakeholders = f.TellStakeholders(incident=INCIDENT, channel=CHANNEL, text="SEV1")
    assert told(said("a"), said("b", "C0OTHER")) == told(said("a"), stakeholders) == []


def test_lines_are_in_order_each_with_its_time_and_kind() -> None:
    head = said("a", is_update=True)
    lines = lines_of(head, NOON, counted_in(head, queue(topic(), said("b"))))
    assert lines == (
        f.Line(NOON, "a", is_update=True),
        f.Line(NOON + timedelta(minutes=2), "b"),
    )


def test_what_does_not_fit_waits_with_all_that_follows_it() -> None:
    assert told(said("a" * 1_000), said("b" * 2_000), said("c" * 1), said("d")) == [1]
    assert told(said("&" * 600), said("b"), said("c")) == []  # escaped it takes five times as much
    assert len(told(said("a"), *(said("b") for _ in range(200)))) == 49


@given(st.lists(st.text(max_size=1_500), min_size=1, max_size=60))
def test_any_number_of_messages_is_told_in_order_and_each_once(texts: list[str]) -> None:
    waiting = queue(*map(said, texts))
    found: list[str] = []
    while waiting:
        head, *rest = waiting
        counted = counted_in(head.effect, rest)
        assert isinstance(head.effect, f.Said)
        found += [line.text for line in lines_of(head.effect, head.at, counted)] or [head.effect.text]
        waiting = [it for it in rest if it not in counted]
    assert found == texts


@pytest.mark.parametrize(
    ("head", "waiting", "is_so"),
    [
        pytest.param(topic("a"), [topic("b")], True, id="a later topic"),
        pytest.param(topic("a"), [said("b"), topic("c")], True, id="a later topic behind something else"),
        pytest.param(topic("a"), [summary()], False, id="a summary is no topic"),
        pytest.param(summary(), [summary()], True, id="a later state of the summary"),
        pytest.param(summary("1.1"), [summary("2.2")], False, id="another message"),
        pytest.param(said("a"), [said("a")], False, id="what is said is said"),
        pytest.param(topic("a"), [], False, id="nothing waits"),
    ],
)
def test_only_the_newest_is_shown(head: f.AnyEffect, waiting: list[f.AnyEffect], is_so: bool) -> None:
    assert is_superseded(head, queue(*waiting)) is is_so

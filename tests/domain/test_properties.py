"""What holds for any timeline: it is a function of its input, it can be stored and told, text hides nothing."""

import re
import unicodedata
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.harness import (
    CL,
    CTO,
    DIRECTOR,
    IC,
    MANAGER,
    PAGE,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV3,
    TL,
    WEDNESDAY_NOON,
    WRITTEN,
    Story,
    stored,
    with_contact,
)
from tocsin.domain import apply, decide, narrate
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import PastIncident
from tocsin.domain.deadlines import deadlines
from tocsin.domain.incident import ActionItem, ActionItemPriority, Incident
from tocsin.domain.text import clean_line, clean_text, fault_in, slug
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Severity

INBOX = ContactMethod(via="inbox")
SEVERITIES = [None, *Severity]
minutes = st.integers(0, 200)


# The ladder


@given(st.sampled_from(SEVERITIES), st.lists(st.tuples(minutes, st.sampled_from(Severity)), max_size=4))
def test_severity_that_changes_never_repeats_what_is_done(
    severity: Severity | None, changes: list[tuple[int, Severity]]
) -> None:
    story = Story().declare(severity)
    for minute, other in sorted(changes):
        story.at(minute).attempt(c.Assess(severity=other, reason="as the table says"))
    slots = [slot for it in story.at(200).happened(e.StepFired) for slot in it.slots]
    assert len(slots) == len(set(slots))


@given(st.sampled_from(SEVERITIES), st.lists(minutes, max_size=4), minutes)
def test_deadlines_depend_on_nothing_but_the_sop_and_the_incident(
    severity: Severity | None, acts: list[int], until: int
) -> None:
    first, second = (Story().declare(severity) for _ in range(2))
    for minute in sorted(acts):
        first.at(minute).update()
        second.at(minute).update()
    assert deadlines(first.sop, first.incident) == deadlines(second.sop, second.incident)
    assert deadlines(first.sop, first.incident) == deadlines(first.sop, apply.fold(first.events))


@given(st.sampled_from(SEVERITIES), minutes)
def test_second_tick_in_the_same_instant_finds_nothing_to_do(severity: Severity | None, minute: int) -> None:
    story = Story().declare(severity).asleep_until(minute).tick().tick()
    assert (story.last.events, story.last.effects, story.last.withdrawn) == ((), (), ())


def own_steps(story: Story) -> list[e.StepFired]:
    """The ladder's own steps, whenever they fired; repetitions are not made up for."""
    return [it for it in story.happened(e.StepFired) if not it.round]


@given(st.sampled_from(SEVERITIES), st.integers(0, 30 * 60), st.lists(st.integers(0, 30 * 60), max_size=10))
def test_one_late_tick_takes_the_same_steps_as_many_small_ones(
    severity: Severity | None, until: int, wakes: list[int]
) -> None:
    late = Story().declare(severity).asleep_until(until).tick()
    awake = Story().declare(severity)
    for minute in sorted(minute for minute in wakes if minute <= until):
        awake.asleep_until(minute).tick()
    assert own_steps(awake.asleep_until(until).tick()) == own_steps(late)


# The record


def eventful() -> Story:
    """A story in which everything happens that can."""
    recent = tuple(PastIncident(SEV3, WEDNESDAY_NOON - timedelta(days=day)) for day in (1, 2))
    sop = default_sop()
    slack = replace(sop.slack, stakeholders_channel="C0STAKE")
    pagerduty = replace(sop.pagerduty, notes=True, responders=True)
    primary = replace(sop.people[PRIMARY], pagerduty_user="PALICE")
    sop = replace(sop, slack=slack, pagerduty=pagerduty, people={**sop.people, PRIMARY: primary})
    sop = with_contact(
        sop, PRIMARY, ContactMethod(via="pagerduty"), ContactMethod(via="email", after=Duration(minutes=1))
    )
    ways = ("pagerduty", "pagerduty_rest", "slack", "email")
    story = (
        Story(sop, methods=ways, recent=recent)
        .alert(severity="info")
        .join(severity="critical")
        .accept(PRIMARY)
        .clear_alerts()
        .fire_alerts()
        .acknowledge()
        .at(15)
        .mitigate()
        .reopen()
    )
    story.assess(SEV3).request_postmortem().assess(SEV1).at(31)
    story.acknowledge().assign(IC, MANAGER).assign(CL, CTO).add_team("backend").note("It began with the deploy")
    story.channel_opens().summary_appears().channel_is_refused()
    story.update("Rolling back\nslowly", next_within="10m").tell_customers("We are on it", by=CTO)
    story.page(DIRECTOR).accept(DIRECTOR).page(SECONDARY).fail_every_way(SECONDARY).mitigate("rolled back").resolve()
    story.save_postmortem(WRITTEN, ActionItem("set lock_timeout", "chris", ActionItemPriority.P0)).at(hours=30)
    story.complete_postmortem().reopen().send(c.Restore(taken_at=story.now, mark="r0a1b2c")).send(c.Release())
    return story.cancel()


EVENTFUL = eventful()


def test_eventful_story_has_every_event_and_effect() -> None:
    assert {type(it.event) for it in EVENTFUL.events} == set(get_args(e.AnyEvent))
    # A test page is no incident's, and no decision briefs a newcomer; this incident's channel is not a private one.
    others = {*f.OfPageTest.__subclasses__(), f.BriefNewcomer, f.OpenPrivateChannel}
    assert {type(it) for it in EVENTFUL.effects} == set(get_args(f.AnyEffect)) - others


def test_everything_can_be_stored_and_read_back() -> None:
    assert stored(EVENTFUL.events, list[e.Recorded]) == EVENTFUL.events
    assert stored(EVENTFUL.effects, list[f.AnyEffect]) == EVENTFUL.effects
    assert stored(EVENTFUL.incident, Incident) == EVENTFUL.incident


def test_state_is_the_fold_of_the_stored_timeline() -> None:
    assert apply.fold(stored(EVENTFUL.events, list[e.Recorded])) == EVENTFUL.incident


def test_timeline_begins_with_its_opening() -> None:
    with pytest.raises(ValueError, match="INC-2026-0042: the timeline starts with"):
        apply.fold(EVENTFUL.events[1:])
    with pytest.raises(ValueError, match="an incident has at least one event"):
        apply.fold([])


def test_every_event_changes_the_state_in_a_defined_way() -> None:
    assert {e.IncidentOpened, *apply._APPLY} == set(get_args(e.AnyEvent))


def test_every_event_can_be_told() -> None:
    assert set(narrate._TELL) == set(get_args(e.AnyEvent))
    assert all(narrate.narrate(it.event, EVENTFUL.sop) for it in EVENTFUL.events)


def test_every_command_is_carried_out_by_somebody() -> None:
    assert set(decide._HANDLERS) == {*get_args(c.Opening), *get_args(c.Change)}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        pytest.param(
            e.PageFailed("k", PRIMARY, "no such key", INBOX),
            "Page to Alice Adams failed: no such key; trying inbox",
            id="a page that goes another way",
        ),
        pytest.param(
            e.PageFailed("k", PRIMARY, "no such key"),
            "Page to Alice Adams failed: no such key; no other contact method",
            id="a page that is lost",
        ),
        pytest.param(
            e.StepFired(PAGE, ("primary",), (), unreachable=("primary of platform (nobody)",)),
            "Could not page primary on-call: primary of platform (nobody); the next step follows",
            id="a step that reached nobody",
        ),
        pytest.param(
            e.StepFired(PAGE, ("everyone_on_call",), (), (e.Reach(PRIMARY, INBOX),), round=2),
            "Paged again (round 2) everyone on call: Alice Adams (inbox)",
            id="a repetition",
        ),
        pytest.param(
            e.UpdateOverdue(None, WEDNESDAY_NOON, 2),
            "Status update overdue since 12:00 UTC (call 2): told nobody could be reached",
            id="an update that nobody can be called for",
        ),
        pytest.param(
            e.PostmortemReminded(e.Reach("left", INBOX), WEDNESDAY_NOON, 1),
            "Postmortem overdue since 2026-11-25 12:00 UTC: told left",
            id="somebody whom the SOP doesn't know any more",
        ),
        pytest.param(
            e.AssessmentOverdue((e.Reach(PRIMARY, INBOX), e.Reach(MANAGER, INBOX)), WEDNESDAY_NOON, 2),
            "Acknowledged but not assessed, due since 12:00 UTC (call 2): told Alice Adams, Erin Engel",
            id="what nobody has assessed",
        ),
        pytest.param(
            e.PatternNoticed(SEV3, 3, Duration(days=7), ()),
            "Pattern: SEV3 number 3 on this service within 7 days; told nobody",
            id="a pattern",
        ),
        pytest.param(e.AlertsCleared(1), "Monitoring clean: the alert has resolved", id="one alert"),
        pytest.param(e.AlertsCleared(2), "Monitoring clean: all 2 alerts have resolved", id="two alerts"),
        pytest.param(e.Resolved("restarted"), "Resolved, with alerts still firing: restarted", id="a hasty resolution"),
        pytest.param(
            e.RoleAssigned(TL, SECONDARY, before=PRIMARY),
            "Technical Lead: Bob Brown, from Alice Adams",
            id="a hand-over",
        ),
    ],
)
def test_told(event: e.AnyEvent, told: str) -> None:
    assert narrate.narrate(event, EVENTFUL.sop) == told


# Text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("  two\n lines ", "two\n lines", id="space around it"),
        pytest.param("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour", id="any line end"),
        pytest.param("a\tb", "a\tb", id="tabs stay"),
        pytest.param("pay\u202eevil", "payevil", id="reversed text"),
        pytest.param("pay\u061cpal", "paypal", id="the Arabic letter mark"),
        pytest.param("pay\u200bpal", "paypal", id="zero width"),
        pytest.param("ok\U000e0069\U000e0067", "ok", id="invisible tags"),
        pytest.param("red\x1b[31m", "red[31m", id="terminal escapes"),
        pytest.param("nul\x00", "nul", id="null characters"),
        pytest.param("half \ud83d", "half", id="half a character"),
        pytest.param("Grüße, 日本語, 👩‍🚀", "Grüße, 日本語, 👩‍🚀", id="every script, and emoji"),
        pytest.param("<b>&amp;", "<b>&amp;", id="nothing is escaped"),
    ],
)
def test_clean_text(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
any_text = st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]))


@given(any_text)
def test_cleaned_text_hides_nothing_and_can_be_written_down(text: str) -> None:
    cleaned = clean_text(text)
    assert not any(unicodedata.bidirectional(letter) in REORDERING for letter in cleaned)
    assert all(letter in "\t\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") for letter in cleaned)
    assert cleaned.encode().decode() == cleaned
    assert clean_text(cleaned) == cleaned


@given(any_text, st.integers(1, 300))
def test_cleaned_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([line], [])
    assert clean_line(line, limit) == line


def test_long_line_is_cut_with_an_ellipsis() -> None:
    assert clean_line("the quick brown fox", 10) == "the quick…"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("a text", None, id="fine"),
        pytest.param("12345678", None, id="just short enough"),
        pytest.param("123456789", "title: must be at most 8 characters, got 9", id="too long"),
        pytest.param(" \n\t", "title: must say something, got nothing", id="blank"),
        pytest.param("\u200b\u202e", "title: must say something, got nothing", id="invisible"),
    ],
)
def test_fault_in_text(text: str, fault: str | None) -> None:
    assert fault_in(text, "title", 8) == fault


@given(st.text(), st.integers(1, 60))
def test_slug_has_only_what_a_channel_name_allows(title: str, limit: int) -> None:
    assert re.fullmatch("([a-z0-9]([a-z0-9-]*[a-z0-9])?)?", slug(title, limit))
    assert len(slug(title, limit)) <= limit


@pytest.mark.parametrize(
    ("title", "said"),
    [("Checkout is DOWN!", "checkout-is-down"), ("Café — zurück", "cafe-zuruck"), ("日本", ""), ("a" * 50, "a" * 40)],
)
def test_slug(title: str, said: str) -> None:
    assert slug(title, 40) == said

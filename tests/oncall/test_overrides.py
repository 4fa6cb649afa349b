"""Who is on call instead? In a span, by the last override that speaks of it; and then the rotation holds again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.oncall.clocks import MOMENT
from tests.oncall.test_roster import ORGANISATION, rotation
from tocsin.oncall.coverage import Coverage, Gap, Lack, coverage, on_call_at
from tocsin.oncall.overrides import Layer, Override, overrides_of
from tocsin.oncall.roster import Roster, who_is_on_call

MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)  # the handoff: alice is primary, bob secondary; bob, alice a week later
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
PRIMARY, SECONDARY = Layer


def override(
    person: str, start: float, end: float, *, layer: Layer = PRIMARY, instead_of: str | None = None
) -> Override:
    """In the platform team, from that hour after the handoff to that one."""
    return Override("platform", layer, person, MONDAY + start * HOUR, MONDAY + end * HOUR, instead_of)


def primary_at(hour: float, *overrides: Override) -> str | None:
    return on_call_at(ORGANISATION, "platform", overrides, MONDAY + hour * HOUR).primary


@pytest.mark.parametrize(
    ("hour", "person"), [(0, "alice"), (1.999, "alice"), (2, "erin"), (4.999, "erin"), (5, "alice"), (168, "bob")]
)
def test_override_holds_from_its_start_up_to_its_end(hour: float, person: str) -> None:
    assert primary_at(hour, override("erin", 2, 5)) == person


def test_later_override_wins_where_two_speak_of_one_instant() -> None:
    both = override("erin", 0, 10), override("chris", 2, 4)
    assert [primary_at(hour, *both) for hour in (1, 3, 5)] == ["erin", "chris", "erin"]
    assert [primary_at(hour, *reversed(both)) for hour in (1, 3, 5)] == ["erin", "erin", "erin"]


def test_override_of_a_person_follows_them_over_the_handoffs() -> None:
    for_alice = override("erin", 0, 400, instead_of="alice")
    also_second = replace(for_alice, layer=SECONDARY)
    weeks = [on_call_at(ORGANISATION, "platform", (for_alice, also_second), MONDAY + n * WEEK) for n in (0, 1)]
    assert [(week.primary, week.secondary) for week in weeks] == [("erin", "bob"), ("bob", "erin")]


def test_override_of_whoever_took_over_holds_as_well() -> None:
    assert primary_at(1, override("erin", 0, 9), override("chris", 0, 9, instead_of="erin")) == "chris"
    assert primary_at(1, override("chris", 0, 9, instead_of="erin"), override("erin", 0, 9)) == "erin"


def test_override_by_somebody_who_has_left_leaves_the_rotation() -> None:
    assert primary_at(1, override("gone", 0, 9)) == "alice"


def test_override_of_another_team_or_layer_changes_nothing() -> None:
    elsewhere = replace(override("erin", 0, 9), team="backend")
    assert primary_at(1, elsewhere, override("erin", 0, 9, layer=SECONDARY)) == "alice"


def test_override_that_ends_before_it_starts_holds_never() -> None:
    assert overrides_of(ORGANISATION, "platform", [override("erin", 5, 5), override("erin", 5, 2)]) == ()


def test_page_goes_to_whoever_has_taken_over() -> None:
    roster = Roster(ORGANISATION, MONDAY + HOUR, frozenset(), (override("erin", 0, 9),))
    assert roster.people("primary", ("platform",)) == ("erin",)
    assert roster.people("everyone_on_call", ()) == ("chris", "erin", "bob")


def test_who_is_on_call_until_the_override_ends_and_who_is_then() -> None:
    found = who_is_on_call(ORGANISATION, MONDAY + HOUR, (override("erin", 0, 9),))[2]
    assert (found.primary, found.until, found.next_primary) == ("erin", MONDAY + 9 * HOUR, "alice")


def test_coverage_tells_every_team_s_shifts_and_gaps() -> None:
    backend, ghosts, platform = coverage(ORGANISATION, (), MONDAY + HOUR, MONDAY + 2 * WEEK)
    assert [(it.primary, it.secondary) for it in platform.shifts] == [("alice", "bob"), ("bob", "alice")]
    assert (platform.shifts[0].starts_at, platform.gaps, backend.gaps) == (MONDAY, (), ())
    assert ghosts.gaps == (Gap(PRIMARY, Lack.NOBODY, MONDAY + HOUR, MONDAY + 2 * WEEK),)


def test_somebody_in_both_places_has_nobody_behind_them() -> None:
    it = platform_coverage(override("bob", 2, 5))
    assert it.gaps == (Gap(SECONDARY, Lack.NO_SECOND, MONDAY + 2 * HOUR, MONDAY + 5 * HOUR),)


def test_secondary_who_has_left_is_a_gap() -> None:
    team = replace(ORGANISATION.teams["platform"], rotation=rotation(("alice",), ("gone",)))
    sop = replace(ORGANISATION, teams={"platform": team})
    (it,) = coverage(sop, (), MONDAY, MONDAY + 2 * WEEK)
    assert it.gaps == (Gap(SECONDARY, Lack.NOBODY, MONDAY, MONDAY + 2 * WEEK),)


def test_span_of_no_length_has_no_shifts() -> None:
    assert platform_coverage(start=3, end=3) == Coverage("platform", (), ())


def platform_coverage(*overrides: Override, start: float = 0, end: float = 168) -> Coverage:
    return coverage(ORGANISATION, overrides, MONDAY + start * HOUR, MONDAY + end * HOUR)[2]


# Properties

people = st.sampled_from(("alice", "bob", "chris", "erin", "gone"))
hours = st.integers(-200, 600)
overrides = st.lists(
    st.builds(
        lambda person, start, length, layer, of: override(person, start, start + length, layer=layer, instead_of=of),
        people,
        hours,
        st.integers(-5, 300),
        st.sampled_from(Layer),
        st.none() | people,
    ),
    max_size=8,
).map(tuple)


@given(overrides, hours, st.integers(1, 400))
def test_shifts_follow_one_another_and_cover_the_whole_span(
    them: tuple[Override, ...], start: int, length: int
) -> None:
    shifts = platform_coverage(*them, start=start, end=start + length).shifts
    assert shifts[0].starts_at <= MONDAY + start * HOUR
    assert shifts[-1].ends_at >= MONDAY + (start + length) * HOUR
    assert all(before.ends_at == after.starts_at for before, after in pairwise(shifts))
    assert all(it.starts_at < it.ends_at for it in shifts)


@given(overrides, hours)
def test_coverage_and_the_roster_name_the_same_people_at_every_instant(them: tuple[Override, ...], hour: int) -> None:
    at = MONDAY + hour * HOUR
    (shift,) = [
        it
        for it in platform_coverage(*them, start=hour - 200, end=hour + 200).shifts
        if it.starts_at <= at < it.ends_at
    ]
    roster = Roster(ORGANISATION, at, frozenset(), them)
    assert roster.people("primary", ("platform",)) == tuple(filter(None, [shift.primary]))
    assert roster.people("secondary", ("platform",)) == tuple(filter(None, [shift.secondary]))


@given(overrides, hours)
def test_last_override_that_names_nobody_in_particular_decides(them: tuple[Override, ...], hour: int) -> None:
    at = MONDAY + hour * HOUR
    last = Override("platform", PRIMARY, "erin", at - HOUR, at + MOMENT)
    assert on_call_at(ORGANISATION, "platform", (*them, last), at).primary == "erin"
    after = on_call_at(ORGANISATION, "platform", (*them, last), at + MOMENT)
    assert after.primary == on_call_at(ORGANISATION, "platform", them, at + MOMENT).primary


@given(overrides, hours)
def test_who_comes_next_is_on_call_when_the_first_ends(them: tuple[Override, ...], hour: int) -> None:
    now = who_is_on_call(ORGANISATION, MONDAY + hour * HOUR, them)[2]
    then = who_is_on_call(ORGANISATION, now.until, them)[2]
    assert now.until > MONDAY + hour * HOUR
    assert (then.primary, then.secondary) == (now.next_primary, now.next_secondary)

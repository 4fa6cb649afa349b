from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.clocks import instants
from tocsin.oncall.roster import TARGETS, TEAM_TARGETS, OnCall, Roster, who_is_on_call
from tocsin.oncall.rotation import shift_at
from tocsin.sop.durations import Duration
from tocsin.sop.model import (
    Alerts,
    BusinessHours,
    Classification,
    Communication,
    ContactMethod,
    Person,
    PostmortemDuty,
    Rotation,
    Sop,
    Team,
    Unassessed,
)

PAGERDUTY, SLACK, INBOX = (ContactMethod(via=via) for via in ("pagerduty", "slack", "inbox"))
FIRST_WEEK = datetime(2026, 1, 7, tzinfo=UTC)
SECOND_WEEK = FIRST_WEEK + timedelta(weeks=1)


def rotation(primary: tuple[str, ...], secondary: tuple[str, ...] = ()) -> Rotation:
    return Rotation("UTC", primary, secondary, 1, "monday", time(10), date(2026, 1, 5))


ORGANISATION = Sop(
    severities={},
    unassessed=Unassessed(escalation=()),
    communication=Communication(remind_before=Duration.parse("3m")),
    postmortem=PostmortemDuty(remind_before=Duration.parse("24h")),
    classification=Classification(rules=()),
    alerts=Alerts(default_service="website"),
    business_hours=BusinessHours("UTC", ("monday",), time(9), time(17)),
    services={},
    people={
        "alice": Person("Alice", slack_user="U0ALICE", contact=(PAGERDUTY, SLACK, INBOX)),
        "bob": Person("Bob", contact=(INBOX, PAGERDUTY)),
        "chris": Person("Chris", contact=(PAGERDUTY,)),
        "dora": Person("Dora", contact=(SLACK, INBOX)),
        "erin": Person("Erin"),
        "mona": Person("Mona", contact=()),
    },
    teams={
        "platform": Team("Platform", lead="alice", rotation=rotation(("alice", "bob"), ("bob", "alice"))),
        "backend": Team("Backend", lead="mona", rotation=rotation(("chris", "alice")), engineering_manager="mona"),
        "ghosts": Team("Ghosts", lead="gone", rotation=rotation(("gone",), ()), engineering_manager="gone"),
    },
    targets={"engineering_manager": "erin", "cto": "mona", "vp_engineering": "gone", "bob": "chris"},
)


def roster(at: datetime = FIRST_WEEK, *methods: str, sop: Sop = ORGANISATION) -> Roster:
    return Roster(sop, at, frozenset(methods))


@pytest.mark.parametrize(
    ("target", "teams", "people"),
    [
        pytest.param("primary", ("platform",), ("alice",), id="a team's primary"),
        pytest.param("primary", ("platform", "backend"), ("alice", "chris"), id="each team's primary"),
        pytest.param("primary", ("backend", "platform"), ("chris", "alice"), id="in the order of the teams"),
        pytest.param("primary", ("platform", "platform"), ("alice",), id="each person once"),
        pytest.param("primary", (), (), id="no team, no primary"),
        pytest.param("primary", ("nowhere", "backend"), ("chris",), id="an unknown team has nobody"),
        pytest.param("primary", ("ghosts",), (), id="somebody who left is nobody"),
        pytest.param("secondary", ("platform", "backend"), ("bob",), id="a team without a secondary has none"),
        pytest.param("team_lead", ("platform", "backend", "ghosts"), ("alice", "mona"), id="team leads"),
        pytest.param("engineering_manager", ("backend",), ("mona",), id="a team's own engineering manager"),
        pytest.param("engineering_manager", ("platform",), ("erin",), id="the organisation's engineering manager"),
        pytest.param("engineering_manager", ("platform", "backend"), ("erin", "mona"), id="both engineering managers"),
        pytest.param("engineering_manager", ("nowhere",), ("erin",), id="no team leaves the organisation's manager"),
        pytest.param("everyone_on_call", (), ("chris", "alice", "bob"), id="everyone, by team, primary first"),
        pytest.param("everyone_on_call", ("platform",), ("chris", "alice", "bob"), id="everyone, whichever the team"),
        pytest.param("cto", ("platform",), ("mona",), id="an organisation's target"),
        pytest.param("vp_engineering", ("platform",), (), id="a target whose person left"),
        pytest.param("alice", (), ("alice",), id="a person"),
        pytest.param("bob", (), ("chris",), id="a target goes before a person of its name"),
        pytest.param("gone", (), (), id="a person who left"),
        pytest.param("team_queue", ("platform",), (), id="a queue is nobody"),
        pytest.param("", ("platform",), (), id="no target at all"),
    ],
)
def test_target_means(target: str, teams: tuple[str, ...], people: tuple[str, ...]) -> None:
    assert roster().people(target, teams) == people


def test_target_follows_the_rotation() -> None:
    assert roster(SECOND_WEEK).people("primary", ("platform", "backend")) == ("bob", "alice")


def test_a_manager_whom_nobody_named_is_nobody() -> None:
    without_targets = msgspec.structs.replace(ORGANISATION, targets={})
    assert roster(sop=without_targets).people("engineering_manager", ("platform",)) == ()


@pytest.mark.parametrize(
    ("person", "methods", "usable"),
    [
        pytest.param(
            "alice", ("pagerduty", "slack"), (PAGERDUTY, SLACK, INBOX), id="all that have credentials, in order"
        ),
        pytest.param("alice", ("slack",), (SLACK, INBOX), id="one without credentials is passed over"),
        pytest.param("alice", (), (INBOX,), id="the inbox needs no credentials"),
        pytest.param("bob", ("pagerduty", "inbox"), (INBOX, PAGERDUTY), id="the person's own order"),
        pytest.param("dora", ("slack",), (INBOX,), id="Slack takes a member id as well"),
        pytest.param("chris", (), (), id="nothing usable"),
        pytest.param("mona", ("pagerduty",), (), id="nothing listed"),
        pytest.param("erin", ("pagerduty",), (INBOX,), id="the inbox by default"),
        pytest.param("gone", ("pagerduty",), (), id="somebody who left"),
    ],
)
def test_contact_methods(person: str, methods: tuple[str, ...], usable: tuple[ContactMethod, ...]) -> None:
    assert roster(FIRST_WEEK, *methods).contact_methods(person) == usable


def test_people_who_cannot_be_reached_still_are_the_target() -> None:
    assert roster().contact_methods("chris") == ()
    assert roster().people("primary", ("backend",)) == ("chris",)


@given(
    target=st.one_of(st.sampled_from(sorted(TARGETS)), st.text("abc_-", max_size=8)),
    teams=st.lists(st.sampled_from(("platform", "backend", "ghosts", "nowhere"))).map(tuple),
    at=instants,
)
def test_whoever_is_meant_exists_and_is_named_once(target: str, teams: tuple[str, ...], at: datetime) -> None:
    people = roster(at).people(target, teams)
    assert len(people) == len(set(people))
    assert set(people) <= set(ORGANISATION.people)


def test_only_everyone_on_call_means_the_same_for_every_team() -> None:
    assert TARGETS.difference(TEAM_TARGETS) == {"everyone_on_call"}


def test_who_is_on_call_lists_teams_by_id_with_who_comes_next() -> None:
    handoff = datetime(2026, 1, 12, 10, tzinfo=UTC)
    assert who_is_on_call(ORGANISATION, FIRST_WEEK) == (
        OnCall("backend", "chris", None, handoff, "alice", None),
        OnCall("ghosts", None, None, handoff, None, None),
        OnCall("platform", "alice", "bob", handoff, "bob", "alice"),
    )


@given(instants)
def test_who_comes_next_is_on_call_at_the_handoff(at: datetime) -> None:
    for team in who_is_on_call(ORGANISATION, at):
        following = next(after for after in who_is_on_call(ORGANISATION, team.until) if after.team == team.team)
        assert (following.primary, following.secondary) == (team.next_primary, team.next_secondary)
        assert team.until == shift_at(ORGANISATION.teams[team.team].rotation, at).ends_at > at

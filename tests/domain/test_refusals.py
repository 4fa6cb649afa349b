"""What is refused whatever the status, under which stable code, with which words: a refusal names the remedy."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.domain.harness import CL, IC, MANAGER, PRIMARY, SEV1, SEV2, SEV3, Story, with_contact
from tocsin.domain import commands as c
from tocsin.domain.context import Refusal
from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.words import Trigger


def nobody_reachable() -> Story:
    return Story(with_contact(default_sop(), PRIMARY)).declare(SEV3)


def many_teams() -> Story:
    sop = default_sop()
    teams = {f"team-{number}": sop.teams["platform"] for number in range(20)}
    return Story(replace(sop, teams={**sop.teams, **teams})).declare(SEV3, teams=tuple(teams))


def in_sev2() -> Story:
    return Story().declare(SEV2)


NOTHING = "must say something, got nothing"


@pytest.mark.parametrize(
    ("story", "command", "code", "message"),
    [
        pytest.param(
            lambda: in_sev2().acknowledge(by="bob"),
            c.Acknowledge(),
            "already_acknowledged",
            "INC-2026-0042 is already acknowledged by bob",
            id="a second acknowledgement",
        ),
        pytest.param(
            in_sev2,
            c.Assess(severity=SEV2, reason="as before"),
            "same_severity",
            "INC-2026-0042 is SEV2 already: nothing to change",
            id="the same severity",
        ),
        pytest.param(
            in_sev2,
            c.Assess(severity=SEV2, reason="as before", trigger=Trigger.SERVICE_DEGRADED),
            "same_severity",
            "INC-2026-0042 is SEV2 already, and its trigger service_degraded: nothing to change",
            id="the same severity and the same trigger",
        ),
        pytest.param(
            in_sev2,
            c.Assess(severity=SEV1, reason=" "),
            "reason_missing",
            f"reason: {NOTHING}",
            id="no reason to raise",
        ),
        pytest.param(
            lambda: in_sev2().resolve(),
            c.Reopen(reason=""),
            "reason_missing",
            f"reason: {NOTHING}",
            id="no reason to reopen",
        ),
        pytest.param(
            in_sev2,
            c.Cancel(reason="x" * 201),
            "reason_missing",
            "reason: must be at most 200 characters, got 201",
            id="a reason to cancel that is a story",
        ),
        pytest.param(
            in_sev2,
            c.AssignRole(role=CL, person="mallory"),
            "unknown_person",
            "person: 'mallory' is not one of alice, bob, carla, chris, dana, deniz, emma, erin, farid, victor",
            id="a role for nobody we know",
        ),
        pytest.param(
            lambda: in_sev2().assign(IC, MANAGER),
            c.AssignRole(role=IC, person=MANAGER),
            "role_already_held",
            "erin is IC of INC-2026-0042 already",
            id="a role for who holds it",
        ),
        pytest.param(
            in_sev2,
            c.AddTeam(team="mobile"),
            "unknown_team",
            "team: 'mobile' is not one of backend, frontend, platform",
            id="a team that doesn't exist",
        ),
        pytest.param(
            in_sev2,
            c.AddTeam(team="platform"),
            "team_already_added",
            "INC-2026-0042 involves platform already",
            id="a team that is affected already",
        ),
        pytest.param(
            many_teams,
            c.AddTeam(team="backend"),
            "too_many_teams",
            "INC-2026-0042 involves 20 teams, and no more fit",
            id="a team too many",
        ),
        pytest.param(in_sev2, c.AddNote(text="\n"), "invalid_note", f"note: {NOTHING}", id="a blank note"),
        pytest.param(
            in_sev2,
            c.AddNote(text="x" * 8_001),
            "invalid_note",
            "note: must be at most 8000 characters, got 8001",
            id="a note that is a book",
        ),
        pytest.param(in_sev2, c.PostUpdate(text="\u200b"), "invalid_update", f"update: {NOTHING}", id="a blank update"),
        pytest.param(
            in_sev2,
            c.PostUpdate(text="Searching", next_within=Duration.parse("31m")),
            "next_update_too_late",
            "next update: SEV2 asks for one every 30m, got 31m",
            id="a promise later than the cadence",
        ),
        pytest.param(
            in_sev2,
            c.PageByHand(target="mallory", reason="help"),
            "nobody_to_page",
            "target: 'mallory' is nobody: give a person or a target of the SOP",
            id="a page to nobody",
        ),
        pytest.param(
            nobody_reachable,
            c.PageByHand(target="primary", reason="help"),
            "unreachable",
            "alice: no usable contact method; page somebody else",
            id="a page to somebody who can't be reached",
        ),
        pytest.param(
            in_sev2,
            c.PageByHand(target="cto", reason=""),
            "reason_missing",
            f"reason: {NOTHING}",
            id="a page for nothing",
        ),
        pytest.param(
            lambda: in_sev2().request_postmortem(),
            c.RequestPostmortem(),
            "already_requested",
            "INC-2026-0042: a postmortem was asked for already",
            id="a second request for a postmortem",
        ),
        pytest.param(
            in_sev2,
            c.SavePostmortem(sections={"culprits": "Bob"}),
            "unknown_section",
            "section: 'culprits' is not one of follow_up, impact, lessons, root_cause, summary, went_poorly, went_well",
            id="a section that doesn't exist",
        ),
        pytest.param(
            in_sev2,
            c.SavePostmortem(sections={"impact": "x" * 50_001}),
            "postmortem_too_long",
            "section impact: more than 50000 characters; shorten it, or link to a document",
            id="a section that is a book",
        ),
        pytest.param(
            in_sev2,
            c.SavePostmortem(sections={}, action_items=(ActionItem("fix", "bob", ActionItemPriority.P0),) * 201),
            "postmortem_too_long",
            "too many action items; shorten it, or link to a document",
            id="too many action items",
        ),
        pytest.param(
            in_sev2,
            c.SavePostmortem(sections={}, action_items=(ActionItem("fix", " ", ActionItemPriority.P0),)),
            "invalid_action_item",
            "action item 1: needs a text, an owner and a status",
            id="an action item without an owner",
        ),
        pytest.param(
            lambda: in_sev2().resolve().save_postmortem({"summary": "It was down"}),
            c.CompletePostmortem(),
            "postmortem_incomplete",
            "INC-2026-0042: still to be written: Root cause, Impact, What went well, What went poorly, Lessons learned",
            id="a postmortem that is a summary",
        ),
    ],
)
def test_refused(story: Callable[[], Story], command: c.Change, code: str, message: str) -> None:
    assert story().refusal(command) == Refusal(code, message)


DECLARATION = c.Declare(title="Checkout is down", service="website", trigger=Trigger.SERVICE_DEGRADED)


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        pytest.param(replace(DECLARATION, title=" "), f"title: {NOTHING}", id="no title"),
        pytest.param(
            replace(DECLARATION, title="x" * 201),
            "title: must be at most 200 characters, got 201",
            id="a title that is a story",
        ),
        pytest.param(
            replace(DECLARATION, service="shop"),
            "service: 'shop' is not one of api, app, database, website",
            id="an unknown service",
        ),
        pytest.param(
            replace(DECLARATION, teams=("backend", "mobile")),
            "team: 'mobile' is not one of backend, frontend, platform",
            id="an unknown team",
        ),
    ],
)
def test_declaration_is_refused(declaration: c.Declare, message: str) -> None:
    assert Story().refusal(declaration) == Refusal("invalid_declaration", message)


def test_promise_is_free_where_the_severity_has_no_cadence() -> None:
    assert Story().declare(SEV3).update(next_within="2d").wake_at is not None

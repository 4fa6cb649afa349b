"""From the declaration to the end and back: what each status allows, milestones, roles, reopening, cancelling."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from tests.domain.harness import IC, MANAGER, PAGE, PRIMARY, SECONDARY, SEV1, SEV2, SEV3, SEV4, TL, WRITTEN, Story, step
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.checklist import checklist, missing_roles
from tocsin.domain.context import Decision, Refusal
from tocsin.domain.incident import Status
from tocsin.domain.placement import Placement
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role, Severity, TriageStep, Trigger

SOP = default_sop()
T, A, M, R, CLOSED, CANCELLED = Status

REACHED: dict[Status, Callable[[], Story]] = {
    T: lambda: Story().declare(SEV2),
    A: lambda: Story().declare(SEV2).acknowledge(),
    M: lambda: Story().declare(SEV2).mitigate(),
    R: lambda: Story().declare(SEV2).resolve(),
    CLOSED: lambda: Story().declare(SEV2).resolve().save_postmortem(WRITTEN).complete_postmortem(),
    CANCELLED: lambda: Story().declare(SEV2).cancel(),
}

COMMANDS: tuple[c.Change, ...] = (
    c.Acknowledge(),
    c.Assess(severity=SEV1, reason="all users"),
    c.AssignRole(role=IC, person=MANAGER),
    c.AddTeam(team="backend"),
    c.AddNote(text="a note"),
    c.PostUpdate(text="an update"),
    c.PageByHand(target="cto", reason="need a decision"),
    c.Mitigate(),
    c.Resolve(),
    c.Reopen(reason="it came back"),
    c.Cancel(reason="a test"),
    c.Restore(taken_at=datetime(2026, 11, 25, 12, tzinfo=UTC), mark="r0a1b2c"),
    c.Release(reason="a test"),
    c.NoteStillFiring(title="5xx above 2 %"),
    c.NoteAlertsCleared(alerts=1),
    c.NoteAlertsFiring(title="Checkout is down"),
    c.NoteAlertWorse(
        title="Checkout is down",
        placement=Placement("website", SEV1, Trigger.SERVICE_DEGRADED, page=True, group_key="website{}"),
    ),
    c.RequestPostmortem(),
    c.SavePostmortem(sections={}),
    c.CompletePostmortem(),
    c.Tick(),
    c.ReportPageAccepted(key="INC-2026-0042-3-0", via="inbox"),
    c.ReportPageFailed(key="INC-2026-0042-3-0", via="inbox", reason="refused"),
    c.ReportChannelOpened(channel="C042", name="inc-2026-0042"),
    c.ReportChannelFailed(action="OpenChannel", reason="missing_scope"),
    c.ReportSummaryPosted(message="1764072000.000100"),
)

CAME_BACK = "reopen it if it came back"
AFTER_ALL = "reopen it if it is an incident after all"
OVER = {R: CAME_BACK, CLOSED: CAME_BACK, CANCELLED: AFTER_ALL}
# Code, words and remedies of everything that the status alone forbids; what isn't listed is legal.
FORBIDDEN: dict[type, tuple[str, str, dict[Status, str]]] = {
    c.Acknowledge: ("cannot_acknowledge", "acknowledged", OVER),
    c.Assess: ("cannot_assess", "assessed", {CLOSED: CAME_BACK, CANCELLED: AFTER_ALL}),
    c.AddTeam: ("cannot_add_team", "given another team", OVER),
    c.PageByHand: ("cannot_page", "paged for", OVER),
    c.Mitigate: ("cannot_mitigate", "mitigated", {M: f"resolve it, or {CAME_BACK}", **OVER}),
    c.Resolve: ("cannot_resolve", "resolved", OVER),
    c.Reopen: ("cannot_reopen", "reopened", {T: "it is open already", A: "it is being worked on"}),
    c.Cancel: ("cannot_cancel", "cancelled", OVER),
    c.RequestPostmortem: (
        "cannot_request_postmortem",
        "given a postmortem",
        {CLOSED: CAME_BACK, CANCELLED: AFTER_ALL},
    ),
    c.CompletePostmortem: (
        "cannot_complete_postmortem",
        "closed by its postmortem",
        {**dict.fromkeys((T, A, M), "resolve it first"), CLOSED: CAME_BACK, CANCELLED: AFTER_ALL},
    ),
}


def forbidden_in(command: c.Change) -> dict[Status, str]:
    """The statuses that forbid `command`, each with its remedy."""
    return FORBIDDEN[type(command)][2] if type(command) in FORBIDDEN else {}


@pytest.mark.parametrize(
    ("command", "status", "remedy"),
    [
        pytest.param(command, status, remedy, id=f"{type(command).__name__} when {status}")
        for command in COMMANDS
        for status, remedy in forbidden_in(command).items()
    ],
)
def test_status_forbids(command: c.Change, status: Status, remedy: str) -> None:
    code, done, _ = FORBIDDEN[type(command)]
    refused = REACHED[status]().refusal(command)
    assert refused == Refusal(code, f"INC-2026-0042 is {status} and can't be {done}: {remedy}")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        pytest.param(command, status, id=f"{type(command).__name__} when {status}")
        for command in COMMANDS
        for status in Status
        if status not in forbidden_in(command)
    ],
)
def test_status_allows(command: c.Change, status: Status) -> None:
    answer = REACHED[status]().decide(command)
    assert isinstance(answer, Decision) or not answer.code.startswith("cannot_")


def test_table_of_commands_is_complete() -> None:
    assert {type(command) for command in COMMANDS} == set(get_args(c.Change))


@pytest.mark.parametrize(
    ("status", "then"),
    [
        pytest.param(T, {c.Acknowledge: A, c.Mitigate: M, c.Resolve: R, c.Cancel: CANCELLED}, id="triggered"),
        pytest.param(A, {c.Mitigate: M, c.Resolve: R, c.Cancel: CANCELLED, c.NoteAlertWorse: T}, id="acknowledged"),
        pytest.param(M, {c.Resolve: R, c.Cancel: CANCELLED, c.Reopen: T, c.NoteAlertWorse: T}, id="mitigated"),
        pytest.param(R, {c.Reopen: T}, id="resolved"),
        pytest.param(CLOSED, {c.Reopen: T}, id="closed"),
        pytest.param(CANCELLED, {c.Reopen: T}, id="cancelled"),
    ],
)
def test_status_moves_only_by_these_commands(status: Status, then: dict[type, Status]) -> None:
    answers = {type(command): REACHED[status]().decide(command) for command in COMMANDS}
    reached = {kind: it.incident.status for kind, it in answers.items() if isinstance(it, Decision)}
    assert {kind: after for kind, after in reached.items() if after is not status} == then


def taken(story: Story) -> list[str]:
    """The triage steps taken."""
    return [item.step.value for item in checklist(story.sop, story.incident) if item.is_done]


def test_each_triage_step_is_a_milestone_with_its_time_and_actor() -> None:
    story = Story().alert(severity="critical").at(1).acknowledge(by=SECONDARY).at(2).assess(SEV1).at(3).update()
    story.at(4).mitigate().at(5).clear_alerts().resolve()
    milestones = {step.value: (story.minute(made.at), made.by) for step, made in story.incident.milestones.items()}
    assert milestones == {
        "escalate": (0, "tocsin"),
        "acknowledge": (1, SECONDARY),
        "assess": (2, PRIMARY),
        "communicate": (3, PRIMARY),
        "mitigate": (4, PRIMARY),
        "resolve": (5, PRIMARY),
    }


def test_steps_taken_out_of_order_are_recorded_and_the_missing_ones_shown() -> None:
    story = Story().declare(SEV4).resolve()
    assert taken(story) == ["assess", "escalate", "resolve"]


def test_first_time_of_a_step_counts() -> None:
    story = Story().declare(SEV1).at(1).update("first").at(9).update("second")
    assert story.incident.milestone_at(TriageStep.COMMUNICATE) == story.start + timedelta(minutes=1)


def test_checklist_asks_for_a_postmortem_only_where_one_is_needed() -> None:
    needed = {
        severity: [item.is_needed for item in checklist(SOP, Story().declare(severity).incident)][-1]
        for severity in Severity
    }
    assert needed == {SEV1: True, SEV2: True, SEV3: False, SEV4: False}


def test_checklist_of_a_cancelled_incident_asks_for_nothing() -> None:
    assert not any(item.is_needed for item in checklist(SOP, Story().declare(SEV1).cancel().incident))


def test_checklist_tells_that_monitoring_is_clean_before_the_resolution() -> None:
    notes = [item.note for item in checklist(SOP, Story().alert().clear_alerts().incident)]
    assert notes == ["", "", "", "", "", "monitoring clean", ""]


@pytest.mark.parametrize(
    ("severity", "roles"),
    [
        pytest.param(SEV1, [role.value for role in Role], id="SEV1 needs all three"),
        pytest.param(SEV2, [IC.value, TL.value], id="SEV2 needs IC and TL"),
        pytest.param(SEV3, [], id="SEV3 needs a single engineer"),
        pytest.param(None, [], id="nothing is required before the assessment"),
    ],
)
def test_roles_that_nobody_holds_are_missing(severity: Severity | None, roles: list[str]) -> None:
    assert [role.value for role in missing_roles(SOP, Story().declare(severity).incident)] == roles


def test_role_that_somebody_takes_is_not_missing() -> None:
    assert missing_roles(SOP, Story().declare(SEV2).assign(IC, MANAGER).incident) == (TL,)


def test_handed_over_role_names_who_held_it_before() -> None:
    story = Story().declare(SEV1).assign(IC, PRIMARY).assign(IC, MANAGER)
    assert story.incident.roles == {IC: MANAGER}
    assert story.happened(e.RoleAssigned)[-1] == e.RoleAssigned(IC, MANAGER, before=PRIMARY)


def test_every_incident_records_which_of_the_four_reasons_it_was_declared_for() -> None:
    story = Story().send(c.Declare(title="Leak", service="api", trigger=Trigger.SECURITY_BREACH))
    assert story.incident.trigger == Trigger.SECURITY_BREACH


def test_assessment_may_correct_the_reason_of_the_declaration() -> None:
    story = Story().declare().send(c.Assess(severity=SEV1, reason="rows are gone", trigger=Trigger.DATA_INTEGRITY))
    assert story.incident.trigger == Trigger.DATA_INTEGRITY


def test_note_may_be_added_after_the_end() -> None:
    story = Story().declare(SEV1).resolve().note("The disk was 3 years old")
    assert story.happened(e.NoteAdded) == [e.NoteAdded("The disk was 3 years old")]


def test_reopened_incident_pages_again_from_the_start_of_the_ladder() -> None:
    story = Story().declare(SEV1).at(20).acknowledge().at(60).resolve().at(100).reopen().at(105)
    assert story.ladder[-2:] == [step(100, PAGE, PRIMARY), step(105, PAGE, SECONDARY)]
    assert story.incident.epoch == 2


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(lambda: Story().declare(SEV2).acknowledge().mitigate(), id="mitigated"),
        pytest.param(lambda: Story().declare(SEV2).acknowledge().resolve(), id="resolved"),
        pytest.param(lambda: Story().declare(SEV2).acknowledge().cancel(), id="cancelled"),
    ],
)
def test_reopened_incident_waits_for_an_acknowledgement_again(story: Callable[[], Story]) -> None:
    reopened = story().reopen()
    assert reopened.incident.status is Status.TRIGGERED
    assert reopened.ringing == [PRIMARY]
    assert taken(reopened) == ["assess", "escalate"]
    assert reopened.acknowledge(by=SECONDARY).incident.acknowledged_by == SECONDARY


def test_reopened_incident_keeps_its_severity_roles_and_updates() -> None:
    story = Story().declare(SEV2).assign(IC, MANAGER).update("Searching").resolve().reopen()
    assert (story.incident.severity, story.incident.roles) == (SEV2, {IC: MANAGER})
    assert [update.text for update in story.incident.updates] == ["Searching"]


def test_cancelled_incident_falls_silent_for_good() -> None:
    story = Story().declare(SEV1).at(3).cancel("a load test").at(days=30)
    assert story.ladder == [step(0, PAGE, PRIMARY)]
    assert story.wake_at is None
    assert story.happened(e.Cancelled) == [e.Cancelled("a load test")]

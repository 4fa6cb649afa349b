"""What is done in PagerDuty: what follows here, by whom, once, and without an echo?

The sandbox makes incidents of the pages that were really sent, people act there, and what its webhooks say is heard.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import minute
from tests.engine.rehearsal import Rehearsal
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import Audience, Incident, PageStatus, Status
from tocsin.engine.pagerduty.hearing import Hearing
from tocsin.engine.pagerduty.staff import Staff
from tocsin.integrations.pagerduty.inbound import word_in
from tocsin.integrations.pagerduty.rest import User
from tocsin.simulate.sandbox.pagerduty_desk import JsonObject, SandboxDesk, SandboxUser
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity

ALICE, STRANGER = "PALICE", "PEVE"


def with_pagerduty(sop: Sop, **rules: object) -> Sop:
    """The SOP in which alice is a user of PagerDuty."""
    alice = replace(sop.people["alice"], pagerduty_user=ALICE)
    return replace(sop, people={**sop.people, "alice": alice}, pagerduty=replace(sop.pagerduty, **rules))


@dataclass
class Night:
    """A rehearsal in which somebody is paged, and PagerDuty's webhooks are kept until they are heard."""

    rehearsal: Rehearsal
    told: list[JsonObject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk.tell = self.told.append
        self.desk.employ(
            SandboxUser(ALICE, "Alice A.", "alice@acme.example"),
            SandboxUser("PBOB", "Bob B.", "BOB@example.com"),
            SandboxUser(STRANGER, "Eve", "eve@elsewhere.example"),
        )
        self.staff = Staff(self.rehearsal.sop.people)

    @property
    def desk(self) -> SandboxDesk:
        return self.rehearsal.sandbox.pagerduty.desk

    @property
    def key(self) -> str:
        """The page there, which was sent first."""
        return next(iter(self.rehearsal.sandbox.pagerduty.alerts))

    def begin(self, severity: Severity | None = Severity.SEV1) -> str:
        incident = self.rehearsal.declare(severity).id
        self.rehearsal.work()
        return incident

    def hear(self, *events: JsonObject) -> None:
        """Hear these webhooks, or what PagerDuty has told since the last time."""
        heard = events or tuple(self.told)
        self.told.clear() if not events else None
        rehearsal = self.rehearsal
        for event in heard:
            word = word_in(json.dumps(event).encode())
            assert word is not None
            with rehearsal.store.transaction() as tx:
                Hearing(rehearsal.desk, self.staff, "k3x9").hear(tx, rehearsal.now, word)
        rehearsal.work()

    def lines(self, incident: str, kind: type[e.Event]) -> list[tuple[str, str]]:
        """Who did it, through what, of the incident's events of that kind."""
        return [(it.actor, it.via) for it in self.rehearsal.queries.timeline(incident) if isinstance(it.event, kind)]

    def notes(self, incident: str) -> list[tuple[str, str]]:
        timeline = self.rehearsal.queries.timeline(incident)
        return [(it.actor, it.event.text) for it in timeline if isinstance(it.event, e.NoteAdded)]

    def now(self, incident: str) -> Incident:
        return self.rehearsal.queries.incident(incident)

    def sent(self) -> list[tuple[str, str]]:
        """What was sent to PagerDuty, as far as it is no page: action and key."""
        bodies = [json.loads(it.body) for it in self.rehearsal.sandbox.requests]
        return [(it["event_action"], it["dedup_key"]) for it in bodies if it["event_action"] != "trigger"]


@pytest.fixture
def night(path: Path) -> Iterator[Night]:
    with Rehearsal(path, with_pagerduty(default_sop())) as rehearsal:
        yield Night(rehearsal)


def night_by(path: Path, **rules: object) -> Night:
    return Night(Rehearsal(path, with_pagerduty(default_sop(), **rules)))


# Acknowledged


def test_acknowledged_there_is_acknowledged_here_by_the_person_whom_the_sop_names(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, ALICE)
    night.hear()
    assert night.now(incident).acknowledged_by == "alice"
    assert night.lines(incident, e.Acknowledged) == [("alice", "pagerduty")]


def test_ladder_stops_and_nobody_else_is_paged(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, ALICE)
    night.hear()
    night.rehearsal.at(14)  # the secondary would have been paged at 5 minutes
    assert night.rehearsal.happened(incident, e.StepFired)[1:] == []


def test_the_page_that_was_answered_there_is_not_acknowledged_there_again_but_others_are(night: Night) -> None:
    incident = night.begin()
    night.rehearsal.at(6)  # the secondary is paged as well
    first, second = night.rehearsal.sandbox.pagerduty.alerts
    night.desk.acknowledge(first, ALICE)
    night.hear()
    assert night.sent() == [("acknowledge", second)]
    assert night.now(incident).status is Status.ACKNOWLEDGED


def test_our_own_acknowledgement_comes_back_and_changes_nothing(night: Night) -> None:
    incident = night.begin()
    night.rehearsal.change(incident, c.Acknowledge(), by="bob")
    night.rehearsal.work()
    before = night.rehearsal.story(incident)
    night.hear()
    assert night.rehearsal.story(incident) == before
    assert night.sent() == [("acknowledge", night.key)]


def test_acknowledged_at_both_at_once_is_one_acknowledgement(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, ALICE)
    night.rehearsal.change(incident, c.Acknowledge(), by="bob")
    night.hear()
    assert night.lines(incident, e.Acknowledged) == [("bob", "test")]


def test_webhook_that_comes_again_is_carried_out_once(night: Night) -> None:
    incident = night.begin()
    night.hear()
    night.desk.annotate(night.key, ALICE, "looking")
    (note,) = night.told
    night.hear(note, note)
    assert night.notes(incident) == [("alice", "looking")]


def test_user_is_known_by_the_address_that_the_rest_api_tells(night: Night) -> None:
    night.staff.learn([User("PBOB", "Bob B.", "BOB@example.com")])
    incident = night.begin()
    night.desk.acknowledge(night.key, "PBOB")
    night.hear()
    assert night.now(incident).acknowledged_by == "bob"


def test_somebody_unknown_answers_as_pagerduty_and_is_named_in_the_text(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, STRANGER)
    night.hear()
    (event,) = night.rehearsal.happened(incident, e.Acknowledged)
    assert night.lines(incident, e.Acknowledged) == [("pagerduty", "pagerduty")]
    assert event.note == "Eve, in PagerDuty"
    assert night.staff.is_wanting


def test_a_name_is_no_proof_of_who_somebody_is(night: Night) -> None:
    night.desk.employ(SandboxUser(STRANGER, "Alice Adams", "eve@elsewhere.example"))
    incident = night.begin()
    night.desk.acknowledge(night.key, STRANGER)
    night.hear()
    assert night.now(incident).acknowledged_by == "pagerduty"


def test_who_reads_a_notification_there_does_not_answer_the_page(path: Path) -> None:
    sop = with_pagerduty(default_sop())
    dana = replace(sop.people["dana"], contact=(replace(sop.people["alice"].contact[0]),))
    night = Night(Rehearsal(path, replace(sop, people={**sop.people, "dana": dana})))
    incident = night.begin()
    night.rehearsal.at(31)
    informed = [key for key, it in night.rehearsal.sandbox.pagerduty.alerts.items() if it.severity == "info"]
    night.told.clear()
    night.desk.acknowledge(informed[0], ALICE)
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED


def test_page_of_another_installation_or_of_monitoring_is_none_of_ours(night: Night) -> None:
    incident = night.begin()
    for key in ("tocsin-other-INC-2026-0001-2-0", "disk-full", "tocsin-k3x9-INC-2026-0099-2-0"):
        night.desk.opened(key, "Something else", "")
        night.desk.acknowledge(key, ALICE)
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED


def test_acknowledgement_by_a_machine_stops_no_ladder(night: Night) -> None:
    incident = night.begin()
    night.desk.changed(night.key, "acknowledged", "Automation")
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED
    assert night.notes(incident) == [
        ("pagerduty", "PagerDuty, by itself: acknowledged the page; nobody has answered it")
    ]


def test_acknowledgement_of_what_is_over_is_no_fault(night: Night) -> None:
    incident = night.begin()
    night.rehearsal.change(incident, c.Cancel(reason="a test"))
    night.desk.acknowledge(night.key, ALICE)
    night.hear()
    assert night.now(incident).status is Status.CANCELLED


# Resolved


def test_resolved_there_by_a_person_answers_the_page_and_the_incident_waits_for_the_fix(night: Night) -> None:
    incident = night.begin()
    night.desk.resolve(night.key, ALICE)
    night.hear()
    assert night.now(incident).status is Status.ACKNOWLEDGED
    (event,) = night.rehearsal.happened(incident, e.Acknowledged)
    assert event.note == "by resolving the page there; the incident is open until somebody confirms the fix"


def test_resolved_there_after_the_acknowledgement_is_a_line(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, ALICE)
    night.desk.resolve(night.key, ALICE)
    night.hear()
    told = "In PagerDuty: resolved the page; the incident is open until somebody confirms the fix"
    assert night.notes(incident) == [("alice", told)]


def test_resolved_there_resolves_the_incident_where_the_sop_says_so(path: Path) -> None:
    night = night_by(path, resolves=True)
    incident = night.begin()
    night.desk.resolve(night.key, STRANGER)
    night.hear()
    assert night.now(incident).status is Status.RESOLVED
    (event,) = night.rehearsal.happened(incident, e.Resolved)
    assert event.note == "Eve, in PagerDuty"


def test_resolved_there_of_a_page_of_before_the_reopening_is_a_line(path: Path) -> None:
    night = night_by(path, resolves=True)
    incident, key = night.begin(), night.key
    for command in (c.Acknowledge(), c.Mitigate(), c.Reopen("it came back")):
        night.rehearsal.change(incident, command)
    night.rehearsal.work()
    night.hear()
    night.desk.resolve(key, STRANGER)
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED
    assert night.notes(incident)[-1][1].startswith("Eve, in PagerDuty: resolved the page; the incident is open")


def test_page_that_failed_here_before_the_reopening_is_not_answered_there_any_more(night: Night) -> None:
    incident = night.rehearsal.declare(Severity.SEV1).id
    (page,) = night.now(incident).open_pages
    for via in ("pagerduty", "inbox"):
        night.rehearsal.change(incident, c.ReportPageFailed(page, via, "no answer"), by="tocsin")
    night.rehearsal.work()
    for command in (c.Acknowledge(), c.Mitigate(), c.Reopen("it came back")):
        night.rehearsal.change(incident, command)
    night.desk.acknowledge(next(key for key in night.rehearsal.sandbox.pagerduty.alerts if key.endswith(page)), ALICE)
    night.hear()
    assert night.now(incident).pages[page].status is PageStatus.FAILED
    assert night.now(incident).status is Status.TRIGGERED


def test_our_own_resolution_comes_back_and_changes_nothing(night: Night) -> None:
    incident = night.begin()
    night.rehearsal.change(incident, c.Resolve())
    night.rehearsal.work()
    before = night.rehearsal.story(incident)
    night.hear()
    assert night.rehearsal.story(incident) == before


def test_what_pagerduty_does_by_itself_answers_nothing(night: Night) -> None:
    incident = night.begin()
    night.desk.resolve(night.key, None)
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED
    told = "PagerDuty, by itself: resolved the page; nobody has answered it"
    assert night.notes(incident) == [("pagerduty", told)]
    night.rehearsal.at(6)
    assert len(night.rehearsal.happened(incident, e.StepFired)) == 2


def test_merging_is_no_answer(night: Night) -> None:
    incident = night.begin()
    night.desk.merge(night.key, ALICE, "Q0000099")
    night.hear()
    assert night.now(incident).status is Status.TRIGGERED
    assert night.notes(incident) == [("alice", "In PagerDuty: merged the page into another incident of PagerDuty")]


# Notes, updates, priority, and the rest


def test_note_there_is_a_note_here_although_it_names_no_key(night: Night) -> None:
    incident = night.begin()
    night.hear()
    night.desk.annotate(night.key, ALICE, "restarted the pods\n<!channel>")
    night.desk.annotate(night.key, STRANGER, "me too")
    night.hear()
    assert night.notes(incident) == [
        ("alice", "restarted the pods\n<!channel>"),
        ("pagerduty", "Eve, in PagerDuty: me too"),
    ]


def test_note_before_anything_else_was_heard_is_not_guessed_at(night: Night) -> None:
    incident = night.begin()
    night.told.clear()
    night.desk.annotate(night.key, ALICE, "looking")
    (note,) = night.told
    word = word_in(json.dumps(note).encode())
    assert word is not None
    hearing = Hearing(night.rehearsal.desk, night.staff, "k3x9")
    with night.rehearsal.store.transaction() as tx:
        assert not hearing.hear(tx, night.rehearsal.now, word)
        assert hearing.hear(tx, night.rehearsal.now, word, (night.key,))  # the REST API says which page it is
    assert night.notes(incident) == [("alice", "looking")]


def test_status_update_there_restarts_the_cadence_here(night: Night) -> None:
    incident = night.begin()
    night.desk.acknowledge(night.key, ALICE)
    night.hear()
    night.rehearsal.now = minute(3)
    night.desk.update(night.key, ALICE, "rolling back")
    night.hear()
    (update,) = night.now(incident).updates
    assert (update.by, update.text, update.at) == ("alice", "rolling back", minute(3))


def test_priority_there_is_the_severity_here_where_the_sop_maps_it(path: Path) -> None:
    night = night_by(path, priorities={Severity.SEV1: "P1"})
    incident = night.begin(severity=None)
    night.desk.prioritise(night.key, ALICE, "P1")
    night.desk.prioritise(night.key, ALICE, "P1")
    night.hear()
    assert night.now(incident).severity is Severity.SEV1
    assert night.now(incident).severity_reason == "priority P1 was set in PagerDuty"
    assert night.notes(incident) == []


def test_priority_that_means_nothing_here_is_a_line(night: Night) -> None:
    incident = night.begin()
    night.desk.prioritise(night.key, ALICE, "P4")
    night.hear()
    assert night.notes(incident) == [("alice", "In PagerDuty: set the priority to P4")]
    assert night.now(incident).severity is Severity.SEV1


def test_what_happens_to_the_page_there_stands_in_the_timeline(night: Night) -> None:
    incident = night.begin()
    night.desk.escalate(night.key, "PBOB")
    night.desk.reassign(night.key, STRANGER, ALICE)
    night.desk.acknowledge(night.key, ALICE)
    night.desk.time_out(night.key)
    night.hear()
    assert night.notes(incident) == [
        ("pagerduty", "PagerDuty, by itself: escalated the page to Bob B."),
        ("pagerduty", "Eve, in PagerDuty: reassigned the page to Alice A."),
        ("pagerduty", "PagerDuty, by itself: took the acknowledgement of the page back: it rings there again"),
    ]
    assert night.now(incident).acknowledged_by == "alice"


# Roles


def roles(night: Night, incident: str) -> dict[str, str]:
    return {role.short: person for role, person in night.now(incident).roles.items()}


def test_role_there_is_the_role_here_by_its_name_or_as_the_sop_says(path: Path) -> None:
    night = night_by(path, roles={Role.COMMUNICATIONS_LEAD: "Customer Liaison"})
    night.staff.learn([User("PBOB", "Bob B.", "bob@example.com")])
    incident = night.begin()
    for role, user in (("incident commander", ALICE), ("TL", "PBOB"), ("Customer Liaison", ALICE)):
        night.desk.give_role(night.key, ALICE, role, user)
    night.hear()
    assert roles(night, incident) == {"IC": "alice", "TL": "bob", "CL": "alice"}
    assert set(night.lines(incident, e.RoleAssigned)) == {("alice", "pagerduty")}
    assert night.notes(incident) == []


def test_role_that_is_held_already_is_not_given_again(night: Night) -> None:
    incident = night.begin()
    night.hear()
    for _ in range(2):
        night.desk.give_role(night.key, ALICE, "Incident Commander", ALICE)
    night.hear()
    assert len(night.lines(incident, e.RoleAssigned)) == 1


def test_role_that_means_nothing_here_is_a_line(night: Night) -> None:
    incident = night.begin()
    night.hear()
    night.desk.give_role(night.key, ALICE, "Scribe", ALICE)
    night.desk.give_role(night.key, ALICE, "Incident Commander", STRANGER)
    night.desk.give_role(night.key, STRANGER, "Incident Commander", None)
    night.hear()
    assert night.notes(incident) == [
        ("alice", "In PagerDuty: gave the role Scribe to Alice A."),
        ("alice", "In PagerDuty: gave the role Incident Commander to Eve"),
        ("pagerduty", "Eve, in PagerDuty: took the role Incident Commander back"),
    ]
    assert roles(night, incident) == {}


# Commands in notes


def test_note_may_be_a_command_and_is_no_note_then(night: Night) -> None:
    incident = night.begin()
    night.hear()
    night.desk.annotate(night.key, ALICE, "/incident role cl alice")
    night.desk.annotate(night.key, ALICE, "/incident update external We are investigating.")
    night.desk.annotate(night.key, STRANGER, "/incident mitigate rolled back")
    night.desk.annotate(night.key, ALICE, "/incident resolve confirmed")
    night.hear()
    assert night.now(incident).status is Status.RESOLVED
    assert [it.audience for it in night.now(incident).updates] == [Audience.EXTERNAL]
    assert [it.note for it in night.rehearsal.happened(incident, e.Mitigated)] == ["Eve, in PagerDuty: rolled back"]
    assert night.lines(incident, e.Resolved) == [("alice", "pagerduty")]
    assert night.notes(incident) == []


def test_command_in_a_note_that_is_not_done_is_a_note_that_says_why(night: Night) -> None:
    incident = night.begin()
    night.hear()
    for note in ("/incident update external Sorry.", "/incident role ic nobody", "/incident explode"):
        night.desk.annotate(night.key, ALICE, note)
    night.hear()
    told = [text for _, text in night.notes(incident)]
    assert told[0] == (
        "/incident update external Sorry. (not done: only the Communications Lead may publish to customers; "
        "nobody holds the role: assign it first)"
    )
    assert told[1].startswith("/incident role ic nobody (not done: person: 'nobody' is not one of alice, ")
    assert told[2].startswith("/incident explode (not done: /incident explode: there is no such command in a note; ")


def test_command_in_a_note_that_comes_again_is_carried_out_once(night: Night) -> None:
    incident = night.begin()
    night.hear()
    night.desk.annotate(night.key, ALICE, "/incident update rolling back")
    (note,) = night.told
    night.hear(note, note)
    assert len(night.now(incident).updates) == 1

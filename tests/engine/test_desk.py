"""How is a command carried out? Loaded, decided and saved under the right SOP, with what the decision must know."""

import pytest

from tests.engine.alerts import minute
from tests.engine.rehearsal import Rehearsal
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.apply import fold
from tocsin.errors import NotFound, Refused
from tocsin.sop.words import Severity

SEV1, SEV3 = Severity.SEV1, Severity.SEV3
DAY = 24 * 60


def declare_on(rehearsal: Rehearsal, day: float, service: str = "website") -> str:
    """A small incident on that day of the test; its id."""
    rehearsal.now = minute(day * DAY)
    return rehearsal.declare(SEV3, service).id


def has_pattern(rehearsal: Rehearsal, incident: str) -> bool:
    return bool(rehearsal.happened(incident, e.PatternNoticed))


def test_third_small_incident_on_a_service_within_a_week_is_a_pattern(rehearsal: Rehearsal) -> None:
    incidents = [declare_on(rehearsal, day) for day in (0, 3, 6.9)]
    assert [has_pattern(rehearsal, incident) for incident in incidents] == [False, False, True]


def test_small_incidents_on_other_services_or_long_ago_are_no_pattern(rehearsal: Rehearsal) -> None:
    incidents = [declare_on(rehearsal, *when) for when in ((0,), (1, "api"), (2, "app"), (3,), (7,))]
    assert not any(has_pattern(rehearsal, incident) for incident in incidents)


def test_assessment_completes_a_pattern_as_a_declaration_does(rehearsal: Rehearsal) -> None:
    declare_on(rehearsal, 0)
    declare_on(rehearsal, 1)
    third = rehearsal.declare().id
    rehearsal.change(third, c.Assess(severity=SEV3, reason="a workaround exists"))
    assert has_pattern(rehearsal, third)


def test_command_that_is_refused_says_why_and_leaves_everything(rehearsal: Rehearsal) -> None:
    before = rehearsal.declare(SEV1)
    with pytest.raises(Refused, match="INC-2026-0001 is SEV1 already: nothing to change") as caught:
        rehearsal.change(before.id, c.Assess(severity=SEV1, reason="still"))
    assert caught.value.code == "same_severity"
    assert rehearsal.only == before


def test_opening_that_is_refused_takes_no_number(rehearsal: Rehearsal) -> None:
    with pytest.raises(Refused, match="service: 'unknown' is not one of"):
        rehearsal.declare(SEV1, "unknown")
    assert rehearsal.declare(SEV1).id == "INC-2026-0001"


def test_unknown_incident_can_not_be_changed(rehearsal: Rehearsal) -> None:
    with pytest.raises(NotFound, match="incident: there is no 'INC-2026-0001'"):
        rehearsal.change("INC-2026-0001", c.Acknowledge())


def test_every_event_names_its_actor_and_the_way_they_came(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV1).id
    rehearsal.change(incident, c.Acknowledge(), by="bob")
    actors = [(type(it.event).__name__, it.actor, it.via) for it in rehearsal.queries.timeline(incident)]
    assert actors[0] == ("IncidentOpened", "alice", "test")
    assert actors[-1] == ("Acknowledged", "bob", "test")
    assert ("StepFired", "tocsin", "test") in actors  # the engine's doing, when the declaration was made


def test_incident_is_opened_under_a_sop_that_is_stored(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV1)
    assert rehearsal.queries.sop_content(incident.sop_version) == rehearsal.desk.sops.content
    assert fold(rehearsal.queries.timeline(incident.id)) == incident


def test_command_that_knew_nothing_of_what_another_did_is_refused_and_told(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare()
    seen = incident.seq
    rehearsal.change(incident.id, c.Assess(severity=SEV3, reason="a workaround exists"), by="bob")
    with pytest.raises(
        Refused, match=r"INC-2026-0001 has changed since you looked \(Bob Brown, .* UTC: Assessed"
    ) as caught:
        rehearsal.change(incident.id, c.Assess(severity=SEV1, reason="all users"), seen=seen)
    assert caught.value.code == "changed_meanwhile"
    assert rehearsal.only.severity is SEV3


def test_command_goes_through_past_what_does_not_concern_it(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare()
    rehearsal.change(incident.id, c.AddNote(text="I look at the database"), by="bob")
    after = rehearsal.change(incident.id, c.Assess(severity=SEV1, reason="all users"), seen=incident.seq)
    assert after.severity is SEV1

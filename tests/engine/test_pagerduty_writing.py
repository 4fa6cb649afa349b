"""What is said at PagerDuty's own incident of a page: updates as notes, and the very person whom the page names?"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.rehearsal import Rehearsal
from tests.engine.test_pagerduty_hearing import ALICE, Night, with_pagerduty
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import Audience
from tocsin.engine.providers import PagerDutyRestProvider
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.wire import Done
from tocsin.simulate.sandbox.pagerduty_desk import SandboxIncident, SandboxUser
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role

ADDRESS = "http://127.0.0.1:1"
ACCOUNT = RestAccount(ADDRESS, "a-token", "tocsin@example.com")


def night_with(path: Path, **rules: object) -> Night:
    """A night on which Tocsin may write to PagerDuty."""
    rehearsal = Rehearsal(path, with_pagerduty(default_sop(), from_email="tocsin@example.com", **rules))
    rehearsal.providers["pagerduty_rest"] = PagerDutyRestProvider(ACCOUNT, "k3x9")
    rehearsal.desk.methods |= {"pagerduty_rest"}
    night = Night(rehearsal)
    night.desk.employ(SandboxUser("PTOCSIN", "Tocsin", "Tocsin@Example.com"))
    return night


@pytest.fixture
def notes(path: Path) -> Night:
    return night_with(path, notes=True)


@pytest.fixture
def responders(path: Path) -> Night:
    return night_with(path, responders=True)


def there(night: Night) -> SandboxIncident:
    return night.desk.of_key(night.key)


def written(night: Night) -> list[RecordedRequest]:
    return [it for it in night.rehearsal.sandbox.requests if it.method == "POST" and it.path != "/v2/enqueue"]


def post_update(night: Night, incident: str, text: str = "rolling back") -> None:
    night.rehearsal.change(incident, c.PostUpdate(text=text), by="bob")
    night.rehearsal.work()


# Notes


def test_status_update_becomes_a_note_in_somebodys_name(notes: Night) -> None:
    incident = notes.begin()
    post_update(notes, incident)
    number = notes.now(incident).seq
    (note,) = there(notes).notes
    assert note.user == "PTOCSIN"
    assert note.content.startswith(f"{incident} in Tocsin (k3x9-{number}): Update: rolling back (next update by ")
    assert note.content.endswith("(Bob Brown)")
    assert {it.headers["from"] for it in written(notes)} == {"tocsin@example.com"}


def test_own_note_comes_back_and_is_not_written_down_here(notes: Night) -> None:
    incident = notes.begin()
    notes.hear()
    post_update(notes, incident)
    notes.hear()
    assert (notes.notes(incident), len(there(notes).notes)) == ([], 1)


def test_update_that_came_from_there_is_not_sent_back(notes: Night) -> None:
    incident = notes.begin()
    notes.hear()
    notes.desk.update(notes.key, ALICE, "rolling back")
    notes.hear()
    assert (len(notes.now(incident).updates), written(notes)) == (1, [])


def test_command_in_a_note_that_is_not_done_is_answered_there_once(notes: Night) -> None:
    incident = notes.begin()
    notes.hear()
    notes.desk.annotate(notes.key, ALICE, "/incident explode")
    notes.hear()
    notes.rehearsal.work()
    notes.hear()
    _, answer = there(notes).notes
    assert answer.user == "PTOCSIN"
    assert ": Note: /incident explode (not done: /incident explode: there is no such command" in answer.content
    assert len(notes.notes(incident)) == 1


def test_note_that_was_sent_before_a_crash_is_not_sent_again(notes: Night) -> None:
    incident = notes.begin()
    notes.rehearsal.change(incident, c.PostUpdate(text="rolling back"), by="bob")
    (delivery,) = notes.rehearsal.lease("pagerduty_rest")
    notes.rehearsal.send(delivery)  # and the server dies before it could note that
    notes.rehearsal.restart().work()
    assert (len(there(notes).notes), len(written(notes))) == (1, 1)


def test_two_updates_of_the_same_words_are_two_notes(notes: Night) -> None:
    incident = notes.begin()
    post_update(notes, incident, "still looking")
    post_update(notes, incident, "still looking")
    assert len(there(notes).notes) == 2


def test_an_external_update_is_told_as_one(notes: Night) -> None:
    incident = notes.begin()
    notes.rehearsal.change(incident, c.AssignRole(Role.COMMUNICATIONS_LEAD, "bob"))
    notes.rehearsal.change(incident, c.PostUpdate(text="we look into it", audience=Audience.EXTERNAL), by="bob")
    notes.rehearsal.work()
    assert ": External update: we look into it" in there(notes).notes[-1].content


def test_without_a_page_there_nothing_is_written(path: Path) -> None:
    sop = with_pagerduty(default_sop(), notes=True, from_email="tocsin@example.com")
    inbox = tuple(replace(it, via="inbox") for it in sop.people["alice"].contact[:1])
    night = night_with(path, notes=True)
    night.rehearsal.sop = replace(sop, people={id_: replace(it, contact=inbox) for id_, it in sop.people.items()})
    night.rehearsal.desk.sops.current = night.rehearsal.sop
    incident = night.rehearsal.declare().id
    post_update(night, incident)
    assert written(night) == []


def test_where_the_sop_does_not_want_it_nothing_is_written(path: Path) -> None:
    night = night_with(path)
    incident = night.begin()
    post_update(night, incident)
    assert (written(night), there(night).responders) == ([], [])


# Responders


def test_the_very_person_whom_the_page_names_is_asked_for(responders: Night) -> None:
    responders.begin()
    (asked,) = written(responders)
    assert there(responders).responders == [ALICE]
    body = json.loads(asked.body)
    assert body["requester_id"] == "PTOCSIN"
    assert " in Tocsin (k3x9-" in body["message"]
    assert body["message"].endswith("): SEV1: Checkout is down")


def test_asking_comes_back_and_is_no_line_here(responders: Night) -> None:
    incident = responders.begin()
    responders.hear()
    assert responders.notes(incident) == []


def test_person_with_a_service_of_their_own_need_not_be_asked_for(path: Path) -> None:
    night = night_with(path, responders=True)
    alice = night.rehearsal.sop.people["alice"]
    own = replace(alice, contact=(replace(alice.contact[0], routing_key="env:PAGERDUTY_ROUTING_KEY"),))
    night.rehearsal.desk.sops.current = replace(
        night.rehearsal.sop, people={**night.rehearsal.sop.people, "alice": own}
    )
    night.begin()
    assert written(night) == []


def test_whoever_was_asked_before_a_crash_is_not_asked_again(responders: Night) -> None:
    rehearsal = responders.rehearsal
    rehearsal.declare()
    (page,) = rehearsal.lease()
    rehearsal.settle(page, rehearsal.send(page))
    (delivery,) = rehearsal.lease("pagerduty_rest")
    rehearsal.send(delivery)
    rehearsal.restart().work()
    assert there(responders).responders == [ALICE]


# Refusals


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        pytest.param(
            lambda night: setattr(night.rehearsal.sandbox.pagerduty.rest, "is_read_only", True),
            "PagerDuty's REST API refused (HTTP 403): Access Denied",
            id="a token that may only read",
        ),
        pytest.param(
            lambda night: setattr(night.rehearsal.sandbox.pagerduty.rest, "token", "another"),
            "PagerDuty's REST API refused (HTTP 401): Authentication failed",
            id="a revoked token",
        ),
        pytest.param(
            lambda night: night.desk.users.pop("PTOCSIN"),
            "PagerDuty's REST API refused (HTTP 400): Requester User Not Found",
            id="a name that is nobody's",
        ),
    ],
)
def test_refusal_is_a_clear_fact_in_the_timeline_and_is_not_repeated(
    notes: Night, prepare: Callable[[Night], object], told: str
) -> None:
    incident = notes.begin()
    prepare(notes)
    post_update(notes, incident)
    (failed,) = notes.rehearsal.happened(incident, e.ChannelFailed)
    assert (failed.action, failed.reason) == ("a note in PagerDuty", told)
    assert notes.rehearsal.queries.outbox.next_delivery_at("pagerduty_rest") is None


def test_asker_who_is_nobody_there_is_told_with_the_setting_at_fault(responders: Night) -> None:
    responders.desk.users.pop("PTOCSIN")
    incident = responders.begin()
    (failed,) = responders.rehearsal.happened(incident, e.ChannelFailed)
    assert failed.reason == "tocsin@example.com is no user of PagerDuty; see [pagerduty] from_email"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Response(429, b"", {"ratelimit-reset": "2"}), id="too many requests"),
        pytest.param(Response(503, b"<html>"), id="down"),
        pytest.param(Response(200, b"<html>welcome"), id="somebody else"),
        pytest.param(Response(408), id="too slow"),
    ],
)
def test_what_will_pass_is_tried_again_and_pages_do_not_wait_for_it(notes: Night, answer: Response) -> None:
    incident = notes.begin()
    notes.rehearsal.sandbox.script = lambda asked: answer if asked.path.startswith("/incidents") else None
    post_update(notes, incident)
    notes.rehearsal.at(6)  # the secondary is paged
    assert len(notes.rehearsal.sandbox.pagerduty.alerts) == 2
    notes.rehearsal.sandbox.script = None
    notes.rehearsal.at(8)
    assert sum(len(it.notes) for it in notes.desk.incidents.values()) == 1
    assert notes.rehearsal.happened(incident, e.ChannelFailed) == []


def test_page_that_pagerduty_has_no_incident_of_has_no_note(notes: Night) -> None:
    incident = notes.begin()
    notes.desk.incidents.clear()
    post_update(notes, incident)
    (row,) = notes.rehearsal.outbox("pagerduty_rest")
    assert (row.status, row.note) == ("failed", "PagerDuty has no incident of this page")
    assert notes.rehearsal.happened(incident, e.ChannelFailed) == []


def test_done_is_what_was_taken(notes: Night) -> None:
    incident = notes.begin()
    notes.rehearsal.change(incident, c.PostUpdate(text="rolling back"), by="bob")
    (delivery,) = notes.rehearsal.lease("pagerduty_rest")
    assert notes.rehearsal.send(delivery) == Done()

"""A link in a page: whom it answers for, how long, and what the second one who uses it is told."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import minute
from tests.engine.rehearsal import Rehearsal
from tests.store.response import SEV2
from tocsin.accounts.page_links import PageLinks
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import Incident
from tocsin.engine import answers
from tocsin.engine.answers import Answer, Standing
from tocsin.engine.desk import ENGINE
from tocsin.errors import NotFound

LINKS = PageLinks("https://tocsin.example.org", "5ec4e7")


@pytest.fixture
def rehearsal(path: Path) -> Rehearsal:
    return Rehearsal(path)


def page_to(incident: Incident, person: str = "alice") -> str:
    return next(key for key, page in incident.pages.items() if page.person == person and page.demands_answer)


def find(rehearsal: Rehearsal, key: str, links: PageLinks = LINKS) -> Answer:
    return answers.find(rehearsal.queries, LINKS, rehearsal.sop, links.token(key), rehearsal.now)


def use(rehearsal: Rehearsal, key: str, *, seen: Answer | None = None) -> Answer:
    """Press the button, on a page that was opened just now unless told otherwise."""
    found = seen or find(rehearsal, key)
    if found.standing is Standing.OPEN:
        with rehearsal.store.transaction() as tx:
            answers.acknowledge(rehearsal.desk, tx, rehearsal.now, found, "192.0.2.7")
    return find(rehearsal, key)


def fail(rehearsal: Rehearsal, incident: Incident, key: str) -> None:
    """No provider has confirmed the page."""
    for via in ("pagerduty", "inbox"):
        with rehearsal.store.transaction() as tx:
            rehearsal.desk.change(tx, rehearsal.now, incident.id, c.ReportPageFailed(key, via, "no answer"), ENGINE)


def acknowledgements(rehearsal: Rehearsal, incident: Incident) -> list[tuple[str, str]]:
    return [
        (it.actor, it.via) for it in rehearsal.queries.timeline(incident.id) if isinstance(it.event, e.Acknowledged)
    ]


def test_link_shows_the_page_and_changes_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    found = find(rehearsal, page_to(incident))
    assert (found.standing, found.name, found.paged_at) == (Standing.OPEN, "Alice Adams", rehearsal.now)
    assert rehearsal.queries.incident(incident.id) == incident


def test_link_acknowledges_for_the_person_who_was_paged(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    rehearsal.at(3)
    used = use(rehearsal, page_to(incident))
    assert (used.standing, used.how, used.by, used.at) == (
        Standing.ANSWERED,
        "Acknowledged",
        "Alice Adams",
        minute(3),
    )
    assert acknowledgements(rehearsal, incident) == [("alice", "link")]
    (deed, *_) = rehearsal.queries.audit.entries(limit=1)
    assert (deed.actor, deed.via, deed.action) == ("alice", "link", "incident.acknowledge")


def test_second_use_does_nothing_and_says_who_answered(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    use(rehearsal, page_to(incident))
    rehearsal.at(5)
    assert use(rehearsal, page_to(incident)).at == minute(0)
    assert len(acknowledgements(rehearsal, incident)) == 1


def test_two_at_once_give_one_acknowledgement(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    seen = find(rehearsal, page_to(incident))
    rehearsal.change(incident.id, c.Acknowledge(), by="bob")
    assert use(rehearsal, page_to(incident), seen=seen).by == "Bob Brown"
    assert acknowledgements(rehearsal, incident) == [("bob", "test")]


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (c.Mitigate(), "Mitigated"),
        (c.Resolve(), "Resolved, with alerts still firing"),
        (c.Cancel("a test"), "Cancelled"),
    ],
)
def test_link_of_an_incident_that_is_over_tells_how(rehearsal: Rehearsal, end: c.Change, how: str) -> None:
    incident = rehearsal.declare(SEV2)
    rehearsal.change(incident.id, end, by="bob")
    used = use(rehearsal, page_to(incident))
    assert (used.standing, used.by) == (Standing.ANSWERED, "Bob Brown")
    assert used.how.startswith(how.partition(",")[0])


def test_link_of_an_earlier_epoch_answers_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    rehearsal.change(incident.id, c.Resolve())
    rehearsal.change(incident.id, c.Reopen("it came back"))
    assert use(rehearsal, page_to(incident)).standing is Standing.ANSWERED
    assert acknowledgements(rehearsal, incident) == []


def test_link_of_a_page_that_failed_in_an_earlier_epoch_answers_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    key = page_to(incident)
    fail(rehearsal, incident, key)
    seen = find(rehearsal, key)
    for command in (c.Acknowledge(), c.Resolve(), c.Reopen("it came back")):
        rehearsal.change(incident.id, command, by="bob")
    assert use(rehearsal, key).by == "Bob Brown"
    use(rehearsal, key, seen=seen)  # on a page that was opened before
    assert acknowledgements(rehearsal, incident) == [("bob", "test")]


def test_link_is_good_for_a_day(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    rehearsal.now = minute(24 * 60)
    assert use(rehearsal, page_to(incident)).standing is Standing.TOO_OLD
    assert acknowledgements(rehearsal, incident) == []


def test_page_that_no_provider_confirmed_can_be_answered_all_the_same(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    key = page_to(incident)
    fail(rehearsal, incident, key)
    assert use(rehearsal, key).by == "Alice Adams"


def test_somebody_who_has_left_answers_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    rest = {id_: person for id_, person in rehearsal.sop.people.items() if id_ != "alice"}
    rehearsal.sop = replace(rehearsal.sop, people=rest)
    with pytest.raises(NotFound):
        find(rehearsal, page_to(incident))


def test_token_of_another_installation_finds_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    with pytest.raises(NotFound, match=r"^link: it is none of ours, or not whole; open the page of the incident"):
        find(rehearsal, page_to(incident), PageLinks(LINKS.public_url, "other"))


def test_link_of_a_page_that_a_backup_has_undone_finds_nothing(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV2)
    with pytest.raises(NotFound):
        find(rehearsal, f"{incident.id}-99-0")

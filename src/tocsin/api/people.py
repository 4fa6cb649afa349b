"""Who is there, how is each reached, and what is there to be looked after? The handlers of people and services."""

from datetime import datetime, timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of
from tocsin.domain import wishes as w
from tocsin.engine import page_tests
from tocsin.engine.node import Node
from tocsin.errors import NotFound
from tocsin.oncall.overrides import Layer
from tocsin.oncall.roster import who_is_on_call
from tocsin.sop.model import ContactMethod
from tocsin.store.overrides import plain
from tocsin.store.rows import PageTest

_LONGEST_SHIFT = timedelta(weeks=53)


class DutyView(Struct, frozen=True):
    """A place of a team's shift that somebody has now."""

    team: str
    layer: Layer
    until: datetime


class PersonLine(Struct, frozen=True):
    """A person in a list: `contact` are the contact methods in their order, `on_call` the places they have now."""

    id: str
    name: str
    contact: tuple[str, ...]
    on_call: list[DutyView]


class TestView(Struct, frozen=True):
    """A test page: `status` is pending, leased, done (taken), failed or suppressed."""

    status: str
    sent_at: datetime
    settled_at: datetime | None
    asked_by: str
    note: str


class ContactView(Struct, frozen=True):
    """A contact method: usable once its credentials are set; `works_at` is when a test was last taken by it.

    `via` is its id, `pagerduty` or `apprise:sms`; `after` is how long a page waits for an answer before it goes
    this way as well, `2m`; `browsers` are how many ring by push, None for what rings none.
    """

    via: str
    after: str | None
    is_usable: bool
    works_at: datetime | None
    last_test: TestView | None
    browsers: int | None = None


class PersonView(Struct, frozen=True):
    """A person, and how they are reached, in the order in which it is tried."""

    id: str
    name: str
    email: str | None
    contact: list[ContactView]
    on_call: list[DutyView]


class ServiceView(Struct, frozen=True):
    """Something users depend on, and who looks after it."""

    id: str
    name: str
    team: str
    team_name: str
    runbook: str | None


async def list_people(node: Node, request: Request) -> Response:
    """The people, by id."""
    return answer(await people_now(node))


async def people_now(node: Node) -> list[PersonLine]:
    """The people, by id, with what they are on call for now."""
    duties = await _duties(node)
    return [
        PersonLine(id_, person.name, tuple(it.id for it in person.contact), duties.get(id_, []))
        for id_, person in sorted(node.sop.people.items())
    ]


async def get_person(node: Node, request: Request) -> Response:
    """One person, and whether what was sent to them for a test was taken."""
    return answer(await person_now(node, request.path_params["id"]))


async def person_now(node: Node, id_: str) -> PersonView:
    """One person; raises NotFound."""
    person = node.sop.people.get(id_)
    if person is None:
        raise NotFound(f"person: there is no {id_!r}")
    tests, browsers = await node.read(lambda it: (it.desk.page_tests(id_), len(it.desk.browsers_of_person(id_))))
    usable = {it.id for it in node.desk.contact_methods(id_)}
    contact = [_contact(it, it.id in usable, tests, browsers) for it in person.contact]
    return PersonView(id_, person.name, person.email, contact, (await _duties(node)).get(id_, []))


def _contact(method: ContactMethod, is_usable: bool, tests: list[PageTest], browsers: int) -> ContactView:
    own = [it for it in tests if it.via == method.id]
    taken = next((it.settled_at for it in own if it.status == "done"), None)
    last = TestView(own[0].status, own[0].sent_at, own[0].settled_at, own[0].asked_by, own[0].note) if own else None
    after = str(method.after) if method.after else None
    return ContactView(method.id, after, is_usable, taken, last, browsers if method.via == "push" else None)


async def _duties(node: Node) -> dict[str, list[DutyView]]:
    """What each person is on call for now, by person."""
    now = node.clock.now()
    known = plain(await node.read(lambda queries: queries.desk.overrides(now, now + _LONGEST_SHIFT)))
    found: dict[str, list[DutyView]] = {}
    for it in who_is_on_call(node.sop, now, known):
        for layer, person in ((Layer.PRIMARY, it.primary), (Layer.SECONDARY, it.secondary)):
            if person is not None:
                found.setdefault(person, []).append(DutyView(it.team, layer, it.until))
    return found


async def send_test_page(node: Node, request: Request) -> Response:
    """Send the person a marked test page by each of their contact methods."""
    body = decode_body(await read_body(request), w.PlainBody)
    by, id_ = actor_of(node, request, body.by), request.path_params["id"]
    await node.write(lambda tx, now: page_tests.send(node.desk, tx, now, id_, by=by))
    return answer(await person_now(node, id_))


async def list_services(node: Node, request: Request) -> Response:
    """The services, by id."""
    return answer(services_of(node))


def services_of(node: Node) -> list[ServiceView]:
    """The services, by id."""
    teams = node.sop.teams
    return [
        ServiceView(id_, it.name, it.team, teams[it.team].name if it.team in teams else it.team, it.runbook)
        for id_, it in sorted(node.sop.services.items())
    ]

"""Does an acknowledgement stop the ladder from wherever it comes, and is a second one told so in a friendly way?"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from tests.system.audit import is_nothing_waiting
from tests.system.server import Json
from tests.system.surfaces import NEXT_STEP_SECONDS, SURFACES, Paged, Place, Surface, open_place
from tests.system.waiting import until

pytestmark = pytest.mark.system

SECOND = timedelta(seconds=1)
GENEROUS = 10 * SECOND  # the promise is one, on a machine that does nothing else
every_surface = pytest.mark.parametrize("surface", SURFACES, ids=lambda it: it.name)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with open_place(tmp_path_factory.mktemp("place")) as place:
        yield place


def at_of(event: Json) -> datetime:
    return datetime.fromisoformat(event["at"])


def the_acknowledgement(place: Place, paged: Paged) -> Json:
    """The only one."""
    (event,) = until(lambda: place.server.events(paged.incident, "acknowledged"), "it is acknowledged")
    found: Json = event
    return found


def who(place: Place, surface: Surface) -> str:
    """Who acts there, as the timeline names them."""
    (team,) = (it for it in place.server.get("oncall") if it["team"] == "platform")
    return surface.actor.format(paged=team["primary"])


def told_second(place: Place, surface: Surface, paged: Paged, by: str) -> str:
    """What the second is told there."""
    names = {it["id"]: it["name"] for it in place.server.get("people")}
    return surface.second.format(by=by, name=names.get(by, by), id=paged.incident)


def rings(place: Place, paged: Paged) -> bool:
    """Whether any page of the incident rings at PagerDuty still."""
    incidents = list(place.sandbox.pagerduty.desk.incidents.values())
    return any(it.status == "triggered" for it in incidents if f"-{paged.incident}-" in it.key)


def paged_steps(place: Place, paged: Paged, after: int) -> list[Json]:
    steps = place.server.events(paged.incident, "step_fired")
    return [it for it in steps if it["seq"] > after and it["event"]["urgency"] == "page"]


@every_surface
def test_acknowledgement_stops_the_ladder_within_a_second_and_the_timeline_says_who_and_from_where(
    place: Place, surface: Surface
) -> None:
    paged = place.page(f"From {surface.name}")
    began = datetime.now(UTC)
    surface.acknowledge(place, paged)
    event = the_acknowledgement(place, paged)
    until(lambda: not rings(place, paged), "PagerDuty rings no more")
    stopped = datetime.now(UTC)
    assert (event["actor"], event["via"]) == (who(place, surface), surface.via)
    assert stopped - (at_of(event) if surface.has_a_process else began) < GENEROUS

    next_at = at_of(place.server.events(paged.incident)[0]) + timedelta(seconds=NEXT_STEP_SECONDS)
    until(lambda: datetime.now(UTC) > next_at + SECOND / 2, "the next step would be due")
    assert paged_steps(place, paged, after=event["seq"]) == []


@every_surface
def test_acknowledged_at_two_surfaces_at_once_is_one_acknowledgement_and_a_friendly_answer(
    place: Place, surface: Surface
) -> None:
    paged, together = place.page(f"From {surface.name} and another"), Barrier(2)

    def here() -> str:
        together.wait()
        return surface.acknowledge(place, paged)

    def by_emma() -> str:
        together.wait()
        path = f"/api/v1/incidents/{paged.incident}/acknowledge"
        return place.server.http.post(path, json={"by": "emma"}).text

    with ThreadPoolExecutor(2) as hands:
        told_here, told_emma = [it.result() for it in [hands.submit(here), hands.submit(by_emma)]]
    first = the_acknowledgement(place, paged)["actor"]
    if first == "emma":
        assert told_second(place, surface, paged, "emma") in told_here
    else:
        assert f"{paged.incident} is already acknowledged by {who(place, surface)}" in told_emma


@every_surface
def test_who_comes_second_is_told_who_was_first(place: Place, surface: Surface) -> None:
    paged = place.page(f"Before {surface.name}")
    place.server.post(f"incidents/{paged.incident}/acknowledge", by="emma")
    assert told_second(place, surface, paged, "emma") in surface.acknowledge(place, paged)
    until(lambda: is_nothing_waiting(place.server.database), "everything is sent")
    event = the_acknowledgement(place, paged)
    assert (event["actor"], event["via"]) == ("emma", "api")

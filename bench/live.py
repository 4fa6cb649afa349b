"""How soon do others know what somebody did? From the act until an open page hears of it, and until it shows it.

What an acknowledgement stops is stopped in the transaction that records it, ahead of whatever a page hears.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
from playwright.sync_api import sync_playwright
from tests.system.server import Server
from tests.system.surfaces import SURFACES, Paged, Place, Surface, open_place
from tests.system.waiting import until
from tests.web.browser import Viewer, chromium
from tests.web.people import Person, signed_in
from tests.web.world import World

from bench.figures import Figure, at_most, middle, percentile, told

MAX_MILLISECONDS = 1_000


def measure(quick: bool) -> list[Figure]:
    """An acknowledgement from each surface, and notes that two browsers write for each other, one after the other."""
    rounds = 1 if quick else 10  # for nine surfaces: a service's hundred-and-first incident is held
    seen = _seen(rounds * 2)
    return [
        *_heard(rounds),
        at_most("written in one browser, seen in another: p99", percentile(seen, 0.99), "ms", MAX_MILLISECONDS),
        told("written in one browser, seen in another: p50", middle(seen), "ms"),
    ]


def _heard(rounds: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as directory, open_place(Path(directory)) as place:
        emma = signed_in(place.server.url, place.server.token, "emma", person="emma")
        with closing(emma.http):
            for surface in SURFACES:
                times = [_heard_after(place, emma, surface, f"{surface.name} {number}") for number in range(rounds)]
                yield at_most(f"acknowledged by {surface.name}: heard, slowest", max(times), "ms", MAX_MILLISECONDS)


def _heard_after(place: Place, other: Person, surface: Surface, name: str) -> float:
    """Milliseconds from the act until somebody else's page of the incident is told of it."""
    paged = place.page(name)
    known = place.server.events(paged.incident)[-1]["seq"]
    path = f"/incidents/{paged.incident}/live?seen={known}"
    with other.http.stream("GET", path) as stream, ThreadPoolExecutor(1) as hand:
        news = _news(stream)
        next(news)  # it is open
        began = time.perf_counter()
        act = hand.submit(surface.acknowledge, place, paged)
        heard_at = next(at for at, seq in news if _is_acknowledged(place, paged, seq))
        act.result()
    return (heard_at - began) * 1000


def _news(stream: httpx2.Response) -> Iterator[tuple[float, int]]:
    """When the page was told something, and the event that the incident was at; -1 for a beat."""
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield time.perf_counter(), json.loads(line.removeprefix("data: ")).get("seq", -1)


def _is_acknowledged(place: Place, paged: Paged, seq: int) -> bool:
    """Whether it was when the incident was at that event."""
    return any(it["seq"] <= seq for it in place.server.events(paged.incident, "acknowledged"))


def _seen(rounds: int) -> list[float]:
    """Milliseconds from the press of a button in one Chromium until another shows what was written."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Server(Path(directory)) as server,
        sync_playwright() as playwright,
        chromium(playwright) as browser,
    ):
        incident = World(server).declare(severity="SEV1", reason="all")
        bob, emma = (Viewer(browser, server.url, server.token, person=person) for person in ("bob", "emma"))
        with closing(bob), closing(emma):  # which fails where something went wrong in a page
            for viewer in (bob, emma):
                viewer.go(f"/incidents/{incident}")
                viewer.streams()
            pairs = ((bob, emma), (emma, bob))
            return [_seen_after(*pairs[number % 2], f"Note {number} of many.") for number in range(rounds)]


def _seen_after(writer: Viewer, reader: Viewer, text: str) -> float:
    writer.page.evaluate("document.getElementById('note').open = true")
    writer.page.get_by_label("For the timeline").fill(text)
    began = time.perf_counter()
    writer.page.get_by_role("button", name="Add the note").click()
    shown = f"document.getElementById('timeline').innerText.includes({json.dumps(text)})"
    until(lambda: reader.page.evaluate(shown), "the other sees it")
    seconds = time.perf_counter() - began
    until(lambda: writer.page.evaluate(shown), "the writer sees it as well")
    return seconds * 1000


if __name__ == "__main__":
    for figure in measure(quick=True):
        print(figure)

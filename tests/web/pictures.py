"""Pictures of the pages: of every page for eyes, or of a response as it goes, for the documents.

`python -m tests.web.pictures DIRECTORY [PAGE…]`: each page light and dark, on a desktop and on a phone; also at its
fullest, with nothing in it, as it is printed, and where something went wrong.
`python -m tests.web.pictures --documents`: docs/images, small enough to read along (JPEG).
"""

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.system.server import Server
from tests.system.waiting import until
from tests.web.browser import DESKTOP, PHONE, Viewer, chromium
from tests.web.laden import EMPTY, LADEN, laden
from tests.web.pages import PAGES, STRANGERS, Shown
from tests.web.test_every_page import LOOKS, opened
from tests.web.world import World
from tocsin.simulate.sandbox.server import Sandbox

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_QUALITY = 72  # of the documents' pictures: each well below 120 kB
_SPEED = 60.0
_SHOWN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("cockpit", "/incidents/{}", {"size": DESKTOP, "color_scheme": "light"}),
    ("cockpit-dark", "/incidents/{}", {"size": DESKTOP, "color_scheme": "dark"}),
    ("cockpit-phone", "/incidents/{}", {"size": PHONE, "color_scheme": "light"}),
    ("home", "/", {"size": DESKTOP, "color_scheme": "light"}),
    ("declare-phone", "/declare", {"size": PHONE, "color_scheme": "dark"}),
)


def everything(directory: Path, names: list[str], browser: Browser) -> None:
    """Write `home desktop light.png` and so on."""
    directory.mkdir(parents=True, exist_ok=True)

    def wanted(pages: tuple[Shown, ...]) -> tuple[Shown, ...]:
        return tuple(it for it in pages if not names or it.name in names)

    with tempfile.TemporaryDirectory() as scratch, Server(Path(scratch)) as server:
        empty = World(server)
        _pictures(browser, empty, "bob", wanted(EMPTY), directory)
        filled = empty.filled()
        _pictures(browser, filled, "bob", wanted(PAGES), directory)
        _pictures(browser, filled, None, wanted(STRANGERS), directory)
        if not names:
            _states(browser, filled, directory)
    if wanted(LADEN):
        with tempfile.TemporaryDirectory() as scratch, laden(Path(scratch), events=1_000) as world:
            _pictures(browser, world, "bob", wanted(LADEN), directory)


def _pictures(browser: Browser, world: World, person: str | None, pages: tuple[Shown, ...], directory: Path) -> None:
    for name, look in LOOKS.items() if pages else ():
        viewer = Viewer(browser, world.server.url, world.server.token, person=person, **look)
        for shown in pages:
            opened(viewer, world, shown)
            _whole(viewer)
            path = directory / f"{shown.name} {name}.png".replace(",", "")
            viewer.page.screenshot(path=path, full_page=True)
            if "postmortem" in shown.name and name == "desktop, dark":
                viewer.page.emulate_media(media="print")
                viewer.page.pdf(path=directory / f"{shown.name} printed.pdf")
                viewer.page.emulate_media(media="screen")
        viewer.close()


def _whole(viewer: Viewer) -> None:
    """As somebody sees it who has come to its end: what is drawn late is drawn, and nothing moves any more."""
    page = viewer.page
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()
        frame.content_frame.locator("svg").wait_for()
    page.evaluate("scrollTo(0, 0)")
    viewer.settle()


def _states(browser: Browser, world: World, directory: Path) -> None:
    """What a page looks like after something was done, or has gone wrong; the last one ends the server."""
    viewers = {name: Viewer(browser, world.server.url, world.server.token, **look) for name, look in LOOKS.items()}
    for name, viewer in viewers.items():
        take = partial(_take, viewer, directory, name)
        page = viewer.go(f"/incidents/{world.ids['worked on']}")
        page.evaluate("for (const it of document.querySelectorAll('#cockpit details')) it.open = true")
        take("state, everything open", full_page=True)
        page = viewer.go("/")
        page.locator(".me summary").click()
        take("state, menu")
        viewer.expected += ["422", "409", "net::ERR_", "Failed to fetch"]
        page = viewer.go("/silences")
        page.get_by_label("Which?").fill("no matcher at all")
        page.get_by_label("Why?").fill("why not")
        page.get_by_role("button", name="Silence", exact=True).click()
        take("state, refused")
        page = viewer.go(f"/incidents/{world.ids['mitigated']}")
        page.locator("#note > summary").click()
        page.get_by_label("For the timeline").fill("Looks well.")
        page.get_by_role("button", name="Add the note").click()
        page.locator("#notice .notice").wait_for()
        take("state, done")
        viewer.streams()
    world.server.kill()
    for name, viewer in viewers.items():
        viewer.page.locator("#offline").wait_for(state="visible")
        _take(viewer, directory, name, "state, disconnected")
        viewer.close()


def _take(viewer: Viewer, directory: Path, look: str, state: str, *, full_page: bool = False) -> None:
    viewer.settle()
    viewer.page.screenshot(path=directory / f"{state} {look}.png".replace(",", ""), full_page=full_page)


def documents(browser: Browser) -> None:
    """Write the documents' pictures: a SEV1 that has gone on for a quarter of an hour, by a fast clock."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Sandbox() as sandbox,
        Server(Path(scratch), sandbox=sandbox, TOCSIN_CLOCK_SPEED=str(_SPEED)) as server,
    ):
        world = World(server)
        incident = _response(world)
        for name, path, look in _SHOWN:
            viewer = Viewer(browser, server.url, server.token, **look)
            viewer.go(path.format(incident))
            viewer.settle()
            viewer.page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=_QUALITY)
            viewer.close()


def _response(world: World) -> str:
    world.alert("DiskFull", "api")
    world.declare("Search answers slowly", service="api", severity="SEV3", reason="a minor feature is degraded")
    world.alert("CheckoutErrors", "website", "critical")
    incident = str(world.server.get("incidents")[0]["id"])
    _wait(world, incident, 6)
    world.do(incident, "acknowledge")
    answers = {"scope": "all", "workaround": "no", "sla": "at_risk"}
    world.do(incident, "assess", answers=answers)
    world.do(incident, "roles", role="incident_commander", person="bob")
    world.do(incident, "roles", role="communications_lead", person="emma")
    _wait(world, incident, 9)
    text = "Checkout fails for every customer.\nA change of the configuration is suspected; we are rolling it back."
    world.do(incident, "updates", by="emma", text=text)
    _wait(world, incident, 12)
    world.do(incident, "notes", text="The rollback has reached half of the servers.")
    return incident


def _wait(world: World, incident: str, minutes: float) -> None:
    """Until the incident has been open for so long, by the server's clock."""
    until(lambda: world.server.get(f"incidents/{incident}")["elapsed_seconds"] >= minutes * 60, f"{minutes} minutes")


def main(arguments: list[str]) -> None:
    """As the arguments say."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        if arguments == ["--documents"]:
            documents(browser)
        else:
            everything(Path(arguments[0]), arguments[1:], browser)


if __name__ == "__main__":
    main(sys.argv[1:])

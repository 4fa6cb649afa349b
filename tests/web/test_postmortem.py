"""How is a postmortem written in the browser? It is kept as it is typed, and no word is lost to a save on its way."""

from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.system.server import Json
from tests.system.waiting import until
from tests.web.browser import CUT_OFF
from tests.web.conftest import Looks
from tests.web.world import World


def resolved(world: World) -> str:
    incident = world.declare(severity="SEV2", reason="some users")
    for action in ("acknowledge", "mitigate", "resolve"):
        world.do(incident, action)
    return incident


def test_postmortem_is_kept_as_it_is_typed_and_survives_the_browser(world: World, looks: Looks) -> None:
    path = f"/incidents/{resolved(world)}/postmortem"
    first = looks(world)
    page = first.go(path)
    page.get_by_label("Summary").fill("Exports **timed out** <b>badly</b>.")
    expect(page.locator("#saved")).to_contain_text("Kept as a draft by Bob Brown")
    expect(page.locator("#preview strong")).to_have_text("timed out")
    expect(page.locator("#preview b")).to_have_count(0)
    first.close()
    page = looks(world).go(path)
    expect(page.get_by_label("Summary")).to_have_value("Exports **timed out** <b>badly</b>.")
    page.get_by_label("What is to be done (1)").fill("Stage configuration")
    page.get_by_label("Owner").first.fill("bob")
    page.get_by_role("button", name="Put it on record", exact=True).click()
    expect(page.locator("#saved")).to_contain_text("As it is on record")
    written = world.server.get(f"incidents/{path.split('/')[2]}/postmortem")["written"]
    assert written["sections"]["summary"] == "Exports **timed out** <b>badly</b>."
    assert [it["text"] for it in written["action_items"]] == ["Stage configuration"]


def test_who_writes_second_on_a_postmortem_is_told_and_overwrites_nothing(world: World, looks: Looks) -> None:
    path = f"/incidents/{resolved(world)}/postmortem"
    bob, emma = looks(world, person="bob"), looks(world, person="emma")
    emma.expected.append("409")
    pages: list[Page] = [viewer.go(path) for viewer in (bob, emma)]
    pages[0].get_by_label("Summary").fill("Bob's words")
    expect(pages[0].locator("#saved")).to_contain_text("Kept as a draft by Bob Brown")
    pages[1].get_by_label("Summary").fill("Emma's words")
    expect(pages[1].locator("#saved")).to_contain_text("bob has saved version 1")
    expect(pages[1].get_by_label("Summary")).to_have_value("Emma's words")
    assert world.server.get(f"incidents/{path.split('/')[2]}/postmortem/draft")["sections"]["summary"] == "Bob's words"


@pytest.fixture
def path(world: World) -> str:
    return f"/incidents/{resolved(world)}/postmortem"


def draft(world: World, path: str) -> Json:
    """The words that are kept so far."""
    found: Json = world.server.get(f"{path.removeprefix('/')}/draft")["sections"]
    return found


def wait_for_one(page: Page, held: list[Any]) -> None:
    """Wait, as the browser goes on, until a route has a request in its hands."""

    def is_there() -> bool:
        page.wait_for_timeout(20)
        return bool(held)

    until(is_there, "a request is on its way")


class SlowSaves:
    """The page's saves reach the server at once; the first one's answer comes back when `answer` lets it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[tuple[Route, APIResponse]] = []
        page.route("**/draft", self._take, times=1)

    def _take(self, route: Route) -> None:
        self._held.append((route, route.fetch()))

    def wait_for_one(self) -> None:
        wait_for_one(self._page, self._held)

    def answer(self) -> None:
        ((route, response),) = self._held
        route.fulfill(response=response)


def test_words_stay_on_the_page_once_they_are_kept(world: World, looks: Looks, path: str) -> None:
    page = looks(world).go(path)
    page.get_by_label("Summary").fill("Exports timed out.")
    expect(page.locator("#preview")).to_contain_text("Exports timed out.")
    page.get_by_label("Root cause").fill("A limit.")
    expect(page.locator("#preview")).to_contain_text("A limit.")
    expect(page.get_by_label("Summary")).to_have_value("Exports timed out.")
    assert draft(world, path).items() >= {("summary", "Exports timed out."), ("root_cause", "A limit.")}


def test_what_is_pressed_while_a_save_is_on_its_way_waits_for_it(world: World, looks: Looks, path: str) -> None:
    page = looks(world).go(path)
    saves = SlowSaves(page)
    page.get_by_label("Summary").fill("Exports")
    saves.wait_for_one()
    page.get_by_label("Summary").fill("Exports timed out.")
    page.get_by_role("button", name="Put it on record", exact=True).click()
    with page.expect_navigation():
        saves.answer()
    expect(page.locator("#saved")).to_contain_text("As it is on record")
    written = world.server.get(path.removeprefix("/"))["written"]
    assert written["sections"]["summary"] == "Exports timed out."


def test_what_is_pressed_twice_is_put_on_record_once(world: World, looks: Looks, path: str) -> None:
    page = looks(world).go(path)
    page.get_by_label("Summary").fill("Exports timed out.")
    expect(page.locator("#preview")).to_contain_text("Exports timed out.")
    sent: list[Route] = []
    page.route(f"**{path}", lambda route: sent.append(route))
    button = page.get_by_role("button", name="Put it on record", exact=True)
    button.dblclick(delay=500, no_wait_after=True)  # the first press is on its way when the second one comes
    wait_for_one(page, sent)
    with page.expect_navigation():
        sent[0].continue_()
    expect(page.locator("#saved")).to_contain_text("As it is on record")
    assert len(sent) == 1


def test_save_that_waited_for_another_one_follows_it(world: World, looks: Looks, path: str) -> None:
    page = looks(world).go(path)
    saves = SlowSaves(page)
    page.get_by_label("Summary").fill("Exports timed out.")
    saves.wait_for_one()
    page.evaluate("addEventListener('htmx:config:request', () => { document.body.dataset.asked = 'yes'; })")
    page.get_by_label("Root cause").fill("A limit.")
    expect(page.locator("body")).to_have_attribute("data-asked", "yes")
    saves.answer()
    expect(page.locator("#preview")).to_contain_text("A limit.")
    page.get_by_label("Impact").fill("No order.")
    expect(page.locator("#preview")).to_contain_text("No order.")
    assert draft(world, path).items() >= {
        ("summary", "Exports timed out."),
        ("root_cause", "A limit."),
        ("impact", "No order."),
    }


def test_without_an_answer_to_the_save_the_words_stay_where_they_are(world: World, looks: Looks, path: str) -> None:
    viewer = looks(world)
    viewer.expected += CUT_OFF
    page = viewer.go(path)
    held: list[Route] = []
    page.route("**/draft", lambda route: held.append(route))
    page.get_by_label("Summary").fill("Exports timed out.")
    wait_for_one(page, held)
    page.get_by_role("button", name="Put it on record", exact=True).click()
    held[0].abort()
    expect(page.locator("#notice")).to_contain_text("The server did not answer.")
    expect(page.get_by_label("Summary")).to_have_value("Exports timed out.")


def test_postmortem_is_put_on_record_without_scripts(world: World, looks: Looks, path: str) -> None:
    page = looks(world, java_script_enabled=False).go(path)
    page.get_by_label("Summary").fill("Exports timed out.")
    page.get_by_role("button", name="Put it on record", exact=True).click()
    expect(page.get_by_label("Summary")).to_have_value("Exports timed out.")
    expect(page.locator("#saved")).to_contain_text("As it is on record")
    assert world.server.get(path.removeprefix("/"))["written"]["sections"]["summary"] == "Exports timed out."

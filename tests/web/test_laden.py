"""What holds of pages at their fullest, and with nothing in them: no barrier, nothing cut off, nothing too wide."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.system.server import Server
from tests.web.browser import PHONE
from tests.web.conftest import Looks
from tests.web.laden import EMPTY, LADEN, laden
from tests.web.pages import Shown
from tests.web.test_every_page import LOOKS, opened
from tests.web.world import World

each_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with laden(tmp_path_factory.mktemp("laden")) as world:
        yield world


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Server(tmp_path_factory.mktemp("empty")) as server:
        yield World(server)


@each_look
@pytest.mark.parametrize("shown", LADEN, ids=lambda shown: shown.name)
def test_page_at_its_fullest_has_no_barrier_and_fits(
    full: World, looks: Looks, shown: Shown, look: dict[str, Any]
) -> None:
    viewer = opened(looks(full, **look), full, shown)
    assert viewer.barriers() == []
    assert viewer.overflow() <= 0


@each_look
@pytest.mark.parametrize("shown", EMPTY, ids=lambda shown: shown.name)
def test_page_with_nothing_in_it_has_no_barrier_and_fits(
    empty: World, looks: Looks, shown: Shown, look: dict[str, Any]
) -> None:
    viewer = opened(looks(empty, **look), empty, shown)
    assert viewer.barriers() == []
    assert viewer.overflow() <= 0


def test_alerts_of_an_incident_are_told_apart_and_all_of_them_can_be_seen(full: World, looks: Looks) -> None:
    page = looks(full).go(f"/incidents/{full.ids['everything']}")
    lines = page.locator("#alerts .label").all_text_contents()
    assert len(lines) == len(set(lines)) == 8
    assert all(line.startswith("host=web-") for line in lines)
    page.get_by_role("link", name="All 30 of them").click()
    expect(page.locator("li.alert")).to_have_count(30)


def test_nobody_is_said_to_be_on_it_where_nobody_has_acknowledged(full: World, looks: Looks) -> None:
    page = looks(full, person="victor").go("/")
    expect(page.locator(".calm")).to_have_text("17 open incidents wait for somebody to acknowledge.")


def test_what_came_of_a_press_is_seen_where_it_was_pressed(full: World, looks: Looks) -> None:
    viewer = looks(full, size=PHONE)
    page = viewer.go(f"/incidents/{full.ids['long']}")
    page.locator("#note > summary").click()
    page.get_by_label("For the timeline").fill("The firmware is being put back.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#notice")).to_contain_text("The note stands in the timeline")
    viewer.settle()
    expect(page.locator("#notice .notice")).to_be_in_viewport(ratio=0.9)


def test_incident_can_be_declared_on_a_phone_without_going_past_the_questions(full: World, looks: Looks) -> None:
    page = looks(full, size=PHONE).go("/declare")
    button = page.locator(".declaring").get_by_role("button", name="Declare")
    expect(button).to_be_in_viewport(ratio=1)
    page.get_by_label("none of them").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(button).to_be_in_viewport(ratio=1)


def test_team_can_be_chosen_on_a_phone(full: World, looks: Looks) -> None:
    page = looks(full, size=PHONE).go(f"/incidents/{full.ids['everything']}")
    page.locator("#team > summary").click()
    box = page.locator("#team-id").bounding_box()
    assert box is not None
    assert box["width"] > 120


def test_calendar_on_a_phone_is_a_list_of_whole_names_and_times_to_come(full: World, looks: Looks) -> None:
    page = looks(full, size=PHONE).go("/oncall")
    expect(page.locator(".week caption").first).to_be_visible()
    for link in page.locator(".week td:not(.over) > a").all():
        expect(link).to_contain_text(re.compile(r"[A-Z]\w+ [A-Z]\w+.* – "))
        assert link.evaluate("it => [...it.children].every((part) => part.scrollWidth <= it.clientWidth)")
    for over in page.locator(".week .over").all():
        expect(over).to_be_hidden()


@pytest.mark.parametrize("path", ["/sop", "/incidents/{written}/postmortem"])
def test_table_without_room_is_read_on_a_phone_without_moving_it(full: World, looks: Looks, path: str) -> None:
    page = looks(full, size=PHONE).go(path.format(**full.ids))
    assert page.locator(".long").count() > 0
    wide = "it => it.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth).length"
    assert page.locator(".wide").evaluate_all(wide) == 0


def test_while_an_incident_is_declared_no_other_button_says_so_and_loses_what_was_written(
    full: World, looks: Looks
) -> None:
    page = looks(full, size=PHONE).go("/declare")
    expect(page.get_by_text("Declare", exact=True)).to_have_count(1)


def test_postmortem_is_printed_as_a_whole_and_nothing_else_is(full: World, looks: Looks) -> None:
    page = looks(full).go(f"/incidents/{full.ids['written']}/postmortem")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_role("heading", name="Root cause")).to_be_visible()
    expect(page.get_by_text("Time to acknowledge")).to_be_visible()
    for gone in (".bar", "#postmortem", ".preview", "summary"):
        expect(page.locator(gone).first).to_be_hidden()
    assert "tocsin:" not in page.locator(".document").inner_text()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.get_by_text("Time to acknowledge")).to_be_hidden()

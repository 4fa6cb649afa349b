"""What holds of every page: no barrier, no error, nothing from elsewhere; on a phone, in the dark, by keyboard."""

from typing import Any

import pytest

from tests.web.browser import DESKTOP, PHONE, Viewer
from tests.web.conftest import Looks
from tests.web.pages import PAGES, Shown
from tests.web.world import World

every_page = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
LOOKS: dict[str, dict[str, Any]] = {
    "desktop, light": {"size": DESKTOP, "color_scheme": "light"},
    "desktop, dark": {"size": DESKTOP, "color_scheme": "dark"},
    "phone, light": {"size": PHONE, "color_scheme": "light"},
    "phone, dark": {"size": PHONE, "color_scheme": "dark"},
}


def opened(viewer: Viewer, world: World, shown: Shown) -> Viewer:
    if "nothing" in shown.name:
        viewer.expected.append("404")
    viewer.go(shown.path.format(**world.ids))
    viewer.page.get_by_text(shown.shows).first.wait_for()
    return viewer


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@every_page
def test_page_has_no_barrier_and_fits(shared: World, looks: Looks, shown: Shown, look: dict[str, Any]) -> None:
    viewer = opened(looks(shared, **look), shared, shown)
    assert viewer.barriers() == []
    assert viewer.overflow() <= 0


@every_page
def test_page_works_without_scripts(shared: World, looks: Looks, shown: Shown) -> None:
    opened(looks(shared, java_script_enabled=False), shared, shown)


@every_page
def test_first_tab_leads_to_the_content(shared: World, looks: Looks, shown: Shown) -> None:
    page = opened(looks(shared), shared, shown).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@every_page
def test_what_is_pressed_on_a_phone_is_large_enough(shared: World, looks: Looks, shown: Shown) -> None:
    page = opened(looks(shared, size=PHONE), shared, shown).page
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, select, textarea, input, .choice")]
        .filter((it) => it.checkVisibility() && !/radio|checkbox|hidden/.test(it.type))
        .filter((it) => getComputedStyle(it).display !== "inline")  // what stands within a text is as high as its line
        .map((it) => [it.outerHTML.slice(0, 80), it.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44)
        .map(([text, box]) => `${text} ${box.width} × ${box.height}`)"""
    )
    assert small == []


@every_page
def test_field_on_a_phone_lies_over_no_other_one(shared: World, looks: Looks, shown: Shown) -> None:
    page = opened(looks(shared, size=PHONE), shared, shown).page
    beside = page.evaluate(
        """() => [...document.querySelectorAll(".field > :is(input, select, textarea)")]
        .filter((it) => it.getBoundingClientRect().right > it.parentElement.getBoundingClientRect().right + 1)
        .map((it) => it.outerHTML.slice(0, 80))"""
    )
    assert beside == []

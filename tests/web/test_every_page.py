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
        """() => [...document.querySelectorAll("button, .button, summary, select, .chips a, nav a")]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 44)
        .map((it) => `${it.outerHTML.slice(0, 80)} ${it.getBoundingClientRect().height}`)"""
    )
    assert small == []

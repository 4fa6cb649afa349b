"""What do strangers see, and those for whom something goes wrong? Pages as good as any other, on every screen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import CUT_OFF, PHONE, Viewer
from tests.web.conftest import Looks
from tests.web.pages import STRANGERS, Shown
from tests.web.test_every_page import LOOKS, opened
from tests.web.world import World

each_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
strangers_page = pytest.mark.parametrize("shown", STRANGERS, ids=lambda shown: shown.name)


def is_fine(viewer: Viewer) -> None:
    assert viewer.barriers() == []
    assert viewer.overflow() <= 0


@each_look
@strangers_page
def test_strangers_page_has_no_barrier_and_fits(
    shared: World, looks: Looks, shown: Shown, look: dict[str, Any]
) -> None:
    is_fine(opened(looks(shared, person=None, **look), shared, shown))


@strangers_page
def test_strangers_page_works_without_scripts(shared: World, looks: Looks, shown: Shown) -> None:
    opened(looks(shared, person=None, java_script_enabled=False), shared, shown)


@each_look
def test_what_is_refused_to_strangers_has_no_barrier_and_keeps_the_address(
    shared: World, looks: Looks, look: dict[str, Any]
) -> None:
    viewer = looks(shared, person=None, **look)
    viewer.expected += ["401", "429"]
    page = viewer.go("/signin?next=/oncall")
    page.get_by_label("E-mail address").fill(f"nobody{abs(hash(str(look)))}@tests.example")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is wrong.")
    is_fine(viewer)
    page.goto("/password/tocsin_link_of_nobody")
    page.get_by_label("New password").fill("a lantern over the harbour")
    page.get_by_label("Once more").fill("a lantern over the harbour")
    page.locator("main").get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_contain_text("link")
    is_fine(viewer)


@each_look
def test_page_that_somebody_may_not_see_says_so_without_a_barrier(
    shared: World, looks: Looks, look: dict[str, Any]
) -> None:
    viewer = looks(shared, person="emma", role="viewer", **look)
    viewer.expected += ["403", "422"]
    page = viewer.go("/admin/accounts")
    expect(page.locator("h1")).to_have_text("You may not do this")
    is_fine(viewer)
    page = viewer.go("/alerts?status=nonsense")
    expect(page.locator("h1")).to_have_text("Not acceptable as it is")
    is_fine(viewer)
    assert page.get_by_role("link", name="Activity").count() == 0  # what one may not see isn't offered


def test_what_is_not_there_still_leads_on_for_whoever_is_signed_in(shared: World, looks: Looks) -> None:
    viewer = looks(shared)
    viewer.expected += ["404", "405"]
    for path in ("/nothing/there", "/incidents/INC-2020-9999", "/people/nobody-at-all", "/signout"):
        page = viewer.go(path)
        expect(page.get_by_role("navigation", name="Places").get_by_role("link", name="On call")).to_be_visible()
    page.locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{shared.server.url}/signin")
    viewer.go("/nothing/there")
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_page_without_its_server_says_so_without_a_barrier(world: World, looks: Looks) -> None:
    incident = world.declare()
    viewers = [looks(world, **look) for look in LOOKS.values()]
    for viewer in viewers:
        viewer.expected += CUT_OFF
        viewer.go(f"/incidents/{incident}")
        viewer.streams()
    world.server.kill()
    for viewer in viewers:
        expect(viewer.page.locator("#offline")).to_contain_text("Connection lost. This is the state of")
        is_fine(viewer)


@pytest.mark.parametrize("path", ["/signin", "/welcome/tocsin_link_of_nobody", "/password/tocsin_link_of_nobody"])
def test_what_strangers_press_on_a_phone_is_large_enough(shared: World, looks: Looks, path: str) -> None:
    page = looks(shared, person=None, size=PHONE).go(path)
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44

"""Pages are live: what one does another sees; nobody overwrites anybody; a lost connection is told, and comes back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import CUT_OFF
from tests.web.conftest import Looks
from tests.web.people import PASSWORD, email_of
from tests.web.world import World

_SHOWN = """(is_shown) => {
  Object.defineProperty(document, "hidden", { value: !is_shown, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_two_browsers_see_each_others_change_without_reloading(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    bob, emma = looks(world, person="bob"), looks(world, person="emma")
    for viewer in (bob, emma):
        viewer.go(f"/incidents/{incident}")
        viewer.streams()
    bob.page.get_by_role("button", name="Acknowledge").click()
    expect(emma.page.locator("#head .status")).to_have_text("Acknowledged")
    emma.page.locator("#note > summary").click()
    emma.page.get_by_label("For the timeline").fill("emma saw it")
    emma.page.get_by_role("button", name="Add the note").click()
    expect(bob.page.locator("#timeline")).to_contain_text("Note: emma saw it")


def test_what_is_being_written_survives_a_change_by_somebody_else(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    viewer = looks(world)
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    text = page.get_by_label("What is known, and what is being done")
    text.fill("Half a sentence that")
    page.locator("#page > summary").click()
    page.locator("#page-reason").fill("somebody must decide")
    world.do(incident, "acknowledge", by="alice")
    expect(page.locator("#head .status")).to_have_text("Acknowledged")
    expect(text).to_have_value("Half a sentence that")
    expect(page.locator("#page-reason")).to_have_value("somebody must decide")


def test_the_later_of_two_is_told_and_overwrites_nothing(world: World, looks: Looks) -> None:
    incident = world.declare()
    viewer = looks(world, person="bob")
    viewer.expected.append("409")
    page = viewer.go(f"/incidents/{incident}")
    viewer.without_news()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#notice")).to_contain_text("You have acknowledged")
    page.locator("#assess > summary").click()
    page.get_by_label("a small subset").check()
    world.do(incident, "assess", by="alice", severity="SEV1", reason="every user is hit")
    page.get_by_role("button", name="Set the severity").click()
    expect(page.locator("#notice")).to_contain_text("has changed since you looked (Alice Adams")
    expect(page.locator("#notice")).to_contain_text("Assessed as SEV1 and declared: every user is hit")
    expect(page.locator("#head .sev")).to_have_text("SEV1")
    assert world.server.get(f"incidents/{incident}")["severity"] == "SEV1"


def test_page_says_that_it_lost_its_connection_and_comes_back_by_itself(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    viewer = looks(world)
    viewer.expected += CUT_OFF
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    told = page.locator("#offline")
    world.restart(meanwhile=lambda: expect(told).to_contain_text("Connection lost. This is the state of"))
    expect(page.locator("#offline")).to_be_hidden()
    world.do(incident, "acknowledge", by="alice")
    expect(page.locator("#head .status")).to_have_text("Acknowledged")


def test_page_whose_session_ends_says_so_and_keeps_what_is_being_written(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    viewer = looks(world, person="emma")
    viewer.expected.append("401")
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    page.locator("#note > summary").click()
    note = page.get_by_label("For the timeline")
    note.fill("half a sentence that")
    end_sessions(world, "emma")
    told = page.locator("#offline")
    expect(told).to_contain_text("You are signed out, and this page stands still.")
    expect(note).to_have_value("half a sentence that")
    with page.expect_response(lambda it: it.status == 401):
        page.get_by_role("button", name="Add the note").click()
    expect(note).to_have_value("half a sentence that")
    assert viewer.barriers() == []
    sign_in_again(page, "emma")
    expect(told).to_be_hidden()
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#timeline")).to_contain_text("Note: half a sentence that")
    viewer.streams()


def test_what_is_sent_after_the_session_has_ended_is_not_lost(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    viewer = looks(world, person="emma")
    viewer.expected.append("401")
    page = viewer.go(f"/incidents/{incident}")
    end_sessions(world, "emma")
    page.locator("#note > summary").click()
    note = page.get_by_label("For the timeline")
    note.fill("a whole sentence")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#offline")).to_contain_text("You are signed out")
    expect(note).to_have_value("a whole sentence")


@pytest.mark.parametrize("note", ["", "half a sentence that"], ids=["read only", "being written on"])
def test_page_left_in_the_background_goes_on_after_somebody_has_signed_in_elsewhere(
    world: World, looks: Looks, note: str
) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    looks(world, person="bob")  # has an account
    viewer = looks(world, person="emma")
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    page.locator("#note > summary").click()
    page.get_by_label("For the timeline").fill(note)
    page.evaluate(_SHOWN, False)
    end_sessions(world, "emma")
    other = page.context.new_page()
    other.goto(f"{world.server.url}/signin")
    sign_in(other, "bob")
    page.bring_to_front()
    page.evaluate(_SHOWN, True)
    expect(page.locator(".me > summary")).to_have_attribute("aria-label", "You: Bob Brown")
    if note:
        expect(page.get_by_label("For the timeline")).to_have_value(note)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#notice")).to_contain_text("You have acknowledged")
    (acknowledged,) = world.server.events(incident, "acknowledged")
    assert acknowledged["actor"] == "bob"


def test_what_is_declared_after_the_session_has_ended_or_while_the_server_is_away_is_not_lost(
    world: World, looks: Looks
) -> None:
    viewer = looks(world, person="emma")
    viewer.expected += ["401", *CUT_OFF]
    page = viewer.go("/declare")
    title, button = page.get_by_label("What happens?"), page.get_by_role("button", name="Declare")
    title.fill("Checkout is down")
    page.get_by_label(re.compile("SEV2")).check()
    page.route("**/declare", lambda route: route.abort(), times=1)
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer.")
    end_sessions(world, "emma")
    button.click()
    told = page.locator("#offline")
    expect(told).to_contain_text("You are signed out")
    expect(title).to_have_value("Checkout is down")
    sign_in_again(page, "emma")
    expect(told).to_be_hidden()
    button.click()
    page.wait_for_url("**/incidents/INC-*")
    expect(page.locator("#head")).to_contain_text("Checkout is down")
    expect(page.locator("#head .sev")).to_have_text("SEV2")


def test_page_on_which_nothing_is_written_goes_to_where_one_signs_in(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    viewer = looks(world, person="emma")
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    end_sessions(world, "emma")
    expect(page).to_have_url(f"{world.server.url}/signin?next=/incidents/{incident}")


def end_sessions(world: World, name: str) -> None:
    """As when their time is up."""
    (account,) = [it for it in world.server.get("accounts") if it["email"] == email_of(name)]
    world.server.post(f"accounts/{account['id']}/role", role=account["role"])


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("E-mail address").fill(email_of(name))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def sign_in_again(page: Page, name: str) -> None:
    """In another tab, as the page says, and back."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="sign in again").click()
    sign_in(opened.value, name)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")


def test_lists_follow_what_happens(world: World, looks: Looks) -> None:
    viewer = looks(world)
    page = viewer.go("/")
    viewer.streams()
    expect(page.locator("#home")).to_contain_text("All quiet")
    world.declare("Login fails", severity="SEV2", reason="some")
    expect(page.locator("#home")).to_contain_text("Login fails")


def test_server_stops_without_waiting_for_open_pages(world: World, looks: Looks) -> None:
    viewer = looks(world)
    viewer.expected += CUT_OFF
    viewer.go("/")
    viewer.streams()
    assert world.server.end() == 0
    assert "timeout graceful shutdown exceeded" not in world.server.log.read_text()

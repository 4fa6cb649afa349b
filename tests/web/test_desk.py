"""What stands beside incidents, in the browser: shifts, silences, people, search, the inbox."""

import re

from playwright.sync_api import Page, expect

from tests.system.server import firing
from tests.system.waiting import until
from tests.web.browser import PHONE
from tests.web.conftest import Looks
from tests.web.world import World


def overrides(world: World) -> list[tuple[str, str, str]]:
    return [(it["team"], it["layer"], it["person"]) for it in world.server.get("overrides")]


def test_shift_is_taken_over_by_a_click_and_given_back(world: World, looks: Looks) -> None:
    page = looks(world).go("/oncall")
    page.locator(".week").nth(1).get_by_role("link").first.click()
    page.get_by_label("Who takes over?").select_option("dana")
    expect(page.get_by_label("Team")).to_have_value("backend")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#overrides")).to_contain_text("Dana Diaz is primary of Backend")
    expect(page.locator("td.override")).not_to_have_count(0)
    assert overrides(world) == [("backend", "primary", "dana")]
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#overrides")).to_contain_text("None")
    assert overrides(world) == []


def test_override_that_makes_no_sense_says_why_and_keeps_the_form(world: World, looks: Looks) -> None:
    viewer = looks(world, java_script_enabled=False)
    viewer.expected.append("422")
    page = viewer.go("/oncall")
    page.get_by_label("Who takes over?").select_option("dana")
    page.get_by_label("Until").fill("2026-01-01T10:00")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#notice")).to_contain_text("The end: must be after the start")
    expect(page.get_by_label("Who takes over?")).to_have_value("dana")


def test_gap_is_shown_in_words(world: World, looks: Looks) -> None:
    bob = world.server.get("oncall")[2]["secondary"]
    world.server.post("overrides", team="platform", person=bob, lasts="3d", by="bob")
    page = looks(world).go("/oncall")
    expect(page.get_by_role("region", name="Gaps in these weeks")).to_contain_text(
        "Platform, secondary: one person has both places"
    )
    expect(page.locator("td.both")).not_to_have_count(0)


def test_alert_is_found_and_silenced_from_its_line(world: World, looks: Looks) -> None:
    world.server.send_alerts(firing("DiskFull", instance="db-1"), firing("Slow", instance="web-1"))
    page = looks(world).go("/alerts")
    page.get_by_label("Words or matchers").fill('instance=~"db.*"')
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".alert")).to_have_count(1)
    page.get_by_role("link", name="Silence DiskFull").click()
    expect(page.get_by_label("Which? All of these must hold")).to_have_value(re.compile('alertname="DiskFull"'))
    page.get_by_label("Why?").fill("a new disk is on its way")
    page.get_by_role("button", name="Silence").click()
    expect(page.locator("main")).to_contain_text("a new disk is on its way")
    assert [it["comment"] for it in world.server.get("silences")] == ["a new disk is on its way"]
    page.get_by_role("button", name="End it now").click()
    expect(page.locator("main")).to_contain_text("Ended in the last 24 hours")
    assert world.server.get("silences") == []


def silence_everything(page: Page) -> None:
    """Which is refused."""
    page.get_by_label("Which? All of these must hold").fill('alertname=~".*"')
    page.get_by_label("Why?").fill("peace")
    page.get_by_role("button", name="Silence").click()
    expect(page.locator("#notice")).to_contain_text("else every alert would be silenced")


def test_silence_of_everything_is_refused_and_the_form_kept(world: World, looks: Looks) -> None:
    viewer = looks(world)
    viewer.expected.append("422")
    page = viewer.go("/silences")
    silence_everything(page)
    expect(page.get_by_label("Why?")).to_have_value("peace")


def test_menu_lies_over_what_the_page_has_to_say(world: World, looks: Looks) -> None:
    viewer = looks(world, size=PHONE)
    viewer.expected.append("422")
    page = viewer.go("/silences")
    silence_everything(page)
    page.locator(".me > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/signin*")


def test_page_before_the_assessment_shows_a_severity_that_nobody_has_set(world: World, looks: Looks) -> None:
    world.alert("CheckoutFails", "website", "critical")
    page = looks(world).go("/inbox?whose=all")
    incident = world.server.get("incidents")[0]["id"]
    expect(page.locator("#list .sev").first).to_have_text(re.compile(r"^SEV\d\? not assessed$"))
    world.do(incident, "acknowledge")
    world.do(incident, "assess", severity="SEV2", reason="some users")
    page.reload()
    expect(page.locator("#list .sev.unsure")).to_have_count(0)


def test_pager_is_tested_and_a_second_test_has_to_wait(world: World, looks: Looks) -> None:
    viewer = looks(world, size=PHONE)
    viewer.expected.append("409")
    page = viewer.go("/people/dana")
    expect(page.locator("main")).to_contain_text("Never tested")
    with page.expect_navigation():
        page.get_by_role("button", name="Send a test page").click()
    until(lambda: world.server.get("people/dana")["contact"][-1]["works_at"], "the test was taken")
    page.reload()
    expect(page.locator("main")).to_contain_text("Works: a test was taken")
    page.get_by_role("button", name="Send a test page").click()
    expect(page.locator("#notice")).to_contain_text("wait a minute")


def test_flowchart_is_drawn(world: World, looks: Looks) -> None:
    page = looks(world).go("/sop")
    page.locator("iframe").scroll_into_view_if_needed()
    drawing = page.frame_locator("iframe").locator("svg")
    expect(drawing).to_be_visible()
    expect(drawing).to_contain_text("page primary")


def test_inbox_says_in_its_title_that_somebody_is_paged(world: World, looks: Looks) -> None:
    primary = world.server.get("oncall")[2]["primary"]
    viewer = looks(world, person=primary)
    page = viewer.go("/inbox")
    viewer.streams()
    expect(page.locator("#list")).to_contain_text("Nothing yet")
    incident = world.declare(severity="SEV1", reason="all users")
    expect(page.locator("#ringing")).to_contain_text("You are paged: Checkout is down")
    expect(page).to_have_title(re.compile("Paged|PAGED"))
    world.do(incident, "acknowledge", by=primary)
    expect(page.locator("#ringing .notice")).to_have_count(0)
    expect(page).to_have_title("Inbox · Tocsin")

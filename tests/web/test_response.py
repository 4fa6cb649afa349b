"""A whole response in the browser: declare, acknowledge, assess, update, mitigate, resolve, postmortem."""

import re

from playwright.sync_api import Page, expect

from tests.web.browser import PHONE, Viewer
from tests.web.conftest import Looks
from tests.web.world import World
from tocsin.sop.load import default_sop


def declare(viewer: Viewer, title: str) -> str:
    """Declare an incident nobody has assessed yet; its id."""
    page = viewer.go("/declare")
    page.get_by_label("What happens?").fill(title)
    page.get_by_role("button", name="Declare").click()
    page.wait_for_url("**/incidents/INC-*")
    return page.url.rpartition("/")[2]


def say_done(page: Page, text: str) -> None:
    expect(page.locator("#notice")).to_contain_text(text)


def play(viewer: Viewer, title: str) -> str:
    page, id_ = viewer.page, declare(viewer, title)
    page.get_by_role("button", name="Acknowledge").click()
    say_done(page, "You have acknowledged")

    page.get_by_role("link", name="Assess").click()
    page.get_by_label("all of them").check()
    page.get_by_role("button", name="Set the severity").click()
    expect(page.locator("#head .sev")).to_have_text("SEV1")

    for short in ("IC", "CL", "TL"):
        page.get_by_role("link", name="Fill the role").click()
        role = page.locator(f"#role-{short}")
        role.get_by_role("combobox").select_option("bob")
        role.get_by_role("button", name="Assign").click()
        expect(page.locator(".roles > li", has=role).locator(".role strong")).to_have_text("Bob Brown")

    text = page.get_by_label("What is known, and what is being done")
    text.fill("Checkout fails.\nWe roll back.")
    page.get_by_label("External").check()
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#timeline")).to_contain_text("External update: Checkout fails.")

    page.get_by_role("link", name="Mitigated").click()
    page.get_by_label("What restored service").fill("rolled back")
    page.get_by_role("button", name="Service is restored").click()
    expect(page.locator("#head .status")).to_have_text("Mitigated")

    page.get_by_role("link", name="Resolve").click()
    page.get_by_role("button", name="The fix is confirmed").click()
    expect(page.locator("#head .status")).to_have_text("Resolved")
    expect(page.locator("#next")).to_contain_text("Postmortem")
    return id_


def test_whole_response_on_a_desktop(world: World, looks: Looks) -> None:
    viewer = looks(world)
    id_ = play(viewer, "Checkout is down")
    timeline = world.server.get(f"incidents/{id_}/timeline")
    mine = [it["event"]["kind"] for it in timeline if (it["actor"], it["via"]) == ("bob", "web")]
    assert [kind for kind in mine if kind not in ("stakeholders_informed", "step_fired")] == [
        "incident_opened",
        "acknowledged",
        "assessed",
        "role_assigned",
        "role_assigned",
        "role_assigned",
        "update_posted",
        "mitigated",
        "resolved",
    ]


def test_whole_response_on_a_phone(world: World, looks: Looks) -> None:
    play(looks(world, size=PHONE), "Checkout is down")


def test_whole_response_without_scripts(world: World, looks: Looks) -> None:
    viewer = looks(world, java_script_enabled=False)
    page, id_ = viewer.page, declare(viewer, "Checkout is down")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#head .status")).to_have_text("Acknowledged")
    for action, button in (("mitigate", "Service is restored"), ("resolve", "The fix is confirmed")):
        page.locator(f"#{action} > summary").click()
        page.get_by_role("button", name=button).click()
    expect(page.locator("#head .status")).to_have_text("Resolved")
    assert page.url.endswith(f"/incidents/{id_}")


def test_acknowledgement_by_keyboard_alone(world: World, looks: Looks) -> None:
    viewer = looks(world)
    viewer.go(f"/incidents/{world.declare()}")
    page = viewer.page
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "next-acknowledge":
            break
    page.keyboard.press("Enter")
    say_done(page, "You have acknowledged")


def test_classifier_helps_who_is_not_sure(world: World, looks: Looks) -> None:
    primary = default_sop().people[world.server.get("oncall")[2]["primary"]].name
    page = looks(world).go("/declare")
    page.get_by_label("What happens?").fill("Search is empty")
    expect(page.locator("#outlook")).to_contain_text("Whoever responds will assess it.")
    page.get_by_label("a significant subset", exact=True).check()
    outlook = page.locator("#outlook")
    expect(outlook.locator(".sev")).to_have_text("SEV2")
    expect(outlook).to_contain_text(f"Paged at once: {primary}.")
    reason = outlook.locator("strong").inner_text()
    page.get_by_role("button", name="Declare").click()
    expect(page.locator("#head .sev")).to_have_text("SEV2")
    expect(page.locator("#head")).to_contain_text(reason)


def test_declaration_without_a_title_says_what_is_missing_and_keeps_the_rest(world: World, looks: Looks) -> None:
    viewer = looks(world)
    viewer.expected.append("422")
    page = viewer.go("/declare")
    page.get_by_label("What happens?").fill("   ")
    page.get_by_label(re.compile("SEV2")).check()
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_role("alert")).to_contain_text("Title: must say something, got nothing.")
    expect(page.get_by_label(re.compile("SEV2"))).to_be_checked()


def test_external_update_is_for_the_communications_lead_alone(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV1", reason="all")
    world.do(incident, "roles", role="communications_lead", person="emma")
    viewer = looks(world, person="bob")
    page = viewer.go(f"/incidents/{incident}")
    expect(page.get_by_label("External")).to_be_disabled()
    expect(page.locator("#update")).to_contain_text("only the Communications Lead, Emma Evans, publishes to customers")
    lead = looks(world, person="emma").go(f"/incidents/{incident}")
    expect(lead.get_by_label("External")).to_be_enabled()


def test_incident_that_is_none_has_its_composer_folded_and_keeps_what_was_being_written(
    world: World, looks: Looks
) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    text = page.get_by_label("What is known, and what is being done")
    text.fill("We are looking into")
    world.do(incident, "cancel", reason="a test of the network")
    expect(page.locator("#head .status")).to_have_text("Cancelled")
    expect(page.locator("details#update")).to_have_count(1)
    expect(text).to_be_hidden()
    page.get_by_text("Write an update").click()
    expect(text).to_have_value("We are looking into")
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#timeline")).to_contain_text("Update: We are looking into")

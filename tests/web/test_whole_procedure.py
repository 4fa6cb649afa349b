"""The whole procedure by the pages alone, in a row: from the declaration to the postmortem that closes the incident."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import DESKTOP, PHONE
from tests.web.conftest import Looks
from tests.web.test_response import declare, say_done
from tests.web.world import World

ROLES = {"IC": ("bob", "Bob Brown"), "CL": ("emma", "Emma Evans"), "TL": ("chris", "Chris Clark")}
BY_PEOPLE = [
    ("bob", "incident_opened"),
    ("bob", "acknowledged"),
    ("bob", "assessed"),
    ("bob", "role_assigned"),
    ("bob", "role_assigned"),
    ("bob", "role_assigned"),
    ("bob", "update_posted"),
    ("emma", "update_posted"),
    ("bob", "mitigated"),
    ("bob", "resolved"),
    ("bob", "postmortem_saved"),
    ("bob", "postmortem_saved"),
    ("bob", "postmortem_completed"),
]


def respond(page: Page) -> None:
    """Acknowledge, assess, and give the roles that the severity needs."""
    page.get_by_role("button", name="Acknowledge").click()
    say_done(page, "You have acknowledged")
    page.get_by_role("link", name="Assess").click()
    page.get_by_label("all of them").check()
    page.get_by_role("button", name="Set the severity").click()
    expect(page.locator("#head .sev")).to_have_text("SEV1")
    for short, (person, name) in ROLES.items():
        page.get_by_role("link", name="Fill the role").click()
        role = page.locator(f"#role-{short}")
        role.get_by_role("combobox").select_option(person)
        role.get_by_role("button", name="Assign").click()
        expect(page.locator(".roles > li", has=role).locator(".role strong")).to_have_text(name)


def tell(page: Page, audience: str, text: str) -> None:
    page.get_by_label("What is known, and what is being done").fill(text)
    page.get_by_label(audience, exact=True).check()
    page.get_by_role("button", name="Post the update").click()
    said = "External update" if audience == "External" else "Update"
    expect(page.locator("#timeline")).to_contain_text(f"{said}: {text}")


def end(page: Page) -> None:
    """Mitigate, and resolve."""
    page.get_by_role("link", name="Mitigated").click()
    page.get_by_label("What restored service").fill("rolled back")
    page.get_by_role("button", name="Service is restored").click()
    expect(page.locator("#head .status")).to_have_text("Mitigated")
    page.get_by_role("link", name="Resolve").click()
    page.get_by_label("What confirms the fix").fill("no errors for ten minutes")
    page.get_by_role("button", name="The fix is confirmed").click()
    expect(page.locator("#head .status")).to_have_text("Resolved")


def write_half(page: Page) -> None:
    """Begin the postmortem, and see it as it will look; nothing is pressed to keep it."""
    page.get_by_role("link", name="Postmortem").click()
    page.wait_for_url("**/postmortem")
    page.get_by_label("Summary").fill("Checkout **failed** for everybody.")
    expect(page.locator("#preview strong")).to_have_text("failed")
    expect(page.locator("#saved")).to_contain_text("Kept as a draft by Bob Brown")


def write_rest(page: Page) -> None:
    """Go on where the text was left, add what is to be done, and complete it."""
    expect(page.get_by_label("Summary")).to_have_value("Checkout **failed** for everybody.")
    page.get_by_label("Root cause").fill("A limit was set too low.")
    page.get_by_label("Impact").fill("No order for 20 minutes.")
    page.get_by_label("What is to be done (1)").fill("Check limits before they are rolled out")
    page.get_by_label("Owner").first.fill("chris")
    page.get_by_label("Due on").first.fill("2031-03-01")
    page.get_by_role("button", name="close the incident").click()
    expect(page.locator("#notice")).to_contain_text("still to be written: What went well")
    for section in ("What went well", "What went poorly", "Lessons learned"):
        page.get_by_label(section).fill("Words.")
    page.get_by_role("button", name="close the incident").click()
    page.wait_for_url("**/incidents/INC-*")
    expect(page.locator("#head .status")).to_have_text("Closed")
    expect(page.locator("#next")).to_contain_text("All done")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whole_procedure_from_declaration_to_closure(world: World, looks: Looks, size: Any) -> None:
    bob, emma = looks(world, size=size), looks(world, person="emma", size=size)
    id_ = declare(bob, "Checkout is down")
    respond(bob.page)
    tell(bob.page, "Internal", "Checkout fails; a change is suspected.")
    tell(emma.go(f"/incidents/{id_}"), "External", "Payments don't work. We are on it.")
    end(bob.page)
    write_half(bob.page)
    bob.close()
    again = looks(world, size=size)
    again.expected.append("409")  # it can't be closed half written
    write_rest(again.go(f"/incidents/{id_}/postmortem"))

    told = [(it["actor"], it["event"]["kind"]) for it in world.server.get(f"incidents/{id_}/timeline")]
    assert [it for it in told if it in BY_PEOPLE] == BY_PEOPLE
    written = world.server.get(f"incidents/{id_}/postmortem")["written"]
    assert [(it["text"], it["owner"], it["due_on"]) for it in written["action_items"]] == [
        ("Check limits before they are rolled out", "chris", "2031-03-01")
    ]

"""Is the whole procedure done without a mouse, and without eyes? By keys alone; the focus is always seen, never lost.

What counts down is silent: a screen reader isn't told of every second.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.system.waiting import until
from tests.web.browser import CUT_OFF, Viewer, until_held
from tests.web.conftest import Looks
from tests.web.pages import Shown
from tests.web.test_every_page import every_page, opened
from tests.web.test_response import say_done
from tests.web.world import World

_FOCUS = """() => {
  const it = document.activeElement, style = getComputedStyle(it), ring = it.closest(".choice") ?? it;
  const box = it.getBoundingClientRect();
  return {
    id: it.id, tag: it.tagName, text: (it.innerText ?? "").trim(),
    ringed: style.outlineStyle !== "none" || getComputedStyle(ring).outlineStyle !== "none",
    inside: box.bottom > 0 && box.top < innerHeight,
  };
}"""
_MOST_TABS = 120
_CHATTER = """() => [...document.querySelectorAll(
  '[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=timer], [role=log]'
)].flatMap((it) => [...it.querySelectorAll('time:is([data-form=count], [data-form=elapsed], [data-form=ago])')])
  .map((it) => it.outerHTML)"""


def stops(page: Page, key: str = "Tab") -> Iterator[Any]:
    """What has the focus after each press of the key."""
    for _ in range(_MOST_TABS):
        page.keyboard.press(key)
        yield page.evaluate(_FOCUS)


def _is_seen(at: Any) -> bool:
    return at["tag"] not in ("BODY", "HTML", "MAIN") and bool(at["inside"])


class Keys:
    """Somebody who only presses keys; each step sees where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, text: str = "", *, id_: str = "", back: bool = False) -> None:
        """Press Tab until what has that id, or that text, has the focus; it must be seen there."""
        for at in stops(self.page, "Shift+Tab" if back else "Tab"):
            if (id_ and at["id"] == id_) or (text and at["text"].startswith(text)):
                assert at["ringed"], at
                assert at["inside"], at
                return
        raise AssertionError(f"no way by keyboard to {text or id_}")

    def press(self, key: str = "Enter") -> None:
        self.page.keyboard.press(key)

    def is_somewhere(self) -> None:
        """After what was pressed is done, the focus is on something that is seen, and not at the page's beginning."""
        expect(self.page.locator("button:disabled")).to_have_count(0)
        until(lambda: _is_seen(self.page.evaluate(_FOCUS)), "the focus is on something that is seen")


def test_whole_procedure_by_keyboard_alone(world: World, looks: Looks) -> None:
    viewer = looks(world)
    page, keys = viewer.page, Keys(viewer.page)
    viewer.go("/")
    keys.to("Declare")
    keys.press()
    page.wait_for_url("**/declare")
    keys.to(id_="title")
    page.keyboard.type("Checkout is down")
    keys.press()  # as forms are sent
    page.wait_for_url("**/incidents/INC-*")

    keys.to("Acknowledge")
    keys.press()
    say_done(page, "You have acknowledged")
    keys.is_somewhere()
    expect(page.locator("#next-assess")).to_be_focused()
    keys.press()
    expect(page.get_by_label("Ask me")).to_be_focused()
    keys.press("Tab")
    keys.press("Space")  # all users are affected
    keys.to("Set the severity")
    keys.press()
    expect(page.locator("#head .sev")).to_have_text("SEV1")
    keys.is_somewhere()

    for short in ("IC", "CL", "TL"):
        expect(page.locator("#next-role")).to_have_attribute("href", f"#person-{short}")
        keys.to("Fill the role", back=True)
        keys.press()
        expect(page.locator(f"#person-{short}")).to_be_focused()
        keys.to("Assign")
        keys.press()
        taken = page.locator(".roles > li", has=page.locator(f"#role-{short}")).locator(".role strong")
        expect(taken).to_have_text("Bob Brown")
        keys.is_somewhere()

    keys.to("Write an update", back=True)
    keys.press()
    expect(page.locator("#update-text")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("We roll back.")
    keys.to("Post the update")
    keys.press()
    expect(page.locator("#timeline")).to_contain_text("Update: We roll back.")
    keys.is_somewhere()

    for link, button, status in (
        ("Mitigated", "Service is restored", "Mitigated"),
        ("Resolve", "The fix is confirmed", "Resolved"),
    ):
        keys.to(link, back=True)
        keys.press()
        keys.to(button)
        keys.press()
        expect(page.locator("#head .status")).to_have_text(status)
        keys.is_somewhere()

    keys.to("Postmortem", back=True)
    keys.press()
    page.wait_for_url("**/postmortem")
    keys.to(id_="s-summary")
    page.keyboard.type("It *failed*.")
    expect(page.locator("#preview em")).to_have_text("failed")
    expect(page.locator("#s-summary")).to_be_focused()  # that it was kept takes nobody away from their words


def test_focus_goes_on_where_somebody_else_took_its_place_away(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    page, keys = viewer.go(f"/incidents/{incident}"), Keys(viewer.page)
    viewer.streams()
    keys.to("Acknowledge")
    world.do(incident, "acknowledge", by="alice")
    expect(page.locator("#head .status")).to_have_text("Acknowledged")
    keys.is_somewhere()
    expect(page.locator("#next .go :focus")).to_have_count(1)


def test_focus_goes_on_where_the_server_did_not_answer(world: World, looks: Looks) -> None:
    viewer = looks(world)
    viewer.expected += CUT_OFF
    page, keys = viewer.go(f"/incidents/{world.declare()}"), Keys(viewer.page)
    unanswered: list[Route] = []
    page.route("**/acknowledge*", lambda route: unanswered.append(route))
    keys.to("Acknowledge")
    keys.press()
    expect(page.locator(":focus")).to_have_count(0)  # a button that can't be pressed has no focus
    until_held(page, unanswered)
    unanswered[0].abort()
    expect(page.locator("#notice")).to_contain_text("did not answer")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_focused()
    page.unroute("**/acknowledge*")
    keys.press()
    say_done(page, "You have acknowledged")


def test_whoever_went_away_from_a_field_is_not_brought_back(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    page.get_by_role("button", name="Acknowledge").click()
    say_done(page, "You have acknowledged")
    page.locator(".bar").click(position={"x": 2, "y": 2})
    expect(page.locator(":focus")).to_have_count(0)
    world.do(incident, "notes", text="news")
    expect(page.locator("#timeline")).to_contain_text("news")
    expect(page.locator(":focus")).to_have_count(0)


def test_focus_stays_in_a_field_while_others_act(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    page.locator("#note > summary").click()
    page.get_by_label("For the timeline").fill("half a ")
    for number in range(3):
        world.do(incident, "notes", text=f"news {number}")
        expect(page.locator("#timeline")).to_contain_text(f"news {number}")
        page.keyboard.type("x")
    expect(page.get_by_label("For the timeline")).to_have_value("half a xxx")


def test_refused_form_keeps_the_focus_and_says_why(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    viewer.expected.append("422")
    page, keys = viewer.go(f"/incidents/{incident}"), Keys(viewer.page)
    keys.to("Page somebody")
    keys.press()
    keys.to(id_="page-reason")
    page.keyboard.type("   ")
    keys.press()
    expect(page.get_by_role("alert")).to_contain_text("Reason")
    keys.is_somewhere()
    assert page.evaluate("document.activeElement.closest('#page') !== null")


def test_escape_closes_a_form_and_leaves_the_focus_at_its_name(world: World, looks: Looks) -> None:
    viewer = looks(world)
    page, keys = viewer.go(f"/incidents/{world.declare()}"), Keys(viewer.page)
    keys.to("Write a note")
    keys.press()
    keys.to(id_="note-text")
    keys.press("Escape")
    expect(page.locator("#note")).not_to_have_attribute("open", "")
    expect(page.locator("#note > summary")).to_be_focused()


@every_page
def test_nothing_that_counts_is_told_every_second(shared: World, looks: Looks, shown: Shown) -> None:
    viewer: Viewer = opened(looks(shared), shared, shown)
    assert viewer.page.evaluate(_CHATTER) == []


def test_cockpit_is_told_as_it_is_seen(shared: World, looks: Looks) -> None:
    page = looks(shared).go(f"/incidents/{shared.ids['worked on']}")
    next_, roles, ladder, steps, timeline = (
        page.locator(f"#{id_}").aria_snapshot() for id_ in ("next", "roles", "ladder", "side", "timeline")
    )
    assert 'region "Next"' in next_
    assert 'link "Fill the role"' in next_
    assert "Nobody is Technical Lead yet" in next_
    assert "Needed" in roles
    assert "Assign Technical Lead" in roles
    assert "text: primary on-call done; was due" in ladder
    assert "text: secondary on-call not needed any more" in ladder
    assert "text: engineering director, VP engineering" in ladder
    assert page.locator("#ladder [aria-current=step]").count() == 1
    assert "Acknowledge : done Bob Brown" in steps
    assert "Mitigate : to do" in steps
    assert 'navigation "What the timeline shows"' in timeline
    assert "Emma Evans" in timeline


def test_link_from_the_first_page_leads_into_the_form(world: World, looks: Looks) -> None:
    incident = world.declare()
    world.do(incident, "acknowledge")
    viewer = looks(world)
    page, keys = viewer.go("/"), Keys(viewer.page)
    keys.to("Assess")
    keys.press()
    page.wait_for_url("**#assess-form")
    expect(page.get_by_label("Ask me")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/oncall", "/silences", "/sop", "/account"])
def test_each_stop_of_the_tab_key_is_seen(shared: World, looks: Looks, path: str) -> None:
    page = looks(shared).go(path)
    for at in islice(stops(page), 40):
        if at["tag"] in ("BODY", "HTML"):
            break
        assert at["ringed"] or at["tag"] == "IFRAME", at
        assert at["inside"], at


def test_frame_that_is_not_loaded_yet_is_seen_when_it_has_the_focus(shared: World, looks: Looks) -> None:
    viewer = looks(shared)
    viewer.page.route("**/sop/flowchart", lambda _: None)
    frame = next(at for at in stops(viewer.go("/sop")) if at["tag"] == "IFRAME")
    assert frame["inside"], frame

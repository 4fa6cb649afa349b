"""Does a browser ring while it is closed? The button on the inbox, and what the service worker makes of a push.

Headless Chromium reaches no push service: what subscribes there is a stand-in, whose address the server then really
pushes to. What the browser does with a message is asked of the real service worker, to which the message is handed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Worker, expect

from tests.system.waiting import until
from tests.web.browser import PHONE, Viewer
from tests.web.conftest import Looks
from tests.web.pushed import browsers_of, pushed
from tests.web.world import World
from tocsin.simulate.sandbox.push import SandboxBrowser
from tocsin.simulate.sandbox.server import Sandbox

_SUBSCRIBES = """
  const told = %s;
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
    if (!userVisibleOnly) throw new Error("a push must be seen");
    sessionStorage.setItem("key", btoa(String.fromCharCode(...applicationServerKey)));
    return { toJSON: () => ({ endpoint: told.endpoint, keys: { p256dh: told.p256dh, auth: told.auth } }) };
  };
  Notification.requestPermission = async () => "granted";
"""
_OPENED = """() => {
  self.opened = [];
  self.clients.openWindow = async (address) => { self.opened.push(address); };
}"""
_CLICK = """async ([tag, action]) => {
  const [notification] = await self.registration.getNotifications({ tag });
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
  for (let n = 0; n < 600 && !self.opened.length; n++) await new Promise((done) => setTimeout(done, 50));
  return self.opened;
}"""
_SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, silent, requireInteraction, actions }) =>
    ({ title, body, tag, silent, requireInteraction, actions: actions.map((it) => it.action) }))"""
_IS_ACTIVE = "navigator.serviceWorker.ready.then((it) => it.active.state === 'activated')"
PAGE = {
    "title": "SEV1: Checkout is down",
    "body": "INC-2026-0042 checkout: escalation to primary on-call",
    "tag": "INC-2026-0042-5-0",
    "navigate": "/a/token",
    "requireInteraction": True,
    "silent": False,
    "actions": [
        {"action": "acknowledge", "title": "Acknowledge", "navigate": "/a/token"},
        {"action": "open", "title": "Open", "navigate": "/incidents/INC-2026-0042"},
    ],
}


@pytest.fixture
def push_world(tmp_path: Path) -> Iterator[tuple[World, Sandbox]]:
    with pushed(tmp_path) as (server, sandbox):
        yield World(server), sandbox


def inbox(viewer: Viewer, browser: SandboxBrowser) -> Page:
    """The inbox in a browser that subscribes at the stand-in."""
    viewer.page.context.grant_permissions(["notifications"])
    viewer.page.add_init_script(_SUBSCRIBES % json.dumps(browser.subscription))
    return viewer.go("/inbox")


def test_browser_is_rung_while_it_is_closed_until_its_owner_ends_it(
    push_world: tuple[World, Sandbox], looks: Looks
) -> None:
    world, sandbox = push_world
    primary = world.server.get("oncall")[2]["primary"]
    viewer, browser = looks(world, person=primary, size=PHONE), sandbox.push.subscribe(sandbox.url)
    page = inbox(viewer, browser)
    expect(page.locator("#push-state")).to_have_text("No page reaches this browser once it is closed.")
    assert (viewer.barriers(), viewer.overflow()) == ([], 0)
    page.get_by_role("button", name="Ring this browser even when it's closed").click()
    expect(page.locator("#push-state")).to_contain_text("This browser rings even when it's closed")
    assert (viewer.barriers(), viewer.overflow()) == ([], 0)
    told = page.evaluate("sessionStorage.getItem('key')")
    browser.server_key = told.rstrip("=").replace("+", "-").replace("/", "_")
    incident = world.declare(severity="SEV1", reason="all users")
    until(lambda: browser.messages, "the browser is pushed to")
    assert browser.messages[0].notification["title"] == "SEV1: Checkout is down"
    world.do(incident, "acknowledge", by=primary)
    until(lambda: len(browser.messages) >= 2, "the notification is replaced")
    viewer.go("/account")
    expect(page.locator("section", has=page.locator("#browsers"))).to_contain_text("on Linux, this one")
    assert (viewer.barriers(), viewer.overflow()) == ([], 0)
    viewer.go("/inbox")
    page.get_by_role("button", name="Ring this browser no more").click()
    expect(page.locator("#push-state")).to_have_text("No page reaches this browser once it is closed.")
    assert browsers_of(world.server, primary) == 0


def test_refusal_is_told_beside_the_button(push_world: tuple[World, Sandbox], looks: Looks) -> None:
    world, sandbox = push_world
    viewer, browser = looks(world, person="emma"), sandbox.push.subscribe("https://push.example.org")
    viewer.expected.append("422")
    page = inbox(viewer, browser)
    page.get_by_role("button", name="Ring this browser even when it's closed").click()
    expect(page.locator("#push-hint")).to_contain_text(
        "It didn't work: endpoint: push.example.org is no push service of a browser that is known"
    )
    expect(page.locator("#push-begin")).to_be_enabled()


def test_permission_that_is_not_given_is_told_beside_the_button(
    push_world: tuple[World, Sandbox], looks: Looks
) -> None:
    world, _ = push_world
    viewer = looks(world, person="emma")
    viewer.page.add_init_script("Notification.requestPermission = async () => 'denied';")
    page = viewer.go("/inbox")
    page.get_by_role("button", name="Ring this browser even when it's closed").click()
    expect(page.locator("#push-hint")).to_contain_text("this browser doesn't allow notifications here")


def test_iphone_is_told_to_put_the_page_on_the_home_screen(push_world: tuple[World, Sandbox], looks: Looks) -> None:
    world, _ = push_world
    viewer = looks(
        world, person="emma", size=PHONE, user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X)"
    )
    viewer.page.add_init_script("delete window.PushManager;")
    page = viewer.go("/inbox")
    expect(page.locator("#push-hint")).to_contain_text("put this page on the home screen first")
    expect(page.locator("#push-begin")).to_be_hidden()


def worker_of(page: Page) -> Worker:
    """The service worker, once it is there."""
    until(lambda: page.evaluate(_IS_ACTIVE), "the service worker is there for messages")
    until(lambda: page.context.service_workers, "the service worker runs")
    return page.context.service_workers[0]


class Courier:
    """Hands messages to the service worker, as the browser does with what its push service brings."""

    def __init__(self, viewer: Viewer) -> None:
        viewer.page.context.grant_permissions(["notifications"])
        self.page = viewer.go("/inbox")
        self.worker = worker_of(self.page)
        self._origin = viewer.url
        self._found: list[dict[str, Any]] = []
        self._session = self.page.context.new_cdp_session(self.page)
        self._session.on("ServiceWorker.workerRegistrationUpdated", lambda it: self._found.extend(it["registrations"]))
        self._session.send("ServiceWorker.enable")
        until(self._is_found, "the browser tells of its service worker")

    def _is_found(self) -> bool:
        self.page.wait_for_timeout(20)
        return bool(self._found)

    def push(self, data: str) -> list[dict[str, Any]]:
        """What the browser shows once it was handed the message.

        Handed again while nothing comes of it: what is handed over before the browser has written the worker down, a
        moment after that runs, is lost without a word. A message that came twice is shown once, by its tag.
        """
        known = self.shown()
        message = {"origin": self._origin, "registrationId": self._found[0]["registrationId"], "data": data}

        def is_shown() -> bool:
            self._session.send("ServiceWorker.deliverPushMessage", message)
            return any(self._shows_other_than(known) for _ in range(50))

        until(is_shown, "the browser shows something else")
        return self.shown()

    def click(self, action: str) -> list[str]:
        """The addresses that are opened by a click on the page's notification, which goes away by it."""
        self.worker.evaluate(_OPENED)
        opened: list[str] = self.worker.evaluate(_CLICK, [PAGE["tag"], action])
        until(lambda: self.shown() == [], "the notification is gone")
        return opened

    def _shows_other_than(self, known: list[dict[str, Any]]) -> bool:
        self.page.wait_for_timeout(100)
        return self.shown() != known

    def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(_SHOWN)
        return found


def test_worker_shows_a_page_and_replaces_it_by_its_end(push_world: tuple[World, Sandbox], looks: Looks) -> None:
    world, _ = push_world
    courier = Courier(looks(world, person="emma"))
    (shown,) = courier.push(json.dumps({"web_push": 8030, "notification": PAGE}))
    wanted = {name: PAGE[name] for name in ("title", "body", "tag", "silent", "requireInteraction")}
    assert shown == {**wanted, "actions": ["acknowledge", "open"]}
    assert courier.click("open") == ["/incidents/INC-2026-0042"]
    end = {"title": "INC-2026-0042: nothing to do any more", "body": "", "tag": PAGE["tag"], "silent": True}
    courier.push(json.dumps({"web_push": 8030, "notification": PAGE}))
    (ended,) = courier.push(json.dumps({"web_push": 8030, "notification": {**end, "navigate": "/inbox"}}))
    assert (ended["title"], ended["silent"], ended["actions"]) == (end["title"], True, [])


@pytest.mark.parametrize(("action", "address"), [("", "/a/token"), ("acknowledge", "/a/token")])
def test_click_leads_to_the_link_that_acknowledges(
    push_world: tuple[World, Sandbox], looks: Looks, action: str, address: str
) -> None:
    world, _ = push_world
    courier = Courier(looks(world, person="emma"))
    courier.push(json.dumps({"web_push": 8030, "notification": PAGE}))
    assert courier.click(action) == [address]


@pytest.mark.parametrize("data", ["", "{", "[]", "null", '{"notification": null}', '{"notification": {"title": 7}}'])
def test_page_that_can_not_be_read_is_shown_all_the_same(
    push_world: tuple[World, Sandbox], looks: Looks, data: str
) -> None:
    world, _ = push_world
    (shown,) = Courier(looks(world, person="emma")).push(data)
    assert (shown["title"], shown["requireInteraction"]) == ("Tocsin pages you", True)

"""How does a test look at a page? In Debian's Chromium, which tells all that goes wrong behind what is seen.

Each `Viewer` is a person with a browser of their own: an error in the console, a breach of the content security policy,
and a request that leaves the server's address fail the test in which they happen.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.system.waiting import PATIENCE_SECONDS, until
from tests.web.people import signed_in

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = (1280, 900)
PHONE = (390, 844)
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CUT_OFF = ["net::ERR_", "Failed to fetch"]  # whatever Chromium calls a server that is gone
_WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} of ${event.blockedURI || "inline"}`);
});
"""
_PATIENCE_MILLISECONDS = PATIENCE_SECONDS * 1000
expect.set_options(timeout=_PATIENCE_MILLISECONDS)


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser without windows."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
    try:
        yield browser
    finally:
        browser.close()


def until_held(page: Page, held: Sequence[object]) -> None:
    """Wait until a request is held that a test holds back; asked anything, the page tells of what it has sent."""
    until(lambda: held or page.evaluate("null"), "a request is held back")


class Viewer:
    """One person at one browser. `person` is who they are in the SOP, None a stranger who isn't signed in.

    `faults` is what went wrong so far.
    """

    def __init__(self, browser: Browser, url: str, token: str, *, person: str | None = "bob", **options: Any) -> None:
        self.url = url
        self.faults: list[str] = []
        self.expected: list[str] = []  # what a test brings about on purpose: parts of the faults' texts
        size, role = options.pop("size", DESKTOP), options.pop("role", "admin")
        self._context: BrowserContext = browser.new_context(
            base_url=url,
            viewport={"width": size[0], "height": size[1]},
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
            timezone_id="UTC",
            locale="en-GB",
            **options,
        )
        if person is not None:
            session = signed_in(url, token, person, person=person, role=role).session
            self._context.add_cookies([{"name": "tocsin", "value": session, "url": url, "httpOnly": True}])
        self._context.set_default_timeout(_PATIENCE_MILLISECONDS)
        self._context.add_init_script(_WATCH)
        self._context.on("console", lambda message: self._note(message.type, message.text))
        self._context.on("weberror", lambda error: self.faults.append(f"error: {error.error}"))
        self._context.on("request", lambda request: self._note_address(request.url))
        self.page: Page = self._context.new_page()

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not any(part in text for part in self.expected):
            self.faults.append(f"console: {text}")

    def _note_address(self, address: str) -> None:
        there, here = urlsplit(address), urlsplit(self.url)
        if there.scheme in ("http", "https", "ws", "wss") and there.netloc != here.netloc:
            self.faults.append(f"request to {address}")

    def go(self, path: str) -> Page:
        """Open a page of the server, and wait until its scripts have run."""
        self.page.goto(path, wait_until="load")
        return self.page

    def streams(self) -> None:
        """Wait until the page hears of changes."""
        until(lambda: self.page.evaluate("document.body.dataset.heard === 'yes'"), "the page hears of changes")

    def settle(self) -> None:
        """Wait until nothing moves on the page any more: what has just changed is faded in."""
        still = "document.getAnimations().every((it) => it.playState === 'finished')"
        until(lambda: self.page.evaluate(still), "nothing moves on the page")

    def without_news(self) -> None:
        """Let the page hear of nothing that others do."""
        stop = "(event) => event.stopImmediatePropagation()"
        self.page.evaluate(f"document.body.addEventListener('changed', {stop}, true)")

    def barriers(self) -> list[str]:
        """What axe finds on the page once it has settled: rule, and the first element that breaks it."""
        self.settle()
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [f"{it['id']}: {it['help']}: {json.dumps(it['nodes'][0]['html'])}" for it in found["violations"]]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen; a phone's window grows with what it shows."""
        screen = self.page.viewport_size
        assert screen is not None
        return int(self.page.evaluate("document.documentElement.scrollWidth")) - screen["width"]

    def close(self) -> None:
        """Close the browser window; fails where something went wrong in it."""
        self._context.close()
        assert self.faults == [], self.faults

"""What if every text that anybody may write is an attack? It is text on every page: nothing runs, nothing is asked."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, sync_playwright

from tests.system.server import Server, firing
from tests.system.waiting import until
from tests.web.browser import CHROMIUM, Viewer, chromium
from tests.web.people import account
from tests.web.world import World, link_of

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

_MARK = "hacked"
_HOSTILE = (
    f"<img src=x onerror=window.{_MARK}=1><script>window.{_MARK}=2</script>\"'><svg/onload=window.{_MARK}=3>"
    f"<a href='javascript:window.{_MARK}=4'>x</a>{{{{7*7}}}}<!--"
)
_MARKDOWN = (
    f"[click](javascript:window.{_MARK}=5) ![i](http://evil.example/p.png)\n\n"
    f"<iframe src=//evil.example></iframe>\n\n{_HOSTILE}"
)
_WHAT_RAN = f"window.{_MARK} === undefined"
# Elements that no template of ours makes: one of them on a page came out of a text.
_FOREIGN = (
    "main img, main script, main svg:not(.bell), main iframe:not(.flow), main object, [onerror], [onload], [onclick]"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Server(tmp_path_factory.mktemp("hostile")) as server:
        world = World(server)
        _write_everywhere(world)
        yield world


def _write_everywhere(world: World) -> None:
    """Every field of every door, as hostile as it is taken."""
    server, title = world.server, _HOSTILE[:200]
    one = world.ids["open"] = world.declare(title, severity="SEV1", reason=title)
    world.do(one, "acknowledge")
    world.do(one, "assess", severity="SEV2", reason=title)
    world.do(one, "roles", role="communications_lead", person="bob")
    world.do(one, "notes", text=_HOSTILE)
    world.do(one, "updates", text=_HOSTILE, audience="external")
    world.do(one, "pages", target="dana", reason=title)
    world.ids["link"] = link_of(server, one)
    two = world.ids["ended"] = world.declare(title, severity="SEV2", reason=title)
    world.do(two, "mitigate", note=title)
    world.do(two, "resolve", note=title)
    sections = dict.fromkeys(("summary", "root_cause", "impact", "went_well", "lessons"), _MARKDOWN)
    item = {"text": title, "owner": title[:50], "priority": "P1", "due_on": "2031-01-01", "status": title[:20]}
    body = {"sections": sections, "action_items": [item], "by": "bob"}
    server.http.put(f"/api/v1/incidents/{two}/postmortem", json=body).raise_for_status()
    three = world.ids["cancelled"] = world.declare(title)
    world.do(three, "cancel", reason=title)
    alert = firing("A", service="website", severity="critical", label=_HOSTILE)
    alert["annotations"] = {"summary": _HOSTILE, "description": _HOSTILE, "runbook_url": f"javascript:window.{_MARK}=6"}
    server.send_alerts(
        alert | {"labels": {**alert["labels"], "alertname": title}, "generatorURL": "javascript:alert(1)"}
    )
    server.post(
        "silences", matchers=[f"label='{title[:20]}'".replace("'", '"')], comment=_HOSTILE, lasts="2h", by="bob"
    )
    _by_other_doors(server, title)
    account(server.url, server.token, "victim")
    made = server.http.post("/api/v1/accounts", json={"email": "evil@tests.example", "name": title[:100]})
    assert made.status_code in (201, 422), made.text
    until(lambda: server.get("search", q="img"), "what was written can be found")


def _by_other_doors(server: Server, title: str) -> None:
    key = server.post("tokens", name="website", scopes=["intake"], form="routing_key")["token"]
    payload = {
        "summary": title,
        "source": title,
        "severity": "critical",
        "component": title,
        "group": title,
        "class": title,
    }
    details = {"<b>": title, "deep": {"a": [title]}}
    links = [{"href": f"javascript:window.{_MARK}=7", "text": title}]
    event = {"routing_key": key, "event_action": "trigger", "payload": {**payload, "custom_details": details}}
    told = server.http.post(
        "/v2/enqueue", json={**event, "links": links, "client": title, "client_url": "javascript:1"}
    )
    assert told.status_code == 202, told.text
    change = {"routing_key": key, "payload": {"summary": title, "source": title}, "links": links}
    server.http.post("/v2/change/enqueue", json=change).raise_for_status()


PATHS = (
    "/",
    "/incidents",
    "/incidents?state=all",
    "/incidents/{open}",
    "/incidents/{open}/timeline",
    "/incidents/{ended}",
    "/incidents/{ended}/postmortem",
    "/incidents/{cancelled}",
    "/inbox?whose=all",
    "/alerts",
    "/alerts?q=" + "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E".replace("%3D", ""),
    "/silences",
    "/silences?matchers=%3C%2Ftextarea%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    "/search?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    "/search?q=img",
    "/activity",
    "/activity?actor=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    "/oncall",
    "/oncall?person=%22%3E%3Cimg%20src%3Dx%3E&from=%22%3E%3Csvg%20onload%3Dalert(1)%3E",
    "/people/dana",
    "/account",
    "/admin/accounts",
    "{link}",
    "/declare?title=%22%3E%3Cimg%20src%3Dx%3E",
    "/%3Cimg%20src=x%20onerror=alert(1)%3E",
)


@pytest.mark.parametrize("path", PATHS)
def test_text_of_people_and_machines_is_text_on_every_page(browser: Browser, world: World, path: str) -> None:
    viewer = Viewer(browser, world.server.url, world.server.token, user_agent=f"Mozilla/5.0 {_HOSTILE}")
    viewer.expected += ["404", "422"]
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    viewer.page.on("dialog", note)
    page = viewer.go(path.format(**world.ids))
    page.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
    page.wait_for_timeout(150)
    assert page.evaluate(_WHAT_RAN)
    assert dialogs == []
    assert page.locator(_FOREIGN).evaluate_all("found => found.map((it) => it.outerHTML.slice(0, 120))") == []
    hrefs = page.eval_on_selector_all("a[href], form[action]", "found => found.map((it) => it.href ?? it.action)")
    assert [it for it in hrefs if urlsplit(it).scheme not in ("http", "https")] == []
    viewer.close()

"""What can be done from outside by the browsers that ring? Foreign ones, made-up addresses, forged forms, too many."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.system.server import Server
from tests.system.waiting import until
from tests.web.people import Person, account, signed_in
from tests.web.pushed import browsers_of, pushed
from tocsin.simulate.sandbox.push import SandboxBrowser
from tocsin.simulate.sandbox.server import Sandbox

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
_ADDRESSES = [
    "http://127.0.0.1:22/",
    "https://127.0.0.1/push/x",
    "https://169.254.169.254/latest/meta-data/",
    "http://localhost:8770/api/v1/incidents",
    "https://fcm.googleapis.com@evil.example/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil.example\\@fcm.googleapis.com/x",
    "file:///etc/passwd",
    "https://fcm.googleapis.com/" + "x" * 2_000,
    "",
]


class World:
    """The server, its push service, and people with accounts."""

    def __init__(self, server: Server, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox

    def person(self, name: str, *, role: str = "responder", person: str | None = None) -> Person:
        someone = signed_in(self.server.url, self.server.token, name, role=role, person=person)
        someone.get("/inbox")
        return someone

    def browser(self) -> SandboxBrowser:
        return self.sandbox.push.subscribe(self.sandbox.url)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pushed(tmp_path_factory.mktemp("push")) as (server, sandbox):
        account(server.url, server.token, "keeper")
        yield World(server, sandbox)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """Where nobody has a browser yet."""
    with pushed(tmp_path) as (server, sandbox):
        account(server.url, server.token, "keeper")
        yield World(server, sandbox)


def post(
    someone: Person, path: str, fields: dict[str, str], *, csrf: str | None = None, evil: bool = False
) -> httpx2.Response:
    """The answer to what a script sends; `evil` comes from another site."""
    headers = {"Accept": "application/json", **(EVIL if evil else {})}
    return someone.http.post(path, data={"csrf": someone.csrf if csrf is None else csrf, **fields}, headers=headers)


def subscribe(someone: Person, browser: SandboxBrowser, **fields: str) -> httpx2.Response:
    return post(someone, "/browsers", {**browser.subscription, **fields})


def test_browser_is_subscribed_rung_and_removed(fresh: World) -> None:
    primary = fresh.server.get("oncall")[2]["primary"]
    alice, browser = fresh.person(primary, person=primary), fresh.browser()
    key = alice.send("/browsers/key")
    assert (key.status_code, len(key.text), key.headers["cache-control"]) == (200, 87, "no-store")
    browser.server_key = key.text
    assert subscribe(alice, browser).status_code == 204
    assert "HttpOnly" in subscribe(alice, browser).headers["set-cookie"]
    assert browsers_of(fresh.server, primary) == 1
    answer = alice.send(f"/people/{primary}/test-page")
    assert answer.status_code == 303
    until(lambda: browser.messages, "the test page is pushed")
    listed = alice.get("/account").text
    assert "a browser</strong>, <strong>this one" in listed
    assert alice.send("/browsers/1/remove").status_code == 303
    assert browsers_of(fresh.server, primary) == 0
    actions = [it["action"] for it in fresh.server.get("audit") if it["action"].startswith("browser.")]
    assert sorted(actions) == ["browser.add", "browser.add", "browser.remove"]


@pytest.mark.parametrize("address", _ADDRESSES)
def test_server_is_led_to_no_other_address(world: World, address: str) -> None:
    emma = world.person("emma", person="emma")
    answer = subscribe(emma, world.browser(), endpoint=address)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["detail"].startswith("endpoint: ")
    assert browsers_of(world.server, "emma") == 0


@pytest.mark.parametrize("field", ["p256dh", "auth"])
@pytest.mark.parametrize("value", ["", "x", "A" * 100_000, "\x00", "ü" * 87, "<script>alert(1)</script>"])
def test_key_that_is_none_is_refused_by_its_name(world: World, field: str, value: str) -> None:
    emma = world.person("emma", person="emma")
    answer = subscribe(emma, world.browser(), **{field: value})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: must be")


def test_form_of_another_site_subscribes_and_removes_nothing(world: World) -> None:
    emma, browser = world.person("emma", person="emma"), world.browser()
    for path in ("/browsers", "/browsers/1/remove", "/browsers/key", "/browsers/renew"):
        assert post(emma, path, browser.subscription, evil=True).status_code == 403
    for path in ("/browsers", "/browsers/1/remove", "/browsers/key"):
        assert post(emma, path, browser.subscription, csrf="").status_code == 403
    assert browsers_of(world.server, "emma") == 0


def test_stranger_is_told_to_sign_in_and_renews_nothing(world: World) -> None:
    stranger, browser = Person(world.server.url), world.browser()
    for path in ("/browsers", "/browsers/key", "/browsers/1/remove"):
        assert post(stranger, path, browser.subscription).status_code == 303
    assert post(stranger, "/browsers/renew", browser.subscription).status_code == 401
    stranger.http.cookies.set("tocsin-browser", "tocsin_browser_guessed")
    assert post(stranger, "/browsers/renew", browser.subscription).status_code == 401


def test_nobody_removes_or_takes_another_ones_browser(fresh: World) -> None:
    emma, mallory = fresh.person("emma", person="emma"), fresh.person("bob", person="bob")
    hers, his = fresh.browser(), fresh.browser()
    assert subscribe(emma, hers).status_code == 204
    for number in ("1", "01", "-1", "1%00", "1 OR 1=1", "9" * 30):
        assert mallory.send(f"/browsers/{number}/remove").status_code == 404
    stolen = subscribe(mallory, his, endpoint=hers.endpoint)
    assert (stolen.status_code, stolen.json()["code"]) == (409, "browser_is_anothers")
    assert subscribe(mallory, his).status_code == 204
    moved = post(mallory, "/browsers/renew", hers.subscription)
    assert (moved.status_code, moved.json()["code"]) == (409, "browser_is_anothers")
    assert (browsers_of(fresh.server, "emma"), browsers_of(fresh.server, "bob")) == (1, 1)


def test_only_admins_remove_the_browsers_of_others(fresh: World) -> None:
    emma, viewer, admin = (
        fresh.person("emma", person="emma"),
        fresh.person("v", role="viewer"),
        fresh.person("a", role="admin"),
    )
    subscribe(emma, fresh.browser())
    accounts = {it["name"]: it["id"] for it in fresh.server.get("accounts")}
    path = f"/admin/accounts/{accounts['Emma']}/forget-browsers"
    viewer.get("/account")
    assert viewer.send(path).status_code == 403
    assert browsers_of(fresh.server, "emma") == 1
    assert "Remove 1 browser" in admin.get("/admin/accounts").text
    assert "1 browser will not be rung any more" in admin.send(path).text
    assert browsers_of(fresh.server, "emma") == 0


def test_eleventh_browser_is_refused_in_words(fresh: World) -> None:
    emma = fresh.person("emma", person="emma")
    assert {subscribe(emma, fresh.browser()).status_code for _ in range(10)} == {204}
    answer = subscribe(emma, fresh.browser())
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_browsers")
    assert browsers_of(fresh.server, "emma") == 10


def test_signing_out_there_ends_it_and_elsewhere_does_not(fresh: World) -> None:
    phone, laptop = fresh.person("emma", person="emma"), fresh.person("emma", person="emma")
    subscribe(phone, fresh.browser())
    assert laptop.send("/signout").status_code == 303
    assert browsers_of(fresh.server, "emma") == 1
    assert phone.send("/signout").status_code == 303
    assert browsers_of(fresh.server, "emma") == 0
    assert phone.http.cookies.get("tocsin-browser") is None


def test_worker_renews_the_address_when_nobody_is_signed_in_any_more(fresh: World) -> None:
    emma, new = fresh.person("emma", person="emma"), fresh.browser()
    subscribe(emma, fresh.browser())
    emma.http.cookies.delete("tocsin")
    assert post(emma, "/browsers/renew", new.subscription, csrf="").status_code == 204
    refused = post(emma, "/browsers/renew", {**new.subscription, "endpoint": "https://evil.example/x"})
    assert refused.status_code == 422
    assert browsers_of(fresh.server, "emma") == 1


def test_agent_that_lies_is_shown_as_text(fresh: World) -> None:
    emma = fresh.person("emma", person="emma")
    emma.http.headers["user-agent"] = "<img src=x onerror=alert(1)> Firefox/1 Android"
    subscribe(emma, fresh.browser())
    page = emma.get("/account").text
    assert "Firefox on Android" in page
    assert "<img" not in page.partition("Browsers that ring")[2].partition("password")[0]


def test_account_that_is_nobody_of_the_sop_is_told_so(world: World) -> None:
    guest = world.person("guest")
    answer = subscribe(guest, world.browser())
    assert (answer.status_code, answer.json()["code"]) == (409, "not_one_of_the_people")
    assert "Rung while it is closed" not in guest.get("/inbox").text

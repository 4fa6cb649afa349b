"""No other site's form acts, on any page that there is; and what pages say of what goes wrong.

That nobody sees a page without being let in is asked in `tests/api/test_permissions.py`.
"""

import threading
from collections.abc import Iterator

import pytest

from tests.api.harness import Api, running
from tocsin.accounts.permissions import Permission
from tocsin.api.guard import Guarded
from tocsin.web.app import pages

PASSWORD = "a lantern over the harbour"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running(tmp_path_factory.mktemp("pages")) as api:
        yield api


def actions_of(api: Api) -> list[str]:
    """The path of every action that takes somebody who is signed in, on an incident that there is."""
    incident = api.declare()
    api.settle()
    found = [route for route in pages(api.node) if isinstance(route, Guarded) and isinstance(route.takes, Permission)]
    return [it.path.replace("{id}", incident) for it in found if "POST" in (it.methods or ())]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"X-CSRF-Token": "0" * 48},
    ],
    ids=lambda headers: ",".join(headers.values()),
)
def test_no_form_of_another_site_acts(api: Api, headers: dict[str, str]) -> None:
    asked = actions_of(api)
    api.see("/")  # so that whoever is signed in is
    before = api.traces
    for path in asked:
        response = api.see(path, headers={**FORM, **headers}, content=b"title=x&text=x&reason=x")
        assert (response.status_code, response.json()["code"]) == (403, "forbidden"), path
    assert api.traces == before


def test_pages_are_never_kept_and_say_what_a_browser_may_do(api: Api) -> None:
    response = api.see(f"/incidents/{api.declare()}")
    assert response.headers["cache-control"] == "no-store"
    assert "script-src 'self'; style-src 'self'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]


def test_files_beside_pages_have_names_that_change_with_them(api: Api) -> None:
    page = api.see("/").text
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    response = api.ask("GET", path, token=None)
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    for wrong in ("/static/000000000000/tocsin.css", path.replace("tocsin.css", "..%2f..%2fapp.py")):
        assert api.ask("GET", wrong, token=None).status_code == 404


@pytest.mark.parametrize(
    ("action", "form", "status", "told"),
    [
        ("notes", "text=", 422, "Note: must say something, got nothing."),
        ("roles", "role=king&person=bob", 422, "must be one of incident_commander"),
        ("assess", "severity=unsure", 422, "Severity: must be SEV1, SEV2, SEV3 or SEV4"),
        ("pages", "target=nobody_at_all&reason=why", 422, "is nobody"),
        ("updates", "text=x&audience=external", 409, "only the Communications Lead may publish"),
        ("reopen", "reason=x", 409, "is triggered and can&#39;t be reopened"),
        ("notes", "text=%FF%FE", 422, "form: must be URL-encoded UTF-8"),
    ],
)
def test_form_that_is_refused_says_why_on_the_page(api: Api, action: str, form: str, status: int, told: str) -> None:
    path = f"/incidents/{api.declare()}/{action}"
    response = api.see(path, headers={**FORM, "accept": "text/html"}, content=form.encode())
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert told.lower() in response.text.lower()


def test_page_of_what_there_is_not_is_a_page(api: Api) -> None:
    response = api.see("/incidents/INC-2026-9999", headers={"accept": "text/html,*/*"})
    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert "there is no &#39;INC-2026-9999&#39;" in response.text


def test_page_that_has_to_wait_says_for_what(api: Api) -> None:
    is_free = threading.Event()
    for _ in range(16):
        api.begin(lambda: api.node.sign_in.apart(is_free.wait))
    form = f"password={PASSWORD}&again={PASSWORD}".encode()
    try:
        response = api.see("/account/password", headers={**FORM, "accept": "text/html"}, content=form)
    finally:
        is_free.set()
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert "too many people sign in just now: try again in a few seconds." in response.text


def test_address_without_a_page_is_plain_to_a_program(api: Api) -> None:
    assert api.ask("GET", "/nothing").json()["code"] == "no_such_path"

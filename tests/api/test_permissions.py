"""Who gets in where? Every route says what it takes; whoever lacks it is refused, and whoever has it is not.

The sweep goes over the table of operations and every page, with every kind of token and every role.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.routing import Route

from tests.api.harness import Api, path_of, running
from tocsin.accounts.forgery import token_for
from tocsin.accounts.permissions import PERMISSIONS_OF, GlobalRole, Permission, Scope, granted
from tocsin.api.guard import Guarded, Public
from tocsin.api.operations import Operation
from tocsin.api.v1 import OPERATIONS

every_operation = pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in OPERATIONS])
every_scope = pytest.mark.parametrize("scope", list(Scope))
every_role = pytest.mark.parametrize("role", list(GlobalRole))
_PUBLIC = {
    "/api/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/signin",
    "/signin/oidc",
    "/signin/passkey",
    "/signin/oidc/return",
    "/welcome/{secret}",
    "/password/{secret}",
    "/icon.svg",
    "/tocsin.webmanifest",
    "/worker.js",
    "/a/{token}",
    # Slack signs what it sends; whoever is in it may do what they may.
    "/slack/commands",
    "/slack/interactions",
    "/slack/events",
    "/browsers/renew",
}
_DOORS = ("/api", "/intake", "/heart", "/v2")
_STATIC = "/static/{digest}/{name:path}"


class Keys:
    """A token of each scope, and a session of each role."""

    def __init__(self, api: Api) -> None:
        self.tokens = {scope: api.do("add_token", name=f"t-{scope}", scopes=[scope.value])["token"] for scope in Scope}
        self.sessions = {role: api.session(role) for role in GlobalRole}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Keys]]:
    with running(tmp_path_factory.mktemp("sweep")) as api:
        yield api, Keys(api)


def pages_of(api: Api) -> list[Guarded]:
    return [it for it in api.routes if isinstance(it, Guarded) and not it.path.startswith(_DOORS)]


def test_every_route_says_what_it_takes(world: tuple[Api, Keys]) -> None:
    api, _ = world
    silent = {it.path for it in api.routes if isinstance(it, Route) and not isinstance(it, Guarded)}
    assert silent == {_STATIC}
    assert all(isinstance(it, Route) for it in api.routes)


def test_only_what_strangers_must_see_takes_nothing(world: tuple[Api, Keys]) -> None:
    api, _ = world
    assert {it.path for it in api.routes if isinstance(it, Guarded) and isinstance(it.takes, Public)} == _PUBLIC


@every_scope
@every_operation
def test_token_opens_what_its_scope_holds_and_nothing_else(
    world: tuple[Api, Keys], operation: Operation, scope: Scope
) -> None:
    api, keys = world
    response = api.ask(operation.method, path_of(operation, "0"), token=keys.tokens[scope], content=b"[]")
    is_let_in = operation.permission in granted([scope], None)
    assert (response.status_code != 403) is is_let_in, response.text
    assert response.status_code != 401


@every_role
def test_session_opens_the_pages_of_its_role_and_nothing_else(world: tuple[Api, Keys], role: GlobalRole) -> None:
    api, keys = world
    for route in pages_of(api):
        if isinstance(route.takes, Public) or route.path.endswith("/live") or "/sign" in route.path:
            continue
        is_let_in = route.takes in PERMISSIONS_OF[role]
        for method in (route.methods or set()) - {"HEAD"}:
            response = visit(api, keys.sessions[role], method, route.path)
            assert (response.status_code != 403) is is_let_in, f"{method} {route.path}: {response.status_code}"


def visit(api: Api, session: str, method: str, path: str) -> httpx2.Response:
    """Ask for a page as its own forms do."""
    known = {"Cookie": f"tocsin={session}"}
    if method != "GET":
        known["X-CSRF-Token"] = token_for(session)
    return api.ask(method, path.replace("{id}", "0").replace("{action}", "role"), token=None, headers=known)


@every_role
def test_stranger_sees_no_page(world: tuple[Api, Keys], role: GlobalRole) -> None:
    api, _ = world
    for route in pages_of(api):
        if isinstance(route.takes, Permission):
            for method in (route.methods or set()) - {"HEAD"}:
                response = api.ask(method, route.path.replace("{id}", "0"), token=None)
                assert (response.status_code, response.headers["location"][:7]) == (303, "/signin")


def test_session_is_no_token_and_a_token_no_session(world: tuple[Api, Keys]) -> None:
    api, keys = world
    session = keys.sessions[GlobalRole.ADMIN]
    assert api.ask("GET", "/api/v1/incidents", token=session).status_code == 401
    assert api.ask("GET", "/api/v1/incidents", token=None, headers={"Cookie": f"tocsin={session}"}).status_code == 401
    assert api.ask("GET", "/", token=None, headers={"Cookie": f"tocsin={api.admin}"}).status_code == 303
    assert api.ask("GET", "/").status_code == 303


def test_nobody_acts_in_somebody_elses_name(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        token = api.do("add_token", name="chat", scopes=["respond"])["token"]
        refused = api.ask("POST", "/api/v1/incidents", token=token, json={"title": "x", "by": "emma"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        made = api.ask("POST", "/api/v1/incidents", token=token, json={"title": "x"})
        assert made.status_code == 201
        timeline = api.do("get_timeline", made.json()["id"])
        assert timeline[0]["actor"] == "chat"


def test_token_named_like_a_person_is_refused_for_whom_it_would_be_taken(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        refused = api.ask("POST", "/api/v1/tokens", json={"name": "emma", "scopes": ["respond"]})
        assert refused.status_code == 422


def test_a_thousand_wrong_tokens_a_minute_are_enough_and_the_right_one_still_works(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        answers = [api.ask("GET", "/api/v1/incidents", token="tocsin_wrong").status_code for _ in range(1_001)]
        assert set(answers[:1_000]) == {401}
        last = api.ask("GET", "/api/v1/incidents", token="tocsin_wrong")
        assert (last.status_code, last.json()["code"]) == (429, "too_many_attempts")
        assert 0 < int(last.headers["retry-after"]) <= 60
        assert api.ask("GET", "/api/v1/incidents").status_code == 200

"""What does a caller hear when something is wrong inside? A number to look for in the log, which holds no key."""

import asyncio
import importlib
import logging
import pkgutil
import re

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import tocsin
from tests.api.harness import Api, Json
from tests.system.server import firing
from tocsin.api.problems import on_bug
from tocsin.cli.client import AnswerLost
from tocsin.errors import TocsinError

_NUMBER = re.compile(r"look for ([0-9a-f]{8}) in the server's log")


def number_in(problem: Json) -> str:
    found = _NUMBER.search(problem["detail"])
    assert found, problem["detail"]
    return found[1]


def test_a_database_that_cannot_be_used_is_no_fault_of_the_callers(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.settle()
    api.alter("ALTER TABLE alerts RENAME TO lost")
    response = api.ask("POST", "/api/v2/alerts", json=[firing("CheckoutDown")])
    problem = response.json()
    assert (response.status_code, problem["code"], problem["title"]) == (503, "store", "Try again")
    assert response.headers["retry-after"] == "2"
    assert _NUMBER.sub("", problem["detail"]) == "the database can't be used now: try again, or "
    (told,) = [it.message for it in caplog.records if it.name == "tocsin.api.problems"]
    assert told.startswith(f"fault {number_in(problem)} in POST /api/v2/alerts: database {api.database}: no such table")


def test_it_works_again_as_soon_as_the_database_does(api: Api) -> None:
    api.settle()
    api.alter("ALTER TABLE alerts RENAME TO lost")
    assert api.ask("POST", "/api/v2/alerts", json=[firing("CheckoutDown")]).status_code == 503
    assert api.ask("GET", "/readyz", token=None).status_code == 200  # it can write; what is lost is one table
    api.alter("ALTER TABLE lost RENAME TO alerts")
    assert api.ask("POST", "/api/v2/alerts", json=[firing("CheckoutDown")]).status_code == 200
    assert len(api.do("list_incidents")) == 1


def test_page_that_only_a_newer_tocsin_can_read_hides_no_other(api: Api) -> None:
    strange, known = api.declare(severity="SEV1"), api.declare(severity="SEV1")
    api.settle()
    api.alter(f"""UPDATE outbox SET effect = '{{"kind":"SendHologram"}}' WHERE incident = '{strange}'""")
    assert {it["incident"] for it in api.ask("GET", "/api/v1/inbox").json()} == {known}
    assert known in api.see("/inbox").text


def test_the_key_of_a_door_is_not_in_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.settle()
    api.alter("ALTER TABLE alerts RENAME TO lost")
    with caplog.at_level(logging.DEBUG, "tocsin"):
        response = api.ask("POST", f"/intake/alertmanager/{api.intake}", token=None, json={"alerts": [_NOTIFIED]})
    assert response.status_code == 503
    told = [it.getMessage() for it in caplog.records if it.name.startswith("tocsin")]
    assert any("in POST /intake/{source}/{key}: " in message for message in told)
    assert not any(api.intake in message for message in told)


_NOTIFIED = {**firing("CheckoutDown"), "status": "firing"}


def asked(path: str, route: str) -> Request:
    """A request as it is when its handler has failed."""
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "server": ("tocsin", 80)}
    return Request({**scope, "route": Route(route, on_bug), "query_string": b"", "scheme": "http"})


def answer_to(error: Exception, caplog: pytest.LogCaptureFixture) -> tuple[Response, str]:
    with caplog.at_level(logging.DEBUG):
        response = asyncio.run(on_bug(asked("/intake/alertmanager/s3cret", "/intake/{source}/{key}"), error))
    return response, caplog.text


def test_a_bug_is_answered_with_a_number_and_nothing_of_what_is_inside(caplog: pytest.LogCaptureFixture) -> None:
    response, log = answer_to(KeyError("xoxb-secret"), caplog)
    problem = msgspec.json.decode(bytes(response.body))
    assert (response.status_code, problem["code"]) == (500, "internal")
    assert _NUMBER.sub("", problem["detail"]) == "an internal fault, a bug of Tocsin: "
    assert f"fault {number_in(problem)} in POST /intake/{{source}}/{{key}}" in log
    assert "KeyError" in log
    assert "s3cret" not in log


def test_every_expected_failure_has_a_code_of_its_own() -> None:
    for module in pkgutil.walk_packages(tocsin.__path__, "tocsin."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds = [kind for kind in _below(TocsinError) if kind.__module__.startswith("tocsin.")]
    codes = [kind.code for kind in kinds if kind is not AnswerLost]  # to whoever calls the client it is Unreachable
    assert len(codes) == len(set(codes))


def _below(kind: type[TocsinError]) -> list[type[TocsinError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _below(child))]


@pytest.mark.parametrize(
    ("path", "says"), [("/healthz", "ok\n"), ("/readyz", '"ready":true'), ("/metrics", "tocsin_build_info{")]
)
def test_a_probe_needs_no_token(api: Api, path: str, says: str) -> None:
    response = api.ask("GET", path, token=None)
    assert response.status_code == 200
    assert says in response.text


def test_a_server_that_cannot_write_is_not_ready(api: Api) -> None:
    api.settle()
    api.alter("ALTER TABLE meta RENAME TO lost")
    assert api.ask("GET", "/readyz", token=None).status_code == 503
    assert api.ask("GET", "/healthz", token=None).status_code == 200

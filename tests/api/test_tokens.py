"""Who gets in? Nobody without a token; the key of the doors opens nothing but the doors."""

import base64
from pathlib import Path

import httpx2
import pytest

from tests.api.harness import Api, path_of, running
from tests.system.server import firing
from tocsin.accounts.permissions import Permission
from tocsin.api.operations import Operation
from tocsin.api.v1 import OPERATIONS

every_operation = pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in OPERATIONS])
_NOBODY = {
    "no token": {},
    "garbage": {"Authorization": "Bearer garbage"},
    "an empty token": {"Authorization": "Bearer "},
    "no scheme": {"Authorization": "tocsin_abcdef"},
    "another scheme": {"Authorization": "Digest username=admin"},
    "a basic password that is no token": {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()},
    "basic, undecodable": {"Authorization": "Basic \xff\xfe"},
    "basic, no text": {"Authorization": "Basic " + base64.b64encode(b"\xff\xff:\xff").decode()},
    "a token of bytes": {"Authorization": "Bearer \xff\xfe\x80"},
    "a hash for a token": {"Authorization": "Bearer " + "0" * 64},
}
nobody = pytest.mark.parametrize("headers", [pytest.param(it, id=name) for name, it in _NOBODY.items()])


def refused(api: Api, operation: Operation, incident: str, headers: dict[str, str]) -> httpx2.Response:
    return api.ask(operation.method, path_of(operation, incident), token=None, headers=headers, content=b"{}")


@every_operation
def test_nobody_gets_in_without_a_token(calm: Api, incident: str, operation: Operation) -> None:
    before = calm.traces
    response = refused(calm, operation, incident, {})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer realm="tocsin"'
    assert response.json()["code"] == "unauthorized"
    assert calm.traces == before


@nobody
def test_every_wrong_token_gets_the_same_answer_whether_or_not_there_is_something(
    calm: Api, incident: str, headers: dict[str, str]
) -> None:
    get_incident = next(it for it in OPERATIONS if it.name == "get_incident")
    expected = refused(calm, get_incident, incident, {})
    assert refused(calm, get_incident, incident, headers).content == expected.content
    nowhere = refused(calm, get_incident, "INC-2026-9999", headers)
    assert nowhere.status_code == 401
    assert {**nowhere.json(), "instance": ""} == {**expected.json(), "instance": ""}


@every_operation
def test_the_key_of_the_doors_opens_no_operation(calm: Api, incident: str, operation: Operation) -> None:
    before = calm.traces
    response = calm.ask(operation.method, path_of(operation, incident), token=calm.intake, content=b"{}")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert calm.intake not in response.text
    assert calm.traces == before


@every_operation
def test_every_operation_states_who_may(operation: Operation) -> None:
    assert operation.permission in Permission


def test_a_token_may_come_as_the_password_of_basic_authentication(calm: Api) -> None:
    credentials = base64.b64encode(f"anybody:{calm.admin}".encode()).decode()
    response = calm.ask("GET", "/api/v1/incidents", token=None, headers={"Authorization": f"Basic {credentials}"})
    assert response.status_code == 200


def test_a_token_in_the_address_opens_nothing(calm: Api) -> None:
    assert calm.ask("GET", f"/api/v1/incidents?token={calm.admin}", token=None).status_code == 401
    assert calm.ask("GET", f"/api/v1/incidents?access_token={calm.admin}", token=None).status_code == 401


@pytest.mark.parametrize("kind", ["admin", "intake"])
def test_either_token_delivers_alerts(api: Api, kind: str) -> None:
    token = {"admin": api.admin, "intake": api.intake}[kind]
    assert api.ask("POST", "/api/v2/alerts", token=token, json=[firing("CheckoutDown")]).status_code == 200
    assert len(api.do("list_incidents")) == 1


@nobody
def test_alerts_without_a_token_open_nothing(calm: Api, headers: dict[str, str]) -> None:
    before = calm.traces
    response = calm.ask("POST", "/api/v2/alerts", token=None, headers=headers, json=[firing("CheckoutDown")])
    assert response.status_code == 401
    assert calm.traces == before


@pytest.mark.parametrize("file", ["token", "intake-key"])
@pytest.mark.parametrize("is_restored", [False, True], ids=["", "of a restored database"])
def test_what_was_leaked_of_a_file_is_revoked_and_made_anew_at_the_next_start(
    tmp_path: Path, file: str, is_restored: bool
) -> None:
    with running(tmp_path) as api:
        leaked = {"token": api.admin, "intake-key": api.intake}[file]
        names = [it["name"] for it in api.do("list_tokens")]
        name = next(it for it in names if it.startswith({"token": "admin", "intake-key": "intake-"}[file]))
        assert api.do("revoke_token", name) == {"name": name}
        assert api.ask("POST", "/api/v2/alerts", token=leaked, json=[]).status_code == 401
        if is_restored:  # from an older backup: what was revoked since is not in it
            api.alter("DELETE FROM tokens")
    with running(tmp_path) as api:
        anew = {"token": api.admin, "intake-key": api.intake}[file]
        assert anew != leaked
        assert api.ask("POST", "/api/v2/alerts", token=leaked, json=[]).status_code == 401
        assert api.ask("POST", "/api/v2/alerts", token=anew, json=[]).status_code == 200


def test_what_was_revoked_on_another_machine_is_made_anew(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        leaked = api.admin
        api.do("revoke_token", "admin")
    (tmp_path / "tocsin.db.revoked").unlink()
    with running(tmp_path) as api:
        assert api.admin != leaked
        assert api.ask("GET", "/api/v1/incidents", token=leaked).status_code == 401


def test_a_token_is_revoked_once(api: Api) -> None:
    intake = next(it["name"] for it in api.do("list_tokens") if it["name"].startswith("intake-"))
    api.do("revoke_token", intake)
    again = api.ask("POST", f"/api/v1/tokens/{intake}/revoke", json={})
    assert (again.status_code, again.json()["detail"]) == (404, f"token: there is no {intake!r} to revoke")


@pytest.mark.parametrize("expires", ["0s", "3651d"])
def test_a_token_has_a_life(calm: Api, expires: str) -> None:
    told = calm.ask("POST", "/api/v1/tokens", json={"name": "x", "scopes": ["read"], "expires": expires})
    assert (told.status_code, told.json()["code"]) == (422, "invalid_input")
    assert told.json()["detail"].startswith("expires: must be more than 0s and at most 3650d, got ")


def test_tokens_are_not_in_the_database(calm: Api) -> None:
    files = [path.read_bytes() for path in calm.database.parent.glob("tocsin.db*") if path.suffix in (".db", ".db-wal")]
    assert files
    assert not any(token.encode() in text for text in files for token in (calm.admin, calm.intake))

"""Is a request that comes again under its Idempotency-Key done once?"""

from collections.abc import Iterator

import httpx2
import pytest

from tests.api.harness import Api, Json, running
from tocsin.api.openapi import describe


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running(tmp_path_factory.mktemp("once")) as api:
        yield api


def post(api: Api, path: str, key: str, body: Json) -> httpx2.Response:
    return api.ask("POST", f"/api/v1/{path}", headers={"Idempotency-Key": key}, json=body)


def test_declaration_that_comes_again_opens_one_incident(api: Api) -> None:
    first, second = (post(api, "incidents", "a", {"title": "Checkout is down"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert post(api, "incidents", "b", {"title": "Checkout is down"}).json()["id"] != first.json()["id"]


def test_update_that_comes_again_is_posted_once(api: Api) -> None:
    incident = api.declare()
    for _ in range(3):
        assert post(api, f"incidents/{incident}/updates", "u", {"text": "We roll back."}).status_code == 200
    told = [it["event"]["kind"] for it in api.do("get_timeline", incident)]
    assert told.count("update_posted") == 1


def test_key_that_was_used_for_something_else_is_refused(api: Api) -> None:
    first = post(api, "incidents", "c", {"title": "Checkout is down"}).json()["id"]
    other = post(api, "incidents", "c", {"title": "Search is down"})
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    assert f"sent before with other words, and {first} took them" in other.json()["detail"]
    assert post(api, f"incidents/{first}/mitigate", "c", {}).status_code == 409


def test_what_was_refused_may_be_tried_again_under_its_key(api: Api) -> None:
    incident = api.declare()
    assert post(api, f"incidents/{incident}/reopen", "r", {"reason": "it came back"}).status_code == 409
    api.do("cancel", incident, reason="no incident")
    assert post(api, f"incidents/{incident}/reopen", "r", {"reason": "it came back"}).json()["status"] != "cancelled"


@pytest.mark.parametrize("key", ["k" * 256, "k\x07", "schl\xfcssel"], ids=["too long", "a bell", "not ASCII"])
def test_key_that_can_not_be_one_is_told(api: Api, key: str) -> None:
    response = post(api, "incidents", key, {"title": "Checkout is down"})
    assert (response.status_code, response.json()["code"]) in ((422, "invalid_input"), (400, "bad_request"))
    assert "Idempotency-Key: must be at most 255 printable ASCII characters" in response.json()["detail"]


def test_header_is_described_where_it_is_heeded() -> None:
    paths = describe()["paths"]
    heeded = {
        operation["operationId"]
        for of_path in paths.values()
        for operation in of_path.values()
        if any(it["name"] == "Idempotency-Key" for it in operation["parameters"])
    }
    assert {"declare", "post_update", "acknowledge", "complete_postmortem"} <= heeded
    assert not {"get_incident", "save_postmortem", "add_account"} & heeded

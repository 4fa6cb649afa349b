"""Is the OpenAPI document true? Valid in itself, and it says of every route what the route does, and of no other."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from tests.api.harness import Api, Json, description, faults_of, operation_of
from tocsin.api.alertmanager import ROUTES
from tocsin.api.app import routes
from tocsin.api.v1 import OPERATIONS

METHODS = {"get", "post", "put", "patch", "delete"}
described = pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, methods in description()["paths"].items() for method in methods],
)


def test_anybody_may_read_it_and_it_is_the_one_that_is_tested(calm: Api) -> None:
    response = calm.ask("GET", "/api/openapi.json", token=None)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == description()


def test_it_has_the_parts_of_an_openapi_3_1_document() -> None:
    document = description()
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version"}
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    assert document.keys() <= {"openapi", "info", "servers", "security", "paths", "components", "tags"}


def test_it_lists_every_route_of_v1_and_no_other(calm: Api) -> None:
    found = {
        (route.path, method.lower())
        for route in calm.routes
        if isinstance(route, Route) and route.path.startswith("/api/v1")
        for method in (route.methods or set()) - {"HEAD"}
    }
    listed = {(path, method) for path, methods in description()["paths"].items() for method in methods}
    assert listed == found
    assert {method for _, method in listed} <= METHODS


def test_the_routes_beside_v1_and_the_pages_are_the_doors_the_document_and_the_probes(calm: Api) -> None:
    others = {it.path for it in routes(calm.node) if isinstance(it, Route)} - {it.path for it in OPERATIONS}
    doors = {"/api/v2/alerts", "/v2/enqueue", "/v2/change/enqueue", "/intake/{source}/{key}", "/heartbeat/{name}/{key}"}
    doors |= {"/slack/commands", "/slack/events", "/slack/interactions"}
    doors |= {path for _, path, _, _ in ROUTES}
    assert others == {*doors, "/api/openapi.json", "/healthz", "/readyz", "/metrics"}


@described
def test_every_operation_is_described(path: str, method: str) -> None:
    operation = description()["paths"][path][method]
    assert operation["summary"]
    assert operation["operationId"].isidentifier()
    in_path = [it["name"] for it in operation["parameters"] if it["in"] == "path"]
    assert in_path == re.findall(r"{(\w+)}", path)
    assert all(it["required"] for it in operation["parameters"] if it["in"] == "path")
    assert all(it["description"] for it in operation["parameters"] if it["in"] == "query")
    assert ("requestBody" in operation) == (method != "get")
    for status, response in operation["responses"].items():
        assert response["description"]
        (kind,) = response["content"]
        assert kind == ("application/json" if status.startswith("2") else "application/problem+json")


@described
def test_every_answer_that_an_operation_gives_is_named(path: str, method: str) -> None:
    always = {"401", "403", "422", "503"}
    with_body = {"409", "413"} if method != "get" else set()
    about_one = {"404"} if "{" in path else set()
    assert always | with_body | about_one <= set(description()["paths"][path][method]["responses"])


def test_names_are_unique() -> None:
    names = [it["operationId"] for methods in description()["paths"].values() for it in methods.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    document = description()
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert [ref for ref in references(document) if resolved(document, ref) is None] == []


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [ref for one in value for ref in references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [ref for one in value.values() for ref in references(one)]


def resolved(document: Json, ref: str) -> Any:
    found: Any = document
    for part in ref.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def test_bodies_refuse_what_the_server_refuses() -> None:
    for operation in OPERATIONS:
        if operation.body is not None:
            schema = description()["components"]["schemas"][operation.body.__name__]
            assert schema["additionalProperties"] is False, operation.name


def test_an_answer_that_is_not_as_described_would_be_noticed(calm: Api) -> None:
    """The comparison that every test of this folder makes, turned against itself."""
    (team, *_) = calm.do("get_oncall")
    assert faults_of(operation_of("get_oncall"), [{**team, "until": 5}]) == [
        "$[0].until: 5 is not of type 'string'",
    ]


def test_a_problem_is_as_described(calm: Api) -> None:
    schema = {**description()["components"]["schemas"]["Problem"], "components": description()["components"]}
    for response in (
        calm.ask("GET", "/api/v1/incidents", token=None),
        calm.ask("GET", "/api/v1/incidents/INC-1"),
        calm.ask("POST", "/api/v1/incidents", content=b"{}"),
        calm.ask("DELETE", "/api/v1/incidents"),
    ):
        assert list(Draft202012Validator(schema).iter_errors(response.json())) == []

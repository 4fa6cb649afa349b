"""Is there any request that breaks it? Bodies nearly right and wildly wrong: every answer is a success or a problem."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.harness import Api, operation_of, path_of
from tests.api.test_wrong_input import RIGHT, WITH_BODY
from tests.searching import examples

unhurried = settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["SEV1", "incident_commander", "bob", "cto", "backend", "15m", "external", "\x00", "\ud800", ""]),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
operations = st.sampled_from([operation.name for operation in WITH_BODY])


@st.composite
def nearly_right(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation, and a body of it with one or two fields exchanged."""
    name = draw(operations)
    fields = sorted(operation_of(name).body.__struct_fields__)  # type: ignore[union-attr]  # all of these have bodies
    exchanged = draw(st.dictionaries(st.sampled_from(fields), values, min_size=1, max_size=2))
    return name, {**RIGHT[name], **exchanged}


def ask(api: Api, name: str, incident: str, content: bytes) -> None:
    operation = operation_of(name)
    response = api.ask(operation.method, path_of(operation, incident), content=content)
    if response.is_success:
        return
    assert 400 <= response.status_code < 500, response.text
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["code"]
    assert problem["detail"]


@given(asked=nearly_right())
@unhurried
def test_a_body_that_is_nearly_right_is_taken_or_told_apart(
    calm: Api, incident: str, asked: tuple[str, dict[str, Any]]
) -> None:
    name, body = asked
    ask(calm, name, incident, json.dumps(body).encode())


@given(name=operations, content=st.binary(max_size=60))
@unhurried
def test_bytes_at_random_are_no_fault_of_the_server(calm: Api, incident: str, name: str, content: bytes) -> None:
    ask(calm, name, incident, content)


@given(name=operations, content=values)
@unhurried
def test_json_of_any_form_is_no_fault_of_the_server(calm: Api, incident: str, name: str, content: object) -> None:
    ask(calm, name, incident, json.dumps(content).encode())


@given(content=st.lists(st.fixed_dictionaries({"labels": values, "startsAt": values, "endsAt": values}), max_size=3))
@unhurried
def test_alerts_of_any_form_are_no_fault_of_the_server(calm: Api, content: list[dict[str, Any]]) -> None:
    response = calm.ask("POST", "/api/v2/alerts", content=json.dumps(content).encode())
    assert response.status_code in (200, 422), response.text


@given(
    path=st.sampled_from(["incidents", "incidents/x", "incidents/x/timeline", "oncall", "inbox", "alerts", "sop"]),
    query=st.dictionaries(st.sampled_from(["state", "limit", "offset", "at", "person", "x"]), texts, max_size=3),
)
@unhurried
def test_queries_of_any_form_are_no_fault_of_the_server(calm: Api, path: str, query: dict[str, str]) -> None:
    params = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    assert calm.ask("GET", f"/api/v1/{path}", params=params).status_code in (200, 404, 422)


@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@unhurried
def test_paths_of_any_form_are_no_fault_of_the_server(calm: Api, path: str) -> None:
    assert calm.ask("GET", f"/api/v1/{quote(path)}").status_code in (200, 401, 404, 405)


def test_after_all_that_the_server_still_works(calm: Api, incident: str) -> None:
    assert calm.ask("GET", "/readyz", token=None).status_code == 200
    assert calm.do("get_incident", incident)["id"] == incident

"""What is in the API, for machines? An OpenAPI 3.1 description, made from the table of operations and the types."""

import re
from typing import Any

import msgspec

from tocsin import __version__
from tocsin.api.operations import Operation
from tocsin.api.problems import Problem
from tocsin.api.v1 import OPERATIONS
from tocsin.sop.durations import Duration

_PROBLEMS = {
    "401": "No token, or none that is known",
    "403": "A token that lacks the permission, or names somebody else",
    "404": "There is nothing of that name",
    "408": "A body that took longer than ten seconds",
    "409": "Not possible in the incident's present state",
    "413": "A body of more than a mebibyte",
    "415": "A body that is compressed in another way than gzip",
    "422": "The request can't be understood, or breaks a rule; the detail names the place",
    "429": "Too many wrong tokens from one address",
    "503": "Nothing could be written now: try again",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Up to 255 characters of your choice: sent again under it within two days, the request is done once",
    "schema": {"type": "string", "maxLength": 255},
}


def describe() -> dict[str, Any]:
    """The OpenAPI document."""
    types = [kind for operation in OPERATIONS for kind in (operation.body, operation.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(
        [*types, Problem], schema_hook=_schema_of, ref_template="#/components/schemas/{name}"
    )
    refs = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        body = next(refs) if operation.body is not None else None
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, body, next(refs))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tocsin", "version": __version__, "license": {"name": "Apache-2.0"}},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": dict(components),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schema_of(kind: type) -> dict[str, Any]:
    if kind is Duration:
        return {"type": "string", "examples": ["15m", "1h30m"]}
    raise NotImplementedError(f"{kind.__name__} has no schema")


def _operation(operation: Operation, body: dict[str, Any] | None, answer: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): {"description": "Done", "content": {"application/json": {"schema": answer}}},
            **{status: _problem(text) for status, text in _PROBLEMS.items()},
        },
    }
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    in_query = [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in operation.parameters
    ]
    return in_path + in_query + ([_KEY] if operation.is_done_once else [])


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}

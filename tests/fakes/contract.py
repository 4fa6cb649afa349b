"""Would the vendors' own schemas take what was sent? Recorded requests against the contracts that they published.

The contracts lie beside the repository; where they are absent, what needs them is skipped, saying so. The schemas
know types and required fields only: limits and manners are the sandbox's to check.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from jsonschema import Draft4Validator

from tocsin.simulate.sandbox.recording import RecordedRequest, Response

SHARED = Path(__file__).parents[2].parent / "shared"
# Methods that Slack has brought out, or that were cut, since the snapshot of 2021: no schema speaks of them.
NOT_IN_SNAPSHOT = frozenset(
    {"apps.connections.open", "bookmarks.add", "bookmarks.list", "conversations.open", "conversations.replies"}
)
# Arguments that methods have got since then.
_NEWER = {("chat.postMessage", "metadata"), ("conversations.history", "include_all_metadata")}

Schema = dict[str, Any]


def shared(path: str) -> Path:
    """A file that lies beside the repository; where it is absent, the test is skipped."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"{path} is not in {SHARED.name}/ beside the repository: nothing to compare with")
    return found


@cache
def _document(name: str) -> Schema:
    text = shared(f"contracts/{name}").read_text()
    loaded: Schema = yaml.safe_load(text) if name.endswith(".yaml") else json.loads(text)
    return loaded


def faults_of(request: RecordedRequest) -> list[str]:
    """What the vendor's schema has against the request; empty where nothing, or where no schema speaks of it."""
    if request.path.startswith("/api/"):
        return _slack_faults(request, request.path.removeprefix("/api/"))
    return _pagerduty_faults(request.body, "requestBody")


def answer_faults_of(request: RecordedRequest, response: Response) -> list[str]:
    """What the vendor's schema has against a successful answer to the request."""
    if not request.path.startswith("/api/"):
        return _pagerduty_faults(response.body, "responses")
    method = request.path.removeprefix("/api/")
    if method in NOT_IN_SNAPSHOT:
        return []
    document = _document("slack-web-openapi2-subset.json")
    schema = _operation(method)["responses"]["200"]["schema"]
    answer = json.loads(response.body)
    for message in answer.get("messages", ()):
        message.pop("metadata", None)  # newer than the snapshot
    return _faults(_readable({**schema, "definitions": document["definitions"]}), answer)


def alert_faults(alerts: object, definition: str = "postableAlerts") -> list[str]:
    """What Alertmanager's schema has against a body of its API v2."""
    definitions = _document("alertmanager-api-v2.openapi.yaml")["definitions"]
    return _faults({"$ref": f"#/definitions/{definition}", "definitions": definitions}, alerts)


def _pagerduty_faults(body: bytes, part: str) -> list[str]:
    document = _document("pagerduty-events-v2.openapi.json")
    operation = document["paths"]["/enqueue"]["post"]
    holder = operation[part] if part == "requestBody" else document["components"]["responses"]["Success"]
    schema = holder["content"]["application/json"]["schema"]
    return _faults({**schema, "components": document["components"]}, json.loads(body))


def _slack_faults(request: RecordedRequest, method: str) -> list[str]:
    if method in NOT_IN_SNAPSHOT:
        return []
    token = {"token": request.headers.get("authorization", "")}
    given: dict[str, dict[str, str]] = {}
    given["formData"] = dict(
        parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=bool(request.body))
    )
    given["query"] = dict(parse_qsl(request.query, keep_blank_values=True))
    if "get" in _document("slack-web-openapi2-subset.json")["paths"][f"/{method}"]:
        # The snapshot knows one verb for each method; Slack takes POST for all, "Content types" of each method's page.
        given["query"] |= given.pop("formData")
        given["formData"] = {}
    faults = []
    for parameter in _operation(method)["parameters"]:
        if parameter["name"] == "token":
            faults += _parameter_faults(parameter, token["token"])  # wherever the snapshot has it: Slack wants a header
            continue
        value = given[parameter["in"]].pop(parameter["name"], None)
        faults += _parameter_faults(parameter, value)
    unknown = [name for name in (*given["formData"], *given["query"]) if (method, name) not in _NEWER]
    return faults + [f"{name}: not an argument of {method}" for name in unknown]


def _operation(method: str) -> Schema:
    (operation,) = _document("slack-web-openapi2-subset.json")["paths"][f"/{method}"].values()
    found: Schema = operation
    return found


def _parameter_faults(parameter: Schema, value: str | None) -> list[str]:
    name, kind = parameter["name"], parameter["type"]
    if not value:
        return [f"{name}: required"] if parameter.get("required") else []
    if kind == "boolean" and value not in ("true", "false", "1", "0"):
        return [f"{name}: not a boolean"]
    digits = value.replace(".", "", 1) if kind == "number" else value
    return [f"{name}: not a number"] if kind in ("integer", "number") and not digits.isdecimal() else []


def _readable(schema: Any) -> Any:
    """Slack writes `items: [a, b]` for "one of these"; JSON Schema says it with anyOf."""
    if isinstance(schema, list):
        return [_readable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _readable(value) for key, value in schema.items()}
    return {"anyOf": plain["items"]} if isinstance(plain.get("items"), list) and "type" not in plain else plain


def _faults(schema: Schema, value: object) -> list[str]:
    Draft4Validator.check_schema(schema)
    return [f"{error.json_path}: {error.message}" for error in Draft4Validator(schema).iter_errors(value)]

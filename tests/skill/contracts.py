"""Does a request keep to the vendor's published contract? Contracts stand beside the repository, in `../shared`."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts"


def check_event(body: Any) -> None:
    """A PagerDuty event: valid by the schema, and without a member that the schema doesn't know."""
    contract = _load("pagerduty-events-v2.openapi.json")
    where = "#/paths/~1enqueue/post/requestBody/content/application~1json/schema"
    Draft202012Validator({**contract, "$ref": where}).validate(body)
    event = contract["paths"]["/enqueue"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body) <= set(event["properties"])
    assert set(body.get("payload", {})) <= set(contract["components"]["schemas"]["Payload"]["properties"])


def check_call(path: str, body: Any) -> None:
    """A call of Slack's Web API: known method, known arguments of the right types, the required ones present."""
    contract = _load("slack-web-openapi2-subset.json")
    arguments = [one for one in contract["paths"][path]["post"]["parameters"] if one["in"] == "formData"]
    Draft202012Validator(
        {
            "type": "object",
            "properties": {one["name"]: {"type": one["type"]} for one in arguments},
            "required": [one["name"] for one in arguments if one.get("required")],
            "additionalProperties": False,
        }
    ).validate(body)


def _load(name: str) -> Any:
    path = CONTRACTS / name
    if not path.exists():
        pytest.skip(f"the vendors' contracts are not beside the repository: {path}")
    return json.loads(path.read_text(encoding="utf-8"))

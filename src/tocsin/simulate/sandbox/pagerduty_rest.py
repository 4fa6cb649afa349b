"""What would PagerDuty's REST API (version 2) answer? As its published OpenAPI file says, as far as it is used.

Source: github.com/PagerDuty/api-schema (reference/REST/openapiv3.json), read for this file alone.
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from tocsin.simulate.sandbox.pagerduty_desk import JsonObject, SandboxDesk, SandboxIncident
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, json_response

ROOTS = ("incidents", "users", "oncalls", "abilities", "webhook_subscriptions", "priorities")
_PRIORITIES = {f"PPRIO{number}": f"P{number}" for number in range(1, 6)}
_PARTS = {"limit", "offset", "total"}
_QUERIES = {
    "incidents": {"incident_key", "date_range", "statuses[]", "since", "until", *_PARTS},
    "users": {"query", *_PARTS},
    "oncalls": {"earliest", "include[]", *_PARTS},
    "abilities": set[str](),
    "webhook_subscriptions": _PARTS,
    "priorities": _PARTS,
}


class SandboxRest:
    """The REST API over a desk. `on_call` and `subscriptions` are what it lists of these."""

    def __init__(self, desk: SandboxDesk) -> None:
        self.desk = desk
        self.token = ""  # empty: any is right
        self.is_read_only = False
        self.on_call: list[JsonObject] = []
        self.subscriptions: list[JsonObject] = []

    def answer(self, request: RecordedRequest) -> Response:
        """The resource, or the error that documentation names."""
        fault = self._refused(request)
        if fault is not None:
            return fault
        path = request.path.strip("/").split("/")
        asked = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        unknown = sorted(asked.keys() - _QUERIES[path[0]])
        if unknown:
            return _error(400, 2001, "Invalid Input Provided", [f"{name} is not a parameter" for name in unknown])
        if int(asked.get("limit", "25")) > 100:
            return _error(400, 2001, "Invalid Input Provided", ["Limit must be between 1 and 100"])
        if request.method in ("POST", "PUT"):
            return self._write(path, request)
        return self._get(path, asked) if request.method == "GET" else _error(404, 2100, "Not Found")

    def _refused(self, request: RecordedRequest) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" token=")
        if scheme != "Token" or not token or (self.token and token != self.token):
            return _error(401, 2006, "Authentication failed")
        if request.headers.get("accept") != "application/vnd.pagerduty+json;version=2":
            return _error(400, 2001, "Invalid Input Provided", ["Accept must name version 2"])
        if request.method == "GET":
            return None
        if self.is_read_only:
            return _error(403, 2010, "Access Denied")
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _error(400, 2001, "Invalid Input Provided", ["Content-Type must be application/json"])
        if self._sender(request) is None:
            return _error(400, 1008, "Requester User Not Found")
        return None

    def _sender(self, request: RecordedRequest) -> str | None:
        """Whose name the request is made in: an address, in whatever case."""
        address = request.headers.get("from", "").lower()
        return next((user.id for user in self.desk.users.values() if user.email.lower() == address), None)

    # --- what is read ------------------------------------------------------------------------------------------------

    def _get(self, path: list[str], asked: dict[str, str]) -> Response:
        lists: dict[str, Callable[[], list[JsonObject]]] = {
            "incidents": lambda: self._incidents(asked),
            "users": lambda: self._users(asked),
            "oncalls": lambda: self.on_call,
            "webhook_subscriptions": lambda: self.subscriptions,
            "priorities": lambda: [{"id": it, "type": "priority", "name": name} for it, name in _PRIORITIES.items()],
        }
        if path == ["abilities"]:
            return json_response(200, {"abilities": ["teams"]})
        if len(path) == 1:
            return _listed(path[0], lists[path[0]](), asked)
        incident = self.desk.incidents.get(path[1]) if path[0] == "incidents" else None
        if incident is None or len(path) > 3:
            return _error(404, 2100, "Not Found")
        match path[2:]:
            case []:
                return json_response(200, {"incident": self._shown(incident)})
            case ["notes"]:
                return json_response(200, {"notes": self._notes(incident)})
            case ["alerts"]:
                alert: JsonObject = {
                    "id": f"A{incident.id}",
                    "type": "alert",
                    "alert_key": incident.key,
                    "status": incident.status,
                }
                return _listed("alerts", [alert], asked)
        return _error(404, 2100, "Not Found")

    def _incidents(self, asked: dict[str, str]) -> list[JsonObject]:
        key = asked.get("incident_key")
        return [self._shown(it) for it in self.desk.incidents.values() if key in (None, it.key)]

    def _users(self, asked: dict[str, str]) -> list[JsonObject]:
        like = asked.get("query", "").lower()
        return [
            {"id": user.id, "type": "user", "name": user.name, "email": user.email}
            for user in self.desk.users.values()
            if like in user.email.lower() or like in user.name.lower()
        ]

    def _shown(self, incident: SandboxIncident) -> JsonObject:
        acknowledgements = [
            {"at": at.isoformat(), "acknowledger": self.desk.user(user)} for at, user in incident.acknowledgements
        ]
        ours = self.desk.shown(incident)
        del ours["assignees"]
        return {
            **ours,
            "incident_number": incident.number,
            "acknowledgements": acknowledgements,
            "last_status_change_at": incident.ended_at.isoformat() if incident.ended_at else None,
            "last_status_change_by": incident.ended_by,
            "incidents_responders": [{"state": "pending", "user": self.desk.user(it)} for it in incident.responders],
        }

    def _notes(self, incident: SandboxIncident) -> list[JsonObject]:
        return [
            {
                "id": note.id,
                "user": self.desk.user(note.user),
                "content": note.content,
                "created_at": note.at.isoformat(),
            }
            for note in incident.notes
        ]

    # --- what is written ---------------------------------------------------------------------------------------------

    def _write(self, path: list[str], request: RecordedRequest) -> Response:
        incident = self.desk.incidents.get(path[1]) if len(path) > 1 and path[0] == "incidents" else None
        if incident is None:
            return _error(404, 2100, "Not Found")
        try:
            body = json.loads(request.body)
        except ValueError:
            return _error(400, 2001, "Invalid Input Provided", ["the body is not JSON"])
        by = self._sender(request) or ""
        match request.method, path[2:]:
            case "POST", ["notes"]:
                return self._note(incident, by, body)
            case "POST", ["responder_requests"]:
                return self._ask(incident, by, body)
            case "POST", ["status_updates"]:
                return self._update(incident, by, body)
            case "PUT", []:
                return self._change(incident, by, body)
        return _error(404, 2100, "Not Found")

    def _change(self, incident: SandboxIncident, by: str, body: JsonObject) -> Response:
        """A user does one thing through the API, as in the app."""
        wanted = body.get("incident")
        if not isinstance(wanted, dict) or wanted.get("type") not in ("incident", "incident_reference"):
            return _error(400, 2001, "Invalid Input Provided", ["Incident type is invalid"])
        if incident.status == "resolved":
            return _error(400, 1001, "Incident Already Resolved")
        fields = {name: value for name, value in wanted.items() if name != "type"}
        match fields:
            case {"status": "acknowledged"}:
                self.desk.acknowledge(incident.key, by)
            case {"status": "resolved"}:
                self.desk.resolve(incident.key, by)
            case {"priority": {"type": "priority_reference", "id": id_}} if id_ in _PRIORITIES:
                self.desk.prioritise(incident.key, by, _PRIORITIES[id_])
            case {"assignments": [{"assignee": {"type": "user_reference", "id": to}}]} if to in self.desk.users:
                self.desk.reassign(incident.key, by, to)
            case {"escalation_level": int(level)} if whom := self._on_level(level):
                self.desk.escalate(incident.key, whom, by)
            case _ if fields.keys() <= {"status"}:
                return _error(400, 1003, "Invalid Status Provided")
            case _:
                return _error(400, 2001, "Invalid Input Provided", ["the incident can't be changed so"])
        return json_response(200, {"incident": self._shown(incident)})

    def _on_level(self, level: int) -> str | None:
        """Who is on call there."""
        users = [duty["user"] for duty in self.on_call if duty.get("escalation_level") == level]
        return next((str(user["id"]) for user in users if isinstance(user, dict)), None)

    def _update(self, incident: SandboxIncident, by: str, body: JsonObject) -> Response:
        message = body.get("message")
        if not isinstance(message, str) or not message or not body.keys() <= {"message", "subject", "html_message"}:
            return _error(400, 2001, "Invalid Input Provided", ["Message can't be blank"])
        made = self.desk.update(incident.key, by, message)
        return json_response(200, {"status_update": {"id": made, "message": message, "sender": self.desk.user(by)}})

    def _note(self, incident: SandboxIncident, by: str, body: JsonObject) -> Response:
        note = body.get("note")
        content = note.get("content") if isinstance(note, dict) else None
        if not isinstance(content, str) or not content or set(body) != {"note"}:
            return _error(400, 2001, "Invalid Input Provided", ["Note content can't be blank"])
        made = self.desk.annotate(incident.key, by, content)
        return json_response(200, {"note": {"id": made.id, "user": self.desk.user(by), "content": content}})

    def _ask(self, incident: SandboxIncident, by: str, body: JsonObject) -> Response:
        targets = body.get("responder_request_targets")
        if not isinstance(targets, list) or set(body) != {"requester_id", "message", "responder_request_targets"}:
            return _error(400, 2001, "Invalid Input Provided", ["Missing arguments"])
        if body["requester_id"] not in self.desk.users:
            return _error(400, 1008, "Requester User Not Found")
        for target in targets:
            whom = target["responder_request_target"]
            if whom["type"] != "user_reference" or whom["id"] not in self.desk.users:
                return _error(400, 1007, "Assigned To User Not Found")
            self.desk.ask(incident.key, by, whom["id"], str(body["message"]))
        return json_response(200, {"responder_request": {"message": body["message"]}})


def _listed(name: str, found: list[JsonObject], asked: dict[str, str]) -> Response:
    limit, offset = int(asked.get("limit", "25")), int(asked.get("offset", "0"))
    part = found[offset : offset + limit]
    more = offset + limit < len(found)
    return json_response(200, {name: part, "limit": limit, "offset": offset, "more": more, "total": None})


def _error(status: int, code: int, message: str, errors: list[str] | None = None) -> Response:
    return json_response(status, {"error": {"message": message, "code": code, "errors": errors or []}})

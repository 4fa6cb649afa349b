"""What do people do in PagerDuty? Its incidents, made of events, and what its users do to them; each deed is an event.

Sources: developer.pagerduty.com/docs/webhooks/v3-overview, …/early-access-webhook-events, …/api-reference (incidents),
read for this file alone.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from msgspec import Struct, field

JsonObject = dict[str, object]
Tell = Callable[[JsonObject], None]

_ACCOUNT = "https://acme.pagerduty.com"
_API = "https://api.pagerduty.com"


class SandboxUser(Struct, frozen=True):
    """A user of PagerDuty."""

    id: str
    name: str
    email: str


class SandboxNote(Struct, frozen=True):
    """A note on an incident."""

    id: str
    at: datetime
    user: str
    content: str


class SandboxIncident(Struct):
    """An incident of PagerDuty: one for each time that the alert of a key was opened."""

    id: str
    key: str
    number: int
    title: str
    created_at: datetime
    status: str = "triggered"
    assignees: list[str] = field(default_factory=list)
    acknowledgements: list[tuple[datetime, str]] = field(default_factory=list)
    notes: list[SandboxNote] = field(default_factory=list)
    responders: list[str] = field(default_factory=list)
    priority: str = ""
    ended_by: JsonObject | None = None
    ended_at: datetime | None = None
    merged_into: str = ""


INTEGRATION: JsonObject = {
    "id": "PXMQRWJ",
    "type": "inbound_integration_reference",
    "summary": "Events API V2",
    "self": f"{_API}/services/P5PP4N4/integrations/PXMQRWJ",
    "html_url": f"{_ACCOUNT}/services/P5PP4N4/integrations/PXMQRWJ",
}


class SandboxDesk:
    """The incidents, the newest last, and the users, by id; `tell` hears of every event."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.users: dict[str, SandboxUser] = {}
        self.incidents: dict[str, SandboxIncident] = {}
        self.tell: Tell = lambda event: None
        self._now = now
        self._named = 0

    def employ(self, *users: SandboxUser) -> None:
        """These are users."""
        self.users |= {user.id: user for user in users}

    def of_key(self, key: str) -> SandboxIncident:
        """The newest incident of a deduplication key."""
        return [it for it in list(self.incidents.values()) if it.key == key][-1]

    # --- by events ---------------------------------------------------------------------------------------------------

    def opened(self, key: str, title: str, client: str) -> None:
        """A trigger has opened an alert."""
        number = len(self.incidents) + 1
        incident = SandboxIncident(self._name("Q"), key, number, title, self._now())
        self.incidents[incident.id] = incident
        self._happened("incident.triggered", incident, INTEGRATION, client)

    def changed(self, key: str, status: str, client: str) -> None:
        """An event has acknowledged or resolved the alert; a second acknowledgement changes nothing."""
        incident = self.of_key(key)
        if incident.status == status:
            return
        incident.status = status
        incident.ended_by = INTEGRATION if status == "resolved" else None
        incident.ended_at = self._now() if status == "resolved" else None
        self._happened(f"incident.{status}", incident, INTEGRATION, client)

    # --- by people ---------------------------------------------------------------------------------------------------

    def acknowledge(self, key: str, by: str) -> None:
        """A user acknowledges in the app."""
        incident = self.of_key(key)
        incident.status = "acknowledged"
        incident.acknowledgements.append((self._now(), by))
        self._happened("incident.acknowledged", incident, self.user(by))

    def resolve(self, key: str, by: str | None) -> None:
        """A user resolves in the app; None: PagerDuty does by itself, after its time-out."""
        incident = self.of_key(key)
        incident.status, incident.ended_by, incident.ended_at = "resolved", _service(), self._now()
        incident.ended_by = self.user(by) if by else incident.ended_by
        self._happened("incident.resolved", incident, incident.ended_by)

    def merge(self, key: str, by: str, into: str) -> None:
        """A user makes it a part of another incident."""
        incident = self.of_key(key)
        incident.status, incident.merged_into = "resolved", into
        incident.ended_by, incident.ended_at = self.user(by), self._now()
        self._happened("incident.resolved", incident, self.user(by))

    def time_out(self, key: str) -> None:
        """The acknowledgement has lasted for too long."""
        incident = self.of_key(key)
        incident.status = "triggered"
        self._happened("incident.unacknowledged", incident, _service())

    def reassign(self, key: str, by: str, to: str) -> None:
        """A user gives it to another."""
        incident = self.of_key(key)
        incident.assignees = [to]
        self._happened("incident.reassigned", incident, self.user(by))

    def escalate(self, key: str, to: str, by: str | None = None) -> None:
        """PagerDuty's own policy goes on to the next, or a user has it do so."""
        incident = self.of_key(key)
        incident.assignees = [to]
        self._happened("incident.escalated", incident, self.user(by) if by else None)

    def prioritise(self, key: str, by: str, priority: str) -> None:
        """A user sets the priority."""
        incident = self.of_key(key)
        incident.priority = priority
        self._happened("incident.priority_updated", incident, self.user(by))

    def give_role(self, key: str, by: str, role: str, to: str | None) -> None:
        """A user gives a role to another, or takes it back."""
        given = {
            "id": str(uuid4()),
            "type": "role_assignment_reference",
            "status": "active" if to else "inactive",
            "incident": _reference(self.of_key(key)),
            "role": {"id": "P8PQO4R", "type": "role_reference", "summary": role},
            "assignee": self.user(to) if to else None,
            "old_assignee": None,
        }
        data: JsonObject = {"type": "incident_role_assignment", "incident_role_assignments": [given]}
        self._told("incident.role.assigned", data, self.user(by))

    def annotate(self, key: str, by: str, content: str) -> SandboxNote:
        """A user writes a note."""
        incident = self.of_key(key)
        note = SandboxNote(self._name("PN"), self._now(), by, content)
        incident.notes.append(note)
        data = {"id": note.id, "content": content, "trimmed": False, "type": "incident_note"}
        self._told("incident.annotated", {"incident": _reference(incident), **data}, self.user(by))
        return note

    def update(self, key: str, by: str, message: str) -> str:
        """A user publishes a status update; its id."""
        id_ = self._name("PS")
        data = {"id": id_, "message": message, "trimmed": False, "type": "incident_status_update"}
        whole = {"incident": _reference(self.of_key(key)), **data}
        self._told("incident.status_update_published", whole, self.user(by))
        return id_

    def ask(self, key: str, by: str, whom: str, message: str) -> None:
        """A user asks another to respond."""
        incident = self.of_key(key)
        incident.responders.append(whom)
        data = {"user": self.user(whom), "message": message, "state": "pending", "type": "incident_responder"}
        self._told("incident.responder.added", {"incident": _reference(incident), **data}, self.user(by))

    def ping(self) -> None:
        """Somebody presses *Send test event*."""
        self._told("pagey.ping", {"message": "Hello from your friend Pagey!", "type": "ping"}, None, "pagey")

    # --- how it is told ----------------------------------------------------------------------------------------------

    def user(self, id_: str) -> JsonObject:
        """A user, as others refer to them."""
        known = self.users[id_]
        place = {"self": f"{_API}/users/{id_}", "html_url": f"{_ACCOUNT}/users/{id_}"}
        return {"id": id_, "type": "user_reference", "summary": known.name, **place}

    def shown(self, incident: SandboxIncident) -> JsonObject:
        """The incident as a webhook holds it."""
        named = incident.priority
        priority = {"id": "PSO75BM", "type": "priority_reference", "summary": named} if named else None
        reason = {"type": "merge_resolve_reason", "incident": {"id": incident.merged_into}}
        return {
            "id": incident.id,
            "type": "incident",
            "self": f"{_API}/incidents/{incident.id}",
            "html_url": f"{_ACCOUNT}/incidents/{incident.id}",
            "number": incident.number,
            "status": incident.status,
            "incident_key": incident.key,
            "created_at": incident.created_at.isoformat(),
            "title": incident.title,
            "service": {"id": "P5PP4N4", "type": "service_reference", "summary": "Tocsin"},
            "assignees": [self.user(it) for it in incident.assignees],
            "escalation_policy": {"id": "PUS0KTE", "type": "escalation_policy_reference", "summary": "Default"},
            "teams": [],
            "priority": priority,
            "urgency": "high",
            "conference_bridge": None,
            "resolve_reason": reason if incident.merged_into else None,
        }

    def _happened(self, kind: str, incident: SandboxIncident, agent: JsonObject | None, client: str = "") -> None:
        self._told(kind, self.shown(incident), agent, "incident", client)

    def _told(
        self, kind: str, data: JsonObject, agent: JsonObject | None, resource: str = "incident", client: str = ""
    ) -> None:
        event = {
            "id": uuid4().hex.upper()[:26],
            "event_type": kind,
            "resource_type": resource,
            "occurred_at": self._now().isoformat(),
            "agent": agent,
            "client": {"name": client} if client else None,
            "data": data,
        }
        self.tell({"event": event})

    def _name(self, prefix: str) -> str:
        self._named += 1
        return f"{prefix}{self._named:07}"


def _service() -> JsonObject:
    return {"id": "P5PP4N4", "type": "service_reference", "summary": "Tocsin"}


def _reference(incident: SandboxIncident) -> JsonObject:
    place = {"self": f"{_API}/incidents/{incident.id}", "html_url": f"{_ACCOUNT}/incidents/{incident.id}"}
    return {"id": incident.id, "type": "incident_reference", "summary": incident.title, **place}

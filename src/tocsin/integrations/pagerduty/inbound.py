"""What does a webhook of PagerDuty (version 3) say, and is it PagerDuty who says it? Plain values; no I/O.

Sources: developer.pagerduty.com/docs/webhooks/v3-overview ("overview" below), …/webhook-signatures ("signatures"),
…/webhook-behavior ("behavior"), …/early-access-webhook-events ("early-access").
"""

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.domain.text import clean_line, clean_text
from tocsin.errors import InvalidInput
from tocsin.integrations.pagerduty.words import NOBODY, Agent, Deed, RoleGiven, Word, note_id, resolution_id

SIGNATURE = "X-PagerDuty-Signature"
MAX_WEBHOOK = 512 * 1024  # behavior: "All webhooks with a final size greater than 256 KB are always dropped."
CLIENT = "Tocsin"  # how our own events name their client
_VERSION = "v1="  # signatures: "The current signature version is `v1`"
_MOST_SIGNATURES = 20  # one a secret while it is being replaced
_PERSON = "user_reference"
MERGE = "merge_resolve_reason"  # the reason of an incident that became part of another one


class _Reference(Struct, frozen=True):
    id: str = ""
    type: str = ""
    summary: str | None = None
    html_url: str | None = None


class _Client(Struct, frozen=True):
    name: str | None = None


class _Reason(Struct, frozen=True):
    type: str = ""


class _RoleAssignment(Struct, frozen=True):
    """early-access, "incident_role_assignment": without an assignee the role is nobody's any more."""

    incident: _Reference | None = None
    role: _Reference | None = None
    assignee: _Reference | None = None


class _Data(Struct, frozen=True):
    """Of each kind of data that `_TELLERS` names what is read here."""

    id: str = ""
    type: str = ""
    html_url: str | None = None
    incident_key: str | None = None
    incident: _Reference | None = None
    assignees: tuple[_Reference, ...] = ()
    escalation_policy: _Reference | None = None
    priority: _Reference | None = None
    resolve_reason: _Reason | None = None
    user: _Reference | None = None
    content: str | None = None
    message: str | None = None
    state: str | None = None
    incident_role_assignments: tuple[_RoleAssignment, ...] = ()


class _Event(Struct, frozen=True):
    id: str
    event_type: str
    agent: _Reference | None = None
    client: _Client | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Webhook(Struct, frozen=True):
    event: _Event


def is_signed(body: bytes, signatures: str, secrets: Iterable[str]) -> bool:
    """Whether one of the signatures was made of this very body with one of the secrets.

    signatures: "If at least one of the signatures matches, the webhook should be considered a trusted and authentic
    request". What is not version 1 is passed over.
    """
    given = [it.strip().removeprefix(_VERSION) for it in signatures.split(",") if it.strip().startswith(_VERSION)]
    right = [hmac.new(secret.encode(), body, sha256).hexdigest() for secret in secrets]
    # Each is compared with each, in a time that doesn't tell how much of it was right.
    pairs = ((mine, theirs) for mine in right for theirs in given[:_MOST_SIGNATURES])
    return any(hmac.compare_digest(mine.encode(), theirs.encode()) for mine, theirs in pairs)


def word_in(body: bytes) -> Word | None:
    """What the webhook says; None where it concerns no incident, or is of a kind that isn't known.

    Raises InvalidInput for what is no webhook of version 3.
    """
    try:
        event = msgspec.json.decode(body, type=_Webhook).event
        tell = _TELLERS.get(event.event_type)
        return tell(event, msgspec.json.decode(event.data, type=_Data)) if tell else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"body: must be a PagerDuty webhook, version 3: {error}") from error


def _word(event: _Event, data: _Data, deed: Deed, text: str = "", id_: str = "") -> Word:
    """The word of an event about an incident, or about something that refers to one."""
    incident = data.incident or _Reference(id=data.id, html_url=data.html_url)
    agent = _agent_of(event.agent)
    is_client = event.client is not None and event.client.name == CLIENT
    return Word(
        id=id_ or f"event/{event.id}",
        deed=deed,
        incident=incident.id,
        key=data.incident_key or "",
        url=incident.html_url or "",
        agent=agent,
        text=text,
        is_ours=is_client and not agent.is_person,
    )


def _agent_of(agent: _Reference | None) -> Agent:
    if agent is None:
        return NOBODY
    return Agent(agent.id, clean_line(agent.summary or ""), is_person=agent.type == _PERSON)


def _of(deed: Deed) -> Callable[[_Event, _Data], Word]:
    return lambda event, data: _word(event, data, deed)


def _resolved(event: _Event, data: _Data) -> Word:
    is_merged = data.resolve_reason is not None and data.resolve_reason.type == MERGE
    return _word(event, data, Deed.MERGED if is_merged else Deed.RESOLVED, id_=resolution_id(data.id))


def _noted(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.NOTED, clean_text(data.content or ""), note_id(data.id))


def _updated(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.UPDATED, clean_text(data.message or ""), f"update/{data.id}")


def _priority(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.PRIORITY_SET, _name(data.priority))


def _roles(event: _Event, data: _Data) -> Word:
    given = data.incident_role_assignments
    about = msgspec.structs.replace(data, incident=given[0].incident if given else None)
    roles = tuple(RoleGiven(_name(it.role), _agent_of(it.assignee)) for it in given)
    return msgspec.structs.replace(_word(event, about, Deed.ROLES_GIVEN), roles=roles)


def _reassigned(event: _Event, data: _Data) -> Word:
    people = ", ".join(_name(it) for it in data.assignees) or "nobody"
    return _word(event, data, Deed.ELSE, f"reassigned the page to {people}")


def _escalated(event: _Event, data: _Data) -> Word:
    people = ", ".join(_name(it) for it in data.assignees) or "nobody"
    return _word(event, data, Deed.ELSE, f"escalated the page to {people}")


def _delegated(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.ELSE, f"handed the page to the escalation policy {_name(data.escalation_policy)}")


def _unacknowledged(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.ELSE, "took the acknowledgement of the page back: it rings there again")


def _reopened(event: _Event, data: _Data) -> Word:
    return _word(event, data, Deed.ELSE, "reopened the page: it rings there again")


def _responder_added(event: _Event, data: _Data) -> Word:
    words = clean_line(data.message or "")
    told = f": {words}" if words else ""
    return _word(event, data, Deed.ELSE, f"asked {_name(data.user or data.escalation_policy)} to respond{told}")


def _responder_replied(event: _Event, data: _Data) -> Word:
    state, words = clean_line(data.state or "no state"), clean_line(data.message or "")
    told = f": {words}" if words else ""
    return _word(event, data, Deed.ELSE, f"{_name(data.user)} answered the request to respond ({state}){told}")


def _name(reference: _Reference | None) -> str:
    return clean_line((reference.summary or reference.id) if reference else "")


# overview, "Event Types". What is not here concerns no page of ours: services, tests ("pagey.ping"), new kinds.
_TELLERS: dict[str, Callable[[_Event, Any], Word]] = {
    "incident.triggered": _of(Deed.TRIGGERED),
    "incident.acknowledged": _of(Deed.ACKNOWLEDGED),
    "incident.resolved": _resolved,
    "incident.annotated": _noted,
    "incident.status_update_published": _updated,
    "incident.priority_updated": _priority,
    "incident.reassigned": _reassigned,
    "incident.escalated": _escalated,
    "incident.delegated": _delegated,
    "incident.unacknowledged": _unacknowledged,
    "incident.reopened": _reopened,
    "incident.responder.added": _responder_added,
    "incident.responder.replied": _responder_replied,
    "incident.role.assigned": _roles,  # "Sent when an incident role is assigned or unassigned", early-access
}

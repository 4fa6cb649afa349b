"""How is PagerDuty's REST API (version 2) asked, and what does it answer? Plain values; no I/O.

Source: developer.pagerduty.com/api-reference, whose OpenAPI file is github.com/PagerDuty/api-schema
(reference/REST/openapiv3.json). The fields that are used here, and no others are relied on:

- GET /incidents `incident_key`, `date_range`, `limit` -> `incidents[]`: `id`, `status`, `html_url`,
  `acknowledgements[]`: `at`, `acknowledger`; `last_status_change_at` and `…_by`, `resolve_reason`,
  `incidents_responders[]`: `user`
- GET /incidents/{id}/alerts -> `alerts[]`: `alert_key`
- GET /incidents/{id}/notes -> `notes[]`: `id`, `created_at`, `content`, `user`
- POST /incidents/{id}/notes `note.content`, with the header `From` -> `note`: `id`
- POST /incidents/{id}/responder_requests `requester_id`, `message`, `responder_request_targets`, with `From`
  -> `responder_request`
- GET /users `limit`, `offset`, `query` -> `users[]`: `id`, `name`, `email`; `more`
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from tocsin.domain.text import clean_line, clean_text
from tocsin.errors import Unreachable
from tocsin.integrations.pagerduty.inbound import MERGE
from tocsin.integrations.pagerduty.words import NOBODY, Agent, Deed, Word, note_id, resolution_id
from tocsin.integrations.wire import MAX_WAIT, Reply, Request, wait_asked

T = TypeVar("T")

PAGE = 100  # pagination: the most that one answer holds
MOST_RECORDS = 10_000  # pagination: "The REST API permits retrieving a maximum of 10000 records via pagination."
MAX_NOTE = 25_000  # ours: no limit is documented
_URLS = {"us": "https://api.pagerduty.com", "eu": "https://api.eu.pagerduty.com"}
_ACCEPT = "application/vnd.pagerduty+json;version=2"  # versioning: "Accept: application/vnd.pagerduty+json;version=2"


class RestAccount(Struct, frozen=True):
    """Where the REST API is, and as whom it is asked; `from_email` is the user in whose name something is made."""

    url: str
    token: str
    from_email: str | None = None

    def __repr__(self) -> str:
        # Whoever has the token can do everything that its owner may.
        return f"RestAccount(url={self.url!r})"


class User(Struct, frozen=True):
    """A user of PagerDuty."""

    id: str
    name: str = ""
    email: str = ""


class _Reference(Struct, frozen=True):
    id: str = ""
    type: str = ""
    summary: str | None = None


class _Acknowledgement(Struct, frozen=True):
    at: str
    acknowledger: _Reference


class _Reason(Struct, frozen=True):
    type: str = ""


class _Responder(Struct, frozen=True):
    user: _Reference | None = None


class Counterpart(Struct, frozen=True):
    """An incident of PagerDuty, as far as it is read here."""

    id: str
    status: str = ""
    html_url: str | None = None
    acknowledgements: tuple[_Acknowledgement, ...] = ()
    last_status_change_at: datetime | None = None
    last_status_change_by: _Reference | None = None
    resolve_reason: _Reason | None = None
    incidents_responders: tuple[_Responder, ...] = ()

    @property
    def asked(self) -> frozenset[str]:
        """The users who were asked to respond."""
        return frozenset(it.user.id for it in self.incidents_responders if it.user)


class _Incidents(Struct, frozen=True):
    incidents: tuple[Counterpart, ...]


class _Alert(Struct, frozen=True):
    alert_key: str | None = None


class _Alerts(Struct, frozen=True):
    alerts: tuple[_Alert, ...]


class _Note(Struct, frozen=True):
    id: str
    created_at: datetime | None = None
    content: str = ""
    user: _Reference | None = None


class _Notes(Struct, frozen=True):
    notes: tuple[_Note, ...]


class _Made(Struct, frozen=True):
    """What a POST answers: the note, or the request for responders."""

    note: _Reference | None = None
    responder_request: dict[str, object] | None = None


class Users(Struct, frozen=True):
    """A part of the users; `more`: there are others behind them."""

    users: tuple[User, ...]
    more: bool = False


class _Error(Struct, frozen=True):
    message: object = None
    errors: object = None


class _Failure(Struct, frozen=True):
    error: _Error | None = None


def api_url(setting: str, region: str) -> str:
    """The address of the REST API: the region's when `setting` is empty."""
    return setting or _URLS[region]


# --- what is asked ---------------------------------------------------------------------------------------------------


def get(account: RestAccount, path: str, **query: str | int) -> Request:
    """A GET; every request names the version, and bears the token."""
    asked = f"?{urlencode(query)}" if query else ""
    return Request("GET", f"{account.url}{path}{asked}", _headers(account))


def post(account: RestAccount, path: str, body: object) -> Request:
    """A POST, in the name of `from_email`."""
    headers = {**_headers(account), "content-type": "application/json", "from": account.from_email or ""}
    return Request("POST", f"{account.url}{path}", headers, msgspec.json.encode(body))


def _headers(account: RestAccount) -> dict[str, str]:
    return {"accept": _ACCEPT, "authorization": f"Token token={account.token}"}


def incidents_of(account: RestAccount, key: str) -> Request:
    """The incidents in which the alert of this `dedup_key` is, whenever that was."""
    return get(account, "/incidents", incident_key=key, date_range="all", limit=PAGE)


def alerts_of(account: RestAccount, incident: str) -> Request:
    """The alerts of an incident: it may hold several."""
    return get(account, f"/incidents/{quote(incident, safe='')}/alerts", limit=PAGE)


def notes_of(account: RestAccount, incident: str) -> Request:
    """The notes on an incident."""
    return get(account, f"/incidents/{quote(incident, safe='')}/notes")


def note_on(account: RestAccount, incident: str, text: str) -> Request:
    """Write a note on an incident."""
    return post(account, f"/incidents/{quote(incident, safe='')}/notes", {"note": {"content": text[:MAX_NOTE]}})


def responder_request(account: RestAccount, incident: str, *, requester: str, user: str, message: str) -> Request:
    """Ask a user to respond to an incident: PagerDuty notifies them by the rules that they have chosen there."""
    target = {"responder_request_target": {"id": user, "type": "user_reference"}}
    body = {"requester_id": requester, "message": message, "responder_request_targets": [target]}
    return post(account, f"/incidents/{quote(incident, safe='')}/responder_requests", body)


def users_from(account: RestAccount, offset: int) -> Request:
    """The users, beginning at a number."""
    return get(account, "/users", limit=PAGE, offset=offset)


def users_named(account: RestAccount, email: str) -> Request:
    """The users whose name or e-mail address is like this."""
    return get(account, "/users", limit=PAGE, query=email)


# --- what is answered ------------------------------------------------------------------------------------------------


def answer(reply: Reply, kind: type[T]) -> T:
    """The answer as a `kind`; raises Unreachable with PagerDuty's words where it is an error, or can't be read."""
    if not 200 <= reply.status < 300:
        raise Unreachable(refusal(reply))
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreachable(f"PagerDuty's REST API answered what can't be read: {error}") from error


def refusal(reply: Reply) -> str:
    """PagerDuty's own words: `{"error": {"message": "Not Found", "code": 2100, "errors": […]}}`."""
    try:
        error = msgspec.json.decode(reply.body, type=_Failure).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = None
    said: list[object] = [error.message] if error else []
    if error and isinstance(error.errors, list):
        said += error.errors
    words = clean_line(": ".join(text for text in said if isinstance(text, str)))
    return f"PagerDuty's REST API refused (HTTP {reply.status}): {words or 'it gave no reason'}"


def wait_after(reply: Reply) -> timedelta | None:
    """How long it wants to be left alone; None: it doesn't say. Its rate limits say so by `ratelimit-reset`."""
    reset = reply.headers.get("ratelimit-reset", "").strip()
    if reset.isdecimal() and reset.isascii():
        return timedelta(seconds=min(int(reset[:9]), MAX_WAIT.total_seconds()))
    return wait_asked(reply)


def counterparts_in(reply: Reply) -> tuple[Counterpart, ...]:
    """The incidents of an answer."""
    return answer(reply, _Incidents).incidents


def keys_in(reply: Reply) -> tuple[str, ...]:
    """The `dedup_key` of each alert of an answer."""
    return tuple(alert.alert_key for alert in answer(reply, _Alerts).alerts if alert.alert_key)


def words_of(incident: Counterpart, key: str, since: datetime) -> tuple[Word, ...]:
    """What the state of an incident says was done, the acknowledgements first; `key` is the page's.

    An end before `since` is left out: that it was told may be forgotten by now.
    """
    url, agent = incident.html_url or "", _agent_of(incident.last_status_change_by)
    found = [Word(f"seen/{incident.id}", Deed.TRIGGERED, incident.id, key, url)]
    for it in incident.acknowledgements:
        id_ = f"acknowledged/{incident.id}/{it.acknowledger.id}/{it.at}"
        found.append(Word(id_, Deed.ACKNOWLEDGED, incident.id, key, url, _agent_of(it.acknowledger)))
    if incident.status == "resolved" and _is_since(incident.last_status_change_at, since):
        is_merged = incident.resolve_reason is not None and incident.resolve_reason.type == MERGE
        deed = Deed.MERGED if is_merged else Deed.RESOLVED
        found.append(Word(resolution_id(incident.id), deed, incident.id, key, url, agent))
    return tuple(found)


def notes_in(reply: Reply, incident: Counterpart, key: str, since: datetime) -> tuple[Word, ...]:
    """The notes on an incident since then."""
    return tuple(
        Word(
            id=note_id(note.id),
            deed=Deed.NOTED,
            incident=incident.id,
            key=key,
            agent=_agent_of(note.user),
            text=clean_text(note.content),
        )
        for note in answer(reply, _Notes).notes
        if _is_since(note.created_at, since)
    )


def confirm_written(reply: Reply) -> None:
    """Make sure that a POST was taken: its answer holds what was made. Raises Unreachable where it doesn't."""
    made = answer(reply, _Made)
    if not (made.note and made.note.id) and made.responder_request is None:
        raise Unreachable(f"PagerDuty's REST API did not confirm what was written (HTTP {reply.status})")


def note_texts(reply: Reply) -> tuple[str, ...]:
    """What the notes on an incident say, whenever they were written."""
    return tuple(note.content for note in answer(reply, _Notes).notes)


def _is_since(at: datetime | None, since: datetime) -> bool:
    return at is None or (at if at.tzinfo else at.replace(tzinfo=UTC)) >= since


def user_with(users: Sequence[User], email: str) -> User | None:
    """The user of that address, among those that are like it."""
    return next((user for user in users if user.email.lower() == email.lower()), None)


def _agent_of(reference: _Reference | None) -> Agent:
    if reference is None:
        return NOBODY
    is_person = reference.type in ("user_reference", "user")
    return Agent(reference.id, clean_line(reference.summary or ""), is_person=is_person)

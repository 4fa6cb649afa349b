"""How does amtool see Tocsin? The rest of Alertmanager's v2 API: silences, and what fires (api/v2/openapi.yaml).

`POST /api/v2/alerts` is among the doors. What Tocsin refuses is told as Alertmanager tells it: a status and a text.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from tocsin import __version__
from tocsin.accounts.permissions import Permission
from tocsin.api.auth import bearer_of, require
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of
from tocsin.api.operations import Handler
from tocsin.api.requests import Instant
from tocsin.domain.silence import Silence, SilenceState
from tocsin.engine import silences
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound
from tocsin.sop.matchers import Matcher, parse_matcher
from tocsin.store.rows import KeptSilence, StoredAlert

KEPT_FOR = timedelta(hours=120)  # Alertmanager's default retention: for so long one that is over is listed
MOST_SILENCES = 10_000
_MOST_ALERTS = 10_000
_STALE_AFTER = timedelta(minutes=5)  # Alertmanager's resolve_timeout: a firing alert is said to end so long after now
_CONFIG = "route:\n  receiver: tocsin\nreceivers:\n  - name: tocsin\n"
_RECEIVER = {"name": "tocsin"}


class MatcherForm(Struct, frozen=True, rename="camel"):
    """A matcher as Alertmanager writes it."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool = True


class PostedSilence(Struct, frozen=True, rename="camel"):
    """A silence as it is asked for; with `id`, a change of that one. Fields it doesn't know are passed over."""

    matchers: tuple[MatcherForm, ...]
    starts_at: Instant
    ends_at: Instant
    created_by: str
    comment: str
    id: str = ""


class SilenceStatusForm(Struct, frozen=True):
    """How a silence stands."""

    state: SilenceState


class SilenceForm(Struct, frozen=True, rename="camel"):
    """A silence as Alertmanager tells it."""

    id: str
    status: SilenceStatusForm
    updated_at: datetime
    matchers: tuple[MatcherForm, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    annotations: dict[str, str] = {}


class AlertStatusForm(Struct, frozen=True, rename="camel"):
    """How an alert stands: `suppressed` while it is silenced."""

    state: str
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()


class AlertForm(Struct, frozen=True, rename="camel"):
    """A firing alert as Alertmanager tells it."""

    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    updated_at: datetime
    ends_at: datetime
    status: AlertStatusForm
    generator_url: str = field(name="generatorURL")
    receivers: tuple[dict[str, str], ...] = (_RECEIVER,)


class GroupForm(Struct, frozen=True, rename="camel"):
    """Alerts that share an incident, or are silenced."""

    labels: dict[str, str]
    route_labels: dict[str, str]
    receiver: dict[str, str]
    alerts: list[AlertForm]


def as_alertmanager(handler: Handler, permission: Permission) -> Handler:
    """The handler for whoever has the permission; what it refuses is a text, 404 or 400."""

    async def guarded(node: Node, request: Request) -> Response:
        request.state.principal = await require(node, request, bearer_of(request), permission)
        try:
            return await handler(node, request)
        except NotFound as error:
            return answer(str(error), 404)
        except InvalidInput as error:
            return answer(str(error), 400)

    return guarded


# --- silences --------------------------------------------------------------------------------------------------------


async def get_silences(node: Node, request: Request) -> Response:
    """The silences that are not over, or have been for less than five days."""
    now = node.clock.now()
    found = await node.read(lambda queries: queries.desk.silences(after=now - KEPT_FOR, limit=MOST_SILENCES))
    wanted = {state for state in SilenceState if _is_wanted(request, state)}
    filters = _matchers_of(request)
    return answer(
        [
            _silence_form(it, now)
            for it in found
            if it.silence.state(now) in wanted and _fits(filters, {m.name: m.value for m in it.silence.matchers})
        ]
    )


async def get_silence(node: Node, request: Request) -> Response:
    """One silence."""
    kept = await node.read(lambda queries: queries.desk.silence(request.path_params["id"]))
    return answer(_silence_form(kept, node.clock.now()))


async def post_silence(node: Node, request: Request) -> Response:
    """Silence alerts, or change a silence; answers with its id, which is a new one where it could not be changed."""
    posted = decode_body(await read_body(request), PostedSilence)
    by = actor_of(node, request, None)
    wanted = Silence(
        id=str(uuid4()),
        matchers=tuple(_matcher(it) for it in posted.matchers),
        starts_at=posted.starts_at,
        ends_at=posted.ends_at,
        author=posted.created_by,
        comment=posted.comment,
    )
    if posted.id:
        kept = await node.write(lambda tx, now: silences.revise(tx, now, wanted, former=posted.id, by=by))
    else:
        kept = await node.write(lambda tx, now: silences.make(tx, now, wanted, by=by))
    return answer({"silenceID": kept.silence.id})


async def delete_silence(node: Node, request: Request) -> Response:
    """End a silence at once."""
    id_, by = request.path_params["id"], actor_of(node, request, None)
    await node.write(lambda tx, now: silences.expire(tx, now, id_, by=by))
    return answer({})


def _matcher(form: MatcherForm) -> Matcher:
    try:
        return Matcher(form.name, form.value, is_regex=form.is_regex, is_equal=form.is_equal)
    except ValueError as error:
        raise InvalidInput(f"matchers: {error}") from None


def _silence_form(kept: KeptSilence, now: datetime) -> SilenceForm:
    silence = kept.silence
    return SilenceForm(
        id=silence.id,
        status=SilenceStatusForm(silence.state(now)),
        updated_at=kept.changed_at,
        matchers=tuple(MatcherForm(it.name, it.value, it.is_regex, it.is_equal) for it in silence.matchers),
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        created_by=silence.author,
        comment=silence.comment,
    )


# --- alerts ----------------------------------------------------------------------------------------------------------


async def get_alerts(node: Node, request: Request) -> Response:
    """What fires on open incidents, and what is silenced."""
    return answer([form for _, form in await _firing(node, request)])


async def get_groups(node: Node, request: Request) -> Response:
    """The same, one group an incident; those that are silenced are a group of their own."""
    groups: dict[str, list[AlertForm]] = {}
    for incident, form in await _firing(node, request):
        groups.setdefault(incident, []).append(form)
    if not _is_true(request, "muted"):
        groups.pop("", None)
    return answer(
        [
            GroupForm({"incident": incident} if incident else {}, {}, _RECEIVER, alerts)
            for incident, alerts in groups.items()
        ]
    )


async def _firing(node: Node, request: Request) -> list[tuple[str, AlertForm]]:
    """The alerts that the request asks for, each with its incident's id, or nothing where it is silenced."""
    now = node.clock.now()
    filters = _matchers_of(request)
    is_wanted = {state: _is_true(request, name) for state, name in (("active", "active"), ("suppressed", "silenced"))}
    found = await node.read(lambda queries: queries.firing_alerts(_MOST_ALERTS))
    forms = ((alert, _alert_form(alert, silence, now)) for alert, silence in found if _fits(filters, alert.labels))
    return [(alert.incident or "", form) for alert, form in forms if is_wanted[form.status.state]]


def _alert_form(alert: StoredAlert, silence: str | None, now: datetime) -> AlertForm:
    silenced_by = (silence,) if silence else ()
    return AlertForm(
        fingerprint=alert.fingerprint,
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        updated_at=alert.last_seen_at,
        ends_at=now + _STALE_AFTER,
        status=AlertStatusForm("suppressed" if silenced_by else "active", silenced_by),
        generator_url=alert.generator_url,
    )


# --- what else amtool asks -------------------------------------------------------------------------------------------


async def get_status(node: Node, request: Request) -> Response:
    """That it is Tocsin, and since when it runs."""
    version = {"version": __version__, "revision": "", "branch": "tocsin", "buildUser": "", "buildDate": ""}
    return answer(
        {
            "cluster": {"status": "disabled", "peers": []},
            "versionInfo": {**version, "goVersion": ""},
            "config": {"original": _CONFIG},
            "uptime": node.started_at,
        }
    )


async def get_receivers(node: Node, request: Request) -> Response:
    """The one receiver: whom an alert reaches is for the SOP to say."""
    return answer([_RECEIVER])


def _is_wanted(request: Request, state: SilenceState) -> bool:
    return _is_true(request, state.value)


def _is_true(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "true")
    if text not in ("true", "false"):
        raise InvalidInput(f"{name}: must be true or false, got {text!r}")
    return text == "true"


def _matchers_of(request: Request) -> Sequence[Matcher]:
    try:
        return [parse_matcher(text) for text in request.query_params.getlist("filter")]
    except ValueError as error:
        raise InvalidInput(f"filter: {error}") from None


def _fits(filters: Sequence[Matcher], labels: dict[str, str]) -> bool:
    """Whether all filters hold; as in Alertmanager, a positive one asks for a label that is there."""
    return all((not it.is_equal or it.name in labels) and it.matches(labels) for it in filters)


_READ, _SILENCE = Permission.READ, Permission.SILENCE
ROUTES: tuple[tuple[str, str, Handler, Permission], ...] = tuple(
    (method, f"/api/v2/{path}", as_alertmanager(handler, permission), permission)
    for method, path, handler, permission in (
        ("GET", "silences", get_silences, _READ),
        ("POST", "silences", post_silence, _SILENCE),
        ("GET", "silence/{id}", get_silence, _READ),
        ("DELETE", "silence/{id}", delete_silence, _SILENCE),
        ("GET", "alerts", get_alerts, _READ),
        ("GET", "alerts/groups", get_groups, _READ),
        ("GET", "status", get_status, _READ),
        ("GET", "receivers", get_receivers, _READ),
    )
)

"""How is an alert silenced over the API? The handlers of `/api/v1/silences`."""

from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api import requests as r
from tocsin.api.alertmanager import KEPT_FOR, MOST_SILENCES
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of, key_in
from tocsin.api.parameters import end_of
from tocsin.domain import wishes as w
from tocsin.domain.silence import Silence, SilenceState
from tocsin.engine import silences
from tocsin.engine.node import Node
from tocsin.engine.once import Asked
from tocsin.errors import InvalidInput
from tocsin.sop.matchers import Matcher, parse_matcher
from tocsin.store.rows import KeptSilence


class SilenceView(Struct, frozen=True):
    """A silence: alerts for which all matchers hold wake nobody in that span; `mutes` of them fire now."""

    id: str
    state: SilenceState
    matchers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    mutes: int
    made_at: datetime
    made_by: str
    changed_at: datetime
    changed_by: str


async def list_silences(node: Node, request: Request) -> Response:
    """The silences that are not over, the one that ends first first; or also those that ended lately."""
    state = request.query_params.get("state", "current")
    if state not in ("current", "all"):
        raise InvalidInput(f"state: must be current or all, got {state!r}")
    return answer(await silences_now(node, after=timedelta() if state == "current" else KEPT_FOR))


async def silences_now(node: Node, *, after: timedelta = timedelta()) -> list[SilenceView]:
    """The silences that are not over, or have been for no longer than `after`; the one that ends first first."""
    now = node.clock.now()
    found, counts = await node.read(
        lambda queries: (queries.desk.silences(after=now - after, limit=MOST_SILENCES), queries.desk.muted_counts())
    )
    return [_view(it, counts.get(it.silence.id, 0), now) for it in found]


async def make_silence(node: Node, request: Request) -> Response:
    """Silence alerts for a while."""
    body = decode_body(await read_body(request), r.SilenceBody)
    by = actor_of(node, request, body.by)
    wanted = silence_of(body, node.clock.now(), by.name)
    asked = Asked(body, key_in(request))
    kept = await node.write(lambda tx, now: silences.make_once(tx, now, wanted, by=by, asked=asked))
    return answer(_view(kept, 0, node.clock.now()), 201)


def silence_of(body: r.SilenceBody, now: datetime, author: str) -> Silence:
    """The silence that is asked for."""
    starts_at = max(body.starts_at or now, now)
    ends_at = end_of(starts_at, body.ends_at, body.lasts)
    return Silence(str(uuid4()), tuple(map(_matcher, body.matchers)), starts_at, ends_at, author, body.comment)


def _matcher(text: str) -> Matcher:
    try:
        return parse_matcher(text)
    except ValueError as error:
        raise InvalidInput(f"matchers: {error}") from None


async def expire_silence(node: Node, request: Request) -> Response:
    """End a silence at once; what fires and was muted by it alone opens incidents."""
    body = decode_body(await read_body(request), w.PlainBody)
    by, id_ = actor_of(node, request, body.by), request.path_params["id"]
    kept = await node.write(lambda tx, now: silences.expire(tx, now, id_, by=by))
    return answer(_view(kept, 0, node.clock.now()))


def _view(kept: KeptSilence, mutes: int, now: datetime) -> SilenceView:
    silence = kept.silence
    return SilenceView(
        id=silence.id,
        state=silence.state(now),
        matchers=tuple(map(str, silence.matchers)),
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        author=silence.author,
        comment=silence.comment,
        mutes=mutes,
        made_at=kept.made_at,
        made_by=kept.made_by,
        changed_at=kept.changed_at,
        changed_by=kept.changed_by,
    )

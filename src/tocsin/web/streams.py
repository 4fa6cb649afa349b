"""How does a page hear of changes? Server-sent events, with a heartbeat; rights are looked at again and again."""

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tocsin.accounts.permissions import Permission
from tocsin.web.guard import is_still_allowed
from tocsin.web.live import Stream
from tocsin.web.site import Site

_LOOK_EVERY_SECONDS = 5.0  # whether the reader may still read
_BEATS_EVERY = 3  # looks
_RETRY_MILLISECONDS = 1_000


async def get_live(site: Site, request: Request) -> Response:
    """Told whenever anything has changed: for lists."""
    return _streamed(site, request, "", -1)


async def get_incident_live(site: Site, request: Request) -> Response:
    """Told of every event of the incident after the one that the page knows; raises NotFound."""
    id_ = request.path_params["id"]
    await site.node.read(lambda queries: queries.incident(id_))
    return _streamed(site, request, id_, known_event(request))


def known_event(request: Request) -> int:
    """The number of the newest event that the page shows: from the last news, else as the page itself says."""
    text = request.headers.get("last-event-id") or request.query_params.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else -1


def _streamed(site: Site, request: Request, incident: str, seq: int) -> Response:
    site.live.refuse_if_full()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_messages(site, request, incident, seq), media_type="text/event-stream", headers=headers)


async def _messages(site: Site, request: Request, incident: str, seq: int) -> AsyncIterator[bytes]:
    with site.live.stream(incident, seq) as stream:
        yield f"retry: {_RETRY_MILLISECONDS}\nevent: beat\ndata: {{}}\n\n".encode()
        site.live.look_soon()
        looks = 0
        while not stream.is_over:
            news = await stream.next(_LOOK_EVERY_SECONDS)
            if not await is_still_allowed(site, request, Permission.READ):
                yield _message(stream, "ended", b"{}")
                return
            if news is not None:
                yield _message(stream, "changed", msgspec.json.encode(news))
                continue
            looks += 1
            if looks % _BEATS_EVERY == 0:
                yield _message(stream, "beat", b"{}")


def _message(stream: Stream, kind: str, data: bytes) -> bytes:
    # Only an incident's number means the same to the next server, which a page comes back to.
    id_ = f"id: {stream.seq}\n" if stream.incident and stream.seq >= 0 else ""
    return f"{id_}event: {kind}\ndata: {data.decode()}\n\n".encode()

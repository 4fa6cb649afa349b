"""How is a request's body read? Within limits of bytes, time, memory and nesting; what breaks one is told at once."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from tocsin.api.bounds.room import share_of
from tocsin.api.bounds.shape import refuse_harmful
from tocsin.api.bounds.unpacking import too_large, unpacking
from tocsin.api.problems import TooSlow
from tocsin.errors import InvalidInput

MAX_BODY = 1_048_576
MAX_ALERTS_BODY = 4 * 1_048_576
BODY_WITHIN_SECONDS = 10


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body, unpacked, and harmless to parse.

    Raises TooLarge past `limit` bytes, without reading on, TooSlow, Overloaded, UnsupportedEncoding, and InvalidInput
    for a body that ends early or would harm its parser.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large(limit)
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            body = await _read(request, limit)
    except TimeoutError:
        raise TooSlow(f"body: must arrive within {BODY_WITHIN_SECONDS} seconds") from None
    except ClientDisconnect as error:
        raise InvalidInput("body: ended early: the client went away") from error
    refuse_harmful(body)
    return body


async def _read(request: Request, limit: int) -> bytes:
    share = share_of(request)
    unpacked = unpacking(request.headers.get("content-encoding", ""), limit)
    body = bytearray()
    async for data in request.stream():
        for piece in unpacked.feed(data):
            share.take(len(piece))
            body += piece
    unpacked.end()
    return bytes(body)

"""How is a compressed body unpacked without harm? Piece by piece, within limits of its size and of how it swells."""

import zlib
from collections.abc import Iterator
from typing import Protocol

from tocsin.api.problems import TooLarge, UnsupportedEncoding
from tocsin.errors import InvalidInput

MAX_RATIO = 200  # alerts shrink to a thirtieth, alerts that hardly differ to a hundredth
_NO_BOMB = 1_048_576  # bytes that come out of any few
_PIECE = 65_536  # bytes that are unpacked at once
_GZIP = 31  # zlib's way to ask for a gzip header and nothing else


class Unpacking(Protocol):
    """A body on its way in."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the next bytes stand for, piece by piece; raises TooLarge past the limit, InvalidInput for damage."""

    def end(self) -> None:
        """Raise InvalidInput where the body ends too early."""


class Plain:
    """A body that stands for itself."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes as they came."""
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limit)
        yield data

    def end(self) -> None:
        """Nothing is missing as far as this body can tell."""


class Gunzip:
    """A gzip stream of one member; hardly more than the limit is ever unpacked, whatever the stream promises."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stream = zlib.decompressobj(_GZIP)
        self._taken = 0
        self._given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes unpacked."""
        self._taken += len(data)
        piece = self._unpack(data)
        while piece:
            self._given += len(piece)
            self._refuse_too_much()
            yield piece
            piece = self._unpack(self._stream.unconsumed_tail)  # zlib may hold more, though it has read everything
        if self._stream.unused_data:
            raise InvalidInput("body: must be one gzip stream, got something after its end")

    def _unpack(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, _PIECE)
        except zlib.error:
            raise InvalidInput("body: must be gzip, as its Content-Encoding says; it is damaged") from None

    def _refuse_too_much(self) -> None:
        if self._given > self._limit or self._taken > self._limit:
            raise too_large(self._limit)
        if self._given > max(_NO_BOMB, self._taken * MAX_RATIO):
            raise TooLarge(f"body: must not swell to more than {MAX_RATIO} times its compressed size")

    def end(self) -> None:
        """The stream must have come to its own end, checksum included."""
        if not self._stream.eof:
            raise InvalidInput("body: must be a whole gzip stream, got its beginning only")


def unpacking(encoding: str, limit: int) -> Unpacking:
    """How a body of that `Content-Encoding` is unpacked; raises UnsupportedEncoding for those that we don't take."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain(limit)
        case "gzip" | "x-gzip":
            return Gunzip(limit)
    raise UnsupportedEncoding("Content-Encoding: must be gzip, or none at all")


def too_large(limit: int) -> TooLarge:
    """The refusal of a body of more than `limit` bytes."""
    return TooLarge(f"body: must be at most {limit} bytes")

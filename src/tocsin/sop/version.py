"""Which SOP is this? A canonical text of the whole SOP, and the short hash of it that an incident keeps.

Every value is written, defaults too: a later Tocsin with other defaults still reads the SOP an incident began under.
"""

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from tocsin.errors import StoreError
from tocsin.sop.durations import Duration
from tocsin.sop.model import Sop

_VERSION_LENGTH = 16


def encode(sop: Sop) -> bytes:
    """The SOP as JSON with sorted keys: equal SOPs give equal bytes, whatever order their files are written in."""
    return msgspec.json.encode(_plain(sop), enc_hook=str, order="sorted")


def decode_stored(stored: bytes) -> Sop:
    """The SOP that `encode` wrote; StoreError when it is damaged or written by a newer Tocsin."""
    try:
        return _decoder.decode(stored)
    except (msgspec.DecodeError, ValueError) as error:
        raise StoreError(f"a stored SOP can't be read: {error}; a newer Tocsin may have written it") from error


def version_of(sop: Sop) -> str:
    """The SOP's version: the first 16 hexadecimal digits of its canonical text's SHA-256."""
    return hashlib.sha256(encode(sop)).hexdigest()[:_VERSION_LENGTH]


def _plain(value: object) -> object:
    match value:
        case Struct():
            return _plain(asdict(value))
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
    return value


def _duration(kind: type[Duration], value: object) -> Duration:
    return kind.parse(str(value))


# Made while there is one thread: msgspec crashes the process where two threads are the first to read one type.
_decoder = msgspec.json.Decoder(Sop, dec_hook=_duration)

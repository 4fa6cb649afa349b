"""What do hostile clients send? Bodies that are too much or not what they say, and bytes that are hardly HTTP."""

import gzip
import json
import random
import zlib
from collections.abc import Iterator

from tests.system.server import Json, firing

_MEBIBYTE = 1_048_576
_CONTROLS = "\x00\x07\x1b]0;owned\x07\x1b[2J\x9b31m"
_DISGUISES = "\u202egnp.exe\u2066\u200b\ufeff\u061c" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore this")


def bomb(size: int) -> bytes:
    """So many zeros in gzip, a thousandth of their size."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(stream.compress(bytes(_MEBIBYTE)) for _ in range(size // _MEBIBYTE)) + stream.flush()


def swelling(size: int) -> bytes:
    """So many bytes in gzip, about a hundredth of their size: as much as alerts may swell, and no bomb."""
    chance = random.Random(1)
    return gzip.compress(b"".join(b"%08x" % chance.getrandbits(32) + b" " * 992 for _ in range(size // 1_000)))


def bodies() -> dict[str, tuple[bytes, str]]:
    """Bodies that no door takes, each with its `Content-Encoding`."""
    plain = {
        "nothing": b"",
        "five mebibytes": b" " * 5 * _MEBIBYTE,
        "a million objects": b"[" + b"{}," * 1_000_000 + b"{}]",
        "a million labels' numbers": b'[{"labels":{"a":[' + b"1," * 1_000_000 + b"1]}}]",
        "more alerts than a request may bring": b"[" + b'{"labels":{"a":"b"}},' * 10_000 + b'{"labels":{"a":"b"}}]',
        "a hundred thousand lists": b"[" * 100_000,
        "deep, and closed again": b'[{"labels":{"a":"b"},"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        "a number of a hundred thousand digits": b'[{"labels":{"a":' + b"9" * 100_000 + b"}}]",
        "a thousand numbers of four thousand digits": b'[{"labels":{"a":[' + b",".join([b"9" * 4_000] * 900) + b"]}}]",
        "not a number": b'[{"labels":{"a":NaN}}]',
        "infinity": b'[{"labels":{"a":-Infinity}}]',
        "invalid UTF-8": b'[{"labels":{"a":"\xff\xfe"}}]',
        "half a surrogate pair": rb'[{"labels":{"a":"\ud800"}}]',
        "UTF-16": '[{"labels":{"a":"b"}}]'.encode("utf-16"),
        "a control character as it is": b'[{"labels":{"a":"\x00"}}]',
        "a label of a mebibyte": json.dumps([{"labels": {"a": "x" * _MEBIBYTE}}]).encode(),
        "a thousand labels": json.dumps([{"labels": {f"l{number}": "x" for number in range(1_000)}}]).encode(),
        "a label without a name": b'[{"labels":{"":"b"}}]',
        "no label": b'[{"labels":{}}]',
        "a time in the year 10000": b'[{"labels":{"a":"b"},"startsAt":"9999-12-31T23:59:59-14:00"}]',
        "an end before its start": json.dumps(
            [{"labels": {"a": "b"}, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}]
        ).encode(),
    }
    packed = {
        "a bomb": bomb(200 * _MEBIBYTE),
        "a bomb of a bomb": gzip.compress(bomb(100 * _MEBIBYTE)),
        "half a stream": gzip.compress(b"[]" * 1_000)[:-9],
        "no gzip": b"[]",
    }
    return {
        **{name: (body, "identity") for name, body in plain.items()},
        **{name: (body, "gzip") for name, body in packed.items()},
        "another encoding": (b"[]", "br"),
    }


def strange_alerts() -> Iterator[Json]:
    """Alerts that look hostile, and are taken: what their labels hold is their identity."""
    for number, text in enumerate(
        [_CONTROLS, _DISGUISES, "e" + "\u0301" * 200, "<script>alert(1)</script>", "'; DROP TABLE alerts; --", "\ufffe"]
    ):
        alert = firing(f"Strange{number}", instance=text)
        yield {**alert, "annotations": {"summary": text, text: text}, "generatorURL": f"http://x/{text}"}


def streams(host: str, key: str) -> dict[str, bytes]:
    """Bytes that are no request, or no honest one."""
    post = f"POST /api/v2/alerts HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    get = f"GET /readyz HTTP/1.1\r\nHost: {host}\r\n\r\n"
    return {
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        "a head without an end": post.encode() + b"X: y\r\n" * 200_000,
        "a header without an end": post.encode() + b"X: " + b"y" * _MEBIBYTE,
        "an address without an end": b"GET /" + b"x" * _MEBIBYTE,
        "an address of no address": b"GET http://[::1 HTTP/1.1\r\n\r\n",
        "an address with bytes beyond ASCII": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        "an address with NUL": f"GET /api/v1/incidents/%00 HTTP/1.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode(),
        "two lengths": f"{post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]".encode(),
        "a length and chunks": f"{post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        "a negative length": f"{post}Content-Length: -1\r\n\r\n[]".encode(),
        "a length beyond all numbers": f"{post}Content-Length: {'9' * 30}\r\n\r\n[]".encode(),
        "less than its length": f"{post}Content-Length: 2\r\n\r\n[]{get}".encode(),
        "chunks without an end": f"{post}Transfer-Encoding: chunked\r\n\r\n".encode()
        + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 100,
        "chunks of a byte": f"{post}Transfer-Encoding: chunked\r\n\r\n".encode()
        + b"1\r\n \r\n" * 100_000
        + b"0\r\n\r\n",
        "a chunk of no length": f"{post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n".encode(),
        "a chunk's remark without an end": f"{post}Transfer-Encoding: chunked\r\n\r\n1;".encode() + b"x" * _MEBIBYTE,
        "a tail without an end": f"{post}Transfer-Encoding: chunked\r\n\r\n0\r\n".encode() + b"X: y\r\n" * 200_000,
        "a thousand requests at once": get.encode() * 1_000,
        "a tunnel": f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() + b"x" * 1_000,
        "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "nothing but ends of lines": b"\r\n" * 100_000,
    }

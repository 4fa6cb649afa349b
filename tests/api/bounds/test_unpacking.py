"""What does a compressed body become? What was packed; and never more than there is room for."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrations.pace import unhurried
from tocsin.api.bounds.unpacking import MAX_RATIO, unpacking
from tocsin.api.problems import TooLarge, UnsupportedEncoding
from tocsin.errors import InvalidInput

_DAMAGED = "body: must be gzip, as its Content-Encoding says; it is damaged"
LIMIT = 8 * 1_048_576


def unpack(data: bytes, *, encoding: str = "gzip", piece: int = 1_000, limit: int = LIMIT) -> bytes:
    """What comes of it when it arrives in pieces."""
    return b"".join(unpacked_of(data, piece, encoding, limit))


def unpacked_of(data: bytes, piece: int, encoding: str = "gzip", limit: int = LIMIT) -> Iterator[bytes]:
    stream = unpacking(encoding, limit)
    for start in range(0, len(data), piece):
        yield from stream.feed(data[start : start + piece])
    stream.end()


@unhurried
@given(st.binary(max_size=3_000), st.sampled_from(["", "identity", "gzip", "x-gzip", "GZIP"]), st.integers(1, 500))
def test_a_body_is_what_was_packed_however_it_is_cut(body: bytes, encoding: str, piece: int) -> None:
    packed = gzip.compress(body) if "gzip" in encoding.lower() else body
    assert unpack(packed, encoding=encoding, piece=piece) == body


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 500_000])
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_a_body_of_any_size_comes_out_whole(size: int, piece: int) -> None:
    assert unpack(gzip.compress(b" " * size), piece=piece) == b" " * size


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_may_be_as_large_as_the_limit_and_not_a_byte_larger(encoding: str) -> None:
    body = bytes(range(256)) * 4
    packed = gzip.compress(body) if encoding else body
    assert unpack(packed, encoding=encoding, limit=1_024) == body
    with pytest.raises(TooLarge, match=r"^body: must be at most 1023 bytes$"):
        unpack(packed, encoding=encoding, limit=1_023)


def test_what_swells_beyond_reason_is_refused_though_it_is_within_the_limit() -> None:
    with pytest.raises(TooLarge, match=rf"^body: must not swell to more than {MAX_RATIO} times its compressed size$"):
        unpack(gzip.compress(b" " * 4_000_000))


def test_a_batch_of_alerts_that_hardly_differ_does_not_swell_beyond_reason() -> None:
    alert = '{{"labels":{{"alertname":"InstanceDown","instance":"web-{0}:9100","job":"node","severity":"critical"}}}}'
    batch = f"[{','.join(alert.format(number) for number in range(10_000))}]".encode()
    assert unpack(gzip.compress(batch, 9)) == batch


@pytest.mark.slow
@pytest.mark.parametrize("piece", [1, 100, 10_000_000])
def test_a_bomb_is_put_down_before_it_goes_off(piece: int) -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(b"\0" * 1_048_576) for _ in range(200)) + bomb.flush()
    given: list[bytes] = []
    with pytest.raises(TooLarge):
        given.extend(unpacked_of(packed, piece))
    assert sum(map(len, given)) <= LIMIT


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        pytest.param(b"", "body: must be a whole gzip stream, got its beginning only", id="nothing"),
        pytest.param(gzip.compress(b"[]")[:-5], "body: must be a whole gzip stream, got its beginning only", id="cut"),
        pytest.param(b"[]", _DAMAGED, id="plain"),
        pytest.param(
            gzip.compress(b"[]")[:-8] + b"\0" * 8,
            _DAMAGED,
            id="with a wrong checksum",
        ),
        pytest.param(zlib.compress(b"[]"), _DAMAGED, id="zlib"),
        pytest.param(
            gzip.compress(b"[") + gzip.compress(b"]"),
            "body: must be one gzip stream, got something after its end",
            id="two streams",
        ),
    ],
)
def test_what_is_no_gzip_is_refused(packed: bytes, told: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        unpack(packed)
    assert str(refusal.value) == told


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "gzip;q=1", "snappy"])
def test_no_other_encoding_is_read(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding, match=r"^Content-Encoding: must be gzip, or none at all$"):
        unpacking(encoding, LIMIT)

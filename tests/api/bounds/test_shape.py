"""Is a body that would harm its parser told from one that only looks so, and how long does that take?"""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.integrations.pace import unhurried
from tocsin.api.bounds.shape import MAX_DEPTH, MAX_VALUES, refuse_harmful
from tocsin.errors import InvalidInput

_FOUR_MEBIBYTES = 4 * 1_048_576


def nested(depth: int) -> bytes:
    return b'{"x":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


def test_nesting_up_to_the_limit_passes_and_one_deeper_is_refused() -> None:
    refuse_harmful(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 500, 100_000):
        with pytest.raises(InvalidInput, match=r"^body: must be nested at most 32 deep$"):
            refuse_harmful(nested(depth))


def test_a_body_that_is_only_a_beginning_is_judged_by_how_deep_it_begins() -> None:
    refuse_harmful(b'[{"labels":{"a":"' + b"[" * 100)
    with pytest.raises(InvalidInput, match="nested"):
        refuse_harmful(b"[" * (MAX_DEPTH + 1))


def test_values_up_to_the_limit_pass_and_one_more_is_refused() -> None:
    refuse_harmful(b"[" + b"1," * (MAX_VALUES - 1) + b"1]")
    with pytest.raises(InvalidInput, match=r"^body: must hold at most 250,000 values; send less at once$"):
        refuse_harmful(b"[" + b"1," * MAX_VALUES + b"1]")


def test_as_many_texts_with_names_as_there_may_be_values_pass() -> None:
    refuse_harmful(b"{" + b",".join([b'"[":"]"'] * (MAX_VALUES - 1)) + b"}")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        pytest.param(b'["\xff"]', 2, id="a byte that is never one of UTF-8"),
        pytest.param(b'["\xc3"]', 2, id="half a letter"),
        pytest.param(b'["\xed\xa0\x80"]', 2, id="half a surrogate pair"),
        pytest.param(b'["\xc0\x80"]', 2, id="NUL in two bytes"),
        pytest.param('["ü"]'.encode() + b"\xf5", 6, id="after the end"),
    ],
)
def test_a_body_that_is_not_utf8_is_refused_with_the_place(body: bytes, at: int) -> None:
    with pytest.raises(InvalidInput, match=rf"^body: must be UTF-8 throughout, but byte {at} is not$"):
        refuse_harmful(body)


values = st.recursive(
    st.sampled_from(["", "[[[{", '"', "\\", '\\"[', "]}", "x\n", "\\\\", ",", '"",""']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["[", '"{', "\\"]), inner, max_size=2),
    max_leaves=20,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@unhurried
@given(values, st.integers(0, 40))
@example("[" * 100, 0)
def test_brackets_within_text_are_not_depth(value: object, more: int) -> None:
    # More than MAX_DEPTH brackets beside it, so that they are looked at at all.
    for _ in range(more):
        value = [value]
    body = json.dumps({"beside": [[]] * 40, "x": value}).encode()
    if 1 + depth_of(value) <= MAX_DEPTH:
        refuse_harmful(body)
    else:
        with pytest.raises(InvalidInput, match="nested"):
            refuse_harmful(body)


@unhurried
@given(st.binary(max_size=200) | st.text(alphabet='[]{}",\\x', max_size=200).map(str.encode))
def test_any_bytes_pass_or_are_refused(body: bytes) -> None:
    with suppress(InvalidInput):
        refuse_harmful(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * _FOUR_MEBIBYTES, id="brackets without end"),
        pytest.param(b"[" * (_FOUR_MEBIBYTES // 2) + b"]" * (_FOUR_MEBIBYTES // 2), id="deep"),
        pytest.param(b'"' * _FOUR_MEBIBYTES, id="quotes"),
        pytest.param(b'["' + b"\\" * _FOUR_MEBIBYTES, id="backslashes"),
        pytest.param(b"[" + b'"[",' * (_FOUR_MEBIBYTES // 4), id="texts of a bracket"),
        pytest.param(b"," * _FOUR_MEBIBYTES, id="commas"),
        pytest.param("🔥".encode() * (_FOUR_MEBIBYTES // 4), id="letters of four bytes"),
        pytest.param(b"9" * _FOUR_MEBIBYTES, id="a number of four million digits"),
    ],
)
def test_looking_costs_little_whatever_the_body(body: bytes) -> None:
    began = time.process_time()
    with suppress(InvalidInput):
        refuse_harmful(body)
    assert time.process_time() - began < 1

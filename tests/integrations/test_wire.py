from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrations.pace import unhurried
from tocsin.integrations.wire import MAX_WAIT, Reply, wait_asked

DATE = "Mon, 05 Jan 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"retry-after": "30"}, timedelta(seconds=30), id="seconds are waited"),
        pytest.param({"retry-after": " 0 "}, timedelta(0), id="nought seconds is no wait"),
        pytest.param(
            {"retry-after": "Mon, 05 Jan 2026 10:02:00 GMT", "date": DATE},
            timedelta(minutes=2),
            id="a date counts from the reply's own date",
        ),
        pytest.param(
            {"retry-after": "Mon, 05 Jan 2026 09:00:00 GMT", "date": DATE}, timedelta(0), id="a date in the past is now"
        ),
        pytest.param({"retry-after": "86400"}, MAX_WAIT, id="a day is cut to an hour"),
        pytest.param({"retry-after": "9" * 400}, MAX_WAIT, id="an absurd number is cut to an hour"),
        pytest.param({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, MAX_WAIT, id="so is a far date"),
        pytest.param({"retry-after": "Mon, 05 Jan 2026 10:02:00 GMT"}, None, id="a date without a date says nothing"),
        pytest.param({}, None, id="a missing header says nothing"),
        pytest.param({"retry-after": "-5"}, None, id="a negative number says nothing"),
        pytest.param({"retry-after": "soon"}, None, id="a word says nothing"),
        pytest.param({"retry-after": "१२"}, None, id="digits of other scripts say nothing"),
    ],
)
def test_retry_after(headers: dict[str, str], wait: timedelta | None) -> None:
    assert wait_asked(Reply(status=429, headers=headers, body=b"")) == wait


@unhurried
@given(st.text(), st.text())
def test_whatever_the_headers_hold_the_wait_is_sane(retry_after: str, date: str) -> None:
    wait = wait_asked(Reply(status=429, headers={"retry-after": retry_after, "date": date}, body=b""))
    assert wait is None or timedelta(0) <= wait <= MAX_WAIT

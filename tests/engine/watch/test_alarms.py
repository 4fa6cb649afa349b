"""When is an alarm raised, told and cleared?"""

import logging
from datetime import timedelta

import pytest

from tests.engine.alerts import NOON
from tocsin.engine.watch.alarms import Alarm, Alarms, Trouble

LATER = NOON + timedelta(minutes=3)
_HARMLESS = {Trouble.CHAT, Trouble.PROVIDER, Trouble.CLOCK, Trouble.RESTORED, Trouble.TAMPERED, Trouble.INTAKE}


def test_trouble_is_told_once_and_keeps_its_beginning_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    alarms = Alarms()
    alarms.state(Trouble.WAKER, {"": "deadlines are 0:00:31 late"}, NOON)
    alarms.state(Trouble.WAKER, {"": "deadlines are 0:03:31 late"}, LATER)
    assert list(alarms.all) == [Alarm(Trouble.WAKER, "", "deadlines are 0:03:31 late", NOON)]
    alarms.state(Trouble.WAKER, {}, LATER)
    alarms.state(Trouble.WAKER, {}, LATER)
    assert list(alarms.all) == []
    told = [(it.levelno, it.message) for it in caplog.records]
    assert told == [
        (logging.CRITICAL, "ALARM waker: deadlines are 0:00:31 late"),
        (logging.WARNING, "alarm over: waker: deadlines are 0:03:31 late"),
    ]


def test_kinds_and_subjects_stand_for_themselves() -> None:
    alarms = Alarms()
    alarms.state(Trouble.CLOCK, {"": "slow"}, NOON)
    alarms.state(Trouble.UNREACHED, {"INC-2026-0002": "two", "INC-2026-0001": "one"}, LATER)
    alarms.state(Trouble.UNREACHED, {"INC-2026-0001": "one"}, LATER)
    assert [it.id for it in alarms.all] == ["unreached:INC-2026-0001", "clock"]
    assert alarms.of(Trouble.AUDIT) == ()


def test_banner_is_one_line_whatever_the_texts_hold_and_however_many_there_are() -> None:
    alarms = Alarms()
    assert alarms.line == ""
    alarms.state(Trouble.AUDIT, {str(number): f"row\r\n{number}\x1b[2J " + "x" * 999 for number in range(9)}, NOON)
    assert alarms.line.endswith("; and 6 more")
    assert alarms.line.isprintable()
    assert len(alarms.line) < 1_200


@pytest.mark.parametrize("kind", Trouble)
def test_only_what_can_not_lose_a_page_calls_nobody(kind: Trouble) -> None:
    assert kind.may_lose_a_page is (kind not in _HARMLESS)

"""What does a node know without asking? Repetitions alone: no news is taken for one, whatever came before."""

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.alerts import firing, resolved
from tocsin.domain.alert import Alert
from tocsin.domain.placement import Placer
from tocsin.engine import memory
from tocsin.engine.memory import Learnt, Memory
from tocsin.sop.load import default_sop

PLACEMENT = Placer(default_sop()).place(firing())
MOMENTS = st.one_of(
    st.integers(0, 9).map(lambda at: firing(at=at)),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda it: resolved(since=min(it), at=max(it))),
)


def memory_of(*repeated: Alert) -> Memory:
    found = Memory()
    found.learn(Learnt(repeated=[(alert, 7) for alert in repeated]))
    return found


def test_nothing_is_known_at_first() -> None:
    assert Memory().row_repeated_by(firing()) is None
    assert not Memory().is_no_news("INC-2026-0001", 2, PLACEMENT)


def test_alert_that_was_repeated_is_known_by_its_labels() -> None:
    known = memory_of(firing(instance="web-1"))
    assert known.row_repeated_by(firing(instance="web-1")) == 7
    assert known.row_repeated_by(firing(instance="web-2")) is None


def test_what_is_later_is_news() -> None:
    known = memory_of(firing(at=3))
    assert known.row_repeated_by(firing(at=2)) == 7  # it was delayed
    assert known.row_repeated_by(firing(at=4)) is None
    assert known.row_repeated_by(resolved(since=3, at=3)) is None


@given(MOMENTS, MOMENTS, MOMENTS)
def test_what_is_no_news_after_a_moment_is_none_after_a_later_one(first: Alert, second: Alert, asked: Alert) -> None:
    later = second if memory_of(second).row_repeated_by(first) else first
    if memory_of(first).row_repeated_by(asked) or memory_of(second).row_repeated_by(asked):
        assert memory_of(later).row_repeated_by(asked)


def test_placement_is_no_news_where_the_incident_stands_as_it_stood() -> None:
    known = Memory()
    known.learn(Learnt(no_news=[("INC-2026-0001", 5, frozenset({PLACEMENT}))]))
    assert known.is_no_news("INC-2026-0001", 5, PLACEMENT)
    assert not known.is_no_news("INC-2026-0001", 6, PLACEMENT)
    assert not known.is_no_news("INC-2026-0002", 5, PLACEMENT)
    known.learn(Learnt(no_news=[("INC-2026-0001", 6, frozenset())]))
    assert not known.is_no_news("INC-2026-0001", 5, PLACEMENT)


def test_memory_is_bounded() -> None:
    known = Memory()
    for number in range(memory._MOST_ALERTS + 2):  # the bound
        known.learn(Learnt(repeated=[(firing(instance=str(number)), number)]))
    assert known.row_repeated_by(firing(instance="0")) is None
    assert known.row_repeated_by(firing(instance=str(number))) == number

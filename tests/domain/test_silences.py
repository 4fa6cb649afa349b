"""Which alerts does a silence mute, what is wrong with one that is asked for, and when can one be changed?"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.store.response import NOON
from tocsin.domain.silence import MAX_MATCHERS, Silence, SilenceState, fault_in_silence, may_become, muted_by
from tocsin.sop.matchers import Matcher, parse_matcher

HOUR = timedelta(hours=1)
BACKUP = Silence("s-1", (parse_matcher('alertname="Backup"'),), NOON, NOON + 2 * HOUR, "alice", "moving disks")


def silence(*matchers: str, id_: str = "s-2") -> Silence:
    return replace(BACKUP, id=id_, matchers=tuple(map(parse_matcher, matchers)))


@pytest.mark.parametrize(
    ("matchers", "labels", "is_muted"),
    [
        (['alertname="Backup"'], {"alertname": "Backup"}, True),
        (['alertname="Backup"'], {"alertname": "Backup", "instance": "a"}, True),
        (['alertname="Backup"'], {"alertname": "backup"}, False),
        (['alertname="Backup"', 'instance="a"'], {"alertname": "Backup", "instance": "b"}, False),
        (['alertname=~"Back.*"'], {"alertname": "Backup"}, True),
        (['alertname=~"Back"'], {"alertname": "Backup"}, False),
        (['alertname!="Backup"', 'job="db"'], {"alertname": "Down", "job": "db"}, True),
        (['instance!~"web.*"', 'job="db"'], {"job": "db"}, True),
        (['instance!~"web.*"', 'job="db"'], {"job": "db", "instance": "web-1"}, False),
    ],
)
def test_silence_mutes_what_all_its_matchers_match(matchers: list[str], labels: dict[str, str], is_muted: bool) -> None:
    wanted = silence(*matchers)
    assert muted_by([wanted], labels) == (wanted if is_muted else None)


def test_first_of_several_silences_is_the_one_that_mutes() -> None:
    assert muted_by([silence('job="db"'), BACKUP], {"alertname": "Backup"}) == BACKUP
    both = [silence('job="db"'), BACKUP]
    assert muted_by(both, {"alertname": "Backup", "job": "db"}) == both[0]
    assert muted_by([], {"alertname": "Backup"}) is None


@pytest.mark.parametrize(
    ("hours", "state"),
    [(-1, "pending"), (0, "active"), (1.99, "active"), (2, "expired")],
)
def test_silence_is_active_from_its_start_up_to_its_end(hours: float, state: str) -> None:
    assert BACKUP.state(NOON + hours * HOUR) == state


EVERYTHING = "matchers: must hold one at least that doesn't match an empty label, else every alert would be silenced"


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        pytest.param(silence(), f"matchers: must be 1 to {MAX_MATCHERS}, got 0", id="without matchers"),
        pytest.param(silence(*['a="b"'] * 51), f"matchers: must be 1 to {MAX_MATCHERS}, got 51", id="of too many"),
        pytest.param(silence('alertname=~".*"'), EVERYTHING, id="of everything"),
        pytest.param(silence('alertname!="x"'), EVERYTHING, id="of everything but one"),
        pytest.param(silence('alertname=""'), EVERYTHING, id="of nothing in particular"),
        pytest.param(replace(BACKUP, ends_at=NOON), "ends_at: must be after the start", id="of no length"),
        pytest.param(
            replace(BACKUP, starts_at=NOON - 2 * HOUR, ends_at=NOON - HOUR),
            "ends_at: must lie ahead, and 2026-11-25 11:00 UTC is past",
            id="that is over",
        ),
        pytest.param(
            replace(BACKUP, ends_at=NOON + timedelta(days=367)),
            "ends_at: must lie within 366 days; for more, a route with `page = false`",
            id="for ever",
        ),
        pytest.param(replace(BACKUP, author=" "), "author: must say something, got nothing", id="of nobody"),
        pytest.param(replace(BACKUP, comment=""), "comment: must say something, got nothing", id="without a reason"),
        pytest.param(
            replace(BACKUP, comment="x" * 1001), "comment: must be at most 1000 characters, got 1001", id="too long"
        ),
    ],
)
def test_fault_says_what_would_be_right(asked: Silence, fault: str) -> None:
    assert fault_in_silence(asked, NOON) == fault


def test_silence_that_makes_sense_has_none() -> None:
    for asked in (BACKUP, replace(BACKUP, starts_at=NOON + HOUR), silence('alertname!="x"', 'job="db"')):
        assert fault_in_silence(asked, NOON) is None


@pytest.mark.parametrize(
    ("wanted", "hours", "may"),
    [
        pytest.param(replace(BACKUP, ends_at=NOON + 9 * HOUR), 1, True, id="an active one may end later"),
        pytest.param(replace(BACKUP, ends_at=NOON + HOUR), 1, True, id="or now"),
        pytest.param(replace(BACKUP, ends_at=NOON), 1, False, id="but not in the past"),
        pytest.param(replace(BACKUP, comment="new"), 1, True, id="and have another comment"),
        pytest.param(replace(BACKUP, starts_at=NOON + HOUR), 1, False, id="an active one keeps its start"),
        pytest.param(replace(BACKUP, starts_at=NOON + timedelta(milliseconds=900)), 1, True, id="to the second"),
        pytest.param(replace(BACKUP, starts_at=NOON + HOUR), -1, True, id="a pending one may start later"),
        pytest.param(replace(BACKUP, starts_at=NOON - 2 * HOUR), -1, False, id="but not in the past"),
        pytest.param(silence('alertname="Other"'), 1, False, id="matchers never change"),
        pytest.param(replace(BACKUP, ends_at=NOON + 9 * HOUR), 2, False, id="one that is over is over"),
    ],
)
def test_change(wanted: Silence, hours: float, may: bool) -> None:
    assert may_become(BACKUP, wanted, NOON + hours * HOUR) is may


names = st.sampled_from(("alertname", "job", "instance"))
values = st.sampled_from(("", "a", "b", "a.*"))
matchers = st.builds(Matcher, names, values, is_regex=st.booleans(), is_equal=st.booleans())


@given(st.lists(matchers, min_size=1, max_size=4), st.dictionaries(names, values))
def test_silence_mutes_if_and_only_if_each_matcher_matches(them: list[Matcher], labels: dict[str, str]) -> None:
    wanted = replace(BACKUP, matchers=tuple(them))
    assert (muted_by([wanted], labels) is wanted) is all(it.matches(labels) for it in them)


@given(st.lists(matchers, min_size=1, max_size=4))
def test_silence_that_is_let_in_never_mutes_an_alert_without_labels(them: list[Matcher]) -> None:
    wanted = replace(BACKUP, matchers=tuple(them))
    assert fault_in_silence(wanted, NOON) is not None or not wanted.mutes({})


@given(st.integers(-3, 5))
def test_silence_has_one_state_at_every_instant(hours: int) -> None:
    at = NOON + hours * HOUR
    is_on = BACKUP.state(at) is SilenceState.ACTIVE
    assert is_on is (BACKUP.starts_at <= at < BACKUP.ends_at)

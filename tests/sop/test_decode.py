import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sop.files import changed
from tocsin.errors import InvalidSop
from tocsin.sop.decode import Place, decode
from tocsin.sop.load import load_text
from tocsin.sop.model import Sop

IDS = "must be an id: 1 to 64 lower case letters, digits, - and _, of which the first is no - or _"
ONE_LINE = "must be one line without control characters"
SECRET = "must be the name of a secret, env:NAME or file:/path, never the secret itself"

ONE_DEFECT = [
    pytest.param(
        'after = "5m"',
        'after = "abc"',
        'severities.SEV1.escalation[2].after: must be a duration such as 15m, got "abc"',
        id="duration_that_is_a_word",
    ),
    pytest.param(
        'after = "5m"',
        "after = 5",
        "severities.SEV1.escalation[2].after: must be a duration such as 15m, got 5",
        id="duration_without_unit",
    ),
    pytest.param(
        'after = "5m"',
        'after = "999999w"',
        'severities.SEV1.escalation[2].after: must be at most 520w, got "999999w"',
        id="duration_of_centuries",
    ),
    pytest.param(
        'after = "5m"\n',
        "",
        "severities.SEV1.escalation[2].after: is missing, must be a duration such as 15m",
        id="step_without_time",
    ),
    pytest.param(
        'unless = "acknowledged"',
        'unless = "acknowleged"',
        "severities.SEV1.escalation[2].unless: must be one of acknowledged, resolved, "
        'got "acknowleged", did you mean `acknowledged`?',
        id="misspelt_condition",
    ),
    pytest.param(
        "[severities.SEV1]",
        "[severities.SEV5]\n[severities.SEV1]",
        'severities.SEV5: must be one of SEV1, SEV2, SEV3, SEV4, got "SEV5"',
        id="fifth_severity",
    ),
    pytest.param(
        "respond_within",
        "respond_withn",
        "severities.SEV1.respond_withn: is not a key of this table, did you mean `respond_within`?",
        id="misspelt_key",
    ),
    pytest.param(
        "count = 3", "count = true", "patterns[1].count: must be a whole number, got true", id="bool_for_a_number"
    ),
    pytest.param("count = 3", "count = 3.5", "patterns[1].count: must be a whole number, got 3.5", id="fraction"),
    pytest.param("count = 3", "count = 1", "patterns[1].count: must be at least 2, got 1", id="pattern_of_one"),
    pytest.param(
        "count = 3",
        f"count = {10**30}",
        "patterns[1].count: must be a whole number of at most 64 bits, got a value of another kind (int)",
        id="number_beyond_64_bits",
    ),
    pytest.param(
        "every_weeks = 1",
        "every_weeks = 53",
        "teams.platform.rotation.every_weeks: must be at least 1 and at most 52, got 53",
        id="rotation_of_more_than_a_year",
    ),
    pytest.param(
        "channel = true",
        'channel = "true"',
        'severities.SEV1.channel: must be true or false, got "true"',
        id="text_for_a_bool",
    ),
    pytest.param(
        'page = ["primary"]',
        'page = "primary"',
        'severities.SEV1.escalation[1].page: must be an array, got "primary"',
        id="text_for_an_array",
    ),
    pytest.param(
        'page = ["primary"]',
        'page = ["primary", 7]',
        "severities.SEV1.escalation[1].page[2]: must be a text in quotes, got 7",
        id="number_in_an_array_of_texts",
    ),
    pytest.param(
        "starts_on = 2026-01-05",
        "starts_on = 2026-01-05T10:00:00",
        "teams.platform.rotation.starts_on: must be a date such as 2026-01-05, got 2026-01-05T10:00:00",
        id="date_with_a_time",
    ),
    pytest.param(
        "starts_on = 2026-01-05",
        "starts_on = 0001-01-01",
        "teams.platform.rotation.starts_on: must be a date in the years 1970 to 2199, got 0001-01-01",
        id="date_of_antiquity",
    ),
    pytest.param(
        "opens_at = 09:00:00",
        'opens_at = "09:00"',
        'business_hours.opens_at: must be a time such as 10:00:00, got "09:00"',
        id="time_in_quotes",
    ),
    pytest.param(
        'handoff_on = "monday"',
        'handoff_on = "mondey"',
        "teams.platform.rotation.handoff_on: must be one of monday, tuesday, wednesday, thursday, friday, saturday, "
        'sunday, got "mondey", did you mean `monday`?',
        id="misspelt_weekday",
    ),
    pytest.param("[people.alice]", "[people.Alice]", f"people.Alice: {IDS}", id="id_with_a_capital"),
    pytest.param("[people.alice]", '[people."a b"]', f'people."a b": {IDS}', id="id_with_a_space"),
    pytest.param("[people.alice]", f"[people.{'a' * 65}]", f"people.{'a' * 65}: {IDS}", id="id_of_65_letters"),
    pytest.param('"Alice Adams"', r'"Alice\u0007"', f"people.alice.name: {ONE_LINE}", id="bell_in_a_name"),
    pytest.param('"Alice Adams"', r'"Alice\nAdams"', f"people.alice.name: {ONE_LINE}", id="line_break_in_a_name"),
    pytest.param(
        '"env:SLACK_BOT_TOKEN"', '"xoxb-1234"', f"slack.bot_token: {SECRET}", id="secret_itself_is_not_repeated"
    ),
    pytest.param('"env:SLACK_BOT_TOKEN"', "1234567", f"slack.bot_token: {SECRET}", id="secret_that_is_a_number"),
    pytest.param(
        'name = "Critical"',
        f"name = [{'9,' * 3}]",
        "severities.SEV1.name: must be a text in quotes, got an array",
        id="array_for_a_text",
    ),
    pytest.param(
        'region = "us"',
        f'region = "{"x" * 99}"',
        f'pagerduty.region: must be one of us, eu, got "{"x" * 60}…"',
        id="long_value_is_cut",
    ),
]


@pytest.mark.parametrize(("old", "new", "fault"), ONE_DEFECT)
def test_one_defect_is_told_with_its_place_and_what_would_be_right(old: str, new: str, fault: str) -> None:
    with pytest.raises(InvalidSop) as raised:
        load_text(changed(old, new), "tocsin.toml")
    assert raised.value.faults == (fault,)


def test_a_value_that_is_no_table_at_all_is_told() -> None:
    file = Place()
    decode([], Sop, file)
    assert file.faults == ["the file: must be a table, got an array"]


def test_several_faults_of_one_table_are_all_told() -> None:
    file = Place()
    decode({"severities": {"SEV1": {"name": 1, "namee": 2}}}, Sop, file)
    assert [fault for fault in file.faults if fault.startswith("severities")] == [
        "severities.SEV1.namee: is not a key of this table, did you mean `name`?",
        "severities.SEV1.name: must be a text in quotes, got 1",
        "severities.SEV1.impact: is missing, must be a text in quotes",
        "severities.SEV1.examples: is missing, must be an array",
        "severities.SEV1.responders: is missing, must be a text in quotes",
    ]


SCALARS = st.one_of(
    st.text(), st.integers(), st.booleans(), st.floats(), st.dates(), st.times(), st.datetimes(), st.none()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
KEYS = st.sampled_from(
    ["severities", "SEV1", "escalation", "after", "page", "people", "teams", "rotation", "routes", "match", "slack"]
)


@given(VALUES | st.recursive(VALUES, lambda inner: st.dictionaries(KEYS, inner | st.lists(inner)), max_leaves=8))
def test_any_value_gives_an_sop_or_faults_of_one_line_each(value: Any) -> None:
    file = Place()
    decoded = decode(value, Sop, file)
    assert isinstance(decoded, Sop) or file.faults
    assert all(re.fullmatch(r".+: (must be|is missing|is not a key).*", fault) for fault in file.faults)


@given(st.text(alphabet='abSEV1[]{}="#.,\n \\é0:-', max_size=60))
def test_any_text_gives_an_sop_or_is_refused(text: str) -> None:
    with suppress(InvalidSop):
        assert isinstance(load_text(text, "tocsin.toml"), Sop)

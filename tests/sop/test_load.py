from pathlib import Path

import pytest

from tests.sop.files import changed
from tocsin.errors import InvalidSop
from tocsin.sop.durations import Duration
from tocsin.sop.load import LARGEST_MIB, default_sop, default_text, load_file, load_text
from tocsin.sop.words import Severity

OWN_ORGANISATION = """
[people.zoe]
name = "Zoe"
[teams.core]
name = "Core"
lead = "zoe"
rotation = { time_zone = "UTC", primary = ["zoe"] }
[services.shop]
name = "Shop"
team = "core"
"""


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidSop) as raised:
        load_text(text, "tocsin.toml")
    return raised.value.faults


def test_an_empty_file_is_the_default_sop() -> None:
    assert load_text("# nothing yet\n", "tocsin.toml") == default_sop()


def test_the_default_file_laid_over_itself_is_the_default_sop() -> None:
    assert load_text(default_text(), "tocsin.toml") == default_sop()


def test_a_key_of_the_procedure_changes_that_key_alone() -> None:
    sop = load_text('[severities.SEV1]\nupdate_every = "10m"\n', "tocsin.toml")
    before = default_sop().severities[Severity.SEV1]
    after = sop.severities[Severity.SEV1]
    assert after.update_every == Duration.parse("10m")
    assert (after.respond_within, after.escalation, after.repeat) == (
        before.respond_within,
        before.escalation,
        before.repeat,
    )
    assert sop.people == default_sop().people


def test_an_array_of_the_procedure_is_replaced_whole() -> None:
    sop = load_text('[[routes]]\nmatch = []\nseverity = "SEV2"\n', "tocsin.toml")
    assert [route.severity for route in sop.routes] == [Severity.SEV2]


def test_an_own_organisation_replaces_the_sample_whole() -> None:
    sop = load_text(OWN_ORGANISATION, "tocsin.toml")
    assert (set(sop.people), set(sop.teams), set(sop.services), sop.targets) == ({"zoe"}, {"core"}, {"shop"}, {})
    assert sop.severities == default_sop().severities


def test_half_an_organisation_names_the_missing_half() -> None:
    assert faults_of('[targets]\ncto = "zoe"\n[people]\n') == (
        "teams: is missing; a file that names any of people, teams, services, targets replaces the whole sample "
        "organisation",
        "services: is missing; a file that names any of people, teams, services, targets replaces the whole sample "
        "organisation",
    )


def test_all_faults_of_a_file_are_told_at_once_each_with_the_files_name() -> None:
    with pytest.raises(InvalidSop) as raised:
        load_text('colour = "red"\n[postmortem]\nremind_before = 24\n[slack]\nbot_tokn = "env:X"\n', "my.toml")
    assert sorted(str(raised.value).splitlines()) == [
        "my.toml: colour: is not a key of this table, its keys are severities, unassessed, communication, postmortem, "
        "classification, alerts, business_hours, people, teams, services, targets, patterns, routes, heartbeats, "
        "heartbeat, pagerduty, slack, email",
        "my.toml: postmortem.remind_before: must be a duration such as 15m, got 24",
        "my.toml: slack.bot_tokn: is not a key of this table, did you mean `bot_token`?",
    ]


REMEDY = 'texts and durations stand in quotes ("15m"), times have seconds (10:00:00)'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "[postmortem]\nremind_before = 24h\n",
            f"line 2, column 19: is not TOML: expected newline or end of document after a statement; {REMEDY}",
            id="duration_without_quotes",
        ),
        pytest.param(
            '[slack]\nbot_token = "env:X"\nbot_token = "env:Y"',
            f"its end: is not TOML: cannot overwrite a value; {REMEDY}",
            id="key_given_twice",
        ),
        pytest.param(
            f"count = {'1' * 5000}",
            "has a number of thousands of digits; no key of the SOP needs it",
            id="number_of_5000_digits",
        ),
        pytest.param(
            f"routes = {'[' * 5000}",
            "is nested too deeply; no key of the SOP needs more than five levels",
            id="array_5000_deep",
        ),
    ],
)
def test_what_is_not_toml_is_told_with_its_place(text: str, fault: str) -> None:
    assert faults_of(text) == (fault,)


def test_a_file_is_read_with_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.toml"
    path.write_bytes(b"\xef\xbb\xbf" + changed('\nevery = "15m"', '\nevery = "20m"').replace("\n", "\r\n").encode())
    repeat = load_file(path).severities[Severity.SEV1].repeat
    assert repeat is not None
    assert repeat.every == Duration.parse("20m")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(None, "there is no such file; `tocsin init` writes one", id="missing"),
        pytest.param(b"name = 'caf\xe9'", "is not UTF-8 at byte 12; save it as UTF-8", id="latin_1"),
        pytest.param(
            b"#" * (LARGEST_MIB * 1024**2 + 1), "is larger than 4 MiB; is it the SOP file?", id="larger_than_4_mib"
        ),
    ],
)
def test_a_file_that_is_no_sop_file_is_refused(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "tocsin.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidSop) as raised:
        load_file(path)
    assert str(raised.value) == f"{path}: {fault}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(".", "is not a file; name the SOP file itself", id="folder"),
        pytest.param("a\0b", "can't be read: embedded null byte", id="null_character"),
        pytest.param("a" * 5000, "can't be read: file name too long", id="name_too_long"),
    ],
)
def test_a_path_that_names_no_file_is_refused(tmp_path: Path, name: str, fault: str) -> None:
    with pytest.raises(InvalidSop) as raised:
        load_file(tmp_path / name)
    assert raised.value.faults == (fault,)

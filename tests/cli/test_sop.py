"""Can the SOP be written, checked and read without a server?"""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server
from tocsin.sop.load import default_text


def a_file(alone: Terminal, text: str, name: str = "tocsin.toml") -> Path:
    path = alone.directory / name
    path.write_text(text)
    return path


def test_init_writes_the_commented_file_once(alone: Terminal) -> None:
    said = alone.does("init").out
    assert said == "wrote tocsin.toml: put your people, teams and services in, then `tocsin sop check`\n"
    written = alone.directory / "tocsin.toml"
    assert written.read_text() == default_text()
    written.write_text("# mine\n")
    run = alone("init")
    assert (run.status, run.complaint) == (2, "tocsin: tocsin.toml: is there already; --force replaces it")
    assert written.read_text() == "# mine\n"
    alone.does("init", "--force")
    assert written.read_text() == default_text()


def test_init_takes_a_folder_or_a_file(alone: Terminal) -> None:
    (alone.directory / "etc").mkdir()
    alone.does("init", "etc")
    alone.does("init", "etc/other.toml")
    assert {path.name for path in (alone.directory / "etc").iterdir()} == {"tocsin.toml", "other.toml"}
    run = alone("init", "nowhere/tocsin.toml")
    assert (run.status, run.complaint) == (
        2,
        "tocsin: nowhere/tocsin.toml: can't be written: No such file or directory",
    )


def test_a_sound_file_passes_the_check(alone: Terminal) -> None:
    assert alone.does("sop", "check").out.startswith("the default SOP: 0 errors, 0 warnings (version ")
    alone.does("init")
    assert alone.does("sop", "check").out.startswith("tocsin.toml: 0 errors, 0 warnings (version ")
    assert alone.does("sop", "check", "--json").json == []


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        pytest.param(
            ('after = "5m"', 'after = "5 minutes"'),
            'tocsin: tocsin.toml: severities.SEV1.escalation[2].after: must be a duration such as 15m, got "5 minutes"',
            id="a duration in words",
        ),
        pytest.param(
            ("[severities.SEV1]", "[severities.SEV0]"),
            "tocsin: tocsin.toml: severities.SEV0: ",
            id="a severity that there isn't",
        ),
        pytest.param(('name = "Critical"', "name = Critical"), "tocsin: tocsin.toml: ", id="no TOML"),
        pytest.param(
            ("update_every", "updates_every"), "tocsin: tocsin.toml: severities.SEV1.updates_every: ", id="a typo"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    alone: Terminal, edit: tuple[str, str], fault: str
) -> None:
    a_file(alone, default_text().replace(*edit, 1))
    run = alone("sop", "check")
    assert run.status == 1
    assert run.err.splitlines()[0].startswith(fault)


@pytest.mark.parametrize(
    "command",
    [("sop", "show"), ("sop", "render", "out"), ("skill", "export", "out"), ("classify", "--scope", "all"), ("serve",)],
    ids=" ".join,
)
def test_no_command_works_with_a_file_that_cannot_be_used(alone: Terminal, command: tuple[str, ...]) -> None:
    a_file(alone, "[severities.SEV0]\n")
    run = alone(*command)
    assert run.status == 1
    assert run.complaint.startswith("tocsin: tocsin.toml: severities.SEV0: ")
    assert not (alone.directory / "out").exists()


def test_every_finding_is_listed_and_errors_are_an_exit_status(alone: Terminal) -> None:
    fast = default_text().replace('update_every = "15m"', 'update_every = "1m"')
    a_file(alone, fast.replace('engineering_manager = "erin"', 'engineering_manager = "eric"'))
    run = alone("sop", "check")
    assert run.status == 1
    updates, manager, summary = run.out.splitlines()
    assert updates.startswith(
        "error: severities.SEV1.update_every: must be longer than communication.remind_before, 3m, got 1m; "
    )
    assert manager.startswith('error: targets.engineering_manager: there is no person "eric"; use one of ')
    assert summary.startswith("tocsin.toml: 2 errors, 0 warnings (version ")

    run = alone("sop", "check", "--json")
    assert run.status == 1
    assert [finding["where"] for finding in run.json] == ["severities.SEV1.update_every", "targets.engineering_manager"]
    assert run.json[0].keys() == {"level", "where", "problem", "remedy"}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("nowhere.toml", None, "nowhere.toml: there is no such file; `tocsin init` writes one"),
        ("bytes.toml", b"\xff\xfe\x00", "bytes.toml: "),
        ("empty.toml", b"", None),
    ],
)
def test_a_file_may_be_missing_unreadable_or_empty(
    alone: Terminal, name: str, content: bytes | None, fault: str | None
) -> None:
    if content is not None:
        (alone.directory / name).write_bytes(content)
    run = alone("sop", "check", name)
    assert run.status == (1 if fault else 0)
    assert not fault or run.complaint.startswith(f"tocsin: {fault}")


def test_the_file_is_named_by_an_argument_an_option_or_the_environment(alone: Terminal) -> None:
    file = a_file(alone, default_text().replace('name = "Critical"', 'name = "Dire"'), "ours.toml")
    for run in (
        alone.does("sop", "show", "--sop", "ours.toml"),
        alone.does("sop", "show", TOCSIN_SOP=str(file)),
    ):
        assert "Dire" in run.out
    assert alone.does("sop", "check", "ours.toml").out.startswith("ours.toml: 0 errors")
    assert alone.does("sop", "check", "--sop", "ours.toml").out.startswith("ours.toml: 0 errors")


def test_render_writes_the_four_documents(alone: Terminal) -> None:
    names = ["severity-levels.md", "escalation-policy.md", "postmortem-template.md", "escalation-flowchart.mermaid"]
    assert alone.does("sop", "render", "docs/sop").out.splitlines() == [f"wrote docs/sop/{name}" for name in names]
    assert all((alone.directory / "docs/sop" / name).read_text() for name in names)
    (alone.directory / "file").touch()
    run = alone("sop", "render", "file/docs")
    assert (run.status, run.complaint) == (2, "tocsin: file/docs: can't be written: Not a directory")


def test_show_prints_what_people_read_or_the_whole_for_programs(alone: Terminal) -> None:
    out = alone.does("sop", "show").out
    assert out.startswith("the default SOP, version ")
    assert "| SEV1" in out
    second_step = alone.does("sop", "show", "--json").json["severities"]["SEV1"]["escalation"][1]
    assert (second_step["after"], second_step["page"], second_step["unless"]) == ("5m", ["secondary"], "acknowledged")


def test_what_is_shown_is_what_the_server_runs(tocsin: Terminal, server: Server) -> None:
    assert tocsin.does("sop", "show", "--json").json == server.get("sop")["sop"]
    assert server.get("sop")["version"] in tocsin.does("sop", "show").out


def test_the_skill_is_exported_as_a_folder(alone: Terminal) -> None:
    said = alone.does("skill", "export", "skills").out.splitlines()
    folder = alone.directory / "skills" / "incident-response"
    assert (folder / "SKILL.md").is_file()
    assert {line.removeprefix("wrote ") for line in said} == {
        str(path.relative_to(alone.directory)) for path in folder.rglob("*") if path.is_file()
    }
    (alone.directory / "file").touch()
    run = alone("skill", "export", "file/skills")
    assert run.status == 2
    assert run.complaint.startswith("tocsin: file/skills")


# -- classify ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scope", "all"), "SEV1: all users are affected and there is no workaround"),
        (("--scope", "all", "--workaround", "yes"), "SEV2: a significant subset of users is affected"),
        (("--scope", "none", "--security", "exploited"), "SEV1: a security breach is being exploited"),
        (("--scope", "few", "--workaround", "yes"), "SEV3: a small subset of users is affected"),
        (("--scope", "none"), "SEV4: no user-facing impact"),
    ],
)
def test_answers_as_options_give_a_severity_and_its_reason(
    alone: Terminal, options: tuple[str, ...], said: str
) -> None:
    run = alone.does("classify", *options)
    assert (run.out, run.err) == (f"{said}\n", "")


def test_answers_are_asked_for_one_by_one(alone: Terminal) -> None:
    run = alone.does("classify", "--json", typed="some\nmany\nat_risk\n\n\nviolated\n")
    assert run.json == {"severity": "SEV2", "reason": "data integrity may be compromised", "rule": 5}
    assert run.err.count("?") == 5
    assert "'some' is not one of 'all', 'many', 'few', 'none'" in run.err


@pytest.mark.parametrize("typed", ["", "many\nat_risk\n"], ids=["no answer", "not all answers"])
def test_answers_that_nobody_can_give_are_to_be_given_as_options(alone: Terminal, typed: str) -> None:
    run = alone("classify", typed=typed)
    assert (run.status, run.out) == (2, "")
    assert run.complaint == (
        "Error: --scope: must be given where nobody can be asked, "
        "and --data, --security, --workaround, --sla as they apply"
    )


def test_the_classifier_is_the_files(alone: Terminal) -> None:
    a_file(alone, default_text().replace("all users are affected and there is no workaround", "everybody is stuck"))
    assert alone.does("classify", "--scope", "all").out == "SEV1: everybody is stuck\n"

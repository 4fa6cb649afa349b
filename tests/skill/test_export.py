"""The Agent Skill folder: the seven files, valid by the specification, rendered from the SOP, safely written."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.sop_render.leaves import Path as Leaf
from tests.sop_render.leaves import another, dotted, leaves, with_every, with_leaf
from tocsin.errors import InvalidInput
from tocsin.skill.export import export, skill_files
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.render import documents

SOP = default_sop()
FILES = {
    "SKILL.md",
    "references/severity-levels.md",
    "references/escalation-policy.md",
    "references/postmortem-template.md",
    "scripts/page-oncall.sh",
    "scripts/create-incident-channel.sh",
    "assets/escalation-flowchart.mermaid",
}
# What SKILL.md itself states; the references state the rest.
STATED_IN_SKILL_MD = (
    r"severities\.\w+\.(name|impact|responders|respond_within|respond_clock|requires\.\d+|update_every|updates|channel|"
    r"notify_stakeholders|postmortem|postmortem_within)|(severities\.\w+|unassessed)\.(escalation|repeat)\..+|"
    r"postmortem\.remind_before"
)
LEAVES = [(path, leaf) for path, leaf in leaves(SOP) if path[-1] != "region"]  # there are only two regions
NOT_SAID = r"severities\.SEV[12]\.updates|severities\.SEV4\.respond_clock"  # see tests/sop_render/test_one_source.py


def validate(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = (Path(sys.executable).parent / "agentskills", "validate", folder)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_has_the_files_that_the_sop_names(skill: Path) -> None:
    assert contents(skill).keys() == FILES
    assert contents(skill) == skill_files(SOP)


def test_the_folder_is_valid_by_the_agent_skills_specification(skill: Path) -> None:
    done = validate(skill)
    assert done.returncode == 0, done.stdout + done.stderr


def hostile_leaf(path: Leaf, leaf: object) -> object:
    is_free_text = type(leaf) is str and path[-1] != "region"
    return '---\nname: "x" | `y` <b>' if is_free_text else leaf


def test_a_folder_full_of_hostile_names_is_valid_too(tmp_path: Path) -> None:
    hostile = with_every(SOP, hostile_leaf)
    export(hostile, tmp_path)
    assert validate(tmp_path / "incident-response").returncode == 0


def test_skill_md_is_short_and_refers_one_level_deep_to_files_that_exist() -> None:
    text = skill_files(SOP)["SKILL.md"]
    assert len(text.splitlines()) < 500
    links = set(re.findall(r"\]\(([^)]+)\)", text))
    assert links == {name for name in FILES if name.startswith(("references/", "assets/"))}
    assert "scripts/page-oncall.sh" in text
    assert "scripts/create-incident-channel.sh" in text


@pytest.mark.parametrize(("path", "leaf"), LEAVES, ids=[dotted(path) for path, _ in LEAVES])
def test_a_changed_leaf_changes_skill_md_just_where_it_states_it(path: Leaf, leaf: Any) -> None:
    changed = skill_files(with_leaf(SOP, path, another(leaf)))["SKILL.md"] != skill_files(SOP)["SKILL.md"]
    name = dotted(path)
    assert changed == bool(re.fullmatch(STATED_IN_SKILL_MD, name) and not re.fullmatch(NOT_SAID, name))


def test_no_figure_of_the_default_is_written_into_the_folder_by_hand() -> None:
    figures = {leaf.words for _, leaf in leaves(SOP) if isinstance(leaf, Duration)}

    def odd(_path: object, leaf: Any) -> object:
        return Duration.of(leaf + Duration.parse("123d7h13m")) if isinstance(leaf, Duration) else leaf

    text = "\n".join(skill_files(with_every(SOP, odd)).values())
    assert not [words for words in figures if re.search(rf"\b{words}\b", text)]


def test_references_and_assets_are_the_rendered_documents() -> None:
    inside = {name.rpartition("/")[2]: text for name, text in skill_files(SOP).items()}
    assert documents(SOP).items() <= inside.items()


def test_scripts_stand_alone() -> None:
    for name, text in skill_files(SOP).items():
        if name.startswith("scripts/"):
            assert text.startswith("#!/usr/bin/env bash\n")
            assert "common.bash" not in text
            assert "json_string() {" in text


def test_a_european_pagerduty_is_paged_in_europe() -> None:
    european = replace(SOP, pagerduty=replace(SOP.pagerduty, region="eu"))
    script = skill_files(european)["scripts/page-oncall.sh"]
    assert "DEFAULT_URL='https://events.eu.pagerduty.com/v2/enqueue'" in script
    assert "events.pagerduty.com" not in script


def test_scripts_are_executable_and_texts_are_not(skill: Path) -> None:
    modes = {name: (skill / name).stat().st_mode & 0o777 for name in FILES}
    assert {name for name, mode in modes.items() if mode == 0o755} == {n for n in FILES if n.startswith("scripts/")}
    assert set(modes.values()) == {0o755, 0o644}


def test_exporting_again_changes_nothing_and_touches_no_foreign_file(tmp_path: Path) -> None:
    written = export(SOP, tmp_path)
    foreign = tmp_path / "incident-response" / "references" / "our-own.md"
    foreign.write_text("keep me")
    before = {path: path.stat().st_ino for path in written}
    assert export(SOP, tmp_path) == written
    assert {path: path.stat().st_ino for path in written} == before
    assert contents(tmp_path / "incident-response").keys() == {*FILES, "references/our-own.md"}
    assert foreign.read_text() == "keep me"


def test_exporting_mends_what_was_changed(tmp_path: Path) -> None:
    export(SOP, tmp_path)
    folder = tmp_path / "incident-response"
    (folder / "SKILL.md").write_text("old")
    (folder / "scripts" / "page-oncall.sh").chmod(0o600)
    export(SOP, tmp_path)
    assert contents(folder) == skill_files(SOP)
    assert os.access(folder / "scripts" / "page-oncall.sh", os.X_OK)


def test_exporting_replaces_a_link_and_leaves_what_it_points_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text("keep me")
    (tmp_path / "incident-response").mkdir()
    (tmp_path / "incident-response" / "SKILL.md").symlink_to(elsewhere)
    export(SOP, tmp_path)
    assert elsewhere.read_text() == "keep me"
    assert (tmp_path / "incident-response" / "SKILL.md").read_text() == skill_files(SOP)["SKILL.md"]


def test_a_target_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidInput, match=r"taken.*: can't be written \(.*\); name a folder that can"):
        export(SOP, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == ""


def test_a_folder_in_the_place_of_a_file_is_said_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "incident-response" / "SKILL.md").mkdir(parents=True)
    with pytest.raises(InvalidInput, match=r"SKILL\.md.*: can't be written \(is a directory\)"):
        export(SOP, tmp_path)
    assert [path.name for path in (tmp_path / "incident-response").iterdir()] == ["SKILL.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_place_that_can_t_be_written_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"^/proc/.*: can't be written \(.+\); name a folder that can$"):
        export(SOP, Path("/proc/nowhere"))

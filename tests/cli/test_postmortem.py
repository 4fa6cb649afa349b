"""Can a postmortem be written in an editor? Draft to a file, edit, save, complete."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

_TO_WRITE = {
    "Summary": "Nobody could pay for half an hour.",
    "Root cause": "A configuration change reached all servers at once.",
    "Impact": "One order in five was lost.",
    "What went well": "The roll-back took two minutes.",
    "What went poorly": "The first page was not heard.",
    "Lessons learned": "Configuration deserves a staged roll-out.",
}


def write_into(file: Path) -> None:
    """Write under each heading, as somebody does with an editor."""
    text = file.read_text()
    for heading, words in _TO_WRITE.items():
        text = text.replace(f"## {heading}\n", f"## {heading}\n\n{words}\n", 1)
    file.write_text(text)


@pytest.fixture
def resolved(tocsin: Terminal, incident: str) -> str:
    tocsin.does("resolve", incident)
    return incident


def test_a_draft_is_edited_saved_and_completed(tocsin: Terminal, resolved: str, tmp_path: Path) -> None:
    file = tmp_path / "draft.md"
    said = tocsin.does("postmortem", resolved, "-o", "draft.md").out
    assert said == f"wrote draft.md; edit it, then `tocsin postmortem {resolved} --save draft.md`\n"
    write_into(file)
    assert tocsin.does("postmortem", resolved, "--save", "draft.md").out == f"{resolved}: postmortem saved\n"

    tocsin.does("postmortem", resolved, "--output", "again.md")
    again = (tmp_path / "again.md").read_text()
    assert all(words in again for words in _TO_WRITE.values())
    tocsin.does("postmortem", resolved, "--save", "again.md")  # saving what was drafted changes nothing
    written = tocsin.does("postmortem", resolved, "--json").json["written"]["sections"]
    assert sorted(written.values()) == sorted(_TO_WRITE.values())

    assert tocsin.does("postmortem", resolved, "--complete", "--as", "bob").out == f"{resolved}: postmortem completed\n"
    assert tocsin.does("show", resolved, "--json").json["status"] == "closed"


def test_it_is_saved_and_completed_in_one_step(tocsin: Terminal, resolved: str, tmp_path: Path) -> None:
    tocsin.does("postmortem", resolved, "-o", "draft.md")
    write_into(tmp_path / "draft.md")
    tocsin.does("postmortem", resolved, "--save", "draft.md", "--complete")
    assert tocsin.does("show", resolved, "--json").json["status"] == "closed"


def test_the_draft_is_printed_unless_told_otherwise(tocsin: Terminal, resolved: str) -> None:
    out = tocsin.does("postmortem", resolved).out
    assert out.startswith(f"# Postmortem: {resolved}, Checkout is down\n")
    assert "## Root cause" in out


def test_one_may_be_asked_for_that_the_severity_does_not_demand(tocsin: Terminal) -> None:
    mild = tocsin.does("declare", "A slow dashboard", "--severity", "sev3", "--reason", "a few", "--json").json["id"]
    assert f"# Postmortem: {mild}" in tocsin.does("postmortem", mild, "--request", "--as", "bob").out
    run = tocsin("postmortem", mild, "--request")
    assert (run.status, run.complaint) == (2, f"tocsin: {mild}: a postmortem was asked for already")


def test_it_is_not_complete_while_something_is_to_be_written(tocsin: Terminal, resolved: str) -> None:
    run = tocsin("postmortem", resolved, "--complete")
    assert run.status == 2
    assert run.complaint.startswith(f"tocsin: {resolved}: still to be written: Summary, Root cause, ")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(None, "draft.md: can't be read as UTF-8 text: ", id="no file"),
        pytest.param(b"\xff\xfe", "draft.md: can't be read as UTF-8 text: ", id="not UTF-8"),
        pytest.param(b"", "the section `Identity` is missing", id="an empty file"),
        pytest.param(b"## Blame\n", "line 1: `Blame` is not a section of a postmortem", id="another document"),
    ],
)
def test_a_file_that_is_no_postmortem_is_not_saved(
    tocsin: Terminal, resolved: str, tmp_path: Path, content: bytes | None, fault: str
) -> None:
    if content is not None:
        (tmp_path / "draft.md").write_bytes(content)
    run = tocsin("postmortem", resolved, "--save", "draft.md", "--complete")
    assert run.status == 2
    assert run.complaint.startswith(f"tocsin: {fault}")
    assert tocsin.does("show", resolved, "--json").json["status"] == "resolved"


def test_a_draft_that_cannot_be_written_is_said(tocsin: Terminal, resolved: str) -> None:
    run = tocsin("postmortem", resolved, "-o", "nowhere/draft.md")
    assert (run.status, run.complaint) == (2, "tocsin: nowhere/draft.md: can't be written: No such file or directory")

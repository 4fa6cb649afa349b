"""Can alerts be silenced from a terminal? Added, listed, expired."""

from tests.cli.terminal import Terminal


def test_alerts_are_silenced_listed_and_let_through_again(tocsin: Terminal) -> None:
    assert tocsin.does("silence").out == "no silences\n"
    out = tocsin.does(
        "silence", "add", 'alertname="Backup"', 'instance=~"db.*"', "--for", "2h", "--comment", "disks", "--as", "bob"
    ).out
    id_, _, told = out.partition(": ")
    assert told.startswith("silent until ")
    (line,) = [line for line in tocsin.does("silence", "list").out.splitlines() if line.startswith(id_)]
    assert line.endswith('bob  alertname="Backup", instance=~"db.*"  disks')
    assert tocsin.does("silence", "expire", id_).out == f"{id_} is over\n"
    assert tocsin.does("silence").out == "no silences\n"
    assert [it["state"] for it in tocsin.does("silence", "list", "--all", "--json").json] == ["expired"]


def test_silence_that_makes_no_sense_is_told_what_is_wrong(tocsin: Terminal) -> None:
    run = tocsin("silence", "add", "Backup", "--for", "2h", "--comment", "disks")
    assert run.complaint.startswith("tocsin: matchers: must be a matcher such as")

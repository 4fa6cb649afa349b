"""What does a terminal tell of Tocsin itself, and are the emergency contacts tried?"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.skill.vendor import Reply, serving
from tests.system.server import Server, environment
from tests.system.waiting import until


def contacts(directory: Path, *webhooks: str) -> None:
    file = directory / "emergency.toml"
    people = [f'[[contacts]]\nname = "P{number}"\nphone = "11{number}"\n' for number in range(len(webhooks))]
    file.write_text("".join(f'{one}webhook = "{url}"\n' for one, url in zip(people, webhooks, strict=True)))
    file.chmod(0o600)


def test_where_all_is_well_nothing_is_said(tocsin: Terminal) -> None:
    until(lambda: tocsin.does("alarms").out == "no alarms\n", "what earlier tests did to the server is over")
    assert tocsin.does("alarms", "--json").json == []
    assert tocsin.does("heartbeats").out == "no job must call: [[heartbeats]] of the SOP names them\n"
    assert tocsin.does("list").err == ""


@pytest.mark.slow
def test_trouble_is_told_beside_every_command_once_and_its_output_stays_as_it_is(tmp_path: Path) -> None:
    sop = tmp_path / "tocsin.toml"
    sop.write_text('[[heartbeats]]\nname = "backup"\nevery = "24h"\n')
    terminal = Terminal(tmp_path, environment(tmp_path / "tocsin.db"))
    with Server(tmp_path, sop=sop) as server:
        until(lambda: server.get("heartbeats"), "the job is expected")
        forged = "INSERT INTO quarantine (digest, source, body, error, times, received_at, last_at) VALUES "
        with closing(sqlite3.connect(server.database)) as database, database:
            database.execute(f"{forged} ('d', 'alertmanager/v2', x'7b', 'KeyError', 1, 0, 0)")
        until(lambda: server.get("alarms"), "the alarm is raised")
        run = terminal.does("list", "--json", NO_COLOR="1")
        assert run.json == []
        assert run.err == (
            "TOCSIN ITSELF IS IN TROUBLE: quarantine: 1 body is kept aside, the newest from alertmanager/v2; "
            "see `tocsin quarantine`\n"
        )
        assert terminal.does("alarms").out.startswith("quarantine  since ")
        assert "backup  —" in terminal.does("heartbeats").out


def test_every_contact_is_tried_without_a_server(alone: Terminal) -> None:
    with serving() as hook:
        hook.will(Reply(200, b""))
        contacts(alone.directory, hook.url, hook.url)
        out = alone.does("emergency", "test").out
        assert [it.json["is_test"] for it in hook.requests] == [True, True]
    assert out.splitlines() == [
        "P0: webhook: taken",
        "P1: webhook: taken",
        "P0: phone: 110; Tocsin can't call it, people can",
        "P1: phone: 111; Tocsin can't call it, people can",
    ]


def test_contact_that_could_not_be_reached_is_told(alone: Terminal) -> None:
    with serving() as hook:
        hook.will(Reply(500, b""))
        contacts(alone.directory, hook.url)
        run = alone("emergency", "test")
    assert run.status == 3
    assert run.out.startswith("P0: webhook: the webhook answered 500\n")
    assert run.complaint.endswith("emergency.toml: not every contact was reached; see above")


def test_file_that_is_not_there_or_wrong_is_told(alone: Terminal) -> None:
    run = alone("emergency", "test")
    assert run.status == 1
    assert run.complaint == (
        f"tocsin: {alone.directory}/emergency.toml: there is no such file, so nobody would be called; write one"
    )
    contacts(alone.directory, "ftp://hooks.example.org")
    run = alone("emergency", "test")
    assert run.status == 1
    assert run.complaint.endswith("emergency.toml: contacts[1].webhook: must be an http or https address")

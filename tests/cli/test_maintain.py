"""Can the data be looked after from a terminal? What each command says, and how it ends."""

from pathlib import Path

from tests.cli.terminal import Terminal
from tests.store.file import rows_of
from tests.system.server import Server
from tocsin.store.migrate import SQLITE, migrations

NEWEST = migrations(SQLITE)[-1][0]


def test_record_is_proved_beside_the_server_and_a_forged_row_is_named(
    server: Server, tocsin: Terminal, incident: str, tmp_path: Path
) -> None:
    assert tocsin.does("verify").out.startswith("sound: ")
    copy = f"sqlite:///{tmp_path}/copy.db"
    tocsin.does("backup", "copy.db")
    rows_of(tmp_path / "copy.db", "UPDATE incidents SET title = 'forged', status = 'resolved'")
    one = tocsin("verify", "--database", copy)
    assert (one.status, one.out.count("\n")) == (1, 1)
    first = rows_of(tmp_path / "copy.db", "SELECT min(id) FROM incidents")[0][0]
    assert one.out.startswith(f"incidents {first}: status is 'resolved', but by its events it is '")
    every = tocsin("verify", "--all", "--database", copy)
    assert every.status == 1
    assert f"incidents {incident}: title is 'forged', but by its events it is 'Checkout is down'" in every.out


def test_backup_says_what_it_holds_and_replaces_nothing(tocsin: Terminal, incident: str) -> None:
    out = tocsin.does("backup", "first.db").out
    assert out.startswith("first.db: ")
    assert out.endswith(" KiB; verified\n")
    assert tocsin("backup", "first.db").complaint == (
        "tocsin: first.db: exists already; a backup never replaces one: name another file"
    )


def test_nothing_is_restored_under_a_running_server(server: Server, tocsin: Terminal, incident: str) -> None:
    tocsin.does("backup", "backup.db")
    refused = tocsin("restore", "backup.db", "--yes")
    assert refused.status == 3
    assert refused.complaint == (
        f"tocsin: {server.database}.lock: another `tocsin serve` uses this database; stop it first"
    )


def test_new_database_is_migrated_and_then_up_to_date(alone: Terminal, tmp_path: Path) -> None:
    assert alone("migrate", "--check").complaint.startswith(f"tocsin: database {tmp_path}/tocsin.db: there is no such")
    assert alone.does("migrate").out == f"schema 0 → {NEWEST}\n"
    assert alone.does("migrate").out == f"schema {NEWEST}: up to date\n"
    assert alone.does("migrate", "--check").out == f"schema {NEWEST}, this Tocsin has {NEWEST}: up to date\n"
    rows_of(tmp_path / "tocsin.db", "PRAGMA user_version = 2")
    behind = alone("migrate", "--check")
    assert (behind.status, behind.out) == (1, f"schema 2, this Tocsin has {NEWEST}: run `tocsin migrate`\n")
    rows_of(tmp_path / "tocsin.db", f"PRAGMA user_version = {NEWEST + 1}")
    newer = alone("migrate", "--check")
    assert newer.status == 3
    assert newer.complaint == (
        f"tocsin: the database has schema {NEWEST + 1}, this Tocsin knows {NEWEST}: use the newer Tocsin"
    )


def test_what_is_to_be_released_must_be_said(tocsin: Terminal, incident: str) -> None:
    assert tocsin("release").complaint == "Error: name the incidents, or give --all"
    assert tocsin("release", incident, "--all").complaint == "Error: name the incidents, or give --all"
    assert tocsin("release", incident).complaint == f"tocsin: {incident} is not held: there is nothing to release"
    assert tocsin.does("release", "--all").out == ""


def test_nodes_are_shown_with_how_long_they_have_been_silent(server: Server, tocsin: Terminal) -> None:
    heading, node = tocsin.does("nodes").out.splitlines()
    assert heading.split()[:4] == ["node", "host", "url", "version"]
    assert server.url in node
    (seen,) = tocsin.does("nodes", "--json").json
    assert seen["silent_for"] < 60

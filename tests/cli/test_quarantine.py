"""Can quarantine be looked after from a terminal? Listed, shown without danger, retried, dropped."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server
from tocsin.store.sqlite import SqliteStore

_AT = datetime(2026, 11, 25, 3, 4, tzinfo=UTC)
_MENDED = b'[{"labels":{"alertname":"Kept"}}]'
_OBEYED = b'[{"labels":{"a":"\x1b[2J\xff\xe2\x80\xae"}}]'


@pytest.fixture
def kept(server: Server) -> Iterator[list[str]]:
    """Two that a bug has kept out; what is left of them at the end is dropped."""
    with closing(SqliteStore(server.database)) as store:
        with store.transaction() as tx:
            ids = [tx.quarantine.add("alertmanager/v2", it, it, "KeyError: 'a'", _AT) for it in (_MENDED, _OBEYED)]
        yield [str(id_) for id_ in ids]
        with store.transaction() as tx:
            for left in store.queries.quarantined(limit=10):
                tx.quarantine.drop(left.id)


def test_the_list_says_what_there_is_and_why(tocsin: Terminal, kept: list[str]) -> None:
    heading, *lines = tocsin.does("quarantine").out.splitlines()
    assert heading.split() == ["number", "last", "heard", "of", "times", "came", "as", "why"]
    assert [line.split("  ")[0] for line in lines] == sorted(kept, key=int, reverse=True)
    assert lines[0].endswith("11-25 03:04 UTC  1      alertmanager/v2  KeyError: 'a'")
    assert [str(it["id"]) for it in tocsin.does("quarantine", "--json").json] == sorted(kept, key=int, reverse=True)


def test_an_empty_one_says_so(tocsin: Terminal) -> None:
    assert tocsin.does("quarantine").out == "nothing is in quarantine\n"


def test_what_is_shown_can_not_command_the_terminal(tocsin: Terminal, kept: list[str]) -> None:
    out = tocsin.does("quarantine", "show", kept[1]).out
    assert out.splitlines()[0] == "alertmanager/v2, 1 times, first 11-25 03:04 UTC, last 11-25 03:04 UTC"
    assert out.splitlines()[3] == r'''"[{\"labels\":{\"a\":\"\u001b[2J\\xff\u202e\"}}]"'''
    assert all(letter.isprintable() or letter == "\n" for letter in out)


def test_one_is_retried_and_one_dropped(tocsin: Terminal, server: Server, kept: list[str]) -> None:
    assert tocsin.does("quarantine", "retry", kept[0]).out == f"{kept[0]} is in now\n"
    assert "Kept" in {it["name"] for it in server.get("alerts")}
    assert tocsin.does("quarantine", "drop", kept[1], "--as", "bob").out == f"{kept[1]} is dropped\n"
    assert tocsin.does("quarantine").out == "nothing is in quarantine\n"
    assert tocsin("quarantine", "show", kept[1]).complaint == f"tocsin: quarantine: there is no {kept[1]}"

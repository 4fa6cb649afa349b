"""What is left to write with when the disk is full? The ballast, which is given up once and made anew."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tocsin.errors import StoreError
from tocsin.store.ballast import SIZE, Ballast
from tocsin.store.connection import InTheWay
from tocsin.store.sqlite import SqliteStore

LONG = "x" * 100_000


@pytest.fixture
def ballast(path: Path) -> Ballast:
    return Ballast(path, size=1_500_000)


def test_ballast_takes_up_its_space_on_the_disk_and_is_its_owners(ballast: Ballast) -> None:
    ballast.take_on()
    found = ballast.path.stat()
    assert (found.st_size, stat.S_IMODE(found.st_mode)) == (1_500_000, 0o600)
    assert found.st_blocks * 512 >= 1_500_000


def test_ballast_that_is_there_is_left_as_it_is(ballast: Ballast) -> None:
    ballast.take_on()
    before = ballast.path.read_bytes()
    ballast.take_on()
    assert ballast.path.read_bytes() == before


def test_ballast_that_a_crash_left_half_made_is_made_whole(ballast: Ballast) -> None:
    ballast.path.write_bytes(b"half")
    ballast.take_on()
    assert ballast.path.stat().st_size == 1_500_000


def test_ballast_helps_once(ballast: Ballast, caplog: pytest.LogCaptureFixture) -> None:
    ballast.take_on()
    assert [ballast.give_up(), ballast.give_up()] == [True, False]
    assert ballast.is_given_up
    assert not ballast.path.exists()
    (told,) = caplog.records
    assert (told.levelno, "new alerts are refused until there is space" in told.message) == (logging.CRITICAL, True)


def test_ballast_is_made_anew_where_there_is_room(ballast: Ballast) -> None:
    ballast.take_on()
    ballast.give_up()
    ballast.take_on_again()
    assert (ballast.is_given_up, ballast.path.stat().st_size) == (False, 1_500_000)


def test_no_ballast_is_made_at_the_edge_of_a_full_disk(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk = os.statvfs(path.parent)
    ballast = Ballast(path, size=disk.f_bavail * disk.f_frsize * 3 // 4)  # it would fit, and leave too little
    ballast.take_on()
    assert not ballast.path.exists()
    assert "no room for it" in caplog.text
    assert not ballast.give_up()
    ballast.take_on_again()
    assert ballast.is_given_up


# The store with it


@pytest.fixture
def served(file_store: SqliteStore) -> Iterator[SqliteStore]:
    with file_store.served():
        yield file_store


@pytest.fixture
def full(connections: list[apsw.Connection], served: SqliteStore) -> SqliteStore:
    """A store whose file can't grow, ballast or not."""
    writer = connections[0]
    writer.pragma("max_page_count", writer.pragma("page_count"))
    return served


def write_long(store: SqliteStore) -> None:
    with store.transaction() as tx:
        tx.facts.set_meta("large", LONG)


def test_server_has_its_ballast_from_the_start(served: SqliteStore) -> None:
    assert served.path.with_name("tocsin.db.ballast").stat().st_size == SIZE
    assert not served.is_short_of_space


def test_commit_on_a_full_disk_gives_up_the_ballast_and_is_to_be_done_again(full: SqliteStore) -> None:
    with pytest.raises(InTheWay, match="the disk was full; there is a little space now"):
        write_long(full)
    assert full.is_short_of_space
    assert not full.path.with_name("tocsin.db.ballast").exists()
    assert full.queries.meta("large") is None


def test_part_that_finds_the_disk_full_undoes_the_whole_so_that_all_is_done_again(full: SqliteStore) -> None:
    def write_in_parts() -> None:
        with full.transaction() as tx:
            with tx.savepoint():
                tx.facts.set_meta("before", "fits")
            with pytest.raises(StoreError), tx.savepoint():
                tx.facts.set_meta("large", LONG)

    with pytest.raises(InTheWay):
        write_in_parts()
    assert full.queries.meta("before") is None
    assert full.is_short_of_space

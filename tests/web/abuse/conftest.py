"""A real server for abuse from outside, and people with accounts on it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.server import Server
from tests.web.people import Person, account, signed_in

Knows = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is done to a real server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all: each test has people of its own, and none of them is the last admin.

    Who guesses comes from an address of their own: what fails is counted for each.
    """
    with Server(tmp_path_factory.mktemp("abuse")) as server:
        account(server.url, server.token, "keeper")
        yield server


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A server on which nobody has tried anything."""
    with Server(tmp_path) as server:
        yield server


@pytest.fixture
def person(server: Server, request: pytest.FixtureRequest) -> Knows:
    """Somebody of the test's own who is signed in: `person(role="viewer")`."""

    def known(name: str = "", *, role: str = "admin", person: str | None = None) -> Person:
        name = name or f"p{abs(hash(request.node.nodeid)) % 10**9}{role}"
        return signed_in(server.url, server.token, name, role=role, person=person)

    return known


def change(server: Server, sql: str, *values: object) -> None:
    """Time passes, or something else that a test can't wait for."""
    with sqlite3.connect(server.database) as database:
        database.execute(sql, values)
    database.close()

"""A server for every test of this folder, and a terminal beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server, environment


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of them: each test works on an incident of its own."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def tocsin(server: Server, tmp_path: Path) -> Terminal:
    """A terminal on the server's machine, in a directory of its own."""
    return Terminal(tmp_path, environment(server.database))


@pytest.fixture
def alone(tmp_path: Path) -> Terminal:
    """A terminal where no server has ever run."""
    return Terminal(tmp_path, environment(tmp_path / "tocsin.db"))


@pytest.fixture
def incident(server: Server) -> str:
    """A SEV1 of the platform team."""
    made = server.post("incidents", title="Checkout is down", severity="SEV1", reason="nobody can pay")
    return str(made["id"])

"""A server, and a sandbox of PagerDuty and Slack that it sends to, for every test of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.server import Server
from tocsin.simulate.sandbox.server import Sandbox


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """The sandbox's log."""
    return tmp_path / "sent.jsonl"


@pytest.fixture
def sandbox(sent: Path) -> Iterator[Sandbox]:
    with Sandbox(log=sent) as sandbox:
        yield sandbox


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    with Server(tmp_path, sandbox=sandbox) as server:
        yield server

"""A terminal, and sandboxes of PagerDuty and Slack, for every story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import environment
from tocsin.simulate.sandbox.server import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(log=tmp_path / "sent.jsonl") as sandbox:
        yield sandbox


@pytest.fixture
def tocsin(tmp_path: Path) -> Terminal:
    """A terminal on the machine whose server has its database in `tmp_path`."""
    return Terminal(tmp_path, environment(tmp_path / "tocsin.db"))

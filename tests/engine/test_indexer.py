"""Is what was written found soon, and is a fault of the index nobody's trouble but its own?"""

from pathlib import Path

import pytest

from tests.engine.disk import Disk
from tests.engine.server import declare, server
from tests.engine.waiting import eventually
from tests.store.file import rows_of
from tocsin.engine.node import Node
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio


def is_found(node: Node) -> bool:
    return bool(node.queries.desk.search(("checkout",), 9))


async def test_what_was_declared_is_found_a_moment_later(path: Path, disk: Disk, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        await declare(node)
        await eventually(lambda: is_found(node))


async def test_what_was_declared_before_a_restart_is_found_after_it(path: Path, disk: Disk, sandbox: Sandbox) -> None:
    async with server(path, sandbox, speed=0.01) as node:  # so slow that nothing is old enough to be indexed
        await declare(node)
        assert not is_found(node)
    async with server(path, sandbox) as node:
        await eventually(lambda: is_found(node))


async def test_an_index_that_is_broken_fails_no_command(
    path: Path, disk: Disk, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async with server(path, sandbox) as node:
        rows_of(path, "DROP TABLE search_words")
        incident = await declare(node)
        await eventually(lambda: "the search index could not be brought up to date" in caplog.text)
        assert (await declare(node)).id != incident.id

"""A real server, and real browsers that look at it."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.system.server import Server
from tests.web.browser import AXE, CHROMIUM, Viewer, chromium
from tests.web.world import World, steady_server

ROOT = Path(__file__).parents[2]
Looks = Callable[..., Viewer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here that takes a browser is a system test."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def _axe() -> None:
    if not AXE.with_name("version").exists():  # written last
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        subprocess.run([ROOT / "tools" / "install-from-npm", AXE.parents[2]], check=True, timeout=300)


@pytest.fixture(scope="module")
def browser(_axe: None) -> Iterator[Browser]:
    """A browser for a module: while Playwright runs, no test of the same process can run an event loop of its own."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with something of everything in it, that tests only look at."""
    with Server(tmp_path_factory.mktemp("web")) as server:
        yield World(server).filled()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server of the test's own, with nothing in it, always at the same address."""
    with steady_server(tmp_path) as server:
        yield World(server)


@pytest.fixture
def looks(browser: Browser) -> Iterator[Looks]:
    """Somebody looks at a world's pages: `looks(world, person="alice", size=PHONE, color_scheme="dark")`."""
    opened: list[Viewer] = []

    def open_for(world: World, **options: Any) -> Viewer:
        viewer = Viewer(browser, world.server.url, world.server.token, **options)
        opened.append(viewer)
        return viewer

    yield open_for
    for viewer in opened:
        viewer.close()

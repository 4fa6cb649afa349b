"""Pictures of every page, for eyes: `python -m tests.web.pictures DIRECTORY [PAGE…]`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.system.server import Server
from tests.web.browser import Viewer, chromium
from tests.web.pages import PAGES
from tests.web.test_every_page import LOOKS, opened
from tests.web.world import World


def main(directory: Path, names: list[str]) -> None:
    """Write `home desktop light.png` and so on."""
    directory.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Server(Path(scratch)) as server,
        sync_playwright() as playwright,
        chromium(playwright) as browser,
    ):
        world = World(server).filled()
        for name, look in LOOKS.items():
            viewer = Viewer(browser, server.url, server.token, **look)
            for shown in PAGES:
                if not names or shown.name in names:
                    opened(viewer, world, shown)
                    viewer.page.screenshot(path=directory / f"{shown.name} {name}.png".replace(",", ""), full_page=True)
            viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

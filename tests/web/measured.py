"""What does Lighthouse think of every page's accessibility? `tools/lighthouse`; a score below 0.95 fails.

Every page of `pages.py` and `laden.py`, as somebody who is signed in or as a stranger, on a phone and on a desktop.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.system.server import Server
from tests.web.browser import CHROMIUM
from tests.web.laden import EMPTY, LADEN, laden
from tests.web.pages import PAGES, STRANGERS, Shown
from tests.web.people import signed_in
from tests.web.world import World

LEAST = 0.95
_LIGHTHOUSE = Path(__file__).parent / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
_FORMS = {"phone": "--form-factor=mobile", "desktop": "--preset=desktop"}
_DARK = "--dark"


class Measured(Struct, frozen=True):
    """A score between 0 and 1, and the audits that a page did not pass."""

    page: str
    form: str
    score: float
    failed: tuple[str, ...]

    def __str__(self) -> str:
        """A line for whoever waits."""
        return "  ".join((f"{self.score:.2f}", self.page, self.form, *self.failed))


def main(arguments: list[str]) -> int:
    """Print a score a page and form, of the pages that are named or of all; the exit status says whether all do."""
    theme = "dark" if _DARK in arguments else "light"
    names = [it for it in arguments if it != _DARK]
    scores = []
    with tempfile.TemporaryDirectory() as scratch:
        for measured in _everything(Path(scratch), names, theme):
            sys.stdout.write(f"{measured}  {theme}\n")
            sys.stdout.flush()
            scores.append(measured.score)
    return int(min(scores) < LEAST)


def _everything(scratch: Path, names: list[str], theme: str) -> Iterator[Measured]:
    def wanted(pages: Iterable[Shown]) -> tuple[Shown, ...]:
        return tuple(it for it in pages if not names or it.name in names)

    for directory in ("filled", "laden"):
        (scratch / directory).mkdir()
    with Server(scratch / "filled") as server:
        world = World(server)
        yield from _scores(world, wanted(EMPTY), "bob", theme)
        world.filled()
        yield from _scores(world, wanted(PAGES), "bob", theme)
        yield from _scores(world, wanted(STRANGERS), None, theme)
    if wanted(LADEN):
        with laden(scratch / "laden") as world:
            yield from _scores(world, wanted(LADEN), "bob", theme)


def _scores(world: World, pages: tuple[Shown, ...], person: str | None, theme: str) -> Iterator[Measured]:
    server, headers = world.server, world.server.directory / "headers.json"
    session = signed_in(server.url, server.token, person, person=person).session if person and pages else ""
    headers.write_text(json.dumps({"Cookie": f"tocsin={session}"} if session else {}), encoding="utf-8")
    for shown in pages:
        for form, option in _FORMS.items():
            told = _told(f"{server.url}{shown.path.format(**world.ids)}", option, headers, theme)
            failed = (it["id"] for it in told["audits"].values() if it["score"] == 0)
            score = float(told["categories"]["accessibility"]["score"])
            yield Measured(shown.name, form, score, tuple(failed))


def _told(url: str, form: str, headers: Path, theme: str) -> Any:
    scheme = " --blink-settings=preferredColorScheme=0" if theme == "dark" else ""
    chrome = f"--chrome-flags=--headless=new --no-sandbox --disable-gpu{scheme}"
    command = [str(_LIGHTHOUSE), url.replace(" ", "%20"), "--quiet", "--only-categories=accessibility", form, chrome]
    command += ["--output=json", f"--extra-headers={headers}", "--ignore-status-code"]
    environ = {"CHROME_PATH": str(CHROMIUM), "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(headers.parent)}
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=180).stdout
    return json.loads(told)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

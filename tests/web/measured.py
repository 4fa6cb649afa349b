"""What does Lighthouse think of every page's accessibility? `tools/lighthouse`; a score below 0.95 fails."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.system.server import Server
from tests.web.browser import CHROMIUM
from tests.web.pages import PAGES
from tests.web.people import signed_in
from tests.web.world import World

LEAST = 0.95
_LIGHTHOUSE = Path(__file__).parent / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
_CHROME = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"


def main(names: list[str]) -> int:
    """Print a score a page and form, of those pages or of all; the exit status says whether all are high enough."""
    with tempfile.TemporaryDirectory() as directory, Server(Path(directory)) as server:
        world = World(server).filled()
        session = signed_in(server.url, server.token, "bob", person="bob").session
        headers = Path(directory) / "headers.json"
        headers.write_text(json.dumps({"Cookie": f"tocsin={session}"}), encoding="utf-8")
        scores = []
        for shown in (it for it in PAGES if not names or it.name in names):
            for form in ("--form-factor=mobile", "--preset=desktop"):
                score = _score(f"{server.url}{shown.path.format(**world.ids)}", form, headers)
                sys.stdout.write(f"{score:.2f}  {shown.name}  {form}\n")
                scores.append(score)
    return int(min(scores) < LEAST)


def _score(url: str, form: str, headers: Path) -> float:
    command = [str(_LIGHTHOUSE), url.replace(" ", "%20"), "--quiet", "--only-categories=accessibility", form, _CHROME]
    command += ["--output=json", f"--extra-headers={headers}", "--ignore-status-code"]
    environ = {"CHROME_PATH": str(CHROMIUM), "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(headers.parent)}
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=180).stdout
    return float(json.loads(told)["categories"]["accessibility"]["score"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The real Mermaid draws the flowchart: every step is in the picture, and no name from the SOP file can break it."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sop_render.leaves import Path as Leaf
from tests.sop_render.leaves import with_every
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.render import flowchart
from tocsin.sop.render.phrases import ladders
from tocsin.sop.render.text import one_line

HERE = Path(__file__).parent / "mermaid"
MERMAID = HERE / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
INSTALL = Path(__file__).parents[2] / "tools" / "install-from-npm"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OFFLINE = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
PAGE = """<!doctype html><meta charset="utf-8"><div id="chart"></div><script src="%s"></script><script>
mermaid.initialize({ startOnLoad: false });
const texts = (selector) => [...document.querySelectorAll(selector)].map((found) => found.innerText.trim());
mermaid.render("drawn", %s).then(({ svg }) => {
  document.getElementById("chart").innerHTML = svg;
  const drawn = document.querySelector("svg");
  return {
    nodes: texts("g.node .nodeLabel"), edges: texts("g.edgeLabel .edgeLabel"), groups: texts("g.cluster .nodeLabel"),
    title: drawn.querySelector("title").textContent, description: drawn.querySelector("desc").textContent,
    images: document.images.length,
  };
}).catch((error) => ({ error: String(error) })).then((found) => { document.title = JSON.stringify(found); });
</script>"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


@pytest.fixture(scope="module", autouse=True)
def _mermaid() -> None:
    subprocess.run([INSTALL, HERE], check=True, timeout=300)


def draw(chart: str, directory: Path) -> Any:
    """What the browser shows of the chart; fails where Mermaid can't draw it."""
    page = directory / "chart.html"
    page.write_text(PAGE % (MERMAID.as_uri(), json.dumps(chart).replace("<", "\\u003c")), encoding="utf-8")
    profile = f"--user-data-dir={directory / 'profile'}"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=30000", profile)
    command = [str(CHROMIUM), *flags, *OFFLINE, "--dump-dom", page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True).stdout
    title = re.search("<title>(.*?)</title>", shown, re.DOTALL)
    assert title, shown[:2000]
    found = json.loads(html.unescape(title[1]).replace("\u2060", ""))  # a word joiner, invisible
    assert "error" not in found, found["error"]
    return found


def named(text: str) -> Sop:
    """The default SOP with every name of a severity and of a person replaced, and a person on every ladder."""

    def change(path: Leaf, leaf: object) -> object:
        if type(leaf) is not str:
            return leaf
        if path[-2:] == ("notify", 0):
            return "alice"
        return text if path[0] in ("severities", "people") and path[-1] == "name" else leaf

    return with_every(default_sop(), change)


def test_the_default_flowchart_shows_every_step_of_every_ladder(tmp_path: Path) -> None:
    drawn = draw(flowchart(default_sop()), tmp_path)
    for label in (
        "1 Acknowledge\nsay that you respond",
        "2 Assess\nWhich severity?",
        "5 min, if unacknowledged\npage secondary on-call",
        "15 min, if unacknowledged\npage Engineering Manager",
        "30 min, if unresolved\nnotify Engineering Director and VP Engineering",
        "60 min, if unresolved\nnotify CTO",
        "every 15 min while unacknowledged\npage Engineering Manager and everyone on call again",
        "2 hours, if unresolved\nnotify Engineering Director",
        "0 min\nassign to the team's queue",
        "0 min\nassign to the backlog\nno escalation",
        "6 Resolve\nfix confirmed and monitoring clean",
    ):
        assert label in drawn["nodes"]
    steps = sum(len(ladder.steps) + bool(ladder.repeat) for _, ladder in ladders(default_sop()))
    assert len(drawn["nodes"]) == steps + 4 + 5 + 4  # triggers, milestones, one communication a severity
    assert drawn["edges"] == ["SEV1 Critical", "SEV2 High", "SEV3 Medium", "SEV4 Low"]
    assert drawn["groups"] == unordered(drawn["groups"], "Until somebody assesses", "4 Escalate, SEV1 Critical")
    assert drawn["title"] == "Incident response from trigger to postmortem"
    assert "SEV1 Critical, 0 min page primary on-call, 5 min if unacknowledged" in drawn["description"]


def unordered(found: list[str], *wanted: str) -> list[str]:
    assert set(wanted) <= set(found)
    return found


@pytest.mark.parametrize(
    "name",
    [
        'a "quoted" [x] {y} (z) |p| <q>',
        "end",
        "<img src=x onerror=alert(1)>",
        "1. list\n- item # heading",
        "`code` **bold** _it_ $$x^2$$ ~~no~~",
        "#quot; #35; &amp; &lt;b&gt; ; a;b",
        '%%{init: {"theme": "dark"}}%%',
        "style: a#b; classDef: c#d; click x href",
        "back\\slash \\n <br/> a --> b",
        "naïve 日本 🔥 \u202e ﬂ°°34¶ß",
        "",
    ],
)
def test_a_hostile_name_is_drawn_as_it_is(name: str, tmp_path: Path) -> None:
    drawn = draw(flowchart(named(name)), tmp_path)
    shown = one_line(name)
    assert drawn["edges"] == [f"SEV{number} {shown}".strip() for number in (1, 2, 3, 4)]
    assert f"60 min, if unresolved\nnotify {shown}".strip() in drawn["nodes"]
    assert drawn["images"] == 0

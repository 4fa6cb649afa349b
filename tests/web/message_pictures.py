"""Pictures of what Tocsin says in Slack, for the documents: real messages of a response, drawn outside of Slack.

`python -m tests.web.message_pictures` writes docs/images/slack-*.jpg. The blocks are those that the sandbox was sent;
what draws them (tests/web/blocks) is not Slack's own, which can't be had off line.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from playwright.sync_api import Browser, sync_playwright

from tests.api.slack_world import World, slack_sop, slack_world
from tests.system.waiting import until
from tests.web.browser import chromium
from tests.web.pictures import IMAGES
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.slack_call import arguments_of
from tocsin.sop.model import ContactMethod, Sop

Blocks = Sequence[Any]

_DRAWING = Path(__file__).parent / "blocks"
_QUALITY = 80
_ANSWERS = {"scope": "all", "workaround": "no", "sla": "at_risk"}
_ALERT = {
    "labels": {"alertname": "CheckoutErrors", "service": "website", "severity": "critical"},
    "annotations": {"summary": "Checkout answers with errors for more than 20 % of requests"},
}
_FRAME = """
<meta charset="utf-8"><style>{style}</style>
<style>
  body {{ margin: 0; font: 15px/1.46 Lato, "DejaVu Sans", sans-serif; color: #1d1c1d; background: #fff }}
  main {{ width: 640px; padding: 16px 20px }}
  h1 {{ font-size: 18px; margin: 0 0 8px }}
  p {{ margin: 0 }}
  .one {{ display: flex; gap: 8px; margin-bottom: 12px }}
  .one > i {{ flex: 0 0 36px; height: 36px; border-radius: 6px; background: #b42318; color: #fff; font: 700 20px/36px
    sans-serif; text-align: center }}
  .one > div {{ flex: 1 }}
  .one b small {{ background: #e8e8e8; border-radius: 2px; padding: 1px 3px; font-size: 10px; font-weight: 400 }}
  #slack_blocks_to_jsx section > div:first-child, #slack_blocks_to_jsx--header,
  .slack_blocks_to_jsx--header {{ display: none !important }}
</style><main>{body}</main>
"""
_MESSAGE = '<div class="one"><i>T</i><div><b>Tocsin <small>APP</small></b>{}</div></div>'


def pictures(world: World) -> dict[str, tuple[str, list[Blocks]]]:
    """What is shown, by the picture's name: a title, and the blocks of messages, or of a dialog."""
    alice, bob, emma = world.member("alice"), world.member("bob"), world.member("emma")
    assert world.api.ask("POST", "/api/v2/alerts", json=[_ALERT]).status_code == 200
    incident = str(world.api.do("list_incidents")[0]["id"])
    until(lambda: bool(list(_said(world, "chat.postMessage"))), "the page is there")
    page = next(_said(world, "chat.postMessage"))
    bob.press(Action.ACKNOWLEDGE, incident)
    bob.press(Action.ASSESS, incident)
    opened, views = bob.dialog, world.sandbox.slack.dialogs.views
    bob.choose(opened, **_ANSWERS)
    until(lambda: views[opened.id].updates > 0, "the dialog tells the severity")
    dialog = views[opened.id]
    bob.submit(dialog, **_ANSWERS)
    channel = world.channel_of(incident)
    bob.command(f"role ic <@{bob.user}>", channel)
    bob.command(f"role cl <@{emma.user}>", channel)
    emma.command("update", channel)
    emma.submit(emma.dialog, text="A change of the configuration is suspected; it is being rolled back.")
    alice.command("note The pool of connections is exhausted", channel)
    until(lambda: "rolled back" in json.dumps(list(_said(world, "chat.update"))), "the summary is current")
    until(lambda: "exhausted" in json.dumps(list(_said(world, "chat.postMessage"))), "the note is told")
    *_, summary = _said(world, "chat.update")
    *_, lines = _said(world, "chat.postMessage")
    return {
        "slack-page": ("", [page]),
        "slack-summary": ("", [summary]),
        "slack-channel": ("", [lines]),
        "slack-assess": (dialog.title, [dialog.blocks]),
    }


def _said(world: World, method: str) -> Iterator[Blocks]:
    for request in list(world.sandbox.requests):
        if request.path == f"/api/{method}":
            yield json.loads(arguments_of(request, method)["blocks"], object_hook=_drawable)


def _drawable(it: dict[str, Any]) -> dict[str, Any]:
    """Without `verbatim`, which to Slack means that no plain text is made a link, and here that nothing is bold."""
    return {name: value for name, value in it.items() if name != "verbatim"}


def _sop() -> Sop:
    """Everybody has their pages in Slack."""
    sop = slack_sop()
    people = {id_: replace(person, contact=(ContactMethod(via="slack"),)) for id_, person in sop.people.items()}
    changed: Sop = replace(sop, people=people)
    return changed


def draw(browser: Browser, name: str, title: str, shown: list[Blocks], sop: Sop) -> None:
    """Write one picture."""
    users = [{"id": person.slack_user, "name": person.name} for person in sop.people.values()]
    told = json.dumps({"shown": shown, "users": users})
    drawn = subprocess.run(["node", "draw.js"], cwd=_DRAWING, input=told, capture_output=True, text=True, check=True)
    parts: list[str] = json.loads(drawn.stdout)
    body = "".join(parts) if title else "".join(_MESSAGE.format(it) for it in parts)
    style = (_DRAWING / "node_modules" / "slack-blocks-to-jsx" / "dist" / "style.css").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": 700, "height": 400}, device_scale_factor=1.5)
    page.set_content(_FRAME.format(style=style, body=(f"<h1>{title}</h1>" if title else "") + body))
    page.locator("main").screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=_QUALITY)
    page.close()


def main() -> None:
    """Write all of them."""
    sop = _sop()
    with (
        tempfile.TemporaryDirectory() as scratch,
        sync_playwright() as playwright,
        chromium(playwright) as browser,
        slack_world(Path(scratch), sop) as world,
    ):
        for name, (title, shown) in pictures(world).items():
            draw(browser, name, title, shown, sop)


if __name__ == "__main__":
    main()

"""What is a message made of? The few of Block Kit's blocks that are used here, each within its limits; no I/O.

Source of every limit: docs.slack.dev/reference/block-kit/blocks/<block>, …/block-elements/button-element and
…/composition-objects/text-object. Texts come escaped, but for those of buttons and headers, which show plain text.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.mrkdwn import escape, fit

MAX_BLOCKS = 50  # blocks: "up to 50 blocks in each message"
MAX_TEXT = 3_000  # text-object: "minimum length is 1 and maximum length is 3000 characters"
MAX_HEADER = 150  # header, `text`
MAX_FIELDS = 10  # section, `fields`
MAX_FIELD = 2_000  # section, each of `fields`
MAX_BUTTON = 75  # button, `text`
MAX_VALUE = 2_000  # button, `value`
MAX_URL = 3_000  # button, `url`
MAX_BUTTONS = 25  # actions, `elements`
# docs.slack.dev/reference/methods/chat.postMessage: "For best results, limit the number of characters in the `text`
# field to 4,000 characters"; past that Slack may split it, and past 40,000 it cuts.
MAX_MESSAGE = 4_000

Block = dict[str, object]


class Button(Struct, frozen=True):
    """What can be pressed: a command by its `action`, with `value` to know of what; or with a `url`, a way there."""

    label: str
    action: Action | None = None
    value: str = ""
    url: str = ""
    is_next: bool = False  # what is to be done next: one of a message at most


def header(text: str) -> Block:
    """A title in large letters."""
    return {"type": "header", "text": _plain(text, MAX_HEADER)}


def section(escaped: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": _mrkdwn(escaped, MAX_TEXT)}


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Labels with their values, in two columns."""
    texts = [f"*{label}*\n{value}" for label, value in pairs[:MAX_FIELDS]]
    return {"type": "section", "fields": [_mrkdwn(text, MAX_FIELD) for text in texts]}


def context(escaped: str) -> Block:
    """A line in small letters."""
    return {"type": "context", "elements": [_mrkdwn(escaped, MAX_TEXT)]}


def actions(buttons: Sequence[Button]) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": [_button(it) for it in buttons[:MAX_BUTTONS]]}


def arguments_for(text: str, blocks: Sequence[Block]) -> dict[str, str]:
    """The arguments of a message: its blocks, and its escaped text for where they can't be shown."""
    shown = list(blocks[:MAX_BLOCKS])
    return {"text": fit(text, MAX_MESSAGE) or "—", "blocks": msgspec.json.encode(shown).decode()}


def _mrkdwn(escaped: str, limit: int) -> Block:
    # text-object, `verbatim`: "When set to `true` … it won't modify any plain-text content": no @name, no #channel.
    return {"type": "mrkdwn", "text": fit(escaped, limit) or "—", "verbatim": True}


def _plain(text: str, limit: int) -> Block:
    # `emoji`: whether `:name:` becomes a picture. Nobody's text becomes one.
    return {"type": "plain_text", "text": fit(escape(text), limit) or "—", "emoji": False}


def _button(it: Button) -> Block:
    made: Block = {"type": "button", "text": _plain(it.label, MAX_BUTTON)}
    if it.action:
        made |= {"action_id": str(it.action), "value": it.value[:MAX_VALUE]}
    if it.url and len(it.url) <= MAX_URL:
        made["url"] = it.url
    return made | ({"style": "primary"} if it.is_next else {})

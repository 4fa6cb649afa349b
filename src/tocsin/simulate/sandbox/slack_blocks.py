"""Would Slack show these blocks? The few of Block Kit's blocks that this Slack knows, with their documented limits.

Source: docs.slack.dev/reference/block-kit/blocks/<block>, …/block-elements/button-element and
…/composition-objects/text-object, read for this file alone.
"""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tocsin.simulate.sandbox.slack_call import Arguments, Refusal

_STYLES = ("primary", "danger")


class SlackButton(Struct, frozen=True):
    """A button: what is pressed sends `action` and `value`; what has a `url` leads there as well."""

    label: str
    action: str = ""
    value: str = ""
    url: str = ""
    style: str = ""


class Shown(Struct, frozen=True):
    """What a message shows: the texts of its blocks in their order, and its buttons."""

    texts: tuple[str, ...] = ()
    buttons: tuple[SlackButton, ...] = ()


def shown_by(arguments: Arguments) -> Shown:
    """What the message shows; it must have blocks or a text."""
    if len(arguments.get("text", "")) > 40_000:
        raise Refusal("msg_too_long")
    if "blocks" not in arguments:
        if not arguments.get("text"):
            raise Refusal("no_text")
        return Shown()
    try:
        blocks = json.loads(arguments["blocks"])
    except ValueError:
        raise Refusal("invalid_blocks_format") from None
    _check(isinstance(blocks, list) and 1 <= len(blocks) <= 50)
    texts: list[str] = []
    buttons: list[SlackButton] = []
    for block in blocks:
        _check(isinstance(block, dict))
        texts += _texts_of(block)
        buttons += _buttons_of(block)
    return Shown(tuple(texts), tuple(buttons))


def _texts_of(block: dict[str, Any]) -> Iterator[str]:
    match block:
        case {"type": "header", "text": text}:
            yield _text(text, 150, kinds=("plain_text",))
        case {"type": "section", **rest} if "text" in rest or "fields" in rest:
            if "text" in rest:
                yield _text(rest["text"], 3000)
            fields = rest.get("fields", [])
            _check(isinstance(fields, list) and ("fields" not in rest or 1 <= len(fields) <= 10))
            yield from (_text(field, 2000) for field in fields)
        case {"type": "context", "elements": list(elements)} if 1 <= len(elements) <= 10:
            yield from (_text(element, 3000) for element in elements)
        case {"type": "actions", "elements": list(elements)} if 1 <= len(elements) <= 25:
            pass
        case _:
            raise Refusal("invalid_blocks")


def _buttons_of(block: dict[str, Any]) -> Iterator[SlackButton]:
    if block["type"] != "actions":
        return
    ids = [element.get("action_id") for element in block["elements"] if isinstance(element, dict)]
    _check(len(ids) == len(block["elements"]) and len({it for it in ids if it}) == len([it for it in ids if it]))
    for element in block["elements"]:
        _check(element.get("type") == "button" and element.get("style", "primary") in _STYLES)
        for name, limit in (("action_id", 255), ("value", 2000), ("url", 3000)):
            _check(isinstance(element.get(name, ""), str) and len(element.get(name, "")) <= limit)
        _check(element.get("url", "https://").startswith(("http://", "https://")))
        label = _text(element.get("text"), 75, kinds=("plain_text",))
        yield SlackButton(label, *(element.get(name, "") for name in ("action_id", "value", "url", "style")))


def _text(text: object, limit: int, *, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> str:
    """text-object: "minimum length is 1"; `verbatim` goes with `mrkdwn`, `emoji` with `plain_text`."""
    _check(isinstance(text, dict))
    assert isinstance(text, dict)  # noqa: S101  # for the type checker: _check has seen to it
    words, kind = text.get("text"), text.get("type")
    option = "verbatim" if kind == "mrkdwn" else "emoji"
    _check(kind in kinds and set(text) <= {"type", "text", option} and isinstance(text.get(option, False), bool))
    _check(isinstance(words, str) and 1 <= len(words) <= limit)
    return str(words)


def _check(is_so: bool) -> None:
    if not is_so:
        raise Refusal("invalid_blocks")

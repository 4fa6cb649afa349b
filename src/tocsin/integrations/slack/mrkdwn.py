"""How does text get into Slack without doing anything there? Escaped, cut to the limits, in blocks; no I/O.

Source: docs.slack.dev/messaging/formatting-message-text ("formatting" below). The same rules hold for a message's
`text` and for the blocks' `mrkdwn`.
"""

import msgspec

from tocsin.domain.text import clean_text

# docs.slack.dev/reference/block-kit/composition-objects/text-object: "minimum length is 1 and maximum length is 3000
# characters".
MAX_BLOCK = 3_000
# docs.slack.dev/reference/methods/chat.postMessage: "For best results, limit the number of characters in the `text`
# field to 4,000 characters"; past that Slack may split it, and past 40,000 it cuts.
MAX_MESSAGE = 4_000
# docs.slack.dev/reference/methods/conversations.setTopic, error `too_long`: "Topic was longer than 250 characters."
MAX_TOPIC = 250

# formatting: "Slack uses &, <, and > as control characters for special parsing in text objects, so they must be
# converted to HTML entities". Without < there is no `<!channel>`, no `<@U…>`, no `<http://elsewhere|runbook>`.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """`text`, whoever wrote it, as text that Slack shows and doesn't obey."""
    return clean_text(text).translate(_ENTITIES)


def fit(escaped: str, limit: int) -> str:
    """Escaped text of at most `limit` characters, cut with an ellipsis and never inside an entity."""
    return escaped if len(escaped) <= limit else _start(escaped, limit - 1).rstrip() + "…"


def message(text: str, link: str = "") -> dict[str, str]:
    """The arguments `text` and `blocks` that show `text`, and below it `link`, which is already in Slack's syntax."""
    room = MAX_MESSAGE - len(link) - 1
    shown = fit(escape(text), room) or "—"
    parts = [*_parts(shown), *([link] if link else [])]
    return {
        "text": f"{shown}\n{link}" if link else shown,
        "blocks": msgspec.json.encode([_section(part) for part in parts]).decode(),
    }


def link_to(url: str, text: str) -> str:
    """A link; `url` must be one that we made ourselves."""
    return f"<{url.translate(_ENTITIES)}|{escape(text).replace('|', '¦')}>"


def _parts(escaped: str) -> list[str]:
    parts = []
    while escaped:
        parts.append(_start(escaped, MAX_BLOCK))
        escaped = escaped[len(parts[-1]) :]
    return parts


def _start(escaped: str, limit: int) -> str:
    """The longest start of `escaped` within `limit` that holds only whole entities."""
    start = escaped[:limit]
    entity = start.rfind("&")
    # Every & opens an entity, as the text is escaped: one without its ; was cut through.
    return start[:entity] if len(escaped) > limit and entity >= 0 and ";" not in start[entity:] else start


def _section(text: str) -> dict[str, object]:
    # text-object, `verbatim`: "When set to `true` … it won't modify any plain-text content": no @name, no #channel.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}

"""How does text get into Slack without doing anything there? Escaped, and cut to the limits; no I/O.

Source: docs.slack.dev/messaging/formatting-message-text ("formatting" below). The same rules hold for a message's
`text` and for the texts of its blocks.
"""

import re

from tocsin.domain.text import clean_text

# docs.slack.dev/reference/methods/conversations.setTopic, error `too_long`: "Topic was longer than 250 characters."
MAX_TOPIC = 250

# formatting: "Slack uses &, <, and > as control characters for special parsing in text objects, so they must be
# converted to HTML entities". Without < there is no `<!channel>`, no `<@U…>`, no `<http://elsewhere|runbook>`.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")


def escape(text: str) -> str:
    """`text`, whoever wrote it, as text that Slack shows and doesn't obey."""
    return clean_text(text).translate(_ENTITIES)


def fit(escaped: str, limit: int) -> str:
    """Escaped text of at most `limit` characters, cut with an ellipsis and never inside an entity."""
    return escaped if len(escaped) <= limit else _start(escaped, limit - 1).rstrip() + "…"


def link_to(url: str, text: str) -> str:
    """A link; `url` must be one that we made ourselves."""
    return f"<{url.translate(_ENTITIES)}|{escape(text).replace('|', '¦')}>"


def mention(member: str) -> str:
    """The member by name, told of it by Slack; empty where `member` isn't formed like a member's id."""
    return f"<@{member}>" if _MEMBER.fullmatch(member) else ""


def parts_of(escaped: str, limit: int) -> list[str]:
    """Escaped text in parts of at most `limit` characters, none of which ends inside an entity."""
    parts = []
    while escaped:
        parts.append(_start(escaped, limit))
        escaped = escaped[len(parts[-1]) :]
    return parts


def _start(escaped: str, limit: int) -> str:
    """The longest start of `escaped` within `limit` that holds only whole entities."""
    start = escaped[:limit]
    entity = start.rfind("&")
    # Every & opens an entity, as the text is escaped: one without its ; was cut through.
    return start[:entity] if len(escaped) > limit and entity >= 0 and ";" not in start[entity:] else start

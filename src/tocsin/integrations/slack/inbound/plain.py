"""What does a text of Slack's say? Its syntax as the plain text that people meant; no I/O.

Source: docs.slack.dev/messaging/formatting-message-text, "Retrieving messages".
"""

import re
from collections.abc import Mapping

_SPECIAL = re.compile(r"<([^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>")
_MEMBER = re.compile(r"<@([A-Z0-9]{3,30})(?:\|[^<>]*)?>")


def plain(text: str, names: Mapping[str, str]) -> str:
    """The text without Slack's syntax: members by `names` (member id to name), links as their address."""
    # Slack escapes these three only: html.unescape would take &copy; for a sign that nobody wrote.
    shown = _SPECIAL.sub(lambda it: _shown(it[1], it[2] or "", names), text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def member_in(text: str) -> str:
    """The id of the member that the text mentions; empty where it mentions none."""
    found = _MEMBER.fullmatch(text.strip())
    return found[1] if found else ""


def _shown(what: str, label: str, names: Mapping[str, str]) -> str:
    match what[0], what[1:]:
        case "@", user:
            return f"@{names.get(user) or label or user}"
        case "#", channel:
            return f"#{label or channel}"
        case "!", command:  # !here, !subteam^S012|@team, !date^…
            return label if label else f"@{command.partition('^')[0]}"
    address = what.removeprefix("mailto:")
    return address if not label or label == address else f"{label} ({address})"

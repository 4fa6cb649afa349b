"""What does a browser show of a page? A notification, as the message that is pushed for it. Plain values, no I/O.

It has the form of a declarative push message: browsers that know that form show it by themselves, even where the
service worker was cleared away; in all others `worker.js` shows the same. Source: w3c.github.io/push-api,
section "Declarative push message".
"""

import msgspec

from tocsin.accounts.page_links import PageLinks
from tocsin.domain.effects import AcknowledgePage, SendPage, SendPageTest
from tocsin.domain.events import incident_of
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.sop.words import Urgency

_MAX_TITLE = 120
_MAX_REASON = 200
_DECLARATIVE = 8030

Shown = SendPage | AcknowledgePage | SendPageTest


def message_for(effect: Shown, links: PageLinks) -> bytes:
    """The message that shows it. It takes the place of what is shown under its tag: a repetition, and a page's end."""
    match effect:
        case SendPage():
            shown = _page(effect, links)
        case AcknowledgePage():
            shown = _answered(effect, links)
        case _:
            shown = _test(effect, links)
    shown |= {"tag": effect.key, "lang": "en", "dir": "ltr"}
    return msgspec.json.encode({"web_push": _DECLARATIVE, "notification": shown})


def _page(effect: SendPage, links: PageLinks) -> dict[str, object]:
    is_page = effect.urgency is Urgency.PAGE
    severity = effect.severity or "Not assessed"
    title = f"{severity}: {effect.title}" if is_page else f"For information: {effect.title}"
    body = f"{effect.incident} {clean_line(effect.service)}: {clean_line(effect.reason, _MAX_REASON)}"
    there = links.incident(effect.incident)
    link = links.acknowledgement(effect.key) if is_page else there
    acknowledge = [{"action": "acknowledge", "title": "Acknowledge", "navigate": link}] if is_page else []
    return {
        "title": clean_line(title, _MAX_TITLE),
        "body": body + words_for(effect.more),
        "navigate": link,
        "requireInteraction": is_page,
        "silent": False,
        "actions": [*acknowledge, {"action": "open", "title": "Open", "navigate": there}],
    }


def _answered(effect: AcknowledgePage, links: PageLinks) -> dict[str, object]:
    """A push must show something (`userVisibleOnly`), so the end of a page is shown, without a sound."""
    incident = incident_of(effect.key)
    return {
        "title": f"{incident}: nothing to do any more",
        "body": "This page was answered, or its incident is over.",
        "navigate": links.incident(incident),
        "requireInteraction": False,
        "silent": True,
    }


def _test(effect: SendPageTest, links: PageLinks) -> dict[str, object]:
    return {
        "title": "Test page, nothing is wrong",
        "body": f"Tocsin reaches you here ({clean_line(effect.asked_by)} asked).",
        "navigate": f"{links.public_url}/inbox",
        "requireInteraction": True,
        "silent": False,
    }

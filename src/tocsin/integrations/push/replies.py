"""What does a push service's answer mean, for one browser? Plain values, no I/O.

Sources: RFC 8030, section 5 (201: the message is accepted), 5.2 (TTL), 7.3 (404: the subscription has expired or never
was), 8.4 (429, with `Retry-After`); RFC 8292, section 4.2 (401 and 403: the key is not the subscription's); each
service's own page for 410 (it was unsubscribed) and 413.
"""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.integrations.wire import Reply, wait_asked

_AGAIN = frozenset({408, 425, 429})
_GONE = frozenset({404, 410})


class Fate(StrEnum):
    """What became of a message for one browser."""

    TAKEN = "taken"
    GONE = "gone"  # the browser isn't subscribed any more, and never will be by that address
    AGAIN = "again"
    REFUSED = "refused"


class Heard(Struct, frozen=True):
    """What became of it, and the service's reason; `after` is how long, in seconds, it asks to be left alone."""

    browser: str
    fate: Fate
    reason: str = ""
    after: float | None = None


def heard_from(browser: str, service: str, reply: Reply) -> Heard:
    """What the answer of the push service means for the browser of that label."""
    status, reason = reply.status, f"{service} answered {reply.status}"
    if 200 <= status < 300:
        return Heard(browser, Fate.TAKEN)
    if status in _GONE:
        return Heard(browser, Fate.GONE, f"{reason}: it isn't subscribed any more")
    if status in _AGAIN or status >= 500:
        asked = wait_asked(reply)
        return Heard(browser, Fate.AGAIN, reason, asked / timedelta(seconds=1) if asked is not None else None)
    return Heard(browser, Fate.REFUSED, f"{reason}{_words(status)}")


def _words(status: int) -> str:
    match status:
        case 401 | 403:
            return ": it doesn't know this server's key, or the clock here is wrong"
        case 413:
            return ": too long"
    return ""

"""How is a page put to Apprise, and what does its answer mean? Plain values, no I/O.

Source: github.com/caronc/apprise/wiki/Development_API: `notify` returns True if all notifications were sent, False if
one was not, None if there was none to send. Why, it says only to a log: so whatever is not True is tried again, and
goes another way when it takes too long; only an address that Apprise can't read is given up.
"""

import msgspec
from msgspec import Struct

from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import Receipt, ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import OfPageTest, PageEffect, SendPage, SendPageTest
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.integrations.wire import Again, Busy, Done, Never, Push, Reply, Verdict
from tocsin.sop.words import Urgency

PROVIDER = "apprise"
_MAX_TITLE = 120  # a push shows less, an SMS takes 160 characters together with the link
_MAX_REASON = 200

AppriseEffect = PageEffect | OfPageTest


class AppriseAccount(Struct, frozen=True):
    """The addresses in Apprise's words, by the names of their secrets."""

    urls: dict[str, str]
    links: PageLinks

    def __repr__(self) -> str:
        return f"AppriseAccount({', '.join(self.urls)})"  # the addresses hold tokens


class Answer(Struct, frozen=True):
    """What Apprise made of it: `state` is sent, refused, unreadable or hung; `error` is an HTTP status it logged."""

    state: str
    service: str = ""  # `ntfy`
    error: str = ""


def request_for(effect: AppriseEffect, account: AppriseAccount) -> Push | Done | Never:
    """The notification that carries the effect; Done where there is nothing to say: none can be taken back."""
    if not isinstance(effect, SendPage | SendPageTest):
        return Done()
    name = effect.reach.method.url or ""
    url = account.urls.get(name)
    if not url:
        return _refused(effect, f"no address for Apprise: {name or 'url'} is not set")
    if isinstance(effect, SendPageTest):
        asked_by = clean_line(effect.asked_by)
        return Push(url, "Test page, nothing is wrong", f"Tocsin reaches you here ({asked_by} asked).", is_urgent=True)
    return _page(effect, url, account.links)


def classify(effect: AppriseEffect, reply: Reply) -> Verdict:
    """What its answer means. It speaks of one address, so nothing of it is the health of all of them."""
    try:
        answer = msgspec.json.decode(reply.body, type=Answer)
    except (ValueError, RecursionError):
        return Again("Apprise broke off without an answer")
    service = clean_line(answer.service) or "Apprise"
    match answer.state:
        case "sent":
            is_page = isinstance(effect, SendPage)
            return Done(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),) if is_page else ())
        case "unreadable":
            return _refused(effect, f"{effect.reach.method.url} holds no address that Apprise can read")
        case "hung":
            return Busy(f"{service} did not take it in time, as far as Apprise says")
    error = f" (HTTP {clean_line(answer.error, 3)})" if answer.error else ""
    return Busy(f"{service} did not take it, as far as Apprise says{error}")


def _page(effect: SendPage, url: str, links: PageLinks) -> Push:
    is_page = effect.urgency is Urgency.PAGE
    severity = effect.severity or "Not assessed"
    title = f"{severity}: {effect.title}" if is_page else f"For information: {effect.title}"
    link = links.acknowledgement(effect.key) if is_page else links.incident(effect.incident)
    lines = [
        f"{effect.incident} {clean_line(effect.service)}: {clean_line(effect.reason, _MAX_REASON)}",
        *([words_for(effect.more).removeprefix(", ")] if effect.more else []),
        f"{'Acknowledge' if is_page else 'Look'}: {link}",
    ]
    return Push(url, clean_line(title, _MAX_TITLE), "\n".join(lines), is_urgent=is_page)


def _refused(effect: AppriseEffect, reason: str) -> Never:
    receipts: tuple[Receipt, ...] = ()
    if isinstance(effect, SendPage):
        receipts = (ReportPageFailed(key=effect.key, via=effect.way, reason=reason),)
    return Never(reason=reason, receipts=receipts)

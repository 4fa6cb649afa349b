"""How does a page ring a person's browsers, and what do their push services' answers mean together? No I/O.

Which browsers those are is known to the database alone, when it leaves: so one `Ring` goes to all of them, and one
answer comes back. Taken by one of them, the person has it.

Sources: RFC 8030, sections 5.2 (`TTL`), 5.3 (`Urgency`), 5.4 (`Topic`: at most 32 characters of base64url; of those
not yet handed to the browser only the newest message of a topic is kept).
"""

import hashlib
from datetime import timedelta

import msgspec

from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import Receipt, ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import AcknowledgePage, OfPageTest, PageEffect, SendPage, SendPageTest
from tocsin.domain.text import clean_line
from tocsin.integrations.push.message import Shown, message_for
from tocsin.integrations.push.replies import Fate, Heard
from tocsin.integrations.wire import Busy, Done, Never, Reply, Ring, Verdict
from tocsin.sop.words import Urgency

PROVIDER = "push"
# For how long the service keeps what a phone that is off can't take. A page as long as Tocsin itself would try: who
# switches on in the morning learns of what nobody has answered, and what was answered is replaced under its topic, if
# it comes as late. A test says nothing by then.
_KEPT = timedelta(hours=24)
_KEPT_TEST = timedelta(minutes=10)
_TOPIC = 32
_MOST_REASONS = 3

PushEffect = PageEffect | OfPageTest


def request_for(effect: PushEffect, links: PageLinks) -> Ring | Done | Never:
    """What rings the person's browsers; Done where there is nothing to show."""
    if not isinstance(effect, SendPage | AcknowledgePage | SendPageTest):
        return Done()
    return Ring(
        person=effect.reach.person,
        message=message_for(effect, links),
        seconds=int((_KEPT_TEST if isinstance(effect, SendPageTest) else _KEPT).total_seconds()),
        is_urgent=_is_urgent(effect),
        topic=topic_of(effect.key),
    )


def topic_of(key: str) -> str:
    """The topic of all that is pushed of one page."""
    return hashlib.sha256(key.encode()).hexdigest()[:_TOPIC]


def _is_urgent(effect: Shown) -> bool:
    """What informs, and the end of a page, needn't wake a phone that saves its battery."""
    return not isinstance(effect, AcknowledgePage) and getattr(effect, "urgency", Urgency.PAGE) is Urgency.PAGE


def classify(effect: PushEffect, reply: Reply) -> Verdict:
    """What became of it altogether. It speaks of some browsers' services, so none of it is the health of them all."""
    try:
        heard = msgspec.json.decode(reply.body, type=tuple[Heard, ...])
    except (ValueError, RecursionError):
        return Busy("it broke off without an answer")
    fates = {it.fate for it in heard}
    if Fate.TAKEN in fates:
        is_page = isinstance(effect, SendPage)
        return Done(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),) if is_page else ())
    if Fate.AGAIN in fates:
        waiting = [it for it in heard if it.fate is Fate.AGAIN]
        asked = [it.after for it in waiting]
        after = min(it for it in asked if it is not None) if None not in asked and asked else None
        return Busy(_reasons(waiting), timedelta(seconds=after) if after is not None else None)
    if not heard and isinstance(effect, AcknowledgePage):
        return Done()  # nothing shows the page any more
    return _refused(effect, _reasons(heard) if heard else _nobody(effect.reach.person))


def _nobody(person: str) -> str:
    return f"no browser of {person}'s is to be rung: {person} opens the inbox there, and has it ring"


def _reasons(heard: list[Heard] | tuple[Heard, ...]) -> str:
    told = "; ".join(f"{it.browser}: {it.reason}" for it in heard[:_MOST_REASONS])
    more = f"; and {len(heard) - _MOST_REASONS} more" if len(heard) > _MOST_REASONS else ""
    return clean_line(told + more, 500)


def _refused(effect: PushEffect, reason: str) -> Never:
    receipts: tuple[Receipt, ...] = ()
    if isinstance(effect, SendPage):
        receipts = (ReportPageFailed(key=effect.key, via=effect.way, reason=reason),)
    return Never(reason=reason, receipts=receipts)

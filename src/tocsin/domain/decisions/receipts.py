"""What came of a delivery? Receipts of the delivery workers, turned into facts of the timeline."""

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal, contact_for
from tocsin.domain.incident import Page, PageStatus
from tocsin.domain.text import clean_line
from tocsin.oncall.roster import INBOX
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Urgency

_WAITING = (PageStatus.PENDING, PageStatus.ACCEPTED)


def page_accepted(draft: Draft, command: c.ReportPageAccepted) -> Refusal | None:
    """The provider took it. That is not an answer: the ladder goes on."""
    page = draft.incident.pages.get(command.key)
    if page is None or command.via not in {way.id for way in page.ways}:
        return None
    # A provider that was down may wake somebody after all, whose page the inbox has meanwhile.
    wakes_after_all = page.status is PageStatus.ACCEPTED and page.is_lost and command.via != page.method.id
    is_further = page.status is PageStatus.ACCEPTED and _is_further(page, command.via)
    if page.status is PageStatus.PENDING or wakes_after_all or is_further:
        draft.record(
            e.PageAccepted(key=command.key, person=page.person, via=command.via, counted_in=command.counted_in)
        )
    return None


def page_failed(draft: Draft, command: c.ReportPageFailed) -> Refusal | None:
    """Move on at once: to the person's next contact method, and without one to the ladder's next step."""
    page = draft.incident.pages.get(command.key)
    is_further = page is not None and _is_further(page, command.via) and page.status in _WAITING
    if page is None:
        return None
    is_pending = page.status is PageStatus.PENDING
    is_first = is_further or (is_pending and page.method.id == command.via and page.method not in page.tried)
    is_given_up = _is_awaited(page) and not command.is_retried and command.via in {way.id for way in page.retried}
    if not is_first and not is_given_up:
        return None  # late (it was taken, given up or answered), or the page has moved on, or it was told before
    draft.record(
        e.PageFailed(
            key=command.key,
            person=page.person,
            reason=clean_line(command.reason),
            next_method=next_way(draft, page) if is_first else None,
            is_retried=command.is_retried,
            via=command.via,
        )
    )
    return None


def _is_awaited(page: Page) -> bool:
    """Whether a way on which it is still tried may matter: nothing that wakes has taken it."""
    return page.status is PageStatus.PENDING or (page.status is PageStatus.ACCEPTED and page.is_lost)


def next_way(draft: Draft, page: Page, but: tuple[ContactMethod, ...] = ()) -> ContactMethod | None:
    """By which contact method the page goes now that one has failed; None where there is no other that would do more.

    `but` are ways that can't be used. What a provider that wakes has taken is not put into the inbox beside.
    """
    urgency = Urgency.PAGE if page.demands_answer else Urgency.NOTIFY
    method = contact_for(draft.context.roster, page.person, urgency, tried=(*page.ways, *but))
    is_held = page.status is PageStatus.ACCEPTED and not page.is_lost
    return None if is_held and method is not None and method.via == INBOX else method


def _is_further(page: Page, way: str) -> bool:
    return way in {it.id for it in page.also}


def channel_opened(draft: Draft, command: c.ReportChannelOpened) -> Refusal | None:
    """The channel is there."""
    if draft.incident.channel is None:
        draft.record(e.ChannelOpened(channel=command.channel, name=command.name))
    return None


def channel_failed(draft: Draft, command: c.ReportChannelFailed) -> Refusal | None:
    """The chat provider refused for good: say so, and go on without."""
    draft.record(e.ChannelFailed(action=command.action, reason=clean_line(command.reason)))
    return None


def summary_posted(draft: Draft, command: c.ReportSummaryPosted) -> Refusal | None:
    """The summary stands in the channel and can be kept current."""
    channel = draft.incident.channel
    if channel is not None and channel.summary_id is None:
        draft.record(e.SummaryPosted(message=command.message))
    return None

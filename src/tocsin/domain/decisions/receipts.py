"""What came of a delivery? Receipts of the delivery workers, turned into facts of the timeline."""

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal, contact_for
from tocsin.domain.incident import Page, PageStatus
from tocsin.domain.text import clean_line
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Urgency


def page_accepted(draft: Draft, command: c.ReportPageAccepted) -> Refusal | None:
    """The provider took it. That is not an answer: the ladder goes on."""
    page = draft.incident.pages.get(command.key)
    if page is None or command.via not in {way.via for way in (*page.tried, page.method)}:
        return None
    # A provider that was down may wake somebody after all, whose page the inbox has meanwhile.
    wakes_after_all = page.status is PageStatus.ACCEPTED and page.is_lost and command.via != page.method.via
    if page.status is PageStatus.PENDING or wakes_after_all:
        draft.record(
            e.PageAccepted(key=command.key, person=page.person, via=command.via, counted_in=command.counted_in)
        )
    return None


def page_failed(draft: Draft, command: c.ReportPageFailed) -> Refusal | None:
    """Move on at once: to the person's next contact method, and without one to the ladder's next step."""
    page = draft.incident.pages.get(command.key)
    if page is None or page.status is not PageStatus.PENDING:
        return None  # a receipt that comes late: the page was taken, given up or answered
    is_first = page.method.via == command.via and page.method not in page.tried
    is_given_up = not command.is_retried and command.via in {way.via for way in page.retried}
    if not is_first and not is_given_up:
        return None  # the page has moved on, or it was told before
    draft.record(
        e.PageFailed(
            key=command.key,
            person=page.person,
            reason=clean_line(command.reason),
            next_method=_next_method(draft, page) if is_first else None,
            is_retried=command.is_retried,
            via=command.via,
        )
    )
    return None


def _next_method(draft: Draft, page: Page) -> ContactMethod | None:
    urgency = Urgency.PAGE if page.demands_answer else Urgency.NOTIFY
    return contact_for(draft.context.roster, page.person, urgency, tried=(*page.tried, page.method))


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

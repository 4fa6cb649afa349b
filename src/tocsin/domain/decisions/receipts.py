"""What came of a delivery? Receipts of the delivery workers, turned into facts of the timeline."""

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal, contact_for
from tocsin.domain.incident import PageStatus
from tocsin.domain.text import clean_line
from tocsin.sop.words import Urgency


def page_accepted(draft: Draft, command: c.ReportPageAccepted) -> Refusal | None:
    """The provider took it. That is not an answer: the ladder goes on."""
    page = draft.incident.pages.get(command.key)
    if page is not None and page.status is PageStatus.PENDING:
        draft.record(e.PageAccepted(key=command.key, person=page.person, via=page.method.via))
    return None


def page_failed(draft: Draft, command: c.ReportPageFailed) -> Refusal | None:
    """Move on at once: to the person's next contact method, and without one to the ladder's next step."""
    page = draft.incident.pages.get(command.key)
    if page is None or page.status is not PageStatus.PENDING or page.method.via != command.via:
        return None  # a receipt that comes late: the page has moved on, or was answered
    if command.is_retried and page.method in page.tried:
        return None  # told before
    urgency = Urgency.PAGE if page.demands_answer else Urgency.NOTIFY
    next_method = contact_for(draft.context.roster, page.person, urgency, tried=(*page.tried, page.method))
    draft.record(
        e.PageFailed(
            key=command.key,
            person=page.person,
            reason=clean_line(command.reason),
            next_method=next_method,
            is_retried=command.is_retried,
        )
    )
    return None


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

"""What is to be sent? Effects: rows of the outbox, complete in themselves, so that a delivery needs nothing else.

`lane` orders them: effects of one lane leave in the order they were decided, one at a time.
"""

from datetime import datetime

from msgspec import Struct

from tocsin.domain.events import Reach
from tocsin.sop.words import Severity, Urgency


class Effect(Struct, frozen=True, tag_field="kind", tag=True, omit_defaults=True):
    """Base of all effects."""


class PageEffect(Effect, frozen=True):
    """Base of what concerns one page: its lane is the page, by its stable key."""

    key: str
    reach: Reach

    @property
    def provider(self) -> str:
        """Who delivers it: `pagerduty`, `slack`, `email`, `apprise` or `inbox`."""
        return self.reach.method.via

    @property
    def way(self) -> str:
        """Which contact method of the person's it is: a provider may serve several."""
        return self.reach.method.id

    @property
    def lane(self) -> str:
        """The page by this contact method."""
        return f"{self.key}/{self.way}"


class SendPage(PageEffect, frozen=True):
    """Reach the person: a page demands an acknowledgement, a notification informs."""

    incident: str
    title: str
    service: str
    urgency: Urgency
    severity: Severity | None
    reason: str
    at: datetime | None = None  # when it was decided, aware UTC; None: by an older version
    runbook: str = ""  # of the service, where it is an address
    channel: str = ""  # the id of the incident's channel, where it was open by then
    more: tuple[str, ...] = ()  # other incidents that are counted in it; known when it leaves, and never stored


class AcknowledgePage(PageEffect, frozen=True):
    """Stop the page from ringing: somebody responds."""


class ResolvePage(PageEffect, frozen=True):
    """The page is over."""


class OfPageTest(Effect, frozen=True):
    """Base of what concerns one test page to one person: no incident, and nothing follows from what comes of it."""

    key: str
    reach: Reach

    @property
    def provider(self) -> str:
        """Who delivers it."""
        return self.reach.method.via

    @property
    def way(self) -> str:
        """Which contact method of the person's it tests."""
        return self.reach.method.id

    @property
    def lane(self) -> str:
        """The test."""
        return self.key


class SendPageTest(OfPageTest, frozen=True):
    """Show the person, as a page would, that this way to them works."""

    asked_by: str


class EndPageTest(OfPageTest, frozen=True):
    """Stop the test from ringing."""


class ChannelEffect(Effect, frozen=True):
    """Base of what happens in an incident's channel, in order."""

    incident: str

    @property
    def provider(self) -> str:
        """Channels are Slack's."""
        return "slack"

    @property
    def lane(self) -> str:
        """The incident's channel."""
        return f"{self.incident}/slack"


class OpenChannel(ChannelEffect, frozen=True):
    """Create the incident channel."""

    name: str


class InviteToChannel(ChannelEffect, frozen=True):
    """Bring people in; those without a Slack id are passed over."""

    channel: str
    people: tuple[str, ...]


class SetTopic(ChannelEffect, frozen=True):
    """Say in the channel's topic how it stands."""

    channel: str
    topic: str


class AddBookmark(ChannelEffect, frozen=True):
    """Link the incident from the channel."""

    channel: str
    title: str


class PostMessage(ChannelEffect, frozen=True):
    """Write into the channel."""

    channel: str
    text: str


class PostSummary(ChannelEffect, frozen=True):
    """Write the summary that will be pinned and kept current."""

    channel: str
    text: str


class PinSummary(ChannelEffect, frozen=True):
    """Pin the summary."""

    channel: str
    message: str


class UpdateSummary(ChannelEffect, frozen=True):
    """Bring the pinned summary up to date."""

    channel: str
    message: str
    text: str


class TellStakeholders(ChannelEffect, frozen=True):
    """Write into the stakeholders' channel."""

    channel: str
    text: str

    @property
    def lane(self) -> str:
        """The incident in the stakeholders' channel."""
        return f"{self.incident}/stakeholders"


class CounterpartEffect(Effect, frozen=True):
    """Base of what is said at PagerDuty's own incident of the page `page`; `number` is that of the event behind it."""

    incident: str
    page: str
    number: int

    @property
    def provider(self) -> str:
        """PagerDuty's REST API: pages never wait for it."""
        return "pagerduty_rest"

    @property
    def lane(self) -> str:
        """The incident there."""
        return f"{self.incident}/pagerduty_rest"


class NoteThere(CounterpartEffect, frozen=True):
    """Write a note on it."""

    text: str


class AskThere(CounterpartEffect, frozen=True):
    """Ask the user of PagerDuty to respond to it."""

    user: str
    message: str


AnyEffect = (
    SendPage
    | AcknowledgePage
    | ResolvePage
    | SendPageTest
    | EndPageTest
    | OpenChannel
    | InviteToChannel
    | SetTopic
    | AddBookmark
    | PostMessage
    | PostSummary
    | PinSummary
    | UpdateSummary
    | TellStakeholders
    | NoteThere
    | AskThere
)

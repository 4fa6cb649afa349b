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
        """Who delivers it: `pagerduty`, `slack`, `email`, `apprise`, `push` or `inbox`."""
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


class Card(Struct, frozen=True):
    """How an incident stands, in parts, for what lays it out: `facts` are labels and values.

    `status` and `next` are the words of Status and NextStep; an older node must be able to read those that it lacks.
    """

    title: str
    status: str
    facts: tuple[tuple[str, str], ...]
    update: str = ""  # the last one
    next: str = ""  # the step that the procedure asks for; empty: none


class Line(Struct, frozen=True):
    """Something that is said in a channel; `mention` is the person whom it is to be brought to the notice of."""

    at: datetime
    text: str
    is_update: bool = False
    mention: str = ""


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


class OpenPrivateChannel(OpenChannel, frozen=True):
    """Create the incident channel, for those alone who are invited. A node that doesn't know it must not open it."""


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


class AddLink(ChannelEffect, frozen=True):
    """Link a page of the organisation's from the channel."""

    channel: str
    title: str
    url: str


class Said(ChannelEffect, frozen=True):
    """Base of what is said in a channel.

    `lines` is all that leaves in one message, its own first, where others that waited are counted in it; it is known
    when it leaves, and never stored.
    """

    channel: str
    text: str
    is_update: bool = False
    mention: str = ""
    lines: tuple[Line, ...] = ()

    def line(self, at: datetime) -> Line:
        """It as a line of a message that says several."""
        return Line(at, self.text, self.is_update, self.mention)


class PostMessage(Said, frozen=True):
    """Write into the channel."""


class PostSummary(ChannelEffect, frozen=True):
    """Write the summary that will be pinned and kept current."""

    channel: str
    text: str
    card: Card | None = None  # None: an older Tocsin decided on it


class PinSummary(ChannelEffect, frozen=True):
    """Pin the summary."""

    channel: str
    message: str


class UpdateSummary(ChannelEffect, frozen=True):
    """Bring the pinned summary up to date."""

    channel: str
    message: str
    text: str
    card: Card | None = None


class ArchiveChannel(ChannelEffect, frozen=True):
    """Close the channel: it can be read, and nothing be written any more."""

    channel: str


class UnarchiveChannel(ChannelEffect, frozen=True):
    """Open the archived channel again."""

    channel: str


class BriefNewcomer(ChannelEffect, frozen=True):
    """Show a member of Slack's who has joined the channel how it stands; nobody else sees it."""

    channel: str
    user: str
    text: str
    card: Card | None = None

    @property
    def lane(self) -> str:
        """The newcomer: they wait for nobody."""
        return f"{self.incident}/slack/{self.user}"


class TellStakeholders(Said, frozen=True):
    """Write into the stakeholders' channel."""

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
    | OpenPrivateChannel
    | InviteToChannel
    | SetTopic
    | AddBookmark
    | AddLink
    | PostMessage
    | PostSummary
    | PinSummary
    | UpdateSummary
    | ArchiveChannel
    | UnarchiveChannel
    | BriefNewcomer
    | TellStakeholders
    | NoteThere
    | AskThere
)

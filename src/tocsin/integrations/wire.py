"""What crosses the wire? Requests and messages out, replies and their verdicts, alerts in; plain values, no I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from tocsin.domain.commands import Receipt

T = TypeVar("T")


class Attempt(Struct, frozen=True):
    """Which attempt at a delivery it is. `key` is the delivery's, the same at each; `since` is when it was decided on.

    `is_repeat`: an earlier attempt may have been taken, and the answer lost.
    """

    key: str
    since: datetime
    is_repeat: bool = False


class Limit(Struct, frozen=True):
    """What a provider counts requests by, and how many of that name it takes in any minute."""

    name: str
    a_minute: int


class Request(Struct, frozen=True):
    """An HTTP request to a provider. `otherwise` is what it is made for, where it only looks whether that is done.

    `limit` is what it counts against; None: nothing that is known beforehand.
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    otherwise: "Request | None" = None
    limit: Limit | None = None

    def __repr__(self) -> str:
        # Headers and bodies hold tokens and routing keys.
        return f"Request({self.method} {self.url}, {len(self.body)} bytes)"


class Tls(StrEnum):
    """How a connection to a mail server is kept from being read."""

    NONE = "none"  # on this machine only, or as a private network's owner decides
    STARTTLS = "starttls"
    IMPLICIT = "implicit"  # RFC 8314, section 3: from the first byte on


class Post(Struct, frozen=True):
    """A mail server, and as whom it is used."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Post({self.host}:{self.port})"  # without the password


class Mail(Struct, frozen=True):
    """An e-mail for a mail server, complete but for its date. What comes back is a Reply in SMTP's codes."""

    server: Post
    sender: str
    to: str
    content: bytes

    def __repr__(self) -> str:
        # The content holds a link that acknowledges.
        return f"Mail(to {self.to} by {self.server!r}, {len(self.content)} bytes)"


class Push(Struct, frozen=True):
    """A notification for Apprise; `url` is an address in its words. What comes back is a Reply whose body it wrote."""

    url: str
    title: str
    body: str
    is_urgent: bool

    def __repr__(self) -> str:
        return f"Push({self.url.partition(':')[0]}, {self.title!r})"  # the address holds a token, the body a link


class Ring(Struct, frozen=True):
    """A message for every browser of a person's; what comes back is a Reply whose body tells of each of them.

    `seconds` is how long a push service keeps it for a browser that can't be reached, `topic` what it replaces there.
    """

    person: str
    message: bytes
    seconds: int
    is_urgent: bool
    topic: str

    def __repr__(self) -> str:
        return f"Ring({self.person}, {len(self.message)} bytes)"  # the message holds a link that acknowledges


Outgoing = Request | Mail | Push | Ring


class Visit(Struct, frozen=True):
    """A mail server that is signed in to and left, with no message. What comes back is a Reply in SMTP's codes.

    The header `command` is `noop` where all went well.
    """

    server: Post


class Reading(Struct, frozen=True):
    """Addresses for Apprise that are only read: nothing is sent. The Reply's body is a list, a state for each."""

    urls: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Reading({len(self.urls)} addresses)"  # which hold tokens


Inquiry = Request | Visit | Reading  # what is only asked, and reaches nobody


class Single(Struct, frozen=True):
    """One alert of a body that brought several, as a body of its own; `identity` stays the same when it comes again."""

    identity: bytes
    body: bytes


class Reply(Struct, frozen=True):
    """What came back; header names in lower case, `body` cut at the sender's limit.

    Of a mail server: its last answer, where the header `command` names what it answers: `connect`, `auth`, `data`…
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def json_in(reply: Reply, form: type[T]) -> T | None:
    """The reply's body as a `form`; None where it is no JSON, not UTF-8, nested without end, or of another form."""
    try:
        return msgspec.json.decode(reply.body, type=form)
    except (ValueError, RecursionError):
        return None


class Done(Struct, frozen=True):
    """The provider took it, by a positive answer that was parsed."""

    receipts: tuple[Receipt, ...] = ()


class Rung(Done, frozen=True):
    """As Done, of what needs no request: once `line` stands on the console, after the last look."""

    line: str = ""


class Again(Struct, frozen=True):
    """It may work later: not before `after` has passed, when the provider said so."""

    reason: str
    after: timedelta | None = None


class Busy(Again, frozen=True):
    """As Again, of a provider that is well: it takes no more at present, as documented."""


class Never(Struct, frozen=True):
    """It will not work, for the provider's documented reason."""

    reason: str
    receipts: tuple[Receipt, ...] = ()


class Then(Struct, frozen=True):
    """It takes a further request, to be sent now."""

    request: Request


Verdict = Done | Again | Never | Then

# A page is not put off for longer than this, whatever a provider (or a proxy's broken clock) asks for.
MAX_WAIT = timedelta(hours=1)


def wait_asked(reply: Reply) -> timedelta | None:
    """How long the provider asks to be left alone, from 0 to MAX_WAIT; None: it doesn't say, or not readably.

    RFC 9110, section 10.2.3: `Retry-After` holds seconds or a date. A date counts from the reply's own `Date`, so
    that nobody's clock has to be right.
    """
    asked = reply.headers.get("retry-after", "").strip()
    if asked.isdecimal() and asked.isascii():
        return timedelta(seconds=min(int(asked[:9]), MAX_WAIT.total_seconds()))
    until, since = _http_date(asked), _http_date(reply.headers.get("date", ""))
    if until is None or since is None:
        return None
    return min(max(until - since, timedelta(0)), MAX_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # what the e-mail parser raises for text that is no date
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)

"""What does Slack's answer mean? Reply to verdict, by the errors that Slack documents; no I/O.

Source: docs.slack.dev/reference/methods/<method>, "Errors", and docs.slack.dev/apis/web-api/rate-limits. Slack
answers nearly everything with HTTP 200; only `"ok": true` is a yes.
"""

from msgspec import Struct

from tocsin.domain.commands import (
    Receipt,
    ReportChannelFailed,
    ReportChannelOpened,
    ReportPageAccepted,
    ReportPageFailed,
    ReportSummaryPosted,
)
from tocsin.domain.effects import (
    BriefNewcomer,
    ChannelEffect,
    InviteToChannel,
    OpenChannel,
    OpenPrivateChannel,
    PostSummary,
    SendPage,
    SendPageTest,
)
from tocsin.domain.text import clean_line
from tocsin.integrations.slack.account import SlackAccount, argument_of
from tocsin.integrations.slack.errors import HARMLESS, IS_BUSY, IS_PASSING, remedy_for
from tocsin.integrations.slack.once import Found, found_in
from tocsin.integrations.wire import Again, Busy, Done, Never, Reply, Request, Then, Verdict, json_in, wait_asked

PROVIDER = "slack"
# conversations.list, `limit`: "Must be an integer with a max value of 999" (1000 in 2021). A thousand conversations
# can pass the 1 MB at which the sender cuts a body, half of that can't.
LISTED_AT_ONCE = 500
# web-api: Slack says no with 200 and a reason. Without one, something between it and us does, or it has shut us out.
_SHUT_OUT = frozenset({401, 403})
SHUT_OUT_REMEDY = "check the bot token, and the proxies and firewalls on the way"

SlackEffect = ChannelEffect | SendPage | SendPageTest


class _Answer(Struct, frozen=True):
    """What every answer says of itself."""

    ok: bool
    error: str = ""
    needed: str | None = None  # with missing_scope: the scope


class _Channel(Struct, frozen=True):
    """A conversation, as far as it matters here."""

    id: str
    name: str
    is_member: bool = True


class _Opened(Struct, frozen=True):
    channel: _Channel


class _Posted(Struct, frozen=True):
    ts: str


class _Metadata(Struct, frozen=True):
    next_cursor: str = ""


class _Listing(Struct, frozen=True):
    channels: tuple[_Channel, ...]
    response_metadata: _Metadata = _Metadata()


class _NotInvited(Struct, frozen=True):
    user: str
    error: str


class _NotAllInvited(Struct, frozen=True):
    errors: tuple[_NotInvited, ...]


class _Call(Struct, frozen=True):
    """A call that was made for an effect, and what came back."""

    effect: SlackEffect
    method: str
    request: Request
    reply: Reply
    account: SlackAccount


def classify(effect: SlackEffect, request: Request, reply: Reply, account: SlackAccount) -> Verdict:
    """What the reply to `request` means for the effect; Then, where it takes another call to know or to finish."""
    call = _Call(effect, account.method_of(request), request, reply, account)
    if request.otherwise is not None:
        return _looked(call, request.otherwise)
    answer = json_in(reply, _Answer)
    if reply.status == 429 or (answer and answer.error in IS_BUSY):
        return _busy(reply)
    if answer is None and reply.status in _SHUT_OUT:
        return refused(effect, call.method, f"HTTP {reply.status}, without Slack's words; {SHUT_OUT_REMEDY}")
    is_documented = 200 <= reply.status < 300 or (answer and not answer.ok and 400 <= reply.status < 500)
    if answer is None or not is_documented:
        return _unreadable(reply)
    verdict = _said_yes(call) if answer.ok else _said_no(call, answer)
    return verdict or _unreadable(reply)


def _looked(call: _Call, sought: Request) -> Verdict:
    """The verdict on a search for what an earlier attempt may have done.

    A page never waits for one, and what Slack refuses for good keeps nothing from being posted: twice is better.
    """
    answer = json_in(call.reply, _Answer)
    found = found_in(call.request, call.reply, call.account) if answer and answer.ok else None
    match found:
        case Found():
            return _is_posted(call.effect, found.message)
        case Request():
            return Then(request=found)
    is_refused = answer is not None and not answer.ok and answer.error not in IS_BUSY | IS_PASSING
    if is_refused or isinstance(call.effect, SendPage | SendPageTest):
        return Then(request=sought)
    if call.reply.status == 429 or (answer and answer.error in IS_BUSY):
        return _busy(call.reply)
    return _unreadable(call.reply)


def refused(effect: SlackEffect, method: str, reason: str) -> Never:
    """Never, with the receipt that lets the incident go on by another way."""
    receipt: Receipt = ReportChannelFailed(action=method, reason=reason)
    if isinstance(effect, SendPage):
        receipt = ReportPageFailed(key=effect.key, via=effect.way, reason=f"Slack: {reason}")
    # Nothing follows from a test, nor from a brief that somebody has not been shown.
    receipts = () if isinstance(effect, SendPageTest | BriefNewcomer) else (receipt,)
    return Never(reason=f"{method}: {reason}", receipts=receipts)


def _said_yes(call: _Call) -> Verdict | None:
    """The verdict on `"ok": true`; None where the answer lacks what its method promises."""
    match call.effect:
        case OpenChannel() as effect if call.method == "conversations.list":
            return _found(call, effect)
        case OpenChannel():
            opened = json_in(call.reply, _Opened)
            return _channel_is(opened.channel) if opened else None
        case PostSummary() | SendPage() | SendPageTest() as effect:
            posted = json_in(call.reply, _Posted)
            return _is_posted(effect, posted.ts) if posted else None
        case _:
            return Done()


def _is_posted(effect: SlackEffect, message: str) -> Done:
    """The message stands there under that id."""
    match effect:
        case PostSummary():
            return Done(receipts=(ReportSummaryPosted(message=message),))
        case SendPage():
            return Done(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),))
    return Done()


def _said_no(call: _Call, answer: _Answer) -> Verdict | None:
    """The verdict on `"ok": false`; None where no error is named."""
    if not answer.error:
        return None
    if answer.error in IS_PASSING:
        return Again(reason=f"Slack: {_code(answer.error)}", after=wait_asked(call.reply))
    if answer.error == "name_taken" and isinstance(call.effect, OpenChannel):
        # Most likely by ourselves: the channel was opened, and the answer was lost in a crash or a time-out.
        return Then(request=_listing(call))
    if isinstance(call.effect, InviteToChannel) and (others := _others_to_invite(call)):
        arguments = {"channel": call.effect.channel, "users": ",".join(others)}
        return Then(request=call.account.post(call.method, arguments))
    if answer.error in HARMLESS.get(call.method, ()):
        return Done()
    remedy = remedy_for(answer.error, _code(answer.needed or ""), call.method)
    return refused(call.effect, call.method, f"{_code(answer.error)}{remedy}")


def _found(call: _Call, effect: OpenChannel) -> Verdict | None:
    """The verdict on one page of the listing; None where it can't be read or would lead to itself."""
    listing = json_in(call.reply, _Listing)
    if listing is None:
        return None
    for channel in listing.channels:
        if channel.name == effect.name:
            return _channel_is(channel) if channel.is_member else Then(request=_joining(call.account, channel))
    cursor = listing.response_metadata.next_cursor
    if not cursor:
        return refused(effect, "conversations.create", f"name_taken{remedy_for('name_taken')}")
    return None if cursor == argument_of(call.request, "cursor") else Then(request=_listing(call, cursor))


def _joining(account: SlackAccount, channel: _Channel) -> Request:
    """Somebody made the channel for this incident by hand: nobody can write in a channel without being in it."""
    return account.post("conversations.join", {"channel": channel.id})


def _listing(call: _Call, cursor: str = "") -> Request:
    """Of channels of the kind that was asked for: what is to be private never becomes a public one of that name."""
    kind = "private_channel" if isinstance(call.effect, OpenPrivateChannel) else "public_channel"
    arguments = {"exclude_archived": "true", "limit": str(LISTED_AT_ONCE), "types": kind}
    return call.account.get("conversations.list", arguments | ({"cursor": cursor} if cursor else {}))


def _channel_is(channel: _Channel) -> Done:
    return Done(receipts=(ReportChannelOpened(channel=channel.id, name=channel.name),))


def _others_to_invite(call: _Call) -> list[str]:
    """conversations.invite: a member who can't be invited (in already, gone) keeps all others out; these are they."""
    answer = json_in(call.reply, _NotAllInvited)
    kept_out = {one.user for one in answer.errors} if answer else set()
    asked = argument_of(call.request, "users").split(",")
    return [member for member in asked if member not in kept_out] if kept_out.intersection(asked) else []


def _busy(reply: Reply) -> Busy:
    return Busy(reason="Slack takes no more calls at present", after=wait_asked(reply))


def _unreadable(reply: Reply) -> Again:
    return Again(reason=f"Slack did not confirm the call (HTTP {reply.status})", after=wait_asked(reply))


def _code(error: str) -> str:
    return clean_line(error, 80)

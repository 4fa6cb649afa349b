"""How is nothing posted twice? A message carries its delivery's key, by which a later attempt finds it; no I/O.

Sources: docs.slack.dev/messaging/message-metadata; docs.slack.dev/reference/methods/conversations.history, …open and
bookmarks.list. What the search needs and Slack refuses (a scope that the app lacks) keeps no message from being posted.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.integrations.slack.account import SlackAccount, argument_of
from tocsin.integrations.wire import Attempt, Reply, Request, json_in

EVENT_TYPE = "tocsin_message"
# conversations.history, `limit`: at most 999. Fifty of the longest messages pass the 1 MB at which the sender cuts a
# body, fifty of those that are written in a response don't.
LOOKED_THROUGH_AT_ONCE = 50
# Slack dates messages by its own clock, and ours may be off: a day of a channel's messages is soon looked through.
_CLOCKS_DIFFER_BY = 86_400  # seconds


class _Mark(Struct, frozen=True):
    """Whose delivery a message is, and when that was decided on, in seconds since 1970."""

    key: str = ""
    decided_at: int = 0


class _Metadata(Struct, frozen=True):
    event_payload: _Mark = _Mark()
    event_type: str = ""


class _Message(Struct, frozen=True):
    ts: str
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Cursor(Struct, frozen=True):
    next_cursor: str = ""


class _History(Struct, frozen=True):
    messages: tuple[_Message, ...]
    response_metadata: _Cursor | None = None


class _Opened(Struct, frozen=True):
    class Channel(Struct, frozen=True):
        """The direct message."""

        id: str

    channel: Channel


class _Bookmark(Struct, frozen=True):
    link: str | None = None


class _Bookmarks(Struct, frozen=True):
    bookmarks: tuple[_Bookmark, ...]


class Found(Struct, frozen=True):
    """It has been done; `message` is the id of the message that says so, where it is one."""

    message: str = ""


def mark(attempt: Attempt) -> str:
    """The argument `metadata` of chat.postMessage: whose delivery it is."""
    metadata = _Metadata(_Mark(attempt.key, int(attempt.since.timestamp())), EVENT_TYPE)
    return msgspec.json.encode(metadata).decode()


def look_first(request: Request, account: SlackAccount) -> Request:
    """Where `request` would post what an earlier attempt may have posted: the search for that, with it `otherwise`."""
    match account.method_of(request):
        case "chat.postMessage" if argument_of(request, "channel")[:1] in ("U", "W"):
            opening = account.post("conversations.open", {"users": argument_of(request, "channel")})
            return replace(opening, otherwise=request)
        case "chat.postMessage":
            return _history(argument_of(request, "channel"), request, account)
        case "bookmarks.add":
            listing = account.post("bookmarks.list", {"channel_id": argument_of(request, "channel_id")})
            return replace(listing, otherwise=request)
        case _:
            return request


def found_in(request: Request, reply: Reply, account: SlackAccount) -> Found | Request | None:
    """What a positive reply to a search shows: that it is done, or where to look next; at the end what was looked for.

    None: the reply can't be read.
    """
    sought = request.otherwise
    if sought is None:
        raise TypeError("nothing is looked for")
    match account.method_of(request):
        case "conversations.open":
            opened = json_in(reply, _Opened)
            return _history(opened.channel.id, sought, account) if opened else None
        case "bookmarks.list":
            bookmarks, link = json_in(reply, _Bookmarks), argument_of(sought, "link")
            if bookmarks is None:
                return None
            return Found() if any(it.link == link for it in bookmarks.bookmarks) else sought
        case _:
            return _seen(request, sought, reply, account)


def _seen(request: Request, sought: Request, reply: Reply, account: SlackAccount) -> Found | Request | None:
    history, key = json_in(reply, _History), _mark_of(argument_of(sought, "metadata").encode()).key
    if history is None:
        return None
    for message in history.messages:
        if key and _mark_of(bytes(message.metadata)).key == key:
            return Found(message.ts)
    cursor = history.response_metadata.next_cursor if history.response_metadata else ""
    if not cursor:
        return sought
    is_led_on = cursor != argument_of(request, "cursor")
    return _history(argument_of(request, "channel"), sought, account, cursor) if is_led_on else None


def _history(channel: str, sought: Request, account: SlackAccount, cursor: str = "") -> Request:
    decided_at = _mark_of(argument_of(sought, "metadata").encode()).decided_at
    arguments = {
        "channel": channel,
        "include_all_metadata": "true",
        "limit": str(LOOKED_THROUGH_AT_ONCE),
        "oldest": str(decided_at - _CLOCKS_DIFFER_BY),
    }
    searching = account.get("conversations.history", arguments | ({"cursor": cursor} if cursor else {}))
    return replace(searching, otherwise=sought)


def _mark_of(metadata: bytes) -> _Mark:
    """The mark in a message's metadata; an empty one where those are another app's, or none."""
    try:
        read = msgspec.json.decode(metadata, type=_Metadata)
    except ValueError:
        return _Mark()
    return read.event_payload if read.event_type == EVENT_TYPE else _Mark()

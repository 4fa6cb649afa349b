"""What would a method of Slack's refuse? Channels and messages as they are kept, and the rules for arguments.

Sources: docs.slack.dev/reference/methods/<method>, "Arguments" and "Errors".
"""

import re

from msgspec import Struct

from tocsin.simulate.sandbox.slack_blocks import SlackButton
from tocsin.simulate.sandbox.slack_call import Arguments, Refusal

BOT = "U0TOCSINBOT"
_MEMBER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_TIMESTAMP = re.compile(r"\d{10}\.\d{6}")
_LISTED_BY_DEFAULT = 100
_LISTED_AT_MOST = 999


class SlackMessage(Struct, frozen=True):
    """A message as it stands now; `ts` is its id within the channel, `metadata` JSON as it came."""

    ts: str
    text: str
    blocks: tuple[str, ...] = ()
    buttons: tuple[SlackButton, ...] = ()
    metadata: str = ""
    user: str = BOT
    thread: str = ""  # the id of the message that it answers


class Whisper(Struct, frozen=True):
    """A message that one member alone was shown."""

    user: str
    text: str
    blocks: tuple[str, ...] = ()
    buttons: tuple[SlackButton, ...] = ()


class SlackChannel(Struct, frozen=True):
    """A conversation; a direct message has a member's id for its name."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...] = (BOT,)
    messages: tuple[SlackMessage, ...] = ()
    pins: tuple[str, ...] = ()
    bookmarks: tuple[str, ...] = ()
    whispers: tuple[Whisper, ...] = ()
    is_archived: bool = False
    is_private: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct message."""
        return self.id.startswith("D")


def is_member_id(text: str) -> bool:
    """Whether it is formed like a member's id."""
    return _MEMBER_ID.fullmatch(text) is not None


def barred(user: str, channel: SlackChannel, strangers: set[str]) -> str:
    """conversations.invite: the error that keeps the user out of the channel; empty where there is none."""
    if user == BOT:
        return "cant_invite_self"
    if user in channel.members:
        return "already_in_channel"
    return "" if is_member_id(user) and user not in strangers else "user_not_found"


def check_name(name: str) -> None:
    """conversations.create, "Naming": lower case letters, digits, hyphens and underscores, at most 80 characters."""
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > 80:
        raise Refusal("invalid_name_maxlength")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise Refusal("invalid_name_specials")
    if not re.search(r"[a-z0-9]", name):
        raise Refusal("invalid_name_punctuation")


def page_of(arguments: Arguments) -> tuple[int, int]:
    """The "Pagination" of conversations.list and conversations.history: how many, from where."""
    limit = int(arguments.get("limit", _LISTED_BY_DEFAULT))
    if not 1 <= limit <= _LISTED_AT_MOST:
        raise Refusal("invalid_limit")
    cursor = arguments.get("cursor") or "after:0"
    if not re.fullmatch(r"after:\d{1,9}", cursor):
        raise Refusal("invalid_cursor")
    # "Fewer than the requested number of items may be returned, even if the end … hasn't been reached": so it does.
    return min(limit, _LISTED_BY_DEFAULT), int(cursor.removeprefix("after:"))


def check_message(channel: SlackChannel, ts: str) -> None:
    """The channel must hold a message of that id."""
    if not _TIMESTAMP.fullmatch(ts):
        raise Refusal("bad_timestamp")
    if all(message.ts != ts for message in channel.messages):
        raise Refusal("message_not_found")

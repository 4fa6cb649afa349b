"""What is in this Slack? Its conversations, found and changed by id; a clock of its own it has not.

Source: docs.slack.dev/reference/objects/conversation-object. The bot is one member, BOT; every well-formed member id is
somebody's, except those in `strangers`.
"""

from datetime import UTC, datetime

import msgspec

from tocsin.simulate.sandbox.slack_call import Refusal
from tocsin.simulate.sandbox.slack_rules import BOT, SlackChannel, SlackMessage, is_member_id
from tocsin.simulate.sandbox.slack_views import Dialogs

_EPOCH = 1_767_607_200  # when every conversation began


class Workspace:
    """The conversations: `channels` by id, oldest first; `dialogs`, and what was said to a member alone.

    `socket_url` is where Socket Mode's connections go; empty: the app has none.
    """

    def __init__(self) -> None:
        self.channels: dict[str, SlackChannel] = {}
        self.dialogs = Dialogs()
        self.whispers: dict[str, list[str]] = {}
        self.socket_url = ""
        self.strangers: set[str] = set()
        self._count = 0

    def add(
        self, name: str, *, members: tuple[str, ...] = (BOT,), is_private: bool = False, is_archived: bool = False
    ) -> SlackChannel:
        """A new channel, without a call."""
        channel = SlackChannel(
            id=self.new_id("C"), name=name, members=members, is_private=is_private, is_archived=is_archived
        )
        return self.keep(channel)

    def named(self, name: str) -> SlackChannel:
        """The channel of that name, or the direct message with that member."""
        return next(channel for channel in list(self.channels.values()) if channel.name == name)

    def write(self, channel: str, user: str, text: str, *, thread: str = "") -> str:
        """A member writes a message, now; its id. One in a thread stands in no history."""
        known = self.channels[channel]
        message = SlackMessage(self.new_ts(datetime.now(UTC)), text, user=user, thread=thread)
        self.change(known, messages=(*known.messages, message))
        return message.ts

    def enter(self, channel: str, user: str) -> None:
        """The member is in the channel."""
        known = self.channels[channel]
        self.change(known, members=tuple(dict.fromkeys((*known.members, user))))

    def whisper(self, user: str, text: str) -> None:
        """Say something to the member alone."""
        self.whispers[user] = [*self.whispers.get(user, []), text]

    def find(self, channel_id: str, *, is_inside: bool = True, is_written: bool = True) -> SlackChannel:
        """The channel; one that can be written in where `is_written`; `is_inside` asks for the bot to be in it."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.is_private and BOT not in channel.members):
            raise Refusal("channel_not_found")
        if channel.is_archived and is_written:
            raise Refusal("is_archived")
        if is_inside and BOT not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def direct(self, member: str) -> SlackChannel:
        """The direct message with the member, opened if need be."""
        opened = [channel for channel in self.channels.values() if channel.is_direct and channel.name == member]
        return opened[0] if opened else self.keep(SlackChannel(self.new_id("D"), member, members=(BOT, member)))

    def is_member(self, user: str) -> bool:
        """Whether the id is a member's."""
        return is_member_id(user) and user not in self.strangers

    def keep(self, channel: SlackChannel) -> SlackChannel:
        """The channel is so from now on."""
        self.channels[channel.id] = channel
        return channel

    def change(self, channel: SlackChannel, **fields: object) -> SlackChannel:
        """The channel with these fields changed."""
        return self.keep(msgspec.structs.replace(channel, **fields))

    def new_id(self, kind: str) -> str:
        """An id that nothing has, beginning with `kind`."""
        self._count += 1
        return f"{kind}{self._count:010}"

    def new_ts(self, at: datetime) -> str:
        """The id of a message that is posted now: seconds since 1970, and a number of its own."""
        self._count += 1
        return f"{int(at.timestamp())}.{self._count:06}"

    def shown(self, channel: SlackChannel) -> dict[str, object]:
        """The conversation object of the documentation, with the fields that it demands."""
        kinds = dict.fromkeys(("is_general", "is_group", "is_im", "is_mpim", "is_org_shared", "is_shared"), False)
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": _EPOCH,
            "creator": BOT,
            "is_channel": True,
            "is_archived": channel.is_archived,
            "is_private": channel.is_private,
            "is_member": BOT in channel.members,
            "topic": {"value": channel.topic, "creator": BOT if channel.topic else "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            **kinds,
        }

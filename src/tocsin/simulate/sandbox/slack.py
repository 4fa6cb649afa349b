"""What would Slack answer? The Web API's methods that an incident needs, with the channels that they make.

Sources: docs.slack.dev/reference/methods/<method> and …/reference/block-kit, read for this file alone. The bot is one
member, BOT; every well-formed member id is somebody's, except those in `strangers`.
"""

from collections.abc import Callable

import msgspec

from tocsin.simulate.sandbox.recording import RecordedRequest, Response, json_response
from tocsin.simulate.sandbox.slack_call import Arguments, Refusal, arguments_of
from tocsin.simulate.sandbox.slack_rules import (
    BOT,
    SlackChannel,
    SlackMessage,
    barred,
    blocks_of,
    check_message,
    check_name,
    is_member_id,
    page_of,
)

_EPOCH = 1_767_607_200  # when the sandbox's Slack began: it has no clock, its time is the count of what happened


class SandboxSlack:
    """Slack: `channels` by id, oldest first."""

    def __init__(self) -> None:
        self.channels: dict[str, SlackChannel] = {}
        self.strangers: set[str] = set()
        self._count = 0
        self._methods: dict[str, Callable[[Arguments], dict[str, object]]] = {
            "bookmarks.add": self._add_bookmark,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.create": self._create,
            "conversations.invite": self._invite,
            "conversations.join": self._join,
            "conversations.list": self._list,
            "conversations.setTopic": self._set_topic,
            "pins.add": self._pin,
        }

    def answer(self, request: RecordedRequest) -> Response:
        """HTTP 200 with `ok` true or false, as Slack does for nearly everything."""
        method = request.path.removeprefix("/api/")
        try:
            arguments = arguments_of(request, method)
            return json_response(200, {"ok": True, **self._methods[method](arguments)})
        except Refusal as refusal:
            return json_response(200, refusal.answer)

    def add(
        self, name: str, *, members: tuple[str, ...] = (BOT,), is_private: bool = False, is_archived: bool = False
    ) -> SlackChannel:
        """A new channel, without a call."""
        channel = SlackChannel(
            id=self._new_id("C"), name=name, members=members, is_private=is_private, is_archived=is_archived
        )
        return self._keep(channel)

    def named(self, name: str) -> SlackChannel:
        """The channel of that name, or the direct message with that member."""
        return next(channel for channel in self.channels.values() if channel.name == name)

    def _create(self, arguments: Arguments) -> dict[str, object]:
        name = arguments.get("name", "")
        check_name(name)
        if any(channel.name == name for channel in self.channels.values()):
            raise Refusal("name_taken")
        is_private = arguments.get("is_private") in ("true", "1")
        return {"channel": self._shown(self.add(name, is_private=is_private))}

    def _list(self, arguments: Arguments) -> dict[str, object]:
        limit, start = page_of(arguments)
        is_live_only = arguments.get("exclude_archived") in ("true", "1")
        public = [one for one in self.channels.values() if not one.is_direct and not one.is_private]
        page = public[start : start + limit]
        cursor = f"after:{start + limit}" if start + limit < len(public) else ""
        shown = [self._shown(one) for one in page if not (is_live_only and one.is_archived)]
        return {"channels": shown, "response_metadata": {"next_cursor": cursor}}

    def _join(self, arguments: Arguments) -> dict[str, object]:
        channel = self._find(arguments["channel"], is_inside=False)
        if channel.is_private:
            raise Refusal("method_not_supported_for_channel_type")
        members = tuple(dict.fromkeys((*channel.members, BOT)))
        return {"channel": self._shown(self._change(channel, members=members))}

    def _invite(self, arguments: Arguments) -> dict[str, object]:
        channel = self._find(arguments["channel"])
        users = arguments["users"].split(",")
        if len(users) > 1000:
            raise Refusal("too_many_users")
        errors = [
            {"user": user, "ok": False, "error": why}
            for user in users
            if (why := barred(user, channel, self.strangers))
        ]
        if errors:
            raise Refusal(str(errors[0]["error"]), errors=errors)
        return {"channel": self._shown(self._change(channel, members=(*channel.members, *users)))}

    def _set_topic(self, arguments: Arguments) -> dict[str, object]:
        channel = self._find(arguments["channel"])
        if len(arguments["topic"]) > 250:
            raise Refusal("too_long")
        return {"channel": self._shown(self._change(channel, topic=arguments["topic"]))}

    def _add_bookmark(self, arguments: Arguments) -> dict[str, object]:
        channel, link = self._find(arguments["channel_id"]), arguments.get("link", "")
        if arguments["type"] != "link":
            raise Refusal("invalid_bookmark_type")
        if not link.startswith(("http://", "https://")):
            raise Refusal("invalid_link")
        if len(channel.bookmarks) >= 100:
            raise Refusal("too_many_bookmarks")
        self._change(channel, bookmarks=(*channel.bookmarks, link))
        bookmark = {"id": self._new_id("Bk"), "channel_id": channel.id, "title": arguments["title"], "link": link}
        return {"bookmark": bookmark | {"type": "link"}}

    def _post(self, arguments: Arguments) -> dict[str, object]:
        blocks = blocks_of(arguments)
        channel = self._conversation(arguments["channel"])
        message = SlackMessage(ts=self._new_ts(), text=arguments.get("text", ""), blocks=blocks)
        self._change(channel, messages=(*channel.messages, message))
        told = {"type": "message", "subtype": "bot_message", "text": message.text, "ts": message.ts}
        return {"channel": channel.id, "ts": message.ts, "message": told}

    def _update(self, arguments: Arguments) -> dict[str, object]:
        channel = self._find(arguments["channel"])
        check_message(channel, arguments["ts"])
        changed = SlackMessage(ts=arguments["ts"], text=arguments.get("text", ""), blocks=blocks_of(arguments))
        messages = tuple(changed if one.ts == changed.ts else one for one in channel.messages)
        self._change(channel, messages=messages)
        told = {"text": changed.text}
        return {"channel": channel.id, "ts": changed.ts, "text": changed.text, "message": told}

    def _pin(self, arguments: Arguments) -> dict[str, object]:
        channel = self._find(arguments["channel"])
        check_message(channel, arguments["timestamp"])
        if arguments["timestamp"] in channel.pins:
            raise Refusal("already_pinned")
        self._change(channel, pins=(*channel.pins, arguments["timestamp"]))
        return {}

    def _find(self, channel_id: str, *, is_inside: bool = True) -> SlackChannel:
        """The channel, one that can be written in; `is_inside` asks for the bot to be in it."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.is_private and BOT not in channel.members):
            raise Refusal("channel_not_found")
        if channel.is_archived:
            raise Refusal("is_archived")
        if is_inside and BOT not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def _conversation(self, given: str) -> SlackChannel:
        """The channel, or the direct message with the member, which is opened by the first message in it."""
        if not self._is_member(given):
            return self._find(given)
        opened = [channel for channel in self.channels.values() if channel.is_direct and channel.name == given]
        return opened[0] if opened else self._keep(SlackChannel(self._new_id("D"), given, members=(BOT, given)))

    def _is_member(self, user: str) -> bool:
        return is_member_id(user) and user not in self.strangers

    def _keep(self, channel: SlackChannel) -> SlackChannel:
        self.channels[channel.id] = channel
        return channel

    def _change(self, channel: SlackChannel, **fields: object) -> SlackChannel:
        return self._keep(msgspec.structs.replace(channel, **fields))

    def _new_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count:010}"

    def _new_ts(self) -> str:
        self._count += 1
        return f"{_EPOCH}.{self._count:06}"

    def _shown(self, channel: SlackChannel) -> dict[str, object]:
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

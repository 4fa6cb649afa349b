"""What do Slack's methods do to channels? conversations.*, bookmarks.* and pins.add, with what they refuse.

Source: docs.slack.dev/reference/methods/<method>, read for this file alone.
"""

from datetime import datetime

from tocsin.simulate.sandbox.slack_call import Arguments, Method, Refusal
from tocsin.simulate.sandbox.slack_rules import BOT, barred, check_message, check_name, page_of
from tocsin.simulate.sandbox.slack_workspace import Workspace

_TRUE = ("true", "1")


def create(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.create: a channel with the bot in it."""
    name = arguments.get("name", "")
    check_name(name)
    if any(channel.name == name for channel in slack.channels.values()):
        raise Refusal("name_taken")
    return {"channel": slack.shown(slack.add(name, is_private=arguments.get("is_private") in _TRUE))}


def list_(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.list: `types` is public channels unless it says otherwise; of private ones those with the bot."""
    limit, start = page_of(arguments)
    types = arguments.get("types", "public_channel").split(",")
    is_live_only = arguments.get("exclude_archived") in _TRUE
    listed = [
        one
        for one in slack.channels.values()
        if not one.is_direct
        and ("private_channel" in types and BOT in one.members if one.is_private else "public_channel" in types)
    ]
    page = listed[start : start + limit]
    cursor = f"after:{start + limit}" if start + limit < len(listed) else ""
    shown = [slack.shown(one) for one in page if not (is_live_only and one.is_archived)]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def info(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.info: a channel, archived or not."""
    return {"channel": slack.shown(slack.find(arguments["channel"], is_inside=False, is_written=False))}


def join(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.join: the bot enters a public channel."""
    channel = slack.find(arguments["channel"], is_inside=False)
    if channel.is_private:
        raise Refusal("method_not_supported_for_channel_type")
    members = tuple(dict.fromkeys((*channel.members, BOT)))
    return {"channel": slack.shown(slack.change(channel, members=members))}


def invite(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.invite: all of them, or none."""
    channel = slack.find(arguments["channel"])
    users = arguments["users"].split(",")
    if len(users) > 1000:
        raise Refusal("too_many_users")
    errors = [
        {"user": user, "ok": False, "error": why} for user in users if (why := barred(user, channel, slack.strangers))
    ]
    if errors:
        raise Refusal(str(errors[0]["error"]), errors=errors)
    return {"channel": slack.shown(slack.change(channel, members=(*channel.members, *users)))}


def set_topic(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.setTopic."""
    channel = slack.find(arguments["channel"])
    if len(arguments["topic"]) > 250:
        raise Refusal("too_long")
    return {"channel": slack.shown(slack.change(channel, topic=arguments["topic"]))}


def archive(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.archive: everybody is out of it from now on."""
    channel = slack.find(arguments["channel"], is_inside=False, is_written=False)
    if channel.is_archived:
        raise Refusal("already_archived")
    if BOT not in channel.members:
        raise Refusal("not_in_channel")
    slack.change(channel, is_archived=True)
    return {}


def unarchive(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.unarchive: "Bot tokens (xoxb-...) cannot currently be used to unarchive conversations."."""
    channel = slack.find(arguments["channel"], is_inside=False, is_written=False)
    raise Refusal("not_in_channel" if channel.is_archived else "not_archived")


def open_(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.open: the direct message with one member."""
    member = arguments.get("users", "")
    if not slack.is_member(member):
        raise Refusal("user_not_found" if member else "users_list_not_supplied")
    return {"channel": {"id": slack.direct(member).id}}


def add_bookmark(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """bookmarks.add: a link; nothing keeps it from being there twice."""
    channel, link = slack.find(arguments["channel_id"]), arguments.get("link", "")
    if arguments["type"] != "link":
        raise Refusal("invalid_bookmark_type")
    if not link.startswith(("http://", "https://")):
        raise Refusal("invalid_link")
    if len(channel.bookmarks) >= 100:
        raise Refusal("too_many_bookmarks")
    slack.change(channel, bookmarks=(*channel.bookmarks, link))
    bookmark = {"id": slack.new_id("Bk"), "channel_id": channel.id, "title": arguments["title"], "link": link}
    return {"bookmark": bookmark | {"type": "link"}}


def list_bookmarks(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """bookmarks.list."""
    channel = slack.find(arguments["channel_id"])
    return {"bookmarks": [{"channel_id": channel.id, "type": "link", "link": link} for link in channel.bookmarks]}


def pin(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """pins.add."""
    channel = slack.find(arguments["channel"])
    check_message(channel, arguments["timestamp"])
    if arguments["timestamp"] in channel.pins:
        raise Refusal("already_pinned")
    slack.change(channel, pins=(*channel.pins, arguments["timestamp"]))
    return {}


METHODS: dict[str, Method[Workspace]] = {
    "bookmarks.add": add_bookmark,
    "bookmarks.list": list_bookmarks,
    "conversations.archive": archive,
    "conversations.create": create,
    "conversations.info": info,
    "conversations.invite": invite,
    "conversations.join": join,
    "conversations.list": list_,
    "conversations.open": open_,
    "conversations.setTopic": set_topic,
    "conversations.unarchive": unarchive,
    "pins.add": pin,
}

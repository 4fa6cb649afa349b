"""What do Slack's methods do with messages? chat.* and conversations.history, with what they refuse.

Sources: docs.slack.dev/reference/methods/<method> and docs.slack.dev/messaging/message-metadata, read for this file
alone.
"""

import json
from datetime import datetime

from tocsin.simulate.sandbox.slack_blocks import shown_by
from tocsin.simulate.sandbox.slack_call import Arguments, Method, Refusal
from tocsin.simulate.sandbox.slack_rules import BOT, SlackMessage, Whisper, check_message, page_of
from tocsin.simulate.sandbox.slack_workspace import Workspace


def post(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """chat.postMessage: in a channel, or in the direct message with a member."""
    seen, metadata = shown_by(arguments), _metadata_of(arguments)
    to = arguments["channel"]
    channel = slack.direct(to) if slack.is_member(to) else slack.find(to)
    message = SlackMessage(
        slack.new_ts(at), arguments.get("text", ""), blocks=seen.texts, buttons=seen.buttons, metadata=metadata
    )
    slack.change(channel, messages=(*channel.messages, message))
    told = {"type": "message", "subtype": "bot_message", "text": message.text, "ts": message.ts}
    return {"channel": channel.id, "ts": message.ts, "message": told}


def update(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """chat.update: metadata stay as they are where none are given."""
    channel = slack.find(arguments["channel"])
    check_message(channel, arguments["ts"])
    seen = shown_by(arguments)
    messages = tuple(
        SlackMessage(one.ts, arguments.get("text", ""), seen.texts, seen.buttons, one.metadata)
        if one.ts == arguments["ts"]
        else one
        for one in channel.messages
    )
    slack.change(channel, messages=messages)
    text = arguments.get("text", "")
    return {"channel": channel.id, "ts": arguments["ts"], "text": text, "message": {"text": text}}


def post_ephemeral(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """chat.postEphemeral: to one member of the channel, for whom it is gone when they look again."""
    channel, seen = slack.find(arguments["channel"]), shown_by(arguments)
    if arguments["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    whisper = Whisper(arguments["user"], arguments.get("text", ""), seen.texts, seen.buttons)
    slack.change(channel, whispers=(*channel.whispers, whisper))
    slack.whisper(whisper.user, whisper.text)
    return {"message_ts": slack.new_ts(at)}


def history(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.history: the newest first; metadata where they are asked for."""
    channel = slack.find(arguments.get("channel", ""), is_written=False)
    limit, start = page_of(arguments)
    found = [one for one in reversed(channel.messages) if _is_within(one, arguments) and not one.thread]
    page, has_more = found[start : start + limit], start + limit < len(found)
    is_full = arguments.get("include_all_metadata") in ("true", "1")
    answer: dict[str, object] = {
        "messages": [shown(one, is_full=is_full) for one in page],
        "has_more": has_more,
        "pin_count": len(channel.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if has_more:
        answer["response_metadata"] = {"next_cursor": f"after:{start + limit}"}
    return answer


def _is_within(message: SlackMessage, arguments: Arguments) -> bool:
    """conversations.history, `inclusive`: "Include messages with oldest or latest timestamps in results"."""
    ts, is_inclusive = float(message.ts), arguments.get("inclusive") in ("true", "1")
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    return oldest < ts < latest or (is_inclusive and ts in (oldest, latest))


def shown(message: SlackMessage, *, is_full: bool) -> dict[str, object]:
    """The message as history tells it."""
    told: dict[str, object] = {"type": "message", "text": message.text, "ts": message.ts}
    told |= {"subtype": "bot_message"} if message.user == BOT else {"user": message.user}
    return told | ({"metadata": json.loads(message.metadata)} if is_full and message.metadata else {})


def _metadata_of(arguments: Arguments) -> str:
    """message-metadata: `event_type` and `event_payload`, whose values are plain."""
    given = arguments.get("metadata", "")
    if not given:
        return ""
    try:
        metadata = json.loads(given)
    except ValueError:
        raise Refusal("invalid_metadata_format") from None
    match metadata:
        case {"event_type": str(), "event_payload": dict(payload), **rest} if not rest:
            if all(isinstance(value, str | int | float | bool) for value in payload.values()):
                return given
    raise Refusal("invalid_metadata_schema")


METHODS: dict[str, Method[Workspace]] = {
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post,
    "chat.update": update,
    "conversations.history": history,
}

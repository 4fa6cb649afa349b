"""What do Slack's methods do for an app that listens? Dialogs, threads, addresses of messages, and Socket Mode.

Sources: docs.slack.dev/reference/methods/<method>, read for this file alone.
"""

from datetime import datetime

from tocsin.simulate.sandbox.slack_call import Arguments, Method, Refusal
from tocsin.simulate.sandbox.slack_messages import shown
from tocsin.simulate.sandbox.slack_rules import check_message
from tocsin.simulate.sandbox.slack_workspace import Workspace


def open_connection(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """apps.connections.open."""
    if not slack.socket_url:
        raise Refusal("forbidden_team")
    return {"url": slack.socket_url}


def permalink(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """chat.getPermalink."""
    channel, ts = slack.find(arguments["channel"], is_written=False), arguments["message_ts"]
    check_message(channel, ts)
    link = f"https://sandbox.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def replies(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """conversations.replies, of the thread that the message begins, or is in: that message alone."""
    channel, ts = slack.find(arguments["channel"], is_written=False), arguments["ts"]
    found = [one for one in channel.messages if one.ts == ts]
    if not found:
        raise Refusal("thread_not_found")
    return {"messages": [shown(one, is_full=False) for one in found], "has_more": False}


def open_view(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """views.open."""
    return slack.dialogs.open(arguments)


def update_view(slack: Workspace, arguments: Arguments, at: datetime) -> dict[str, object]:
    """views.update."""
    return slack.dialogs.update(arguments)


METHODS: dict[str, Method[Workspace]] = {
    "apps.connections.open": open_connection,
    "chat.getPermalink": permalink,
    "conversations.replies": replies,
    "views.open": open_view,
    "views.update": update_view,
}

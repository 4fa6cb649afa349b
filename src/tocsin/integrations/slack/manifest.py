"""How is the Slack app set up? Its manifest, from which Slack makes the whole app; no I/O.

Source: docs.slack.dev/reference/app-manifest, for every key and limit.
"""

from msgspec import Struct

from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.scopes import HEARING_SCOPES, PRIVATE_SCOPES, SCOPES

COMMAND = "/incident"
TO_TIMELINE = "tocsin.to_timeline"  # the message shortcut
# What happens in the workspace that Tocsin wants to be told of, and the scope without which it isn't.
EVENTS = {
    "app_uninstalled": "",
    "channel_archive": "channels:read",
    "group_archive": "groups:read",
    "member_joined_channel": "channels:read",
    "reaction_added": "reactions:read",
    "tokens_revoked": "",
}

Json = dict[str, object]


class Wanted(Struct, frozen=True):
    """How the app is to be: `url` is where Slack calls Tocsin, empty for Socket Mode; in private channels or not."""

    url: str = ""
    is_private: bool = True


def manifest(wanted: Wanted) -> Json:
    """The manifest, as JSON values."""
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Tocsin",
            "description": "Incident response exactly as your SOP says.",
            "background_color": "#7a1f1f",
        },
        "features": _features(wanted),
        "oauth_config": {"scopes": {"bot": scopes(wanted)}},
        "settings": {
            "event_subscriptions": _at(wanted, "events") | {"bot_events": events(wanted)},
            "interactivity": {"is_enabled": True, **_at(wanted, "interactions")},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not wanted.url,
            "token_rotation_enabled": False,
        },
    }


def scopes(wanted: Wanted) -> list[str]:
    """The scopes of the bot's token."""
    return sorted({*SCOPES, *HEARING_SCOPES, *(PRIVATE_SCOPES if wanted.is_private else ())})


def events(wanted: Wanted) -> list[str]:
    """The events that it may be told of with those scopes."""
    granted = {"", *scopes(wanted)}
    return [event for event, scope in EVENTS.items() if scope in granted]


def _features(wanted: Wanted) -> Json:
    return {
        # Without the Messages tab nobody could be paged by a direct message.
        "app_home": {
            "home_tab_enabled": False,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Tocsin", "always_online": True},
        "shortcuts": [
            {
                "name": "Declare an incident",
                "type": "global",
                "callback_id": str(Action.DECLARE),
                "description": "Open an incident: five questions say how bad it is",
            },
            {
                "name": "Add to timeline",
                "type": "message",
                "callback_id": TO_TIMELINE,
                "description": "Write this message into the incident's timeline",
            },
        ],
        "slash_commands": [
            {
                "command": COMMAND,
                "description": "Declare an incident, or work on one",
                "usage_hint": "declare | ack | assess | role | update | note | page | mitigate | resolve | help",
                "should_escape": True,  # members come as ids: names can be anybody's
                **({"url": _address(wanted, "commands")} if wanted.url else {}),
            }
        ],
    }


def _at(wanted: Wanted, door: str) -> Json:
    return {"request_url": _address(wanted, door)} if wanted.url else {}


def _address(wanted: Wanted, door: str) -> str:
    return f"{wanted.url.rstrip('/')}/slack/{door}"

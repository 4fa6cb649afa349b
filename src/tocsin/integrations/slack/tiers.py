"""How often may a method of Slack's be called? The tier of each that deliveries call; no I/O.

Sources: docs.slack.dev/apis/web-api/rate-limits ("20+ per minute", "on a per API method per workspace/team per app
basis"), and "Rate limits" of docs.slack.dev/reference/methods/<method>.
"""

from tocsin.integrations.wire import Limit

_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100  # a minute
_TIERS = {
    "bookmarks.add": _TIER_2,
    "bookmarks.list": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.update": _TIER_3,
    "conversations.archive": _TIER_2,
    "conversations.create": _TIER_2,
    "conversations.history": _TIER_3,
    "conversations.invite": _TIER_3,
    "conversations.join": _TIER_3,
    "conversations.list": _TIER_2,
    "conversations.open": _TIER_3,
    "conversations.setTopic": _TIER_2,
    "conversations.unarchive": _TIER_2,
    "pins.add": _TIER_2,
}


def limit_of(method: str) -> Limit | None:
    """What a call of the method counts against; None for those with a rate of their own: chat.postMessage."""
    a_minute = _TIERS.get(method)
    return Limit(method, a_minute) if a_minute else None

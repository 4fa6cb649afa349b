"""Which of Slack's errors pass, which do no harm, and what helps against the others? Tables; no I/O.

Source: docs.slack.dev/reference/methods/<method>, "Errors". An error that stands in no table is taken as a refusal:
the incident goes on without Slack at once, instead of waiting for what may never come.
"""

# docs.slack.dev/apis/web-api/rate-limits. Methods spell it either way.
IS_BUSY = frozenset({"ratelimited", "rate_limited"})

IS_PASSING = frozenset(
    {
        "fatal_error",  # "without encountering a catastrophic error. It's possible some aspect … succeeded"
        "internal_error",  # "likely due to a transient issue on our end"
        "org_login_required",  # "undergoing an enterprise migration and will not be available until … complete"
        "request_timeout",  # "the POST data was either missing or truncated"
        "service_unavailable",  # "The service is temporarily unavailable"
        "team_added_to_org",  # "Web API … will be intermittently unavailable until the transition is complete"
    }
)

# What was asked for is so already: an earlier attempt got through, and its answer was lost.
HARMLESS = {
    "conversations.invite": frozenset({"already_in_channel", "cant_invite_self"}),
    "pins.add": frozenset({"already_pinned"}),
}

_TOKEN = "set a valid bot token ([slack] bot_token)"  # noqa: S105  # what to do, not a token
_MEMBER = "correct the person's slack_user in the SOP file"
_REMEDIES = {
    "missing_scope": "add the scope {needed} to the app, and reinstall it",
    "not_authed": _TOKEN,
    "invalid_auth": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "account_inactive": _TOKEN,
    "not_allowed_token_type": "use a bot token (xoxb-…)",
    "not_in_channel": "invite the app's bot to the channel",
    "channel_not_found": "check the id, and invite the app's bot if the channel is private",
    "is_archived": "unarchive the channel",
    "restricted_action": "a preference of the workspace forbids it: ask an owner",
    "ekm_access_denied": "administrators have suspended the app: ask them",
    "name_taken": "another channel, archived or private, has the name: rename it",
    "user_not_found": _MEMBER,
    "user_disabled": _MEMBER,
    "too_many_bookmarks": "remove a bookmark from the channel",
    "messages_tab_disabled": "switch on the Messages tab under App Home",
}


def remedy_for(error: str, needed: str = "") -> str:
    """What a person can do about it, as the sentence's end `; do this`; empty where the error says it all."""
    remedy = _REMEDIES.get(error)
    return f"; {remedy.format(needed=needed or 'that the method asks for')}" if remedy else ""

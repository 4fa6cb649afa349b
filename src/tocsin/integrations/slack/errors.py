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
    "conversations.archive": frozenset({"already_archived"}),
    "conversations.unarchive": frozenset({"not_archived"}),
}

# Nothing that whoever sets Slack up has a hand in: what a request looks like.
_OURS = (
    "bad_timestamp",
    "file_not_shared",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_form_data",
    "invalid_json",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_name",
    "invalid_name_maxlength",
    "invalid_name_punctuation",
    "invalid_name_required",
    "invalid_name_specials",
    "invalid_post_type",
    "invalid_ts_latest",
    "invalid_ts_oldest",
    "json_not_object",
    "metadata_too_large",
    "missing_charset",
    "missing_post_type",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_channel",
    "no_item_specified",
    "no_text",
    "superfluous_charset",
    "too_long",
    "too_many_attachments",
    "too_many_users",
)
_TOKEN = "set a valid bot token ([slack] bot_token)"  # noqa: S105  # what to do, not a token
_MEMBER = "correct the person's slack_user in the SOP file"
_PREFERENCE = "a preference of the workspace forbids it: ask an owner"
_GUEST = "the app is restricted as guests are: ask an owner"
_BUG = "this is a fault of Tocsin's: report it"
_OF_TOKEN = (
    "not_authed",
    "invalid_auth",
    "token_revoked",
    "token_expired",
    "account_inactive",
)
_REMEDIES = {
    "missing_scope": "add the scope {needed} to the app, and reinstall it",
    **dict.fromkeys(_OF_TOKEN, _TOKEN),
    "not_allowed_token_type": "use a bot token (xoxb-…)",
    "not_in_channel": "invite the app's bot to the channel",
    "channel_not_found": "check the id, and invite the app's bot if the channel is private",
    "is_archived": "unarchive the channel",
    "restricted_action": _PREFERENCE,
    "no_permission": _PREFERENCE,
    "permission_denied": _PREFERENCE,
    "cant_invite": _PREFERENCE,
    "user_is_restricted": _GUEST,
    "user_is_ultra_restricted": _GUEST,
    "ura_max_channels": "a guest can be in one channel only: take them out of the other",
    "method_not_supported_for_channel_type": "give the id of a channel, not of a direct message",
    "not_supported": "give the id of a channel, not of a direct message",
    "cant_archive_general": "the workspace's general channel stays: open another for incidents",
    "user_not_in_channel": "nothing: they have left the channel since",
    "message_not_found": "somebody has deleted the message: the summary is on the incident's page",
    "cant_update_message": "the summary was posted by another app: this one must post it",
    "edit_window_closed": "let the app edit its messages at any time: a preference of the workspace",
    "is_inactive": "unarchive the channel",
    "not_pinnable": "pin the summary by hand",
    "no_user": _MEMBER,
    "user_is_bot": _MEMBER,
    "upgrade_required": "the app is of a kind that Slack serves no more: create a new one",
    "ekm_access_denied": "administrators have suspended the app: ask them",
    "name_taken": "another channel, archived or private, has the name: rename it",
    "user_not_found": _MEMBER,
    "user_disabled": _MEMBER,
    "too_many_bookmarks": "remove a bookmark from the channel",
    "messages_tab_disabled": "switch on the Messages tab under App Home",
    **dict.fromkeys(_OURS, _BUG),
}
# docs.slack.dev/reference/methods/conversations.unarchive: "Bot tokens (xoxb-...) cannot currently be used".
_UNARCHIVE_BY_HAND = "Slack lets no app unarchive a channel: do it by hand, and invite the app again"


def remedy_for(error: str, needed: str = "", method: str = "") -> str:
    """What a person can do about it, as the sentence's end `; do this`; empty for an error that isn't documented."""
    is_unarchiving = method == "conversations.unarchive" and error not in ("missing_scope", *_OF_TOKEN)
    remedy = _UNARCHIVE_BY_HAND if is_unarchiving else _REMEDIES.get(error)
    return f"; {remedy.format(needed=needed or 'that the method asks for')}" if remedy else ""

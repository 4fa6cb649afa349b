"""Which permissions does the Slack app need, and what for? A table; no I/O.

Source: docs.slack.dev/reference/methods/<method>, "Scopes". Its documentation explains each
(docs/integrations/slack.md), and `tocsin doctor` looks whether they were granted.
"""

SCOPES = {
    "chat:write": "pages, messages and the pinned summary",
    "channels:manage": "an incident's channel: opened, given a topic, joined by people, archived",
    "channels:read": "a channel that an earlier attempt has opened is found by its name",
    "channels:join": "a channel of that name which somebody has made by hand is entered",
    "channels:history": "a message whose answer was lost is looked for, so that it isn't posted twice",
    "pins:write": "the summary is pinned",
    "bookmarks:write": "the incident and its runbook are linked at the head of the channel",
    "bookmarks:read": "a link whose answer was lost is looked for, so that it isn't there twice",
    "im:write": "the direct message in which somebody was paged is found",
    "im:history": "a page whose answer was lost is looked for, so that it isn't sent twice",
}
PRIVATE_SCOPES = {
    "groups:write": "a private channel: opened, given a topic, joined by people, archived",
    "groups:read": "a private channel that an earlier attempt has opened is found by its name",
    "groups:history": "a message in it whose answer was lost is looked for",
}
HEARING_SCOPES = {
    "commands": "`/incident` and the shortcuts",
    "reactions:read": "📌 on a message puts it into the timeline",
}

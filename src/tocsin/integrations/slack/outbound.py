"""How is an effect put to Slack? Effects to calls of its Web API, in plain values; no I/O.

Source of every limit: docs.slack.dev/reference/methods/<method>. What an answer means stands in `replies.py`.
"""

from tocsin.domain.effects import (
    AddBookmark,
    AddLink,
    ArchiveChannel,
    BriefNewcomer,
    ChannelEffect,
    InviteToChannel,
    OpenChannel,
    OpenPrivateChannel,
    PinSummary,
    PostMessage,
    PostSummary,
    SendPage,
    SendPageTest,
    SetTopic,
    TellStakeholders,
    UnarchiveChannel,
    UpdateSummary,
)
from tocsin.domain.text import clean_line
from tocsin.integrations.slack import messages
from tocsin.integrations.slack.account import SlackAccount, api_url
from tocsin.integrations.slack.mrkdwn import MAX_TOPIC, escape, fit
from tocsin.integrations.slack.once import look_first, mark
from tocsin.integrations.slack.replies import SlackEffect, classify, refused
from tocsin.integrations.wire import Attempt, Done, Never, Request

__all__ = ["MAX_INVITED", "SlackAccount", "SlackEffect", "api_url", "classify", "request_for"]

MAX_INVITED = 1_000  # conversations.invite, `users`: "Up to 1000 users may be listed."
# chat.postMessage: no previews of what an alert links to, no names turned into mentions.
_QUIET = {"unfurl_links": "false", "unfurl_media": "false", "link_names": "false", "parse": "none"}


def request_for(effect: SlackEffect, account: SlackAccount, attempt: Attempt) -> Request | Done | Never:
    """The call that carries the effect, or that looks whether an earlier attempt has.

    Done where there is nothing to call for, Never where it can't be made.
    """
    if not account.token:
        return refused(effect, _method(effect), "no Slack bot token is set")
    step: Request | Done | Never
    if isinstance(effect, SendPage | SendPageTest):
        step = _direct_message(effect, account, attempt)
    elif isinstance(effect, InviteToChannel):
        step = _invitation(effect, account)
    else:
        step = account.post(_method(effect), _arguments(effect, account, attempt))
    return look_first(step, account) if attempt.is_repeat and isinstance(step, Request) else step


def _direct_message(effect: SendPage | SendPageTest, account: SlackAccount, attempt: Attempt) -> Request | Never:
    """chat.postMessage, `channel`: a member's id opens the direct message with that member."""
    member = account.members.get(effect.reach.person)
    if not member:
        return refused(effect, _method(effect), f"{effect.reach.person} has no slack_user in the SOP file")
    words = messages.of_page(effect, account) if isinstance(effect, SendPage) else messages.of_test(effect)
    return account.post(_method(effect), {"channel": member, **words, **_QUIET, "metadata": mark(attempt)})


def _invitation(effect: InviteToChannel, account: SlackAccount) -> Request | Done:
    ids = [account.members[person] for person in effect.people if account.members.get(person)]
    if not ids:
        return Done()
    users = ",".join(list(dict.fromkeys(ids))[:MAX_INVITED])
    return account.post(_method(effect), {"channel": effect.channel, "users": users})


def _arguments(effect: ChannelEffect, account: SlackAccount, attempt: Attempt) -> dict[str, str]:
    match effect:
        case OpenPrivateChannel():
            return {"name": effect.name, "is_private": "true"}
        case OpenChannel():
            return {"name": effect.name}
        case SetTopic():
            return {"channel": effect.channel, "topic": fit(escape(clean_line(effect.topic, MAX_TOPIC)), MAX_TOPIC)}
        case AddBookmark():
            return _bookmark(effect.channel, effect.title, account.page_of(effect.incident))
        case AddLink():
            return _bookmark(effect.channel, effect.title, effect.url)
        case PostMessage() | TellStakeholders():
            words = messages.of_said(effect, account)
            return {"channel": effect.channel, **words, **_QUIET, "metadata": mark(attempt)}
        case PostSummary():
            words = messages.of_summary(effect, account)
            return {"channel": effect.channel, **words, **_QUIET, "metadata": mark(attempt)}
        case PinSummary():
            return {"channel": effect.channel, "timestamp": effect.message}
        case UpdateSummary():
            # chat.update, `parse`: "Defaults to `client`, unlike `chat.postMessage`", which would find mentions.
            words = messages.of_summary(effect, account)
            return {"channel": effect.channel, "ts": effect.message, **words, "parse": "none"}
        case BriefNewcomer():
            # chat.postEphemeral, `parse`: as for chat.update. Nobody can find what one member alone was shown.
            words = messages.of_summary(effect, account)
            return {"channel": effect.channel, "user": effect.user, **words, "parse": "none", "link_names": "false"}
        case ArchiveChannel() | UnarchiveChannel():
            return {"channel": effect.channel}
        case _:
            raise TypeError(f"no Slack call for {type(effect).__name__}")


def _bookmark(channel: str, title: str, link: str) -> dict[str, str]:
    return {"channel_id": channel, "title": escape(clean_line(title)), "type": "link", "link": link}


_METHODS: dict[type, str] = {
    OpenChannel: "conversations.create",
    OpenPrivateChannel: "conversations.create",
    InviteToChannel: "conversations.invite",
    SetTopic: "conversations.setTopic",
    AddBookmark: "bookmarks.add",
    AddLink: "bookmarks.add",
    PostMessage: "chat.postMessage",
    PostSummary: "chat.postMessage",
    TellStakeholders: "chat.postMessage",
    SendPage: "chat.postMessage",
    SendPageTest: "chat.postMessage",
    PinSummary: "pins.add",
    UpdateSummary: "chat.update",
    BriefNewcomer: "chat.postEphemeral",
    ArchiveChannel: "conversations.archive",
    UnarchiveChannel: "conversations.unarchive",
}


def _method(effect: SlackEffect) -> str:
    return _METHODS[type(effect)]

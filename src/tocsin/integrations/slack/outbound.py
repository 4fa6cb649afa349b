"""How is an effect put to Slack? Effects to calls of its Web API, in plain values; no I/O.

Source of every limit: docs.slack.dev/reference/methods/<method>. What an answer means stands in `replies.py`.
"""

from tocsin.domain.effects import (
    AddBookmark,
    ChannelEffect,
    InviteToChannel,
    OpenChannel,
    PinSummary,
    PostMessage,
    PostSummary,
    SendPage,
    SendPageTest,
    SetTopic,
    TellStakeholders,
    UpdateSummary,
)
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.integrations.slack.account import SlackAccount, api_url
from tocsin.integrations.slack.mrkdwn import MAX_TOPIC, escape, fit, link_to, message
from tocsin.integrations.slack.replies import SlackEffect, classify, refused
from tocsin.integrations.wire import Done, Never, Request
from tocsin.sop.words import Urgency

__all__ = ["MAX_INVITED", "SlackAccount", "SlackEffect", "api_url", "classify", "request_for"]

MAX_INVITED = 1_000  # conversations.invite, `users`: "Up to 1000 users may be listed."
# chat.postMessage: no previews of what an alert links to, no names turned into mentions.
_QUIET = {"unfurl_links": "false", "unfurl_media": "false", "link_names": "false", "parse": "none"}


def request_for(effect: SlackEffect, account: SlackAccount) -> Request | Done | Never:
    """The call that carries the effect; Done where there is nothing to call for, Never where it can't be made."""
    if not account.token:
        return refused(effect, _method(effect), "no Slack bot token is set")
    if isinstance(effect, SendPage):
        return _direct_message(effect, account)
    if isinstance(effect, SendPageTest):
        return _test_message(effect, account)
    if isinstance(effect, InviteToChannel):
        return _invitation(effect, account)
    return account.post(_method(effect), _arguments(effect, account))


def _direct_message(effect: SendPage, account: SlackAccount) -> Request | Never:
    """chat.postMessage, `channel`: a member's id opens the direct message with that member."""
    member = account.members.get(effect.reach.person)
    if not member:
        return refused(effect, _method(effect), f"{effect.reach.person} has no slack_user in the SOP file")
    is_page = effect.urgency is Urgency.PAGE
    what = f"{effect.severity or 'Not assessed'} · {effect.service}: {effect.title}{words_for(effect.more)}"
    text = f"{'Page' if is_page else 'For information'}: {what}\n{effect.reason}"
    answer = account.links.acknowledgement(effect.key) if is_page and account.links else None
    call_to = f"{effect.incident}: acknowledge in Tocsin" if is_page and not answer else f"{effect.incident} in Tocsin"
    link = link_to(account.page_of(effect.incident), call_to)
    link = f"{link_to(answer, 'Acknowledge')} · {link}" if answer else link
    return account.post(_method(effect), {"channel": member, **message(text, link), **_QUIET})


def _test_message(effect: SendPageTest, account: SlackAccount) -> Request | Never:
    member = account.members.get(effect.reach.person)
    if not member:
        return refused(effect, _method(effect), f"{effect.reach.person} has no slack_user in the SOP file")
    text = f"Test page, nothing is wrong: Tocsin reaches you here ({clean_line(effect.asked_by)} asked)"
    return account.post(_method(effect), {"channel": member, **message(text), **_QUIET})


def _invitation(effect: InviteToChannel, account: SlackAccount) -> Request | Done:
    ids = [account.members[person] for person in effect.people if account.members.get(person)]
    if not ids:
        return Done()
    users = ",".join(list(dict.fromkeys(ids))[:MAX_INVITED])
    return account.post(_method(effect), {"channel": effect.channel, "users": users})


def _arguments(effect: ChannelEffect, account: SlackAccount) -> dict[str, str]:
    match effect:
        case OpenChannel():
            return {"name": effect.name}
        case SetTopic():
            return {"channel": effect.channel, "topic": fit(escape(clean_line(effect.topic, MAX_TOPIC)), MAX_TOPIC)}
        case AddBookmark():
            link = account.page_of(effect.incident)
            return {
                "channel_id": effect.channel,
                "title": escape(clean_line(effect.title)),
                "type": "link",
                "link": link,
            }
        case PostMessage() | PostSummary() | TellStakeholders():
            return {"channel": effect.channel, **message(effect.text), **_QUIET}
        case PinSummary():
            return {"channel": effect.channel, "timestamp": effect.message}
        case UpdateSummary():
            # chat.update, `parse`: "Defaults to `client`, unlike `chat.postMessage`", which would find mentions.
            return {"channel": effect.channel, "ts": effect.message, **message(effect.text), "parse": "none"}
        case _:
            raise TypeError(f"no Slack call for {type(effect).__name__}")


_METHODS: dict[type, str] = {
    OpenChannel: "conversations.create",
    InviteToChannel: "conversations.invite",
    SetTopic: "conversations.setTopic",
    AddBookmark: "bookmarks.add",
    PostMessage: "chat.postMessage",
    PostSummary: "chat.postMessage",
    TellStakeholders: "chat.postMessage",
    SendPage: "chat.postMessage",
    SendPageTest: "chat.postMessage",
    PinSummary: "pins.add",
    UpdateSummary: "chat.update",
}


def _method(effect: SlackEffect) -> str:
    return _METHODS[type(effect)]

"""What does Slack tell? Its payloads to values; the same ones come by HTTP and over Socket Mode; no I/O.

Sources: docs.slack.dev/interactivity/implementing-slash-commands, …/reference/interaction-payloads and
…/reference/events. What is of no use here is None, and answered as taken: an error would make Slack tell it again.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from tocsin.errors import InvalidInput
from tocsin.integrations.slack.inbound import heard as h

T = TypeVar("T")
Heard = h.Heard | h.Challenge
_Id = Annotated[str, Meta(max_length=100)]
_Text = Annotated[str, Meta(max_length=100_000)]
_MAX_FIELDS = 100  # of a dialog: "up to 100 blocks in modals"


class _Member(Struct, frozen=True):
    id: _Id = ""
    team_id: _Id = ""


class _Team(Struct, frozen=True):
    id: _Id = ""


class _Named(Struct, frozen=True):
    id: _Id = ""


class _Option(Struct, frozen=True):
    value: _Text = ""


class _Element(Struct, frozen=True):
    """An element's state: each kind has its value in a field of its own."""

    value: _Text | None = None
    selected_option: _Option | None = None
    selected_user: _Id | None = None

    @property
    def said(self) -> str:
        chosen = self.selected_option.value if self.selected_option else None
        return self.value or chosen or self.selected_user or ""


class _State(Struct, frozen=True):
    values: dict[str, dict[str, _Element]] = {}


class _View(Struct, frozen=True):
    id: _Id = ""
    hash: _Id = ""
    callback_id: _Text = ""
    private_metadata: _Text = ""
    state: _State | None = None


class _Action(Struct, frozen=True):
    action_id: _Text = ""
    value: _Text | None = None


class _Message(Struct, frozen=True):
    ts: _Id = ""
    user: _Id = ""
    username: _Text = ""
    bot_id: _Id = ""
    text: _Text = ""


class _Interaction(Struct, frozen=True):
    type: str
    api_app_id: _Id = ""
    team: _Team | None = None
    user: _Member = _Member()
    channel: _Named | None = None
    trigger_id: _Id = ""
    response_url: _Text = ""
    callback_id: _Text = ""
    actions: tuple[_Action, ...] = ()
    view: _View | None = None
    message: _Message | None = None


class _Item(Struct, frozen=True):
    channel: _Id = ""
    ts: _Id = ""


class _Event(Struct, frozen=True):
    type: str
    user: _Id = ""
    reaction: _Id = ""
    item: _Item | None = None
    channel: _Id = ""


class _Authorization(Struct, frozen=True):
    user_id: _Id = ""


class _Envelope(Struct, frozen=True):
    type: str = ""
    api_app_id: _Id = ""
    team_id: _Id = ""
    event_id: _Id = ""
    challenge: _Text = ""
    authorizations: tuple[_Authorization, ...] = ()  # whose app it is told to: the bot
    event: msgspec.Raw = msgspec.Raw()


def slash_command(fields: Mapping[str, str]) -> h.SlashCommand:
    """A slash command; raises InvalidInput where it lacks what every one has."""
    trigger = fields.get("trigger_id", "")
    return h.SlashCommand(
        origin=h.Origin(fields.get("team_id", ""), fields.get("api_app_id", ""), fields.get("user_id", "")),
        once=_once(f"command:{trigger}" if trigger else "", repr(sorted(fields.items())).encode()),
        text=fields.get("text", ""),
        channel=fields.get("channel_id", ""),
        trigger=trigger,
    )


def interaction(payload: bytes) -> h.Heard | None:
    """What was pressed, sent or chosen; raises InvalidInput for what is no interaction."""
    told = _read(payload, _Interaction)
    team = told.team.id if told.team else ""
    origin = h.Origin(team, told.api_app_id, told.user.id, told.user.team_id)
    channel = told.channel.id if told.channel else ""
    once = _once(f"{told.type}:{told.trigger_id}" if told.trigger_id else "", payload)
    match told:
        case _Interaction(type="block_actions", actions=(action, *_)):
            view = _view(told.view) if told.view else None
            value = action.value or ""
            return h.Press(origin, once, action.action_id, value, channel, told.trigger_id, told.response_url, view)
        case _Interaction(type="view_submission", view=_View() as view):
            return h.Submission(origin, once, _view(view))
        case _Interaction(type="message_action", message=_Message() as message):
            return h.MessageShortcut(origin, once, told.callback_id, channel, said(message), told.response_url)
        case _Interaction(type="shortcut"):
            return h.GlobalShortcut(origin, once, told.callback_id, told.trigger_id)
    return None


def event(payload: bytes) -> Heard | None:
    """What happened in the workspace; raises InvalidInput for what is no event."""
    told = _read(payload, _Envelope)
    if told.type == "url_verification":
        return h.Challenge(told.challenge)
    if told.type != "event_callback":
        return None
    what = _read(bytes(told.event), _Event) if _is_ours(told.event) else None
    if what is None:
        return None
    origin = h.Origin(told.team_id, told.api_app_id, what.user)
    once = _once(f"event:{told.event_id}" if told.event_id else "", payload)
    match what:
        case _Event(type="reaction_added", item=_Item(channel=channel, ts=ts)) if ts:
            return h.Reaction(origin, once, what.reaction, channel, ts)
        case _Event(type="member_joined_channel") if any(it.user_id == what.user for it in told.authorizations):
            return None  # the bot itself
        case _Event(type="member_joined_channel"):
            return h.Joined(origin, once, what.channel)
        case _Event(type="channel_archive" | "group_archive"):
            return h.Archived(origin, once, what.channel)
        case _Event(type="app_uninstalled" | "tokens_revoked"):
            return h.Removed(origin, once, what.type)
    return None


class _Kind(Struct, frozen=True):
    type: str = ""


EVENTS = (
    "reaction_added",
    "member_joined_channel",
    "channel_archive",
    "group_archive",
    "app_uninstalled",
    "tokens_revoked",
)


def _is_ours(raw: msgspec.Raw) -> bool:
    """Events are many and each of its own form (a `channel` may be an object): only ours are read."""
    return bool(bytes(raw)) and _read(bytes(raw), _Kind).type in EVENTS


class _History(Struct, frozen=True):
    messages: tuple[_Message, ...] = ()


def message_in(answer: bytes, ts: str) -> h.Message | None:
    """The message of that id in an answer of conversations.history or .replies; None where it isn't there."""
    found = next((it for it in _read(answer, _History).messages if it.ts == ts), None)
    return said(found) if found else None


def said(message: _Message) -> h.Message:
    """The message, by whoever wrote it."""
    return h.Message(message.ts, message.user or message.username or message.bot_id, message.text)


def _view(view: _View) -> h.View:
    values = view.state.values if view.state else {}
    fields = {name: next((it.said for it in elements.values()), "") for name, elements in values.items()}
    if len(fields) > _MAX_FIELDS:
        raise InvalidInput(f"view: must have at most {_MAX_FIELDS} fields")
    return h.View(view.id, view.hash, view.callback_id, view.private_metadata, fields)


def _once(id_: str, body: bytes) -> str:
    return id_ or f"body:{hashlib.sha256(body).hexdigest()}"


def _read(payload: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(payload, type=form)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"payload: is none that Slack documents: {error}") from error

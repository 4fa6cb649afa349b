"""What can be heard from Slack? Values for what a member says, presses or does; made by `payloads.py`."""

from msgspec import Struct


class Origin(Struct, frozen=True):
    """Whose it is: the workspace, the app it was said to, and the member; `user` is empty where no member did it.

    `user_team` is the member's own workspace, where Slack says it: in a shared channel it may be another one.
    """

    team: str
    app: str
    user: str
    user_team: str = ""


class Heard(Struct, frozen=True):
    """Base of what is heard. `once` is the same when Slack tells it again, and no other thing's."""

    origin: Origin
    once: str


class SlashCommand(Heard, frozen=True):
    """`/incident …`; `trigger` opens a dialog within three seconds."""

    text: str
    channel: str
    trigger: str


class View(Struct, frozen=True):
    """A dialog as it stands: what it is for, what was put into it unseen, and its fields by their names."""

    id: str
    hash: str
    dialog: str
    metadata: str
    fields: dict[str, str]


class Press(Heard, frozen=True):
    """A button in a message, or a choice within a dialog (`view`); `answer_to` takes what only its presser sees."""

    action: str
    value: str
    channel: str
    trigger: str
    answer_to: str
    view: View | None = None


class Submission(Heard, frozen=True):
    """A dialog was sent."""

    view: View


class Message(Struct, frozen=True):
    """A message that somebody wrote, in Slack's syntax; `author` is a member's id or an app's name."""

    ts: str
    author: str
    text: str


class MessageShortcut(Heard, frozen=True):
    """Something was chosen from a message's menu."""

    shortcut: str
    channel: str
    message: Message
    answer_to: str


class GlobalShortcut(Heard, frozen=True):
    """Something was chosen from Slack's own menu of shortcuts."""

    shortcut: str
    trigger: str


class Reaction(Heard, frozen=True):
    """A member reacted to a message; `name` is the emoji's, without colons."""

    name: str
    channel: str
    ts: str


class Joined(Heard, frozen=True):
    """A member is in a channel now."""

    channel: str


class Archived(Heard, frozen=True):
    """A member archived a channel."""

    channel: str


class Removed(Heard, frozen=True):
    """The app, or its bot's token, is not valid any more: `how` is Slack's word for it."""

    how: str


class Challenge(Struct, frozen=True):
    """Slack wants to see that somebody who knows the secret answers at this address."""

    text: str

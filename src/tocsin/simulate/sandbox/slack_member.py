"""What does a member of Slack's do? They give commands, press buttons, fill dialogs in; Slack tells of it.

What they do leaves as Slack would send it, signed. Sources, read for this file alone: docs.slack.dev/authentication/
verifying-requests-from-slack, …/interactivity/implementing-slash-commands and …/reference/interaction-payloads.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from msgspec import Struct

from tocsin.simulate.sandbox.slack import SandboxSlack
from tocsin.simulate.sandbox.slack_views import JsonObject, SlackView, view_of

_COUNTED = count(1)


class Workspace(Struct, frozen=True):
    """Where the app is installed, and what Slack signs with."""

    team: str = "T0SANDBOX"
    app: str = "A0SANDBOX"
    secret: str = "sandbox-signing-secret"  # noqa: S105  # of the sandbox alone


class Told(Struct, frozen=True):
    """What the app answered: the status and the JSON, None where there was none."""

    status: int
    answer: Any

    @property
    def text(self) -> str:
        """What the member is shown."""
        return str(self.answer.get("text", "")) if isinstance(self.answer, dict) else ""

    @property
    def errors(self) -> dict[str, str]:
        """What stands below the fields of a dialog that was not taken."""
        return dict(self.answer.get("errors", {})) if isinstance(self.answer, dict) else {}


Deliver = Callable[[str, Mapping[str, Any]], Told]


class OverHttp:
    """Delivers as Slack does where it calls the app: `url` is the app's address."""

    def __init__(self, url: str, workspace: Workspace) -> None:
        self._url = url
        self._workspace = workspace

    def __call__(self, kind: str, told: Mapping[str, Any]) -> Told:
        """The answer to a command, an interaction or an event (`kind`)."""
        match kind:
            case "commands":
                body = urlencode(told)
            case "interactions":
                body = urlencode({"payload": json.dumps(told)})
            case _:
                body = json.dumps(told)
        content_type = "application/json" if kind == "events" else "application/x-www-form-urlencoded"
        return self.post(kind, body.encode(), {"Content-Type": content_type, **self.signed(body.encode())})

    def signed(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """The headers of a signed request."""
        stamp = str(int(time.time() if at is None else at))
        digest = hmac.new(self._workspace.secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def post(self, kind: str, body: bytes, headers: Mapping[str, str]) -> Told:
        """The answer to exactly that request."""
        request = Request(f"{self._url}/slack/{kind}", body, dict(headers))  # noqa: S310  # our own server
        try:
            with urlopen(request, timeout=30) as response:  # noqa: S310
                return _told(response.status, response.read())
        except HTTPError as error:
            with error:
                return _told(error.code, error.read())


def _told(status: int, body: bytes) -> Told:
    try:
        return Told(status, json.loads(body) if body else None)
    except ValueError:
        return Told(status, None)


class SlackMember:
    """A member of the workspace. `url` is the sandbox's own address: answers to presses are sent there."""

    def __init__(
        self, user: str, slack: SandboxSlack, deliver: Deliver, url: str, workspace: Workspace | None = None
    ) -> None:
        self.user = user
        self._slack = slack
        self._deliver = deliver
        self._url = url
        self._workspace = workspace or Workspace()
        self._trigger = ""

    def command(self, text: str, channel: str = "C0GENERAL") -> Told:
        """Write `/incident …`."""
        self._trigger = self._slack.dialogs.new_trigger()
        told = {
            "command": "/incident",
            "text": text,
            "team_id": self._workspace.team,
            "api_app_id": self._workspace.app,
            "user_id": self.user,
            "channel_id": channel,
            "trigger_id": self._trigger,
            "response_url": f"{self._url}/answers/{self.user}",
        }
        return self._deliver("commands", told)

    def press(self, action: str, value: str = "", channel: str = "C0GENERAL") -> Told:
        """Press a button of a message; what comes of it is whispered (`whispers`)."""
        actions = [{"type": "button", "action_id": action, "value": value}]
        return self._interact("block_actions", actions=actions, channel={"id": channel})

    def choose(self, view: SlackView, **fields: str) -> Told:
        """Choose something in a dialog that tells so at once."""
        actions = [{"type": "static_select", "action_id": next(iter(fields), "")}]
        return self._interact("block_actions", actions=actions, view=self._state(view, fields))

    def submit(self, view: SlackView, **fields: str) -> Told:
        """Send a dialog; what isn't said is left as it came."""
        told = self._interact("view_submission", view=self._state(view, fields))
        if isinstance(told.answer, dict) and told.answer.get("response_action") == "update":
            shown = view_of(told.answer["view"], view.id, view.updates + 1)
            self._slack.dialogs.views[view.id] = shown
        return told

    def shortcut(self, shortcut: str) -> Told:
        """Choose a global shortcut."""
        return self._interact("shortcut", callback_id=shortcut)

    def on_message(self, shortcut: str, channel: str, ts: str) -> Told:
        """Choose a shortcut from a message's menu."""
        message = next(it for it in self._slack.channels[channel].messages if it.ts == ts)
        shown = {"type": "message", "ts": ts, "user": message.user, "text": message.text}
        return self._interact("message_action", callback_id=shortcut, channel={"id": channel}, message=shown)

    def react(self, name: str, channel: str, ts: str) -> Told:
        """React to a message, which takes being in the channel."""
        self._slack.enter(channel, self.user)
        item = {"type": "message", "channel": channel, "ts": ts}
        return self.happen("reaction_added", reaction=name, item=item)

    def happen(self, what: str, **more: object) -> Told:
        """Something happens in the workspace that the app listens for."""
        return self._deliver("events", self.event(what, **more))

    def event(self, what: str, **more: object) -> JsonObject:
        """What Slack tells of it."""
        return {
            "type": "event_callback",
            "team_id": self._workspace.team,
            "api_app_id": self._workspace.app,
            "event_id": f"Ev{next(_COUNTED):08}",
            "event": {"type": what, "user": self.user, **more},
        }

    @property
    def dialog(self) -> SlackView:
        """The dialog that the last thing they did has opened; KeyError where it has opened none."""
        view = self._slack.dialogs.opened_by(self._trigger)
        if view is None:
            raise KeyError(f"{self.user} sees no dialog")
        return view

    @property
    def whispers(self) -> list[str]:
        """What was said to them alone, beside the answers to commands, oldest first."""
        return list(self._slack.whispers.get(self.user, []))

    def _interact(self, kind: str, **more: object) -> Told:
        self._trigger = self._slack.dialogs.new_trigger()
        told: dict[str, object] = {
            "type": kind,
            "api_app_id": self._workspace.app,
            "team": {"id": self._workspace.team, "domain": "sandbox"},
            "user": {"id": self.user, "team_id": self._workspace.team},
            "trigger_id": self._trigger,
            "response_url": f"{self._url}/answers/{self.user}",
            **more,
        }
        return self._deliver("interactions", told)

    def _state(self, view: SlackView, fields: Mapping[str, str]) -> JsonObject:
        unknown = fields.keys() - view.fields.keys()
        if unknown:
            raise KeyError(f"the dialog has no {', '.join(sorted(unknown))}")
        values = {name: {name: _state_of(element, fields.get(name))} for name, element in view.fields.items()}
        return {
            "id": view.id,
            "hash": view.hash,
            "callback_id": view.callback_id,
            "private_metadata": view.metadata,
            "state": {"values": values},
        }


def _state_of(element: Mapping[str, Any], said: str | None) -> JsonObject:
    match element["type"]:
        case "static_select":
            chosen = said if said is not None else element.get("initial_option", {}).get("value")
            if said is not None and said not in [it["value"] for it in element["options"]]:
                raise KeyError(f"{element['action_id']}: {said!r} can't be chosen")
            return {"type": "static_select", "selected_option": {"value": chosen} if chosen else None}
        case "users_select":
            return {"type": "users_select", "selected_user": said}
    return {"type": element["type"], "value": said if said is not None else element.get("initial_value")}

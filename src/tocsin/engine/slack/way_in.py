"""What is done about what people say in Slack? Each thing heard is carried out, and answered to whoever said it.

What an answer promises is durable before it is given. What Slack must be asked for in between (a dialog, a message's
text) is asked for with a short patience: Slack waits three seconds, and shows an error after that.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import msgspec

from tocsin.accounts.permissions import Permission
from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.engine.gate import Gate
from tocsin.engine.parts import Parts
from tocsin.engine.sender import Send
from tocsin.engine.slack.calls import Calls, SlackSaysNo
from tocsin.engine.slack.deeds import Deeds
from tocsin.engine.slack.dialogs import Dialogs
from tocsin.engine.slack.happenings import Happenings
from tocsin.engine.slack.members import MayNotAct, Members
from tocsin.engine.slack.slash import Slash
from tocsin.errors import InvalidInput, Overloaded, StoreError, TocsinError, Unreachable
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.inbound import said, submissions
from tocsin.integrations.slack.inbound.dialogs import about, told
from tocsin.integrations.slack.inbound.setup import Setup
from tocsin.integrations.slack.mrkdwn import escape

logger = logging.getLogger(__name__)

Payload = said.Payload

# A press is the whole command.
_AT_ONCE: dict[str, c.Change] = {
    Action.ACKNOWLEDGE: c.Acknowledge(),
    Action.MITIGATE: c.Mitigate(),
    Action.RESOLVE: c.Resolve(),
}


class Foreign(TocsinError):
    """It was said in another workspace, or to another app, than the SOP names."""

    code = "foreign_workspace"


class SlackWayIn:
    """Hears what people say in the workspace of `setup`."""

    def __init__(self, setup: Setup, parts: Parts, gate: Gate, account: SlackAccount, send: Send) -> None:
        self.setup = setup
        self._sop = parts.desk.sops.current
        self._calls = Calls(account, send)
        self._account = account
        self._deeds = Deeds(parts)
        self._members = Members(self._sop, parts.store, gate)
        self._dialogs = Dialogs(self._sop, self._deeds, self._calls)
        self._slash = Slash(self._sop, parts, account, self._deeds, self._members, self._dialogs)
        self.happenings = Happenings(parts, account, self._deeds, self._members, self._calls)
        self._beside: set[asyncio.Task[None]] = set()

    async def hear(self, heard: h.Heard | h.Challenge) -> Payload | None:
        """Do what is to be done about it; what to answer, None: that it was taken.

        Raises Foreign; and for what Slack tells again if it isn't taken, StoreError, Overloaded and Unreachable.
        """
        if isinstance(heard, h.Challenge):
            return {"challenge": heard.text}
        self._refuse_foreign(heard.origin)
        match heard:
            case h.SlashCommand():
                return await self._on_command(heard)
            case h.Submission():
                return await self._on_submission(heard)
            case h.Press(view=h.View()):
                self._go(self._dialogs.show_outlook(heard.view))
            case h.Press():
                self._tell(heard.answer_to, await self._on_press(heard))
            case h.MessageShortcut():
                self._tell(heard.answer_to, await self._privately(self.happenings.on_shortcut(heard)))
            case h.GlobalShortcut():
                await self._on_shortcut(heard)
            case _:
                await self.happenings.on_event(heard)
        return None

    async def close(self) -> None:
        """Leave what is still being said to people unsaid."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)

    def _refuse_foreign(self, origin: h.Origin) -> None:
        is_ours = (origin.team, origin.app) == (self.setup.team, self.setup.app)
        if not is_ours or origin.user_team not in ("", self.setup.team):
            where = escape(f"workspace {origin.user_team or origin.team or '?'}, app {origin.app or '?'}"[:80])
            logger.warning("Slack: something was said in another place than [slack] names: %s", where)
            raise Foreign(f"slack: must come from the workspace and to the app of [slack] team and app, got {where}")

    async def _on_command(self, heard: h.SlashCommand) -> Payload:
        await self.happenings.is_here()
        return said.privately(await self._privately(self._slash.carry_out(heard)))

    async def _privately(self, doing: Coroutine[Any, Any, str]) -> str:
        """What came of it, or what kept it from being done, in mrkdwn."""
        try:
            return await doing
        except SlackSaysNo as error:
            return escape(said.sentence(error))
        except (Overloaded, StoreError):
            logger.warning("Slack: a command could not be written down", exc_info=True)
            return escape(said.UNAVAILABLE)
        except (InvalidInput, Unreachable) as error:
            return escape(said.sentence(error))

    async def _on_press(self, heard: h.Press) -> str | None:
        await self.happenings.is_here()
        return await self._privately(self._pressed(heard))

    async def _pressed(self, heard: h.Press) -> str:
        if heard.action == Action.OPEN:
            return ""
        if heard.action not in set(Action):
            raise InvalidInput("this button is none of Tocsin's, or of a newer one")
        action = Action(heard.action)
        actor = await self._members.actor(heard.origin)
        if action is Action.DECLARE:
            await self._dialogs.open_declaration(heard.trigger)
            return ""
        incident = await self._deeds.incident_meant(heard.value, heard.channel)
        if action in _AT_ONCE:
            return await self._slash.change(heard.once, incident.id, _AT_ONCE[action], actor)
        await self._dialogs.open(action, incident, heard.trigger, actor)
        return ""

    async def _on_shortcut(self, heard: h.GlobalShortcut) -> None:
        """There is no place to answer in but a dialog."""
        try:
            await self._open_declaration(heard)
        except TocsinError as error:
            logger.warning("Slack: the dialog to declare could not be opened: %s", error)

    async def _open_declaration(self, heard: h.GlobalShortcut) -> None:
        try:
            await self._members.actor(heard.origin, Permission.DECLARE)
        except MayNotAct as error:
            await self._dialogs.say(heard.trigger, said.sentence(error))
        else:
            await self._dialogs.open_declaration(heard.trigger)

    async def _on_submission(self, heard: h.Submission) -> Payload | None:
        await self.happenings.is_here()
        try:
            dialog = Action(heard.view.dialog)
        except ValueError:
            return _instead("Not known", "this dialog is none of Tocsin's, or of a newer one.")
        try:
            if dialog is Action.DECLARE:
                return await self._declare(heard)
            await self._change(heard, dialog)
        except (Overloaded, StoreError):
            logger.warning("Slack: a dialog could not be written down", exc_info=True)
            return _errors(submissions.first_field(dialog), said.UNAVAILABLE)
        except InvalidInput as error:
            return _errors(submissions.field_at_fault(dialog, error), said.sentence(error))
        return None

    async def _declare(self, heard: h.Submission) -> Payload:
        actor = await self._members.actor(heard.origin, Permission.DECLARE)
        command = submissions.declared(heard.view.fields, self._sop)
        incident = await self._deeds.open(heard.once, command, actor)
        if incident is None:
            return _instead("Declared", said.REPEATED)
        text = said.declared(incident, self._account.page_of(incident.id))
        return {"response_action": "update", "view": told("Declared", text)}

    async def _change(self, heard: h.Submission, dialog: Action) -> Incident | None:
        actor = await self._members.actor(heard.origin)
        carried = about(heard.view.metadata)
        command = submissions.change(dialog, heard.view.fields, self._sop, self._members.people)
        seen: Actor = msgspec.structs.replace(actor, seen=carried.seq)
        return await self._deeds.change(heard.once, carried.incident, command, seen)

    def _tell(self, answer_to: str, escaped: str | None) -> None:
        """Say it to whoever pressed, beside the answer that Slack waits for."""
        if escaped and answer_to:
            self._go(self._calls.tell(answer_to, said.privately(escaped)))

    def _go(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_quietly(doing))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


async def _quietly(doing: Coroutine[Any, Any, None]) -> None:
    """What is only said to somebody may fail: what they wanted is done all the same."""
    try:
        await doing
    except TocsinError as error:
        logger.warning("Slack: somebody could not be told: %s", error)
    except Exception:
        logger.critical("Slack: telling somebody failed", exc_info=True)


def _errors(field: str, text: str) -> Payload:
    return {"response_action": "errors", "errors": {field: text}}


def _instead(title: str, text: str) -> Payload:
    return {"response_action": "update", "view": told(title, escape(text))}

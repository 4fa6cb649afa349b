"""How does somebody come to a dialog? It is opened by the trigger of what they have just done, within three seconds."""

import msgspec

from tocsin.domain.forms import verdict_so_far
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.engine.slack.calls import Calls, SlackSaysNo
from tocsin.engine.slack.deeds import Deeds
from tocsin.errors import InvalidInput
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound import dialogs
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.mrkdwn import escape
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Target

_ENDINGS = (Action.MITIGATE, Action.RESOLVE)


class Dialogs:
    """Opens dialogs, and keeps what they say of the severity current."""

    def __init__(self, sop: Sop, deeds: Deeds, calls: Calls) -> None:
        self._sop = sop
        self._deeds = deeds
        self._calls = calls

    async def open_declaration(self, trigger: str, title: str = "") -> None:
        """Ask what is wrong. Raises SlackSaysNo and Unreachable."""
        await self._open(trigger, dialogs.declare(self._sop, title=title))

    async def open(self, action: Action, incident: Incident, trigger: str, actor: Actor, initial: str = "") -> None:
        """Ask for what the command needs; `initial` is what was said of it already. Raises as above."""
        await self._open(trigger, self._view(action, incident, actor, initial))

    async def say(self, trigger: str, text: str) -> None:
        """Say something where there is no other place for it. Raises as above."""
        await self._open(trigger, dialogs.told("Tocsin", escape(text)))

    async def show_outlook(self, view: h.View | None) -> None:
        """Say in the dialog which severity its answers give so far, and why."""
        verdict = verdict_so_far(self._sop, view.fields) if view else None
        if view is None or verdict is None:
            return
        outlook = escape(f"{verdict.severity}: {verdict.reason}")
        if view.dialog == Action.DECLARE:
            shown = dialogs.declare(self._sop, outlook=outlook)
        elif view.dialog == Action.ASSESS:
            incident = await self._deeds.incident_meant(dialogs.about(view.metadata).incident, "")
            shown = dialogs.assess(self._sop, incident, outlook=outlook)
        else:
            return
        shown["private_metadata"] = view.metadata  # what its opener has seen stays what it was
        arguments = {"view_id": view.id, "view": msgspec.json.encode(shown).decode()}
        try:
            await self._calls.call("views.update", arguments | ({"hash": view.hash} if view.hash else {}))
        except SlackSaysNo as error:
            if error.error != "hash_conflict":  # they have chosen again meanwhile: that choice is told as well
                raise

    def _view(self, action: Action, incident: Incident, actor: Actor, initial: str) -> dialogs.View:
        match action:
            case Action.ASSESS:
                return dialogs.assess(self._sop, incident)
            case Action.ROLE:
                return dialogs.role(incident)
            case Action.UPDATE:
                level = self._sop.severities.get(incident.severity) if incident.severity else None
                every = str(level.update_every) if level and level.update_every else ""
                is_lead = incident.roles.get(Role.COMMUNICATIONS_LEAD) == actor.name
                return dialogs.update(incident, initial=initial, is_lead=is_lead, every=every)
            case Action.PAGE:
                return dialogs.page(incident, self._targets())
            case _ if action in _ENDINGS:
                return dialogs.ending(action, incident, initial=initial)
        return dialogs.note(incident)

    def _targets(self) -> list[dialogs.Choice]:
        known = dict.fromkeys((*map(str, Target), *self._sop.targets))
        targets = [(it, it.replace("_", " ")) for it in known]
        return [*targets, *((id_, person.name) for id_, person in sorted(self._sop.people.items()))]

    async def _open(self, trigger: str, view: dialogs.View) -> None:
        if not trigger:
            raise InvalidInput("trigger_id: is missing, without which Slack opens no dialog")
        await self._calls.call("views.open", {"trigger_id": trigger, "view": msgspec.json.encode(view).decode()})

"""What comes of `/incident …`? Each verb's own way: done at once, or asked further in a dialog."""

from datetime import timedelta

from tocsin.accounts.permissions import Permission
from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.domain.narrate import name_of
from tocsin.engine.desk import Actor
from tocsin.engine.parts import Parts
from tocsin.engine.slack.deeds import Deeds
from tocsin.engine.slack.dialogs import Dialogs
from tocsin.engine.slack.members import Members
from tocsin.errors import InvalidInput, Refused
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.inbound import said, submissions
from tocsin.integrations.slack.inbound.asked import Asked, Verb, asked
from tocsin.integrations.slack.inbound.plain import member_in, plain
from tocsin.oncall.roster import who_is_on_call
from tocsin.sop.model import Sop
from tocsin.sop.words import ROLES_BY_WORD, Role, Severity
from tocsin.store.overrides import plain as plain_overrides

_SHOWN_EVENTS = 25
# What more than the verb is asked for in a dialog, unless it was said.
_DIALOG_OF = {
    Verb.ASSESS: Action.ASSESS,
    Verb.ROLE: Action.ROLE,
    Verb.UPDATE: Action.UPDATE,
    Verb.NOTE: Action.NOTE,
    Verb.PAGE: Action.PAGE,
    Verb.MITIGATE: Action.MITIGATE,
    Verb.RESOLVE: Action.RESOLVE,
}


class Slash:
    """Carries out slash commands."""

    def __init__(
        self,
        sop: Sop,
        parts: Parts,
        account: SlackAccount,
        deeds: Deeds,
        members: Members,
        dialogs: Dialogs,
    ) -> None:
        self._sop = sop
        self._parts = parts
        self._account = account
        self._deeds = deeds
        self._members = members
        self._dialogs = dialogs

    async def carry_out(self, heard: h.SlashCommand) -> str:
        """What to tell whoever gave it, in mrkdwn; raises InvalidInput, and what opening a dialog raises."""
        it = asked(heard.text)
        if it.verb is Verb.HELP:
            return said.usage()
        declares, looks = it.verb is Verb.DECLARE, it.verb in (Verb.TIMELINE, Verb.WHO)
        permission = Permission.DECLARE if declares else Permission.READ if looks else Permission.RESPOND
        actor = await self._members.actor(heard.origin, permission)
        if declares:
            await self._dialogs.open_declaration(heard.trigger, plain(it.rest, self._members.names))
            return "Tell more in the dialog."
        if it.verb is Verb.WHO:
            return await self._who(it, heard.channel)
        incident = await self._deeds.incident_meant(it.incident, heard.channel)
        if it.verb is Verb.TIMELINE:
            return await self._timeline(incident)
        command = c.Acknowledge() if it.verb is Verb.ACK else self._command(it)
        if command is not None:
            return await self.change(heard.once, incident.id, command, actor)
        initial = plain(it.rest, self._members.names)
        await self._dialogs.open(_DIALOG_OF[it.verb], incident, heard.trigger, actor, initial)
        return "Tell more in the dialog."

    async def change(self, once: str, incident_id: str, command: c.Change, actor: Actor) -> str:
        """Carry out a command that needs no more; what to tell, in mrkdwn. Raises InvalidInput."""
        try:
            incident = await self._deeds.change(once, incident_id, command, actor)
        except Refused as error:
            if error.code != "already_acknowledged":
                raise
            found = await self._deeds.incident_meant(incident_id, "")
            return said.acknowledged_already(found, self._sop, actor.name)
        return said.done(command, incident) if incident else said.REPEATED

    def _command(self, it: Asked) -> c.Change | None:
        """The command, where enough was said for one; None: a dialog asks for the rest."""
        first, _, rest = it.rest.partition(" ")
        text = plain(it.rest, self._members.names)
        match it.verb:
            case Verb.ASSESS if first.upper() in Severity.__members__ and rest.strip():
                fields = {"severity": first.upper(), "reason": plain(rest, self._members.names).strip()}
            case Verb.ROLE if it.rest:
                fields = {"role": _role(first), "person": self._person(rest)}
            case Verb.NOTE if it.rest:
                fields = {"text": text}
            case Verb.MITIGATE | Verb.RESOLVE if it.rest:
                fields = {"note": text}
            case Verb.PAGE if rest.strip():
                target = self._members.people.get(member_in(first), first)
                fields = {"target": target, "reason": plain(rest, self._members.names)}
            case _:
                return None
        return submissions.wanted(_DIALOG_OF[it.verb], fields, self._sop)

    def _person(self, said_as: str) -> str:
        """The person who is mentioned, or named by id or name; raises InvalidInput."""
        member, word = member_in(said_as), said_as.strip().removeprefix("@").lower()
        if member:
            return submissions.known_member(member, self._members.people)
        found = [id_ for id_, it in self._sop.people.items() if word and word in (id_.lower(), it.name.lower())]
        if len(found) != 1:
            raise InvalidInput("role: name the role and a person, `/incident role ic @alice`")
        return found[0]

    async def _timeline(self, incident: Incident) -> str:
        events = await self._parts.store.read(lambda queries: queries.recent_events(incident.id, limit=_SHOWN_EVENTS))
        return said.timeline(incident, events, self._sop, self._account.page_of(incident.id))

    async def _who(self, it: Asked, channel: str) -> str:
        try:
            incident = await self._deeds.incident_meant(it.incident, channel)
        except InvalidInput:
            if it.incident:
                raise
            incident = None
        now = self._parts.clock.now()
        overrides = await self._parts.store.read(
            lambda queries: queries.desk.overrides(now, now + timedelta(seconds=1))
        )
        duties = who_is_on_call(self._sop, now, plain_overrides(overrides))
        shown = [(it.team, self._name(it.primary), self._name(it.secondary)) for it in duties]
        return said.who(incident, self._sop, shown)

    def _name(self, person: str | None) -> str:
        return name_of(person, self._sop) if person else ""


def _role(word: str) -> Role:
    role = ROLES_BY_WORD.get(word.lower())
    if role is None:
        raise InvalidInput(f"role: must be ic, cl or tl, got {word[:40]!r}")
    return role

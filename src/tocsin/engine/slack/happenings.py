"""What happens in Slack that concerns an incident? Pinned messages become notes, and what is taken away is told.

Slack tells an event again until it is taken: so it is taken once what follows from it is durable, and not before.
"""

from datetime import UTC, datetime

import msgspec

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.domain.text import MAX_TEXT, clean_text
from tocsin.engine.desk import Actor
from tocsin.engine.parts import Parts
from tocsin.engine.slack.calls import Calls, SlackSaysNo
from tocsin.engine.slack.deeds import Deeds
from tocsin.engine.slack.members import Members
from tocsin.errors import InvalidInput, TocsinError
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.inbound import said
from tocsin.integrations.slack.inbound.payloads import message_in
from tocsin.integrations.slack.inbound.plain import plain
from tocsin.integrations.slack.manifest import TO_TIMELINE
from tocsin.integrations.slack.mrkdwn import escape

PIN = "pushpin"  # 📌
REMOVED = "slack_removed"  # the fact that is kept of it
_SLACK = Actor("slack", "slack")
_MAX_QUOTED = MAX_TEXT - 500  # characters; who wrote it and where stand below
_WORDS = {
    "app_uninstalled": "the app was removed from the workspace: install it again, and set its new bot token",
    "tokens_revoked": "the app's token was revoked: install it again, and set its new bot token",
}


class _Permalink(msgspec.Struct, frozen=True):
    permalink: str = ""


class Happenings:
    """What follows from events, and from the message shortcut. `removed` tells why Slack takes nothing any more."""

    def __init__(self, parts: Parts, account: SlackAccount, deeds: Deeds, members: Members, calls: Calls) -> None:
        self._parts = parts
        self._account = account
        self._deeds = deeds
        self._members = members
        self._calls = calls
        self.removed = ""

    async def on_event(self, heard: h.Heard) -> None:
        """Do what follows from it. Raises StoreError, Overloaded and Unreachable, after which Slack tells it again."""
        match heard:
            case h.Reaction(name=name) if name == PIN:
                await self._on_pin(heard)
            case h.Joined(channel=channel, origin=origin):
                await self._deeds.brief(heard.once, channel, origin.user)
            case h.Archived():
                await self._on_archived(heard)
            case h.Removed(how=how):
                await self._remember_removed(_WORDS.get(how, how))

    async def on_shortcut(self, heard: h.MessageShortcut) -> str:
        """Put the message into the timeline; what to tell whoever wants that. Raises InvalidInput."""
        if heard.shortcut != TO_TIMELINE:
            raise InvalidInput("this shortcut is none of Tocsin's, or of a newer one")
        actor = await self._members.actor(heard.origin)
        incident = await self._deeds.incident_of_channel(heard.channel)
        if incident is None:
            raise InvalidInput("this channel is no incident's: the timeline takes messages of an incident's channel")
        return await self._note(incident, heard.channel, heard.message, actor)

    async def _on_pin(self, heard: h.Reaction) -> None:
        incident = await self._deeds.incident_of_channel(heard.channel)
        if incident is None:
            return
        try:
            actor = await self._members.actor(heard.origin)
            message = await self._message(heard.channel, heard.ts)
            if message is not None:
                await self._note(incident, heard.channel, message, actor)
        except SlackSaysNo as error:
            receipt = c.ReportChannelFailed(action=error.method, reason=str(error))
            await self._deeds.change(heard.once, incident.id, receipt, _SLACK)
        except InvalidInput as error:
            await self._whisper(heard.channel, heard.origin.user, said.sentence(error))

    async def _note(self, incident: Incident, channel: str, message: h.Message, actor: Actor) -> str:
        """Write the message down, once, whoever wants it and however often."""
        command = c.AddNote(text=self._quoted(message, await self._permalink(channel, message.ts)))
        noted = await self._deeds.change(f"message:{channel}:{message.ts}", incident.id, command, actor)
        return escape(f"It stands in the timeline of {incident.id}{'' if noted else ' already'}.")

    def _quoted(self, message: h.Message, link: str) -> str:
        text = clean_text(plain(message.text, self._members.names)) or "(a message without text)"
        if len(text) > _MAX_QUOTED:
            text = f"{text[:_MAX_QUOTED]}…"
        author = self._members.names.get(message.author) or message.author or "somebody"
        written = datetime.fromtimestamp(float(message.ts), UTC) if _is_time(message.ts) else None
        at = f", {written:%H:%M} UTC" if written else ""
        return f"{text}\n— {author} in Slack{at}{f', {link}' if link else ''}"

    async def _message(self, channel: str, ts: str) -> h.Message | None:
        """The message as Slack has it, in the channel or in a thread; None where it is gone."""
        limits = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": "true", "limit": "1"}
        found = message_in(await self._calls.call("conversations.history", limits, reads=True), ts)
        if found is not None:
            return found
        # conversations.history leaves out what stands in a thread alone; .replies takes a reply's own id as well.
        limits = {"channel": channel, "ts": ts, "inclusive": "true", "limit": "1"}
        try:
            return message_in(await self._calls.call("conversations.replies", limits, reads=True), ts)
        except SlackSaysNo as error:
            if error.error == "thread_not_found":
                return None
            raise

    async def _permalink(self, channel: str, ts: str) -> str:
        """The way back to the message; empty where Slack doesn't tell it now: the note is worth more."""
        try:
            answer = await self._calls.call("chat.getPermalink", {"channel": channel, "message_ts": ts}, reads=True)
            link = msgspec.json.decode(answer, type=_Permalink).permalink
        except (TocsinError, ValueError):
            return ""
        return link if link.startswith("https://") and len(link) < 400 else ""

    async def _on_archived(self, heard: h.Archived) -> None:
        incident = await self._deeds.incident_of_channel(heard.channel)
        if incident is None or incident.status.is_over:
            return
        who = self._members.names.get(heard.origin.user) or "somebody"
        told = f"The channel was archived in Slack by {who}: nothing can be told there until somebody unarchives it."
        actor = Actor(self._members.people.get(heard.origin.user, _SLACK.name), "slack")
        await self._deeds.change(heard.once, incident.id, c.AddNote(text=told), actor)

    async def _whisper(self, channel: str, user: str, text: str) -> None:
        """Tell the member alone, in the channel; it is no harm where that fails."""
        try:
            await self._calls.call("chat.postEphemeral", {"channel": channel, "user": user, "text": escape(text)})
        except TocsinError:
            return

    async def _remember_removed(self, how: str) -> None:
        self.removed = how
        await self._parts.writer.write(lambda tx, now: tx.facts.set_meta(REMOVED, how))

    async def is_here(self) -> None:
        """Somebody uses the app: whatever was known of its removal is over."""
        if self.removed:
            await self._remember_removed("")

    async def recall(self) -> None:
        """What is on record of the app's removal, by this node or another. Raises StoreError."""
        self.removed = await self._parts.store.read(lambda queries: queries.meta(REMOVED) or "")


def _is_time(ts: str) -> bool:
    seconds, _, rest = ts.partition(".")
    return seconds.isdecimal() and len(seconds) == 10 and (not rest or rest.isdecimal())

"""How does Slack reach this node? By HTTP, or over a line that this node holds open; and is it there at all?"""

from tocsin.engine.credentials import slack_account
from tocsin.engine.gate import Gate
from tocsin.engine.loops import Every, Loop
from tocsin.engine.parts import Parts
from tocsin.engine.sender import Send
from tocsin.engine.slack.socket import Socket
from tocsin.engine.slack.way_in import SlackWayIn
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.inbound.setup import Setup, setup_of
from tocsin.settings import Settings

LOOK_SECONDS = 5.0
DOWN_AFTER_SECONDS = 300.0  # Slack itself ends a connection every few hours, and a new one takes a moment


class SlackLine:
    """Slack's way in on this node: what is heard, and the loops beside it."""

    def __init__(
        self, setup: Setup, parts: Parts, gate: Gate, account: SlackAccount, alarms: Alarms, send: Send
    ) -> None:
        self.setup = setup
        self.way_in = SlackWayIn(setup, parts, gate, account, send)
        self.socket = Socket(setup.app_token, account, send, self.way_in.hear) if setup.app_token else None
        self._clock = parts.clock
        self._alarms = alarms

    def loops(self) -> list[Loop]:
        """What the node starts."""
        return [self, *([self.socket] if self.socket else [])]

    async def close(self) -> None:
        """Leave what is still being said to people unsaid."""
        await self.way_in.close()

    async def run(self) -> None:
        """Look whether people can act in Slack, until cancelled."""
        await Every(LOOK_SECONDS, self._recall_and_look, "Slack: whether it is there could not be looked at").run()

    async def _recall_and_look(self) -> None:
        await self.way_in.happenings.recall()
        self.look()

    def look(self) -> None:
        """State what keeps people from acting in Slack."""
        found = {}
        if self.way_in.happenings.removed:
            found["app"] = f"Slack: {self.way_in.happenings.removed}"
        down_for = self.socket.down_for() if self.socket else 0.0
        if down_for > DOWN_AFTER_SECONDS:
            why = self.socket.why if self.socket else ""
            found["socket"] = f"Slack: no Socket Mode connection for {down_for / 60:.0f} min: {why}"
        self._alarms.state(Trouble.CHAT, found, self._clock.now())


def line_of(settings: Settings, parts: Parts, gate: Gate, alarms: Alarms, send: Send) -> SlackLine | None:
    """Slack's way in, where the SOP and the secrets set it up."""
    sop = parts.desk.sops.current
    setup = setup_of(sop.slack, settings.secret)
    account = slack_account(settings, sop)
    if setup is None or account is None:
        return None
    return SlackLine(setup, parts, gate, account, alarms, send)

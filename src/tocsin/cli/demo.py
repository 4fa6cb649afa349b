"""What does Tocsin do? The whole procedure, played on this machine in under a minute; nobody is really paged."""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import click

from tocsin.cli.cockpit import cockpit
from tocsin.cli.output import say, table
from tocsin.cli.stage import Stage
from tocsin.errors import Unreachable
from tocsin.skill.export import export
from tocsin.sop.load import load_file
from tocsin.sop.render import documents

DEFAULT_SPEED = 150.0
_PATIENCE_SECONDS = 60.0
_QUIET = ("page_accepted", "summary_posted", "postmortem_saved")
_WRITTEN = {
    "summary": "Checkout and login answered with errors after a configuration change reached every server at once.",
    "root_cause": "The change was applied to every server at once, and its validation did not cover empty values.",
    "impact": "One request in five failed. No data was lost. The monthly SLA stays within its limit.",
    "went_well": "The secondary on-call had the change rolled back within minutes of being paged.",
    "went_poorly": "The primary's phone was silent, and the first quarter of an hour passed unanswered.",
    "lessons": "Configuration reaches all users as fast as code does, and deserves the same staged roll-out.",
}
_ACTIONS = [
    {"text": "Roll configuration out in stages", "owner": "bob", "priority": "P0"},
    {"text": "Check each phone at handoff by a test page", "owner": "alice", "priority": "P1"},
]


@click.command()
@click.option("--keep", is_flag=True, help="Leave the server running at the end, to look around.")
@click.option(
    "--speed",
    type=click.FloatRange(10, 600),
    default=DEFAULT_SPEED,
    show_default=True,
    help="How many times faster than real time.",
)
def demo(keep: bool, speed: float) -> None:
    """Play a whole incident on this machine; no account needed.

    A real server, a recorded real alert, sandbox PagerDuty and Slack that check every request, and a fast clock.
    """
    directory = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    with Stage(directory, speed) as stage:
        say(f"Tocsin at {stage.url}, {speed:g} times faster than real time; PagerDuty and Slack are sandboxes here.\n")
        story = Story(stage)
        story.play()
        story.sum_up()
        if keep:
            say(
                f"\nThe server goes on (Ctrl-C ends it). Look around with:\n  export TOCSIN_DATABASE=sqlite:///{stage.database}"
            )
            stage.wait()


class Story:
    """The people of the story, acting through the API; every event is told as it happens."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = stage.client
        self._events: list[dict[str, Any]] = []
        self._incident = ""
        self._began = datetime.now(UTC)

    def play(self) -> None:
        """From the alert to the completed postmortem."""
        self._escalate()
        self._respond()
        self._communicate()
        self._end()
        self._learn()

    def _escalate(self) -> None:
        primary, secondary = self._on_call()
        self._scene(f"Prometheus sends an alert. {primary.title()}, the primary on-call, sleeps through the page.")
        self._send_alert(is_firing=True)
        self._incident = self._client.get("incidents")[0]["id"]
        self._until("the secondary is paged", lambda event: self._reached(event, secondary))
        self._people = {"ic": secondary, "tl": primary, "cl": "emma"}

    def _on_call(self) -> tuple[str, str]:
        team = next(it for it in self._client.get("oncall") if it["team"] == "platform")
        return team["primary"], team["secondary"]

    def _respond(self) -> None:
        ic = self._people["ic"]
        self._scene(f"{ic.title()} wakes, acknowledges, and assesses by the SOP's questions.")
        self._do("acknowledge", after_minutes=2, by=ic)
        self._do("assess", after_minutes=3, answers={"scope": "all", "workaround": "no", "sla": "at_risk"}, by=ic)
        self._until("the channel opens", lambda event: event["event"]["kind"] == "channel_opened")
        self._scene("Every role that a SEV1 needs is filled.")
        for short, role in (("ic", "incident_commander"), ("cl", "communications_lead"), ("tl", "technical_lead")):
            self._do("roles", role=role, person=self._people[short], by=ic)

    def _communicate(self) -> None:
        lead = self._people["cl"]
        self._scene("Updates go out. The second one is late: the Communications Lead is reminded, then it is overdue.")
        self._do("updates", text="All of checkout and login is affected; a configuration change is suspected.", by=lead)
        self._do("updates", text="We are investigating errors at checkout and login.", audience="external", by=lead)
        self._until("an update is overdue", lambda event: event["event"]["kind"] == "update_overdue")
        self._do(
            "updates", after_minutes=2, text="The change is being rolled back, 40 % of the servers are done.", by=lead
        )

    def _end(self) -> None:
        ic = self._people["ic"]
        self._scene("The roll-back is through, monitoring is clean, the incident is resolved.")
        self._do("mitigate", after_minutes=9, note="the configuration change is rolled back everywhere", by=ic)
        self._send_alert(is_firing=False)
        self._until("monitoring is clean", lambda event: event["event"]["kind"] == "alerts_cleared")
        self._do("resolve", after_minutes=5, note="error rate back to normal, confirmed by the probe", by=ic)
        cockpit(self._client.get("incidents", self._incident))

    def _learn(self) -> None:
        self._scene("The postmortem is drafted from the record; people add their judgement, and complete it.")
        path = ("incidents", self._incident, "postmortem")
        due_on = (self._began + timedelta(days=14)).date().isoformat()
        items = [{**action, "due_on": due_on} for action in _ACTIONS]
        self._client.put(*path, sections=_WRITTEN, action_items=items, by=self._people["ic"])
        self._client.post(*path, "complete", by=self._people["ic"])
        self._tell()
        directory = self._stage.directory
        (directory / f"{self._incident}.md").write_text(self._client.get(*path)["document"], encoding="utf-8")
        sop = load_file(self._stage.sop_file)
        for name, text in documents(sop).items():
            (directory / name).write_text(text, encoding="utf-8")
        export(sop, directory)

    # --- the means ---------------------------------------------------------------------------------------------------

    def _scene(self, text: str) -> None:
        say(f"\n{text}", bold=True)

    def _do(self, action: str, *, after_minutes: float = 0.5, **body: object) -> None:
        """Give a command, some minutes of the story after what came before."""
        time.sleep(after_minutes * 60 / self._stage.speed)
        self._client.post("incidents", self._incident, action, **body)
        self._tell()

    def _tell(self) -> None:
        """Tell the events that are new."""
        told = len(self._events)
        self._events = self._client.get("incidents", self._incident, "timeline")
        opened_at = datetime.fromisoformat(self._events[0]["at"])
        for event in self._events[told:]:
            if event["event"]["kind"] not in _QUIET:
                minutes, seconds = divmod(int((datetime.fromisoformat(event["at"]) - opened_at).total_seconds()), 60)
                say(f"  {minutes:3}:{seconds:02}  {event['actor']:<10}  {event['text']}")

    def _until(self, what: str, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """Tell events until one is `what` we wait for, which may have been told already."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not any(is_it(event) for event in self._events):
            if time.monotonic() > give_up_at:
                raise Unreachable(f"the story stopped before {what}: see {self._stage.directory / 'server.log'}")
            time.sleep(0.05)
            self._tell()

    @staticmethod
    def _reached(event: dict[str, Any], person: str) -> bool:
        return any(reach["person"] == person for reach in event["event"].get("reached") or [])

    def _send_alert(self, *, is_firing: bool) -> None:
        """Send the alert that a real Prometheus once sent, moved to the present, as Prometheus sends it."""
        recorded = files("tocsin.simulate").joinpath("recorded_alert.json").read_text(encoding="utf-8")
        alerts = json.loads(recorded)
        ends_at = self._began + timedelta(days=1) if is_firing else self._now()
        for alert in alerts:
            alert.update(startsAt=self._began.isoformat(), endsAt=ends_at.isoformat())
        headers = {"Authorization": f"Bearer {self._stage.intake_key()}", "Content-Type": "application/json"}
        url = f"{self._stage.url}/api/v2/alerts"
        with urlopen(Request(url, json.dumps(alerts).encode(), headers), timeout=10):  # noqa: S310  # our own server
            pass

    def _now(self) -> datetime:
        """The present on the story's clock, as the incident's age tells it."""
        it = self._client.get("incidents", self._incident)
        return datetime.fromisoformat(it["opened_at"]) + timedelta(seconds=it["elapsed_seconds"])

    # --- the end -----------------------------------------------------------------------------------------------------

    def sum_up(self) -> None:
        """What was sent where, and where the files are."""
        sandbox, directory = self._stage.sandbox, self._stage.directory
        refused = [it for it in sandbox.exchanges if not _is_taken(it.response.status, it.response.body)]
        say("\nWhat was sent", bold=True)
        rows = [(f"  PagerDuty  {alert.status}", alert.summary) for alert in sandbox.pagerduty.alerts.values()]
        for channel in sandbox.slack.channels.values():
            messages = len(channel.messages)
            rows.append((f"  Slack      #{channel.name}", f"{messages} messages, {len(channel.members)} people"))
        rows += [
            (f"  Inbox      {page['urgency']}", f"{page['name']}: {page['reason']}")
            for page in reversed(self._client.get("inbox"))
            if page["via"] == "inbox"
        ]
        table(rows)
        say(f"  {len(sandbox.exchanges)} requests to PagerDuty and Slack, {len(refused)} refused by the sandbox")
        say("\nWhere the files are", bold=True)
        for name in (f"{self._incident}.md", "incident-response/", "tocsin.toml", "sent.jsonl", "server.log"):
            say(f"  {directory / name}")


def _is_taken(status: int, body: bytes) -> bool:
    return status == 202 or (status == 200 and json.loads(body).get("ok") is True)


COMMANDS = {"demo": demo}

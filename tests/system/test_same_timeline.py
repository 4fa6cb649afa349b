"""Is it one procedure, wherever people work? The demo's incident in Slack alone and in PagerDuty alone: one timeline.

On the other side stand the vendors' own clients: what they send is what people's clicks send, what they read is what
people see. The stand-ins check every request; what has left Tocsin is held against the published contracts as well.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pagerduty import EventsApiV2Client, RestApiV2Client
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tests.fakes import contract
from tests.system.audit import is_nothing_waiting
from tests.system.server import Server, routing_key
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.pagerduty_post import SandboxPost
from tocsin.simulate.sandbox.recording import RecordedRequest
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Workspace
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

WORKSPACE = Workspace()
MEMBERS = {"alice": "U0EXAMPLE01", "bob": "U0EXAMPLE02", "emma": "U0EXAMPLE05"}
USERS = {it: SandboxUser(f"P{it.upper()}", it.title(), f"{it}@example.com") for it in MEMBERS}
SECRET = "the-secret-of-the-subscription"  # of the sandbox alone

WHY = "all users are affected and there is no workaround"
SUSPECTED = "All of checkout and login is affected; a configuration change is suspected."
INVESTIGATING = "We are investigating errors at checkout and login."
SEEN = "The pool of the database is exhausted."
HALF_WAY = "The change is being rolled back, 40 % of the servers are done."
ROLLED_BACK = "the configuration change is rolled back everywhere"
CONFIRMED = "error rate back to normal, confirmed by the probe"

# How somebody is reached, and what Slack alone has: the channel.
_OF_THE_SURFACE = {"page_accepted", "channel_opened", "summary_posted"}
_FROM_WHERE = re.compile(r"\((slack|pagerduty)\)|\d\d:\d\d UTC|\n— .* in Slack, .*")
Line = tuple[str, str, str]


@contextmanager
def served(directory: Path, sandbox: Sandbox, *, via: str, **environ: str) -> Iterator[Server]:
    """A server with one vendor, which pages by it; the secondary is paged a second after the primary."""
    text = default_text().replace('{ via = "pagerduty" }', f'{{ via = "{via}" }}')
    before, unassessed, after = text.partition("[[unassessed.escalation]]")
    text = before + unassessed + after.replace('after = "15m"', 'after = "1s"', 1)
    for person, user in USERS.items():
        text = text.replace(f"[people.{person}]", f'[people.{person}]\npagerduty_user = "{user.id}"')
    text = text.replace("[slack]", f'[slack]\nteam = "{WORKSPACE.team}"\napp = "{WORKSPACE.app}"', 1)
    sop = directory / "tocsin.toml"
    sop.write_text(text, encoding="utf-8")
    with Server(directory, sandbox=None, sop=sop, **environ) as server:
        yield server


class Monitoring(EventsApiV2Client):
    """What pages PagerDuty, by another address. The client insists on HTTPS; here it reaches loopback without."""

    def __init__(self, server: Server) -> None:
        super().__init__(routing_key(server, "website"))
        self._url = server.url

    def fire(self) -> str:
        return str(self.trigger("Checkout and login answer with errors", "shop-1", severity="critical"))


class App(RestApiV2Client):
    """PagerDuty, as one of its users has it before them. The client insists on HTTPS, as above."""

    def __init__(self, sandbox: Sandbox, user: SandboxUser) -> None:
        super().__init__("a-token", default_from=user.email)
        self._url = sandbox.url

    def change(self, incident: str, **fields: object) -> None:
        self.rput(f"incidents/{incident}", json={"type": "incident_reference", **fields})

    def note(self, incident: str, content: str) -> None:
        self.rpost(f"incidents/{incident}/notes", json={"content": content})

    def update(self, incident: str, message: str) -> None:
        self.post(f"incidents/{incident}/status_updates", json={"message": message}).raise_for_status()


class Signed(OverHttp):
    """Requests as Slack sends them, signed by its own library."""

    def signed(self, body: bytes, at: float | None = None) -> dict[str, str]:
        stamp = str(int(at or datetime.now(UTC).timestamp()))
        signature = SignatureVerifier(WORKSPACE.secret).generate_signature(timestamp=stamp, body=body)
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)}


def opened_by(server: Server, monitoring: Monitoring) -> tuple[str, str, str, str]:
    """An alert: its key, its incident, and who is paged for it, the primary and a second later the secondary."""
    key = monitoring.fire()
    (incident,) = server.get("incidents")
    until(lambda: len(server.events(incident["id"], "page_accepted")) == 2, "primary and secondary are paged")
    (team,) = (it for it in server.get("oncall") if it["team"] == "platform")
    return key, str(incident["id"]), team["primary"], team["secondary"]


def given_in_slack(directory: Path, sandbox: Sandbox) -> list[Line]:
    """The demo's incident by people who never leave Slack; PagerDuty there is none."""
    environ = {"TOCSIN_SLACK_API_URL": sandbox.url, "SLACK_SIGNING_SECRET": WORKSPACE.secret}
    reader = WebClient("xoxb-a-reader", base_url=f"{sandbox.url}/api/")
    with served(directory, sandbox, via="slack", **environ) as server, Monitoring(server) as monitoring:
        deliver = Signed(server.url, WORKSPACE)
        member = {it: SlackMember(id_, sandbox.slack, deliver, sandbox.url) for it, id_ in MEMBERS.items()}
        key, incident, primary, secondary = opened_by(server, monitoring)
        tl, ic, cl = member[primary], member[secondary], member["emma"]

        direct = str(reader.conversations_open(users=MEMBERS[secondary])["channel"]["id"])
        assert incident in texts(reader, direct)
        assert ic.press(Action.ACKNOWLEDGE, incident, direct).status == 200
        ic.press(Action.ASSESS, incident, direct)
        assert ic.submit(ic.dialog, scope="all", workaround="no", sla="at_risk").errors == {}
        until(lambda: server.events(incident, "channel_opened"), "the channel opens")
        channel = next(
            str(it["id"])
            for it in reader.conversations_list(types="public_channel")["channels"]
            if it["name"] == server.get(f"incidents/{incident}")["channel"]
        )
        for role, person in (("ic", secondary), ("cl", "emma"), ("tl", primary)):
            assert ic.command(f"role {role} <@{MEMBERS[person]}>", channel).text == "The role is given."
        for audience, text in (("internal", SUSPECTED), ("external", INVESTIGATING), ("internal", HALF_WAY)):
            cl.command("update", channel)
            assert cl.submit(cl.dialog, text=text, audience=audience).errors == {}
        seen = sandbox.slack.write(channel, tl.user, SEEN)
        until(lambda: tl.react("pushpin", channel, seen).status == 200, "Slack has told it until it was taken")
        assert incident in ic.command(f"mitigate {ROLLED_BACK}", channel).text
        monitoring.resolve(key)
        assert incident in ic.command(f"resolve {CONFIRMED}", channel).text

        until(lambda: is_nothing_waiting(server.database), "everything is sent")
        shown = texts(reader, channel)
        assert [it for it in (SUSPECTED, INVESTIGATING, HALF_WAY, ROLLED_BACK, CONFIRMED) if it not in shown] == []
        return timeline(server, incident)


def given_in_pagerduty(directory: Path, sandbox: Sandbox) -> list[Line]:
    """The demo's incident by people who never leave PagerDuty; Slack there is none."""
    sandbox.pagerduty.desk.employ(*USERS.values())
    environ = {"TOCSIN_PAGERDUTY_EVENTS_URL": sandbox.url, "PAGERDUTY_WEBHOOK_SECRET": SECRET}
    with (
        served(directory, sandbox, via="pagerduty", **environ) as server,
        Monitoring(server) as monitoring,
        SandboxPost(f"{server.url}/intake/pagerduty/{server.intake_key}", SECRET) as post,
        ExitStack() as closing,
    ):
        sandbox.pagerduty.desk.tell = post.tell
        key, incident, primary, secondary = opened_by(server, monitoring)
        app = {it: closing.enter_context(App(sandbox, user)) for it, user in USERS.items()}
        tl, ic, cl = app[primary], app[secondary], app["emma"]
        _, page = sandbox.pagerduty.desk.incidents.values()  # the secondary's

        ic.change(page.id, status="acknowledged")
        ic.note(page.id, f"/incident assess SEV1 {WHY}")
        for role, person in (("Incident Commander", secondary), ("CL", "emma"), ("TL", primary)):
            # There is no published method for it: in the app.
            sandbox.pagerduty.desk.give_role(page.key, USERS[secondary].id, role, USERS[person].id)
        cl.update(page.id, SUSPECTED)
        cl.note(page.id, f"/incident update external {INVESTIGATING}")
        cl.update(page.id, HALF_WAY)
        tl.note(page.id, SEEN)
        ic.note(page.id, f"/incident mitigate {ROLLED_BACK}")
        until(lambda: server.events(incident, "mitigated"), "it is mitigated")
        monitoring.resolve(key)
        ic.note(page.id, f"/incident resolve {CONFIRMED}")

        until(lambda: server.events(incident, "resolved"), "it is resolved")
        until(lambda: is_nothing_waiting(server.database), "everything is sent")
        assert [it["status"] for it in ic.iter_all("incidents")] == ["resolved", "resolved"]
        assert {it.status for it in post.delivered} == {202}
        return timeline(server, incident)


def texts(reader: WebClient, channel: str) -> str:
    """What stands in a conversation, as Slack's own library reads it."""
    pages = reader.conversations_history(channel=channel)
    return "\n".join(str(it["text"]) for page in pages for it in page["messages"])


def timeline(server: Server, incident: str) -> list[Line]:
    """What happened, who did it, and how it is told, less times, how people were reached, and where it was written."""
    return [
        (it["event"]["kind"], it["actor"], _FROM_WHERE.sub("", it["text"]))
        for it in server.events(incident)
        if it["event"]["kind"] not in _OF_THE_SURFACE
    ]


def by_tocsin(sandbox: Sandbox) -> list[RecordedRequest]:
    """What has left Tocsin, as far as there is a contract for it, and no vendor's client."""
    sent = [it for it in sandbox.requests if it.headers.get("user-agent", "").startswith("python-httpx")]
    return [it for it in sent if it.path.startswith(("/api/", "/v2/enqueue"))]


def test_the_same_incident_in_slack_alone_and_in_pagerduty_alone_has_the_same_timeline(tmp_path: Path) -> None:
    contract.shared("contracts")  # skips where there is nothing to compare with
    told: dict[str, list[Line]] = {}
    runs: dict[str, Callable[[Path, Sandbox], list[Line]]] = {"slack": given_in_slack, "pagerduty": given_in_pagerduty}
    for name, give in runs.items():
        directory = tmp_path / name
        directory.mkdir()
        with Sandbox(log=directory / "sent.jsonl") as sandbox:
            told[name] = give(directory, sandbox)
            faults: dict[str, Any] = {it.path: contract.faults_of(it) for it in by_tocsin(sandbox)}
            assert faults
            assert {path: found for path, found in faults.items() if found} == {}
    assert told["slack"] == told["pagerduty"]
    ic, tl = (person for kind, person, _ in told["slack"] if kind in ("acknowledged", "note_added"))
    assert [(kind, actor) for kind, actor, _ in told["slack"]] == [
        ("incident_opened", "monitoring"),
        ("step_fired", "tocsin"),
        ("step_fired", "tocsin"),
        ("acknowledged", ic),
        ("assessed", ic),
        ("stakeholders_informed", ic),
        ("role_assigned", ic),
        ("role_assigned", ic),
        ("role_assigned", ic),
        ("update_posted", "emma"),
        ("update_posted", "emma"),
        ("update_posted", "emma"),
        ("note_added", tl),
        ("mitigated", ic),
        ("alerts_cleared", "monitoring"),
        ("resolved", ic),
    ]

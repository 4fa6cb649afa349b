"""How does a test run a whole server, without its doors? A Node on a file, with the sandbox for its vendors."""

from pathlib import Path

from tests.engine.disk import lay_ballast
from tests.rota import alice_always
from tocsin.domain import commands as c
from tocsin.domain.alert import Alert
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.settings import Settings
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity, Trigger

ALICE = Actor("alice", "test")
MONITORING = Actor("monitoring", "alertmanager")
FAST = 20.0  # engine seconds in a real one


def server(path: Path, sandbox: Sandbox, *, sop: Sop | None = None, speed: float = FAST, slack: bool = False) -> Node:
    """A server that isn't running yet."""
    lay_ballast(path)
    settings = Settings(
        database=f"sqlite:///{path}",
        public_url="https://tocsin.example.org",
        pagerduty_events_url=sandbox.url,
        slack_api_url=sandbox.url if slack else "",
        clock_speed=speed,
    )
    return Node(settings, sop or alice_always())


async def declare(node: Node, severity: Severity | None = Severity.SEV1) -> Incident:
    """Somebody declares an incident."""
    return await node.open(c.Declare("Checkout is down", "website", Trigger.SERVICE_DEGRADED, severity), ALICE)


async def deliver(node: Node, *alerts: Alert) -> None:
    """Monitoring delivers these alerts in one request."""
    await node.take_alerts(alerts, MONITORING)


def statuses(node: Node, provider: str = "pagerduty") -> list[str]:
    """How what is to be sent by that provider stands, in the order decided."""
    return [it.status for it in reversed(node.queries.outbox.rows()) if it.provider == provider]

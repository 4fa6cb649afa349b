"""Which effects does a response send out? One of each kind, about the same incident, and accounts to send them by."""

from datetime import UTC, datetime

from msgspec.structs import replace

from tocsin.domain import effects as f
from tocsin.domain.events import Reach
from tocsin.integrations.pagerduty.outbound import PagerDutyAccount
from tocsin.integrations.slack.outbound import SlackAccount
from tocsin.integrations.wire import Attempt
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Severity, Urgency

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
INCIDENT = "INC-2026-0042"
DECIDED_AT = datetime(2026, 1, 5, 9, 59, tzinfo=UTC)
FIRST = Attempt(f"{INCIDENT}-7-0", DECIDED_AT)
REPEAT = Attempt(f"{INCIDENT}-7-0", DECIDED_AT, is_repeat=True)
PUBLIC_URL = "https://tocsin.example.org"
SECRET_KEY = "e93facc04764012d7bfb002500d5d1a6"
SECRET_TOKEN = "xoxb-canary-2026"

PAGERDUTY = PagerDutyAccount(
    events_url="https://events.pagerduty.com/v2/enqueue",
    keys={"env:PAGERDUTY_ROUTING_KEY": SECRET_KEY, "env:DATABASE_KEY": "0123456789abcdef0123456789abcdef"},
    default_key_name="env:PAGERDUTY_ROUTING_KEY",
    installation="k3x9",
    public_url=PUBLIC_URL,
)
SLACK = SlackAccount(
    token=SECRET_TOKEN,
    api_url="https://slack.com/api/",
    public_url=PUBLIC_URL,
    members={"alice": "U0ALICE01", "bob": "U0BOB0002", "carol": "U0CAROL03"},
)

PRESSED = replace(SLACK, is_interactive=True)
CARD = f.Card(
    title=f"{INCIDENT}: Checkout is down",
    status="acknowledged",
    facts=(("Severity", "SEV1"), ("Status", "acknowledged"), ("Incident Commander", "Alice")),
    update="10:07 UTC: rolling back",
    next="post_update",
)


def reach(via: str, person: str = "alice", routing_key: str | None = None) -> Reach:
    return Reach(person=person, method=ContactMethod(via=via, routing_key=routing_key))


def page(
    via: str = "pagerduty",
    *,
    urgency: Urgency = Urgency.PAGE,
    severity: Severity | None = Severity.SEV1,
    title: str = "Checkout is down",
    reason: str = "Paged primary on-call",
    service: str = "checkout",
    person: str = "alice",
    key: str = f"{INCIDENT}-3-0",
    routing_key: str | None = None,
    runbook: str = "",
    channel: str = "",
) -> f.SendPage:
    return f.SendPage(
        key=key,
        reach=reach(via, person, routing_key),
        incident=INCIDENT,
        title=title,
        service=service,
        urgency=urgency,
        severity=severity,
        reason=reason,
        at=NOON,
        runbook=runbook,
        channel=channel,
    )


def acknowledgement(key: str = f"{INCIDENT}-3-0") -> f.AcknowledgePage:
    return f.AcknowledgePage(key=key, reach=reach("pagerduty"))


def resolution(key: str = f"{INCIDENT}-3-0") -> f.ResolvePage:
    return f.ResolvePage(key=key, reach=reach("pagerduty"))


def channel_effects(channel: str, message: str) -> tuple[f.ChannelEffect, ...]:
    """Everything that happens in a channel once it is open and its summary stands as `message`, but its end."""
    return (
        f.SetTopic(incident=INCIDENT, channel=channel, topic="SEV1 · triggered · IC: none yet"),
        f.AddBookmark(incident=INCIDENT, channel=channel, title=f"{INCIDENT} in Tocsin"),
        f.AddLink(incident=INCIDENT, channel=channel, title="Runbook", url="https://runbooks.example.com/website"),
        f.InviteToChannel(incident=INCIDENT, channel=channel, people=("alice", "bob")),
        f.PostMessage(incident=INCIDENT, channel=channel, text="Severity SEV2 → SEV1: all users"),
        f.PinSummary(incident=INCIDENT, channel=channel, message=message),
        f.UpdateSummary(incident=INCIDENT, channel=channel, message=message, text="Status: acknowledged", card=CARD),
        f.BriefNewcomer(incident=INCIDENT, channel=channel, user="U0ALICE01", text="Status: acknowledged", card=CARD),
    )

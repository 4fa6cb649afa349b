"""What does the doctor find of PagerDuty, and what does he say is to be done? Asked of the sandbox, in process."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from tocsin.engine.checkups import carry_out
from tocsin.integrations.checkup import Finding, State
from tocsin.integrations.pagerduty.checkup import Known, checkup
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.wire import Inquiry, Reply, Request
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
OURS = "https://tocsin.example.org/intake/pagerduty/"
EVENTS = ["incident.acknowledged", "incident.resolved", "incident.triggered", "incident.annotated"]
WELL = Known(
    keys={"env:PAGERDUTY_ROUTING_KEY": KEY},
    has_secret=True,
    secret_names=("env:PAGERDUTY_WEBHOOK_SECRET",),
    account=RestAccount("https://api.pagerduty.com", "a-token", "tocsin@example.com"),
    token_name="env:PAGERDUTY_API_TOKEN",
    webhook_url=OURS,
    heard_at=NOW - timedelta(minutes=3),
    now=NOW,
    expected={"alice": "PALICE"},
)


def subscription(url: str = f"{OURS}KEY", **more: object) -> dict[str, object]:
    return {"active": True, "events": EVENTS, "delivery_method": {"url": url, "temporarily_disabled": False}, **more}


def on_call(id_: str, name: str) -> dict[str, object]:
    return {"user": {"id": id_, "type": "user_reference", "summary": name}, "escalation_level": 1}


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(clock=lambda: NOW)
    sandbox.pagerduty.desk.employ(SandboxUser("PTOCSIN", "Tocsin", "Tocsin@Example.com"))
    sandbox.pagerduty.rest.subscriptions = [subscription("https://elsewhere.example/"), subscription()]
    sandbox.pagerduty.rest.on_call = [on_call("PBOB", "Bob B."), on_call("PALICE", "Alice A.")]
    return sandbox


def found(sandbox: Sandbox, known: Known = WELL) -> list[Finding]:
    async def send(request: Inquiry) -> Reply:
        assert isinstance(request, Request)
        parts = urlsplit(request.url)
        asked = RecordedRequest(NOW, request.method, parts.path, parts.query, request.headers, request.body)
        answer = sandbox.answer(asked)
        return Reply(answer.status, answer.headers, answer.body)

    return asyncio.run(carry_out(checkup(known), send))


def only_fault(findings: list[Finding]) -> tuple[str, str, str]:
    (fault,) = [it for it in findings if it.state is State.BROKEN]
    return fault.what, fault.told, fault.remedy


def test_what_is_set_up_as_it_must_be_is_well_and_nobody_is_paged(sandbox: Sandbox) -> None:
    assert [(it.what, it.state) for it in found(sandbox)] == [
        ("PagerDuty: pages (env:PAGERDUTY_ROUTING_KEY)", State.WELL),
        ("PagerDuty: webhooks", State.WELL),
        ("PagerDuty: REST API", State.WELL),
        ("PagerDuty: REST API, incidents", State.WELL),
        ("PagerDuty: REST API, users", State.WELL),
        ("PagerDuty: webhooks, subscription", State.WELL),
        ("PagerDuty: on call", State.WELL),
    ]
    assert {(it.request.method, it.response.status) for it in sandbox.exchanges} == {("GET", 200)}
    assert found(sandbox)[1].told == "the last one came 3 min ago"


def test_nothing_of_it_set_is_one_line_and_no_fault(sandbox: Sandbox) -> None:
    nothing = replace(WELL, keys={"env:PAGERDUTY_ROUTING_KEY": None}, has_secret=False, account=None)
    assert found(sandbox, nothing) == [
        Finding("PagerDuty", State.UNUSED, "nothing of it is set", "set env:PAGERDUTY_ROUTING_KEY")
    ]


@pytest.mark.parametrize(
    ("key", "told", "remedy"),
    [
        (None, "it is not set", "set env:PD_ALICE to an Events API v2 integration key"),
        (
            "u+123",
            "it has 5 characters, an integration key has 32",
            "copy the integration key of an Events API v2 integration",
        ),
    ],
)
def test_key_that_can_not_be_right(sandbox: Sandbox, key: str | None, told: str, remedy: str) -> None:
    known = replace(WELL, keys={**WELL.keys, "env:PD_ALICE": key})
    assert only_fault(found(sandbox, known)) == ("PagerDuty: pages (env:PD_ALICE)", told, remedy)


def test_secret_that_has_never_signed_anything(sandbox: Sandbox) -> None:
    what, told, remedy = only_fault(found(sandbox, replace(WELL, heard_at=None)))
    assert (what, told) == ("PagerDuty: webhooks", "none has ever come that one of the secrets has signed")
    assert remedy.endswith("with the address that `tocsin intake` prints, and press Send Test Event")


def test_without_webhooks_it_is_said_what_is_done_instead(sandbox: Sandbox) -> None:
    known = replace(WELL, has_secret=False)
    webhooks = found(sandbox, known)[1]
    assert (webhooks.state, webhooks.told) == (
        State.UNUSED,
        "no secret is set, Tocsin asks every few seconds instead",
    )
    alone = found(sandbox, replace(known, account=None))
    assert alone[1].told == "no secret is set, so what is done there isn't known here"
    assert alone[2].remedy == "make an API access key in PagerDuty, and set env:PAGERDUTY_API_TOKEN"


def test_revoked_token_is_the_only_fault_that_is_told(sandbox: Sandbox) -> None:
    sandbox.pagerduty.rest.token = "another"
    assert only_fault(found(sandbox)) == (
        "PagerDuty: REST API",
        "PagerDuty's REST API refused (HTTP 401): Authentication failed",
        "make an API access key in PagerDuty, and set it as [pagerduty] api_token names it",
    )


DENIED = Response(403, b'{"error": {"message": "Access Denied", "code": 2010}}')


@pytest.mark.parametrize(
    ("path", "what", "missing"),
    [
        ("/incidents", "PagerDuty: REST API, incidents", "what was missed"),
        ("/users", "PagerDuty: REST API, users", "who is who"),
        ("/oncalls", "PagerDuty: on call", "whether PagerDuty would wake the same people"),
    ],
)
def test_token_without_a_permission(sandbox: Sandbox, path: str, what: str, missing: str) -> None:
    sandbox.script = lambda asked: DENIED if asked.path == path else None
    assert only_fault(found(sandbox)) == (
        what,
        "PagerDuty's REST API refused (HTTP 403): Access Denied",
        f"without it {missing} isn't known; make an API access key in PagerDuty, "
        "and set it as [pagerduty] api_token names it",
    )


def test_subscriptions_may_be_kept_from_the_token(sandbox: Sandbox) -> None:
    sandbox.script = lambda asked: DENIED if asked.path == "/webhook_subscriptions" else None
    findings = {it.what: it.state for it in found(sandbox)}
    assert findings["PagerDuty: webhooks, subscription"] is State.UNUSED


@pytest.mark.parametrize(
    ("change", "told", "remedy"),
    [
        pytest.param(
            lambda it: it.clear(),
            f"none of 0 delivers to {OURS}…",
            "add a webhook (v3) in PagerDuty with the address that `tocsin intake` prints, and press Send Test Event",
            id="there is none",
        ),
        pytest.param(
            lambda it: it[1].update(active=False),
            "PagerDuty has switched it off: it does after three webhooks that were refused",
            "switch it on in PagerDuty: Integrations, Generic Webhooks (v3)",
            id="not active",
        ),
        pytest.param(
            lambda it: it[1].update(delivery_method={"url": f"{OURS}KEY", "temporarily_disabled": True}),
            "PagerDuty has switched it off: it does after three webhooks that were refused",
            "switch it on in PagerDuty: Integrations, Generic Webhooks (v3)",
            id="switched off for a day",
        ),
        pytest.param(
            lambda it: it[1].update(events=["incident.triggered"]),
            "it doesn't tell of incident.acknowledged, incident.resolved",
            "choose all incident events in PagerDuty",
            id="too few events",
        ),
    ],
)
def test_subscription_that_does_not_work(
    sandbox: Sandbox, change: Callable[[list[dict[str, object]]], object], told: str, remedy: str
) -> None:
    change(sandbox.pagerduty.rest.subscriptions)
    assert only_fault(found(sandbox)) == ("PagerDuty: webhooks, subscription", told, remedy)


def test_name_for_what_is_written_must_be_a_users(sandbox: Sandbox) -> None:
    account = RestAccount("https://api.pagerduty.com", "a-token", "nobody@example.com")
    assert only_fault(found(sandbox, replace(WELL, account=account))) == (
        "PagerDuty: REST API, users",
        "nobody@example.com is no user of PagerDuty: what is written in that name will be refused",
        "set [pagerduty] from_email to the address of a user",
    )


def test_pagerduty_that_would_wake_somebody_else_is_a_fault(sandbox: Sandbox) -> None:
    sandbox.pagerduty.rest.on_call = [on_call("PBOB", "Bob B.")]
    assert only_fault(found(sandbox)) == (
        "PagerDuty: on call",
        "alice is on call here, there it is Bob B.",
        "give each person a routing_key of a service of their own, or set responders = true in [pagerduty]",
    )


@pytest.mark.parametrize("path", ["/users", "/webhook_subscriptions", "/oncalls"])
def test_answer_that_can_not_be_read_is_a_finding(sandbox: Sandbox, path: str) -> None:
    sandbox.script = lambda asked: Response(200, b"<html>") if asked.path == path else None
    _, told, remedy = only_fault(found(sandbox))
    assert told.startswith("PagerDuty's REST API answered what can't be read")
    assert remedy == "try again"

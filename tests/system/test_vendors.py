"""Is what really leaves the process what the vendors have published, and does it come to its end?"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import contract
from tests.system.audit import is_nothing_waiting
from tests.system.crash.sop import patient_sop
from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

SPEED = 20  # Slack takes one call a second
_ODD = "Checkout </b> & <!channel> \u202e *down* | `rm` " + "x" * 150


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    with Server(tmp_path, sandbox=sandbox, sop=patient_sop(tmp_path), TOCSIN_CLOCK_SPEED=str(SPEED)) as server:
        yield server


def respond(server: Server) -> str:
    """A whole response: from the alert to the resolution, with everything that is sent on the way."""
    server.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    incident = str(server.get("incidents")[0]["id"])
    work = f"incidents/{incident}"
    server.post(f"{work}/assess", severity="SEV1", reason="nobody can pay", by="alice")
    until(lambda: server.get(work)["channel"], "the channel opens")
    server.post(f"{work}/acknowledge", by="alice")
    for role, person in (("incident_commander", "alice"), ("communications_lead", "emma"), ("technical_lead", "bob")):
        server.post(f"{work}/roles", role=role, person=person, by="alice")
    server.post(f"{work}/teams", team="backend", by="alice")
    server.post(f"{work}/pages", target="cto", reason=_ODD, by="alice")
    server.post(f"{work}/notes", text=_ODD, by="bob")
    server.post(f"{work}/updates", text=_ODD, by="emma")
    server.post(f"{work}/updates", text="We are looking into it.", audience="external", by="emma")
    until(lambda: is_nothing_waiting(server.database), "whoever is called in is told")
    server.post(f"{work}/mitigate", note="rolled back", by="alice")
    server.post(f"{work}/resolve", note="confirmed", by="alice")
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    return incident


def test_every_request_of_a_whole_response_passes_the_vendors_published_schemas(
    server: Server, sandbox: Sandbox
) -> None:
    contract.shared("contracts")  # skips where there is nothing to compare with
    respond(server)
    declared = server.post("incidents", title=_ODD, severity="SEV2", reason=_ODD)["id"]
    until(lambda: server.get(f"incidents/{declared}")["channel"], "its channel opens")
    until(lambda: is_nothing_waiting(server.database), "everything is sent")

    calls = Counter(request.path for request in sandbox.requests)
    assert {"/v2/enqueue", "/api/conversations.create", "/api/chat.postMessage", "/api/pins.add"} <= set(calls)
    faults = {request.path: contract.faults_of(request) for request in sandbox.requests}
    assert {path: found for path, found in faults.items() if found} == {}
    assert [it.response.body for it in sandbox.exchanges if not is_taken(it.request, it.response)] == []


def is_taken(request: RecordedRequest, response: Response) -> bool:
    return response.status == 202 if request.path == "/v2/enqueue" else json.loads(response.body)["ok"]


def test_every_page_is_over_at_pagerduty_once_the_incident_is(server: Server, sandbox: Sandbox) -> None:
    respond(server)
    pages = {key: alert for key, alert in list(sandbox.pagerduty.alerts.items()) if alert.severity == "critical"}
    assert len(pages) == 2  # the primaries of two teams; the CTO, paged by hand, has the inbox alone
    assert {alert.status for alert in pages.values()} == {PagerDutyStatus.RESOLVED}


def test_what_the_incident_channel_shows_is_inert(server: Server, sandbox: Sandbox) -> None:
    incident = respond(server)
    channel = sandbox.slack.named(str(server.get(f"incidents/{incident}")["channel"]))
    written = "\n".join([channel.topic, *(block for it in channel.messages for block in (it.text, *it.blocks))])
    assert "&lt;!channel&gt;" in written
    assert "<!channel>" not in written


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Response(400, b'{"status": "invalid event", "message": "no"}'), id="refuses the key"),
        pytest.param(Response(404, b"<html>no such page</html>"), id="is not there any more"),
    ],
)
def test_a_page_that_pagerduty_refuses_for_good_moves_on_at_once(
    server: Server, sandbox: Sandbox, answer: Response
) -> None:
    sandbox.script = lambda request: answer if request.path == "/v2/enqueue" else None
    incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all of it")["id"])
    (failed, *_) = until(lambda: server.events(incident, "page_failed"), "the failure stands in the timeline")
    assert failed["event"]["next_method"] == {"via": "inbox"}
    pages = until(lambda: inbox_pages(server), "the page is in the inbox")
    assert failed["event"]["person"] in {page["person"] for page in pages}


def test_a_page_outlasts_an_outage_of_pagerduty_under_one_key(server: Server, sandbox: Sandbox) -> None:
    is_down = iter([True, True])
    sandbox.script = lambda request: Response(503) if next(is_down, False) else None
    server.post("incidents", title="Checkout is down", severity="SEV1", reason="all of it")
    until(lambda: any(it.triggers for it in list(sandbox.pagerduty.alerts.values())), "the page arrives after all")
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    events = [json.loads(it.body) for it in sandbox.requests if it.path == "/v2/enqueue"]
    tries = Counter((it["payload"]["custom_details"]["page_key"], it["dedup_key"]) for it in events)
    assert len(tries) == len({page for page, _ in tries})


def inbox_pages(server: Server) -> list[Json]:
    return [it for it in server.get("inbox") if it["via"] == "inbox" and it["urgency"] == "page"]


def test_no_secret_stands_in_the_log_or_the_database(server: Server, sandbox: Sandbox) -> None:
    respond(server)
    secrets = {"0123456789abcdef0123456789abcdef", "xoxb-stand-in", server.token, server.intake_key}
    files = [path for path in server.directory.iterdir() if path.name.startswith(("server.log", "tocsin.db"))]
    kept = {server.beside("token"), server.beside("intake-key")}  # where they are meant to be
    held = {path.name: path.read_bytes() for path in files if path not in kept}
    assert [(name, secret) for name, text in held.items() for secret in secrets if secret.encode() in text] == []

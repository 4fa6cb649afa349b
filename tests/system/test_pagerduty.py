"""Do people who look at PagerDuty alone work with those who look at Tocsin? A real server, and PagerDuty's sandbox.

What leaves the sandbox are webhooks as documented, signed; what it takes is checked as documented.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from tests.rota import steady_text
from tests.system.audit import is_nothing_waiting
from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.pagerduty_desk import SandboxDesk, SandboxUser
from tocsin.simulate.sandbox.pagerduty_post import SandboxPost
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: the promise is 1, on a machine that does nothing else

OLD, NEW = "an-old-secret-of-the-subscription", "its-new-secret-while-it-is-replaced"
SECRETS = 'webhook_secrets = ["env:PAGERDUTY_WEBHOOK_SECRET", "env:PAGERDUTY_OLD_SECRET"]'
BOB = SandboxUser("PBOB", "Bob B.", "bob@example.com")
EVENTS = [f"incident.{kind}" for kind in ("triggered", "acknowledged", "resolved", "annotated", "role.assigned")]
EVE = SandboxUser("PEVE", "Eve", "eve@elsewhere.example")


@contextmanager
def served(directory: Path, sandbox: Sandbox, pagerduty: str = "", **environ: str) -> Iterator[Server]:
    """A server whose SOP has more in `[pagerduty]`, and names the PagerDuty user of bob."""
    text = steady_text().replace('webhook_secrets = ["env:PAGERDUTY_WEBHOOK_SECRET"]', SECRETS, 1)
    text = text.replace("[pagerduty]", f"[pagerduty]\n{pagerduty}", 1)
    text = text.replace("[people.bob]", f'[people.bob]\npagerduty_user = "{BOB.id}"', 1)
    sop = directory / "tocsin.toml"
    sop.write_text(text, encoding="utf-8")
    sandbox.pagerduty.desk.employ(BOB, EVE)
    secrets = {"PAGERDUTY_WEBHOOK_SECRET": NEW, "PAGERDUTY_OLD_SECRET": OLD}
    with Server(directory, sandbox=sandbox, sop=sop, **secrets, **environ) as server:
        yield server


@contextmanager
def post(server: Server, sandbox: Sandbox, *secrets: str, pause_seconds: float = 0.2) -> Iterator[SandboxPost]:
    """PagerDuty delivers its webhooks to the server."""
    url = f"{server.url}/intake/pagerduty/{server.intake_key}"
    with SandboxPost(url, *(secrets or (NEW,)), pause_seconds=pause_seconds) as delivering:
        sandbox.pagerduty.desk.tell = delivering.tell
        yield delivering


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    with served(tmp_path, sandbox) as server:
        yield server


def page(server: Server, sandbox: Sandbox) -> tuple[str, str]:
    """An alert pages somebody: the incident, and the key of the page in PagerDuty."""
    server.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    incident = str(server.get("incidents")[0]["id"])
    until(lambda: sandbox.pagerduty.alerts, "the page arrives")
    return incident, next(iter(sandbox.pagerduty.alerts))


def acknowledgements(server: Server, incident: str) -> list[Json]:
    return server.events(incident, "acknowledged")


def test_acknowledged_there_stops_the_ladder_within_one_second(server: Server, sandbox: Sandbox) -> None:
    with post(server, sandbox):
        incident, key = page(server, sandbox)
        began = time.monotonic()
        sandbox.pagerduty.desk.acknowledge(key, BOB.id)
        (event,) = until(lambda: acknowledgements(server, incident), "it is acknowledged here")
        assert time.monotonic() - began < _GENEROUS
    assert (event["actor"], event["via"]) == ("bob", "pagerduty")
    view = server.get(f"incidents/{incident}")
    assert (view["status"], view["acknowledged_by"]) == ("acknowledged", "bob")


def test_acknowledged_here_is_acknowledged_there_within_one_second_and_not_echoed(
    server: Server, sandbox: Sandbox
) -> None:
    with post(server, sandbox) as delivering:
        incident, key = page(server, sandbox)
        began = time.monotonic()
        server.post(f"incidents/{incident}/acknowledge", by="alice")
        until(lambda: sandbox.pagerduty.desk.of_key(key).status == "acknowledged", "it is acknowledged there")
        assert time.monotonic() - began < _GENEROUS
        until(lambda: len(delivering.delivered) == 2, "PagerDuty tells of what we did")
    assert [it.status for it in delivering.delivered] == [202, 202]
    assert [it["actor"] for it in acknowledgements(server, incident)] == ["alice"]


def test_acknowledged_at_both_at_once_is_one_acknowledgement_whoever_is_first(server: Server, sandbox: Sandbox) -> None:
    with post(server, sandbox) as delivering:
        incident, key = page(server, sandbox)
        together = Barrier(2)

        def in_pagerduty() -> None:
            together.wait()
            sandbox.pagerduty.desk.acknowledge(key, BOB.id)

        there = Thread(target=in_pagerduty)
        there.start()
        together.wait()
        here = server.http.post(f"/api/v1/incidents/{incident}/acknowledge", json={"by": "alice"})
        there.join()
        until(lambda: len(delivering.delivered) >= 2, "PagerDuty has told of it")
        until(lambda: is_nothing_waiting(server.database), "everything is sent")
    (event,) = acknowledgements(server, incident)
    if here.status_code == 409:
        assert here.json()["detail"] == f"{incident} is already acknowledged by bob"
    assert event["actor"] == ("bob" if here.status_code == 409 else "alice")


def test_the_incident_is_worked_on_in_pagerduty_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    """The demo's incident, as far as PagerDuty has words for it; roles are given in Tocsin or in Slack."""
    with (
        served(tmp_path, sandbox, 'resolves = true\npriorities = { SEV1 = "P1" }') as server,
        post(server, sandbox) as delivering,
    ):
        incident, key = page(server, sandbox)
        desk: SandboxDesk = sandbox.pagerduty.desk
        desk.acknowledge(key, BOB.id)
        desk.prioritise(key, BOB.id, "P1")
        desk.annotate(key, BOB.id, "a configuration change is suspected")
        desk.update(key, BOB.id, "the change is being rolled back")
        desk.annotate(key, EVE.id, "confirmed by the probe")
        desk.resolve(key, BOB.id)
        until(lambda: server.get(f"incidents/{incident}")["status"] == "resolved", "it is resolved here")
        until(lambda: is_nothing_waiting(server.database), "everything is sent")
        story = [(it["actor"], it["event"]["kind"]) for it in server.events(incident) if it["via"] == "pagerduty"]
        assert story == [
            ("bob", "acknowledged"),
            ("bob", "assessed"),
            ("bob", "stakeholders_informed"),
            ("bob", "note_added"),
            ("bob", "update_posted"),
            ("pagerduty", "note_added"),
            ("bob", "resolved"),
        ]
        assert {status for it in delivering.delivered for status in it.statuses} == {202}
        told = server.http.get("/api/v1/audit").json()
        assert "pagerduty:PBOB" in str(told)


def test_two_secrets_are_right_while_one_is_replaced_and_a_third_is_not(tmp_path: Path, sandbox: Sandbox) -> None:
    with served(tmp_path, sandbox) as server:
        incident, key = page(server, sandbox)
        for signed_with, status in (((OLD,), 202), ((NEW,), 202), (("x", NEW), 202), (("x",), 401)):
            with post(server, sandbox, *signed_with) as delivering:
                sandbox.pagerduty.desk.annotate(key, BOB.id, f"signed with {len(signed_with)}")
                until(lambda: delivering.delivered, "it was delivered")
                assert delivering.delivered[0].status == status
        assert incident


def test_webhooks_that_no_server_took_are_taken_from_another_start(tmp_path: Path, sandbox: Sandbox) -> None:
    with served(tmp_path, sandbox) as server, post(server, sandbox, pause_seconds=1.0) as delivering:
        incident, key = page(server, sandbox)
        until(lambda: delivering.delivered, "the page is told of")
        address = delivering.url
        server.kill()
        sandbox.pagerduty.desk.acknowledge(key, BOB.id)
        server.start()
        delivering.url = address.replace(address.split("/intake")[0], server.url)
        until(lambda: acknowledgements(server, incident), "it is acknowledged here after all")
        assert len(acknowledgements(server, incident)) == 1
        assert delivering.delivered[-1].statuses[0] == 0 or delivering.delivered[-1].statuses == (202,)


def start_until_it_asks(server: Server, sandbox: Sandbox) -> None:
    asked = len(sandbox.requests)
    server.start()
    until(lambda: len(sandbox.requests) > asked + 1, "it asks what was missed")


def test_what_happened_while_the_server_was_dead_is_known_without_any_webhook(tmp_path: Path, sandbox: Sandbox) -> None:
    """Killed in the middle, again and again: nothing is lost, and nothing stands in the timeline twice."""
    with served(tmp_path, sandbox, TOCSIN_PAGERDUTY_API_URL=sandbox.url) as server:
        incident, key = page(server, sandbox)
        server.kill()
        sandbox.pagerduty.desk.annotate(key, EVE.id, "looking at it")
        sandbox.pagerduty.desk.acknowledge(key, BOB.id)
        for _ in range(3):
            start_until_it_asks(server, sandbox)
            server.kill()
        server.start()
        until(lambda: acknowledgements(server, incident), "it is acknowledged here")
        until(lambda: server.events(incident, "note_added"), "the note is here")
        (acknowledged,), (note,) = acknowledgements(server, incident), server.events(incident, "note_added")
    assert (acknowledged["actor"], note["actor"]) == ("bob", "pagerduty")
    assert note["event"]["text"] == "Eve, in PagerDuty: looking at it"


def test_doctor_finds_everything_well_once_it_is_set_up(tmp_path: Path, sandbox: Sandbox) -> None:
    """As the ten minutes of docs/integrations end: the subscription is there, and its test event has come."""
    more = {"TOCSIN_PAGERDUTY_API_URL": sandbox.url, "PAGERDUTY_API_TOKEN": "a-token"}
    with served(tmp_path, sandbox, 'from_email = "bob@example.com"\nnotes = true', **more) as server:
        (webhooks,) = [it for it in server.get("doctor") if it["what"] == "PagerDuty: webhooks"]
        assert (webhooks["state"], webhooks["told"]) == (
            "broken",
            "none has ever come that one of the secrets has signed",
        )
        with post(server, sandbox) as delivering:
            sandbox.pagerduty.rest.subscriptions = [
                {"active": True, "events": EVENTS, "delivery_method": {"url": delivering.url}}
            ]
            sandbox.pagerduty.desk.ping()
            until(lambda: delivering.delivered, "the test event is delivered")
        found = [it for it in server.get("doctor") if it["what"].startswith("PagerDuty")]
    assert {it["state"] for it in found} == {"well"}, found
    assert len(found) == 6
    assert "a-token" not in str(found)
    assert {it.path for it in sandbox.requests if it.method == "POST"} == set()

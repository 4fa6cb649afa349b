"""What if somebody who isn't Slack knocks at its doors, and without end? Who belongs here is answered all the same."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.system.server import Server, firing
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Workspace
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: Slack waits for 3, of a machine that does nothing else
WORKSPACE = Workspace()
PINNED = f'[slack]\nteam = "{WORKSPACE.team}"\napp = "{WORKSPACE.app}"'
ALICE, BOB = "U0EXAMPLE01", "U0EXAMPLE02"  # in the default SOP
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    sop = tmp_path / "tocsin.toml"
    sop.write_text(default_text().replace("[slack]", PINNED, 1), encoding="utf-8")
    secrets = {"SLACK_SIGNING_SECRET": WORKSPACE.secret, "SLACK_BOT_TOKEN": "xoxb-not-to-be-told"}
    with Server(tmp_path, sandbox=sandbox, sop=sop, **secrets) as server:
        yield server


def member(server: Server, sandbox: Sandbox, user: str = ALICE) -> SlackMember:
    return SlackMember(user, sandbox.slack, OverHttp(server.url, WORKSPACE), sandbox.url, WORKSPACE)


def incident_on(server: Server) -> str:
    server.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    return str(server.get("incidents")[0]["id"])


def test_flood_of_forged_requests_keeps_nobody_from_acknowledging(server: Server, sandbox: Sandbox) -> None:
    incident = incident_on(server)
    forger = OverHttp(server.url, Workspace(secret="a-guess"))
    body = f"text=ack+{incident}&team_id={WORKSPACE.team}&api_app_id={WORKSPACE.app}&user_id={BOB}".encode()
    with ThreadPoolExecutor(16) as pool:
        forged = [pool.submit(forger.post, "commands", body, {**FORM, **forger.signed(body)}) for _ in range(400)]
        began = time.monotonic()
        told = member(server, sandbox).command(f"ack {incident}")
        took = time.monotonic() - began
        statuses = {it.result().status for it in forged}
    assert told.text == f"You have acknowledged {incident}: the escalation stops."
    assert took < _GENEROUS
    assert statuses <= {401, 429}
    assert [it["actor"] for it in server.events(incident, "acknowledged")] == ["alice"]


def test_one_press_that_comes_fifty_times_at_once_is_one_deed(server: Server, sandbox: Sandbox) -> None:
    incident = incident_on(server)
    over = OverHttp(server.url, WORKSPACE)
    body = (
        f"text=note+{incident}+once&team_id={WORKSPACE.team}&api_app_id={WORKSPACE.app}"
        f"&user_id={ALICE}&trigger_id=1.2.3&command=%2Fincident"
    ).encode()
    headers = {**FORM, **over.signed(body)}
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: over.post("commands", body, headers), range(50)))
    assert {it.status for it in told} == {200}
    assert len(server.events(incident, "note_added")) == 1


def test_body_without_end_is_not_read(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 65_536

    with httpx2.Client(trust_env=False, timeout=30) as client:
        try:
            status = client.post(f"{server.url}/slack/events", content=endless()).status_code
        except httpx2.HTTPError:
            status = 413  # hung up in the middle of it
    assert status == 413
    assert server.http.get("/readyz").status_code == 200


def test_words_of_people_and_secrets_go_where_they_belong(server: Server, sandbox: Sandbox) -> None:
    alice = member(server, sandbox)
    alice.command("declare")
    alice.submit(alice.dialog, title="<!channel> is <http://evil.example|down>", scope="all")
    incident = str(server.get("incidents")[0]["id"])
    alice.command(f"update {incident} <!here> nothing is <b>wrong</b>")
    if alice.dialog.fields:
        alice.submit(alice.dialog, text="<!here> nothing is <b>wrong</b>")
    alice.press(Action.ACKNOWLEDGE, incident)
    until(lambda: server.events(incident, "channel_opened"), "the channel is open")
    until(lambda: "wrong" in str(sandbox.requests), "the update is posted")
    posted = [it.body for it in sandbox.requests if it.path.startswith("/api/")]
    assert not [body for body in posted if b"%3C%21" in body or b"<!" in body or b"%3Chttp%3A%2F%2Fevil" in body]
    log = server.log.read_text()
    assert WORKSPACE.secret not in log
    assert "xoxb-not-to-be-told" not in log

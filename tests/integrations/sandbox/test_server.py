import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.fakes.effects import FIRST, INCIDENT, PAGERDUTY, SLACK, page
from tests.system.waiting import PATIENCE_SECONDS, until
from tocsin.domain import effects as f
from tocsin.integrations.pagerduty import outbound as pagerduty
from tocsin.integrations.slack import outbound as slack
from tocsin.integrations.wire import Request
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox


def event(sandbox: Sandbox) -> Request:
    account = pagerduty.PagerDutyAccount(
        events_url=pagerduty.events_url(sandbox.url, "us"),
        keys=PAGERDUTY.keys,
        default_key_name=PAGERDUTY.default_key_name,
        installation="k3x9",
        public_url=PAGERDUTY.public_url,
    )
    request = pagerduty.request_for(page(), account)
    assert isinstance(request, Request)
    return request


def send(request: Request, *, read: float = PATIENCE_SECONDS) -> httpx2.Response:
    patience = httpx2.Timeout(PATIENCE_SECONDS, read=read)
    return httpx2.request(
        request.method, request.url, headers=request.headers, content=request.body, timeout=patience, trust_env=False
    )


def test_the_sandbox_takes_real_requests_on_the_loopback_interface() -> None:
    with Sandbox() as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        answer = send(event(sandbox))
        assert (answer.status_code, answer.json()["status"]) == (202, "success")
        account = slack.SlackAccount(SLACK.token, slack.api_url(sandbox.url), SLACK.public_url, SLACK.members)
        opened = slack.request_for(f.OpenChannel(incident=INCIDENT, name="inc-1"), account, FIRST)
        assert isinstance(opened, Request)
        assert send(opened).json()["channel"]["name"] == "inc-1"
        assert send(Request(method="GET", url=f"{sandbox.url}/elsewhere")).status_code == 404
    assert [request.path for request in sandbox.requests] == ["/v2/enqueue", "/api/conversations.create", "/elsewhere"]


def test_it_stops_listening_when_stopped_and_may_be_stopped_twice() -> None:
    sandbox = Sandbox().start()
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()


def test_whoever_comes_while_it_stops_is_let_go() -> None:
    is_held, goes_on = Event(), Event()

    def hold(_: RecordedRequest) -> Response:
        is_held.set()
        goes_on.wait(30)
        return Response(200)

    sandbox = Sandbox(script=hold).start()
    address = urlsplit(sandbox.url)
    with ThreadPoolExecutor(2) as hands:
        hands.submit(httpx2.get, sandbox.url, trust_env=False)
        assert is_held.wait(30)
        with socket.create_connection((address.hostname, address.port), timeout=30) as late:
            stopping = hands.submit(sandbox.stop)
            until(sandbox._ending.done, "it is told to stop")
            goes_on.set()
            stopping.result(30)
            with suppress(ConnectionResetError):
                assert late.recv(1) == b""


def test_a_script_answers_in_the_vendors_place() -> None:
    with Sandbox(script=lambda request: Response(status=503, body=b"<html>", headers={"retry-after": "7"})) as sandbox:
        answer = send(event(sandbox))
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "<html>", "7")
    assert sandbox.pagerduty.alerts == {}


def test_a_script_may_let_the_vendor_work_and_lose_the_answer() -> None:
    with Sandbox(script=lambda request: Response(status=502, is_processed=True)) as sandbox:
        assert send(event(sandbox)).status_code == 502
    assert len(sandbox.pagerduty.alerts) == 1


def test_a_script_may_leave_a_client_hanging() -> None:
    with Sandbox(script=lambda request: Response(status=202, delay=timedelta(seconds=60))) as sandbox:
        with pytest.raises(httpx2.ReadTimeout):
            send(event(sandbox), read=0.1)
        until(lambda: len(sandbox.requests) == 1, "it has the request")


def test_a_script_sees_the_whole_request_and_may_pass_it_on() -> None:
    seen: list[RecordedRequest] = []

    def watch(request: RecordedRequest) -> Response | None:
        seen.append(request)
        return None

    with Sandbox(script=watch) as sandbox:
        request = event(sandbox)
        assert send(request).status_code == 202
    assert [(one.method, one.path, one.body) for one in seen] == [("POST", "/v2/enqueue", request.body)]
    assert seen[0].headers["content-type"] == "application/json"


def test_every_exchange_is_on_the_disk_before_its_answer_leaves(tmp_path: Path) -> None:
    log = tmp_path / "sandbox.jsonl"
    log.write_text('{"earlier": true}\n')
    with Sandbox(log) as sandbox:
        send(event(sandbox))
        earlier, line = map(json.loads, log.read_text().splitlines())
    assert earlier == {"earlier": True}
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v2/enqueue", 202)
    assert json.loads(line["body"])["dedup_key"] == f"tocsin-k3x9-{INCIDENT}-3-0"
    assert json.loads(line["answer"])["message"] == "Event processed"


def test_bytes_that_are_no_text_are_logged_legibly(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "sandbox.jsonl")
    with sandbox:
        httpx2.post(f"{sandbox.url}/v2/enqueue", content=b"\xff{", trust_env=False)
    line = json.loads((tmp_path / "sandbox.jsonl").read_text())
    assert (line["body"], line["status"]) == ("\\xff{", 400)


def test_it_serves_inside_an_asyncio_program_too() -> None:
    async def program() -> int:
        sandbox = Sandbox()
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=sandbox), base_url="http://sandbox") as client:
            return (await client.post("/v2/enqueue", content=b"{}")).status_code

    assert asyncio.run(program()) == 400

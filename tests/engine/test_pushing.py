"""Does a notification leave by Apprise at the last moment, and come to an end whatever the service does?"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.fakes.ill import ill_vendor
from tests.fakes.moods import ROW_8, TOO_SLOW
from tocsin.engine.sender import Sender, no_look
from tocsin.integrations.wire import Push, Reading, Reply

pytest.importorskip("apprise")
pytestmark = pytest.mark.anyio


class Service(HTTPServer):
    """What Apprise's `json://` speaks to; it answers `status`, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.status = 200
        self.told: list[dict[str, object]] = []

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_address[1]}/canary"


class Told(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        assert isinstance(self.server, Service)
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def service() -> Iterator[Service]:
    it = Service()
    thread = Thread(target=it.serve_forever)
    thread.start()
    try:
        yield it
    finally:
        it.shutdown()
        thread.join()
        it.server_close()


def push(url: str) -> Push:
    return Push(url, "SEV1: Checkout is down", "Acknowledge: https://tocsin.example.org/a/…", is_urgent=True)


async def sent(url: str, *, seconds: float = 60) -> dict[str, str]:
    sender = Sender(timedelta(seconds=seconds))
    reply: Reply = await sender.send(push(url), no_look)
    await sender.close()
    return dict(json.loads(reply.body))


async def test_notification_arrives_as_it_was_written() -> None:
    with service() as it:
        assert await sent(it.address) == {"state": "sent", "service": "JSON", "error": ""}
    (told,) = it.told
    assert (told["title"], told["message"], told["type"]) == (
        "SEV1: Checkout is down",
        "Acknowledge: https://tocsin.example.org/a/…",
        "failure",
    )


async def test_refusal_is_told_with_the_status_and_nothing_of_the_address() -> None:
    with service() as it:
        it.status = 403
        assert await sent(it.address) == {"state": "refused", "service": "JSON", "error": "403"}


async def test_address_that_is_none_is_told() -> None:
    assert (await sent("carrier-pigeon://loft"))["state"] == "unreadable"


async def test_last_look_is_taken_before_anything_leaves() -> None:
    class CalledBack(Exception):
        pass

    async def look() -> None:
        raise CalledBack

    with service() as it:
        sender = Sender(timedelta(seconds=60))
        with pytest.raises(CalledBack):
            await sender.send(push(it.address), look)
        await sender.close()
    assert it.told == []


@pytest.mark.slow
async def test_service_that_hangs_does_not_outlast_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert await sent(f"json://127.0.0.1:{deaf.getsockname()[1]}/", seconds=2) == {"state": "hung"}


async def test_process_knows_nothing_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.engine import pushing

    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", "canary")
    assert "canary" not in pushing._environment().values()


# Reading addresses


async def test_addresses_are_read_and_nothing_is_sent() -> None:
    with service() as it:
        urls = (it.address, "carrier-pigeon://loft", "twilio://canary", "https://example.org/canary", "canary")
        sender = Sender(timedelta(seconds=60))
        states = json.loads((await sender.ask(Reading(urls))).body)
        await sender.close()
    assert it.told == []
    assert states == [
        {"state": "read", "service": "JSON"},
        {"state": "unknown"},
        {"state": "unreadable", "service": "Twilio", "needs": ""},
        {"state": "unknown"},
        {"state": "unknown"},
    ]


# Row 8 of the fault matrix; whether a 200 is the service's own is Apprise's to know, which tells by its status alone


@pytest.mark.slow
@pytest.mark.parametrize("fault", [it for it, mood in ROW_8.items() if not 200 <= (mood.status or 0) < 300])
async def test_no_fault_passes_for_a_notification_that_was_taken(fault: str) -> None:
    mood = ROW_8[fault]
    async with ill_vendor(mood) as url:
        answer = await sent(url.replace("http:", "json:"), seconds=3 if mood.manner in TOO_SLOW else 60)
    assert answer["state"] == ("hung" if mood.manner in TOO_SLOW else "refused")

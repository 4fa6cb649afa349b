"""Is Slack heard whatever becomes of the connection? The loop of Socket Mode, and Slack's end of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.system.waiting import until
from tocsin.engine.slack.socket import Socket
from tocsin.engine.slack.way_in import Foreign
from tocsin.errors import InvalidInput, Overloaded, StoreError
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.inbound.envelopes import Envelope
from tocsin.integrations.wire import Reply, Request
from tocsin.simulate.sandbox.slack_member import Told
from tocsin.simulate.sandbox.slack_socket import SandboxSocket

COMMAND = {
    "team_id": "T0SANDBOX",
    "api_app_id": "A0SANDBOX",
    "user_id": "U0ALICE",
    "text": "who",
    "trigger_id": "1.1",
    "command": "/incident",
}
EVENT = {
    "type": "event_callback",
    "team_id": "T0SANDBOX",
    "api_app_id": "A0SANDBOX",
    "event_id": "Ev1",
    "event": {"type": "channel_archive", "channel": "C1", "user": "U0ALICE"},
}
SAYS: dict[str, object] = {"text": "done"}


class Listener:
    """What hears, and the socket that it hears through."""

    def __init__(self, slack: SandboxSocket) -> None:
        self.heard: list[h.Heard | h.Challenge] = []
        self.asked: list[Request] = []
        self.on_failure: Callable[[], None] = lambda: None
        self.fails: Exception | None = None
        self.failures = 1_000  # how often it fails before it goes well
        self.answer = json.dumps({"ok": True, "url": slack.url}).encode()
        account = SlackAccount("xoxb-1", "http://127.0.0.1:9/api/", "", {})
        self.socket = Socket("xapp-1", account, self._send, self._hear)

    async def _send(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(200, {}, self.answer)

    async def _hear(self, heard: h.Heard | h.Challenge) -> dict[str, object] | None:
        self.heard.append(heard)
        if self.fails is not None and self.failures:
            self.failures -= 1
            self.on_failure()
            raise self.fails
        return SAYS if isinstance(heard, h.SlashCommand) else None


@pytest.fixture
def slack() -> Iterator[SandboxSocket]:
    with SandboxSocket(within_seconds=30) as slack:
        yield slack


@asynccontextmanager
async def listening(slack: SandboxSocket) -> AsyncIterator[Listener]:
    listener = Listener(slack)
    running = asyncio.create_task(listener.socket.run())
    try:
        yield listener
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def play(
    slack: SandboxSocket, story: Callable[[Listener], None], prepare: Callable[[Listener], None] | None = None
) -> None:
    """Let the story happen, in a thread of its own as Slack's does, while the socket is held open."""

    async def run() -> None:
        async with listening(slack) as listener:
            if prepare:
                prepare(listener)
            await asyncio.to_thread(story, listener)

    asyncio.run(run())


def is_open(slack: SandboxSocket, listener: Listener, times: int = 1) -> None:
    """Wait until both ends know of it: Slack's is the first to."""
    until(
        lambda: slack.opened >= times and slack.connections >= 1 and listener.socket.down_for() == 0,
        f"connection {times} is open",
    )


def test_envelopes_whose_connection_ends_before_they_are_begun_take_no_places(slack: SandboxSocket) -> None:
    async def story() -> None:
        socket = Listener(slack).socket
        working: set[asyncio.Task[None]] = set()
        for _ in range(100):
            await asyncio.wait_for(socket._begin(None, Envelope("events_api", "E1"), working), 30)
            begun = list(working)
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    asyncio.run(story())


def test_command_is_heard_and_answered(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        assert slack("commands", COMMAND) == Told(200, SAYS)
        (heard,) = listener.heard
        assert isinstance(heard, h.SlashCommand)
        assert (heard.origin.user, heard.text) == ("U0ALICE", "who")

    play(slack, story)
    assert slack.faults == []


def test_event_is_acknowledged_without_words(slack: SandboxSocket) -> None:
    play(slack, lambda listener: _taken(slack("events", EVENT)))
    assert slack.faults == []


def _taken(told: Told) -> None:
    assert told == Told(200, None)


def test_the_socket_is_asked_for_with_the_apps_own_token(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)
        (request,) = listener.asked
        assert request.method == "POST"
        assert request.url.endswith("/api/apps.connections.open")
        assert request.headers["authorization"] == "Bearer xapp-1"
        assert request.body == b""

    play(slack, story)


@pytest.mark.slow
@pytest.mark.parametrize("error", [StoreError("full"), Overloaded("later"), RuntimeError("a bug")])
def test_what_could_not_be_done_is_not_acknowledged_and_comes_again(error: Exception) -> None:
    with SandboxSocket(within_seconds=1) as slack:

        def prepare(listener: Listener) -> None:
            listener.fails, listener.failures = error, 2

        def story(listener: Listener) -> None:
            _taken(slack("events", EVENT))
            assert 3 <= len(listener.heard) <= 4

        play(slack, story, prepare)


@pytest.mark.parametrize("error", [Foreign("slack: another workspace"), InvalidInput("payload: is none")])
def test_what_will_never_be_done_is_acknowledged_so_that_it_does_not_come_again(
    slack: SandboxSocket, error: Exception
) -> None:
    def story(listener: Listener) -> None:
        listener.fails = error
        _taken(slack("events", EVENT))
        assert len(listener.heard) == 1

    play(slack, story)


def test_another_connection_is_opened_before_the_old_one_is_closed(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)
        slack.leave("warning")
        is_open(slack, listener, 2)
        until(lambda: slack.connections == 2, "both are open")
        _taken(slack("events", EVENT))
        slack.hang_up()
        until(lambda: slack.connections == 1, "the old one is closed")
        assert slack("commands", COMMAND).answer == SAYS
        assert (slack.opened, listener.socket.down_for()) == (2, 0.0)

    play(slack, story)


def test_connection_that_breaks_is_opened_again(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)
        slack.hang_up()
        until(lambda: listener.socket.why == "the connection broke off", "it is known to be down")
        is_open(slack, listener, 2)
        assert slack("commands", COMMAND).answer == SAYS
        assert listener.socket.down_for() == 0

    play(slack, story)


def test_event_whose_connection_breaks_in_the_middle_comes_over_the_next(slack: SandboxSocket) -> None:
    def prepare(listener: Listener) -> None:
        listener.fails, listener.failures = Overloaded("the connection breaks before it can be done"), 1
        listener.on_failure = slack.hang_up

    def story(listener: Listener) -> None:
        _taken(slack("events", EVENT))
        assert (len(listener.heard), slack.opened) == (2, 2)

    play(slack, story, prepare)


@pytest.mark.slow
def test_slack_that_lets_nobody_in_is_asked_more_and_more_seldom(slack: SandboxSocket) -> None:
    slack.is_shut = True
    began = time.monotonic()

    def story(listener: Listener) -> None:
        until(lambda: slack.refused >= 2, "it is asked again")
        assert len(listener.asked) <= 2 + (time.monotonic() - began)
        assert listener.socket.why == "no connection could be made"
        assert listener.socket.down_for() > 0
        slack.is_shut = False
        is_open(slack, listener)

    play(slack, story)


@pytest.mark.slow
def test_slack_that_closes_each_connection_at_once_is_not_asked_in_a_rush(slack: SandboxSocket) -> None:
    slack.is_fleeting = True

    async def story() -> int:
        async with listening(slack):
            await asyncio.to_thread(until, lambda: slack.opened, "it is open")
            await asyncio.sleep(2.0)
            return slack.opened

    assert 1 <= asyncio.run(story()) <= 5


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b'{"ok": false, "error": "invalid_auth"}', "Slack refused apps.connections.open: invalid_auth"),
        (b'{"ok": true, "url": "wss://evil.example/link"}', "names no address of Slack's"),
        (b'{"ok": true, "url": "ws://slack.com/link"}', "names no address of Slack's"),
        (b'{"ok": true, "url": "wss://slack.com.evil.example/"}', "names no address of Slack's"),
        (b'{"ok": true}', "names no address of Slack's"),
        (b"<html>", "did not answer as documented"),
    ],
)
def test_what_slack_answers_instead_of_an_address_is_told(slack: SandboxSocket, answer: bytes, why: str) -> None:
    def prepare(listener: Listener) -> None:
        listener.answer = answer

    def story(listener: Listener) -> None:
        until(lambda: why in listener.socket.why, "it says why")
        assert len(listener.asked) <= 2
        assert slack.opened == 0

    play(slack, story, prepare)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("nonsense", id="no JSON"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="without a type"),
        pytest.param(b"\xff\xfe", id="bytes"),
        pytest.param('{"type":7}', id="a type that is a number"),
        pytest.param('{"type":"slash_commands","envelope_id":"1","payload":[]}', id="a payload that is a list"),
        pytest.param('{"type":"interactive","envelope_id":"2","payload":' + "[" * 900 + "]" * 900 + "}", id="nested"),
        pytest.param('{"type":"events_api","envelope_id":"3"}', id="without a payload"),
        pytest.param('{"type":"something_new","envelope_id":"4","payload":{}}', id="of a type of tomorrow"),
        pytest.param('{"type":"something_new"}', id="of a type of tomorrow, without an id"),
    ],
)
def test_frame_that_is_none_of_slacks_keeps_nothing_else_out(slack: SandboxSocket, frame: str | bytes) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)
        slack.send(frame)
        assert slack("commands", COMMAND).answer == SAYS
        assert slack.opened == 1

    play(slack, story)


def test_frame_past_the_limit_costs_the_connection_and_no_more(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)
        slack.send(json.dumps({"type": "x", "payload": "y" * 2_000_000}))
        is_open(slack, listener, 2)
        assert slack("commands", COMMAND).answer == SAYS

    play(slack, story)


def test_many_envelopes_at_once_are_all_answered(slack: SandboxSocket) -> None:
    def story(listener: Listener) -> None:
        is_open(slack, listener)

        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*(asyncio.to_thread(slack, "commands", COMMAND) for _ in range(60)))

        assert {told.status for told in asyncio.run(all_at_once())} == {200}
        assert len(listener.heard) == 60

    play(slack, story)


def test_end_of_the_loop_closes_the_connection(slack: SandboxSocket) -> None:
    play(slack, lambda listener: is_open(slack, listener))
    until(lambda: slack.connections == 0, "it is closed")

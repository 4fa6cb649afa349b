"""How does a notification leave by Apprise? In a process of its own each, with a hard end; a few of them at once."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from importlib.util import find_spec

import msgspec

from tocsin.engine.apprise_process import GO, READY
from tocsin.engine.throttle import FEW
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Push, Reading, Reply

# Each takes a quarter of a second of a processor to begin, and 60 MB. As many as are leased at once: who waited for a
# turn here would wait in the order of coming, a SEV1 behind what hangs.
_AT_ONCE = FEW[-1][0]
_COMMAND = (sys.executable, "-I", "-m", "tocsin.engine.apprise_process")
# Whose certificates are trusted, and in which language; everything else of this process's environment may be a secret.
_PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_HUNG = b'{"state": "hung"}'


def is_installed() -> bool:
    """Whether the library is there: it comes with `tocsin[apprise]`."""
    return find_spec("apprise") is not None


class Pushing:
    """Sends notifications, at most a few at once."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def send(self, push: Push, last_look: Callable[[], Awaitable[None]]) -> Reply:
        """What Apprise says of it, and that it hung where it says nothing in time; raises Unreachable where it died.

        `last_look` is awaited when the library is loaded and the address read, just before anything leaves.
        """

        async def talk(process: Process) -> bytes:
            answer = await self._asked(process, msgspec.json.encode(push) + b"\n")
            if answer != READY:
                return answer
            await last_look()
            return await self._asked(process, GO)

        return await self._answered(talk)

    async def read(self, reading: Reading) -> Reply:
        """What Apprise makes of addresses, without sending anything; raises Unreachable as `send` does."""
        return await self._answered(lambda process: self._asked(process, msgspec.json.encode(reading) + b"\n"))

    async def _answered(self, talk: Callable[[Process], Awaitable[bytes]]) -> Reply:
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment()
            )
            try:
                answer = await talk(process)
            except TimeoutError:
                answer = _HUNG
            except OSError as error:
                raise Unreachable(f"Apprise: it broke off ({type(error).__name__})") from error
            finally:
                await _end(process)
        if not answer:
            raise Unreachable("Apprise: it broke off without an answer")
        return Reply(status=0, headers={}, body=answer)

    async def _asked(self, process: Process, line: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise TypeError("the process has no pipes")
        async with asyncio.timeout(self._timeout_seconds):
            process.stdin.write(line)
            await process.stdin.drain()
            return await process.stdout.readline()


def _environment() -> dict[str, str]:
    return {name: value for name in _PASSED_ON if (value := os.environ.get(name))}


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()

"""How is the server run? One process: intake, engine and API on one port, until it is told to stop."""

import asyncio
import errno
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from tocsin.cli.sop import find_sop, with_sop
from tocsin.errors import InvalidInput, InvalidSop, Overloaded, StoreError
from tocsin.loopback import is_loopback
from tocsin.oncall.roster import INBOX, Roster
from tocsin.settings import Settings, settings_from
from tocsin.sop.check import Level, check
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.telemetry import start_logging

if TYPE_CHECKING:
    from tocsin.cli.certificate import Certificate
    from tocsin.engine.node import Node

logger = logging.getLogger("tocsin")

_OPEN_FILES = 8_192
_FAIL_OVER_SECONDS = 30.0
_AGAIN_SECONDS = 0.5


@click.command()
@click.option(
    "--database",
    help="sqlite:///FILE or postgresql://HOST/NAME; else TOCSIN_DATABASE, else your own file.",
)
@click.option("--host", help="The address to listen on; 127.0.0.1 unless you say otherwise.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 0 is any free one.")
@click.option("--tls-cert", help="A PEM file with the certificate and its chain: HTTPS instead of HTTP.")
@click.option("--tls-key", help="The PEM file with the certificate's private key.")
@with_sop
def serve(sop_file: Path | None, **given: str | int | None) -> None:
    """Run the server: intake, paging, API."""
    settings = settings_from(os.environ)
    for option in ("tls_cert", "tls_key"):
        if given[option] == "":  # a variable of the shell's that isn't set: nobody wants plain http instead
            raise InvalidInput(f"--{option.replace('_', '-')}: must name a file, got nothing")
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    certificate = _certificate(settings)
    sop, name = find_sop(sop_file)
    _refuse_errors(sop, name)
    log = start_logging()
    # uvicorn stops listening first, then raises the signal again: without a handler that would be the end, unclosed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with _listen(settings) as listening, asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(_run(_addressed(settings, listening), sop, name, listening, certificate))
    finally:
        log.stop()


def _certificate(settings: Settings) -> "Certificate | None":
    """What https is served by; None: plain http."""
    if not settings.tls_cert and not settings.tls_key:
        return None
    from tocsin.api.auth import token_file  # noqa: PLC0415  # heavy, as is cryptography
    from tocsin.cli.certificate import Certificate  # noqa: PLC0415

    return Certificate.of(settings, token_file(settings.beside, "cert"))


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: it takes half the time for a request. None: asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415  # not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


def _refuse_errors(sop: Sop, name: str) -> None:
    """A SOP with errors isn't run: it would fail somebody at night."""
    findings = check(sop)
    errors = tuple(str(finding) for finding in findings if finding.level is Level.ERROR)
    if errors:
        raise InvalidSop(name, errors)
    for finding in findings:
        click.echo(f"{name}: {finding}", err=True)


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        is_no_place = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        remedy = "choose another --host, such as 127.0.0.1 or 0.0.0.0" if is_no_place else "choose another --port"
        message = f"{settings.host}:{settings.port}: can't listen there: {error.strerror}; {remedy}"
        raise StoreError(message) from error


def _open_files() -> int:
    """How many files this process may have open, once it has asked for what a crowd of connections needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def _addressed(settings: Settings, listening: socket.socket) -> Settings:
    """The settings with the port that was got, and the address under which people reach it."""
    host, port = listening.getsockname()[:2]
    host = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104  # compared, not bound
    scheme = "https" if settings.tls_cert else "http"
    return replace(settings, port=port, public_url=settings.public_url or f"{scheme}://{host}:{port}")


def _tell_reach(sop: Sop, methods: frozenset[str], public_url: str) -> None:
    """Say at the start whom no phone would wake: at night nobody reads it."""
    roster = Roster(sop=sop, at=datetime.now(UTC), methods=methods)
    usable = {person: [method.via for method in roster.contact_methods(person)] for person in sop.people}
    unreachable = [person for person, ways in usable.items() if not ways]
    meant = {person: {method.via for method in sop.people[person].contact} - {INBOX} for person in usable}
    silent = [person for person, ways in usable.items() if ways == [INBOX] and meant[person]]
    if unreachable:
        logger.error("nobody can page %s: no usable contact method; set its credentials", ", ".join(unreachable))
    if silent:
        missing = ", ".join(sorted({via for person in silent for via in meant[person]}))
        logger.warning("no credentials for %s: this console and `tocsin inbox` are all that rings", missing)
    if methods - {INBOX} and is_loopback(public_url):
        logger.warning("links in pages point at %s; set TOCSIN_PUBLIC_URL to how people reach this server", public_url)


async def _run(
    settings: Settings, sop: Sop, name: str, listening: socket.socket, certificate: "Certificate | None"
) -> None:
    from tocsin.api.auth import ensure_tokens, keep, token_file  # noqa: PLC0415  # heavy, and needed by this command only
    from tocsin.engine.node import Node  # noqa: PLC0415

    async with Node(settings, sop) as node:
        await _patiently(ensure_tokens, node)
        if certificate is not None:
            certificate.keep_copy()
        keep(token_file(settings.beside, "url"), settings.public_url)
        logger.info("SOP: %s", name)
        if sop == default_sop():
            logger.warning(
                "the sample organisation: nobody real is paged; put your people into tocsin.toml (`tocsin init`)"
            )
        _tell_reach(sop, node.desk.methods, settings.public_url)
        if not node.watch.emergency.contacts:
            logger.warning("no emergency contacts: nobody is called when this node can't page; see docs/operations.md")
        logger.info("listening on %s, %s", settings.public_url, node.database_name)
        await _patiently(_tell_welcome, node)
        async with _renewing(certificate):
            await _answer(node, listening, certificate)


async def _answer(node: "Node", listening: socket.socket, certificate: "Certificate | None") -> None:
    """Answer requests until it is told to stop."""
    import uvicorn  # noqa: PLC0415  # heavy, and needed by this command only

    from tocsin.api.bounds.connections import HANDSHAKE_WITHIN_SECONDS, Connection, capacity  # noqa: PLC0415
    from tocsin.web.app import build  # noqa: PLC0415
    from tocsin.web.site import Site  # noqa: PLC0415

    class Server(uvicorn.Server):
        """uvicorn waits for open streams to end, so they are ended first; and a minute for a handshake."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            if certificate is None:
                await super().startup(sockets)
                return
            await self.lifespan.startup()
            serving = await asyncio.get_running_loop().create_server(
                lambda: Connection(config, self.server_state, self.lifespan.state),
                sock=listening,
                backlog=room.backlog,
                ssl=certificate.context,
                ssl_handshake_timeout=HANDSHAKE_WITHIN_SECONDS,
            )
            self.servers = [serving]
            self.started = True

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            site.live.close()
            await super().shutdown(sockets)

    room = capacity(_open_files())
    app = build(node)
    site: Site = app.state.site
    _leave_what_lasts_alone()
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        limit_concurrency=room.connections,
        backlog=room.backlog,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    await Server(config).serve(sockets=[listening])


@asynccontextmanager
async def _renewing(certificate: "Certificate | None") -> AsyncIterator[None]:
    """Take up what the certificate is renewed by: at once at SIGHUP, else within half a minute."""
    if certificate is None:
        yield
        return
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificate.renew)
    looking = asyncio.create_task(certificate.run())
    try:
        yield
    finally:
        looking.cancel()


def _leave_what_lasts_alone() -> None:
    """Python looks for garbage in cycles each 700 objects, and through all of them now and then: some 20 ms at a time.

    What has been made by the start lasts as long as the server and need not be looked through; what requests make goes
    by itself, all but some exceptions.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


async def _patiently(step: Callable[["Node"], Awaitable[None]], node: "Node") -> None:
    """Take a step of the start, again while the database that was there a moment ago is failing over to the next one.

    Raises StoreError or Overloaded where that takes too long, at once where there is one file and no next one: whoever
    watches over the server starts it again.
    """
    until = time.monotonic() + _FAIL_OVER_SECONDS
    while True:
        try:
            return await step(node)
        except (StoreError, Overloaded) as error:
            if node.is_alone or time.monotonic() > until:
                raise
            logger.warning("not listening yet: %s", error)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _tell_welcome(node: "Node") -> None:
    """Where nobody has an account, print the link that makes the first admin: to the terminal, not into the log."""
    secret = await node.accounts.first_link()
    if secret is not None:
        url = f"{node.settings.public_url}/welcome/{secret}"
        click.echo(f"nobody has an account yet: make the first one, an admin's, within 24 hours at\n  {url}")


COMMANDS = {"serve": serve}

"""How is the server run? One process: intake, engine and API on one port, until it is told to stop."""

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import click
from msgspec.structs import replace

from tocsin.cli.sop import find_sop, with_sop
from tocsin.errors import InvalidSop, StoreError
from tocsin.settings import Settings, settings_from
from tocsin.sop.check import Level, check
from tocsin.sop.model import Sop

logger = logging.getLogger("tocsin")


@click.command()
@click.option("--database", help="sqlite:///FILE; otherwise TOCSIN_DATABASE, else in your data directory.")
@click.option("--host", help="The address to listen on; 127.0.0.1 unless you say otherwise.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 0 is any free one.")
@with_sop
def serve(database: str | None, host: str | None, port: int | None, sop_file: Path | None) -> None:
    """Run the server: intake, paging, API."""
    settings = settings_from(os.environ)
    given = {"database": database, "host": host, "port": port}
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    sop, name = find_sop(sop_file)
    _refuse_errors(sop, name)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs addresses, which may hold secrets
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # its name misleads: it tells of starts and stops
    logger.info("SOP: %s", name)
    # uvicorn stops listening first, then raises the signal again: without a handler that would be the end, unclosed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _listen(settings) as listening:
        asyncio.run(_run(_addressed(settings, listening), sop, listening))


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
        message = f"{settings.host}:{settings.port}: can't listen there: {error.strerror}; choose another --port"
        raise StoreError(message) from error


def _addressed(settings: Settings, listening: socket.socket) -> Settings:
    """The settings with the port that was got, and the address under which people reach it."""
    host, port = listening.getsockname()[:2]
    host = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104  # compared, not bound
    return replace(settings, port=port, public_url=settings.public_url or f"http://{host}:{port}")


async def _run(settings: Settings, sop: Sop, listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415  # heavy, and needed by this command only

    from tocsin.api.app import make_app  # noqa: PLC0415
    from tocsin.api.auth import ensure_tokens, token_file  # noqa: PLC0415
    from tocsin.engine.node import Node  # noqa: PLC0415

    async with Node(settings, sop) as node:
        await ensure_tokens(node)
        token_file(node.database, "url").write_text(settings.public_url + "\n", encoding="ascii")
        logger.info("listening on %s, database %s", settings.public_url, node.database)
        config = uvicorn.Config(
            make_app(node), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5
        )
        await uvicorn.Server(config).serve(sockets=[listening])


COMMANDS = {"serve": serve}

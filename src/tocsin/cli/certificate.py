"""How is the server reached over TLS? With a certificate from files, which is taken up anew when they are renewed."""

import asyncio
import logging
import ssl
from pathlib import Path

from tocsin.errors import InvalidInput

logger = logging.getLogger("tocsin")

_LOOKED_AT_EVERY_SECONDS = 60


class Certificate:
    """A certificate with the chain to its authority, and its private key, each in a PEM file."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._context = self._load()
        self._loaded = self._state()

    @property
    def text(self) -> str:
        """The certificate, which is no secret."""
        return self._chain.read_text(encoding="ascii")

    @property
    def context(self) -> ssl.SSLContext:
        """What connections are accepted with; a renewal holds for those that come after it."""
        return self._context

    def _load(self) -> ssl.SSLContext:
        """Raises InvalidInput that names the file and what is wrong with it."""
        for option, path in (("--tls-cert", self._chain), ("--tls-key", self._key)):
            try:
                text = path.read_bytes()
            except OSError as error:
                raise InvalidInput(f"{option}: {path}: can't be read: {error.strerror}") from error
            if b"-----BEGIN " not in text:
                raise InvalidInput(f"{option}: {path}: must be a PEM file, which begins with -----BEGIN")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self._chain, self._key, password=_no_password)
        except ssl.SSLError as error:
            raise InvalidInput(_fault(self._chain, self._key, error)) from error
        return context

    async def run(self) -> None:
        """Look once a minute whether it has been renewed, until cancelled."""
        while True:
            await asyncio.sleep(_LOOKED_AT_EVERY_SECONDS)
            self.renew()

    def renew(self) -> None:
        """Take up what is in the files, if that is new; what can't be used is logged, and the old one goes on."""
        try:
            if (state := self._state()) == self._loaded:
                return
            self._load()
            self._context.load_cert_chain(self._chain, self._key, password=_no_password)
        except (InvalidInput, OSError) as error:
            logger.critical("the renewed certificate can't be used, the old one goes on: %s", error)
            return
        self._loaded = state
        logger.info("the certificate was renewed: %s", self._chain)

    def _state(self) -> tuple[int, ...]:
        """What changes when somebody writes the files, or puts others in their place."""
        stats = [path.stat() for path in (self._chain, self._key)]
        return tuple(number for it in stats for number in (it.st_ino, it.st_mtime_ns, it.st_size))


def _no_password() -> str:
    raise InvalidInput("--tls-key: must not be encrypted: nobody is there to type its password at a restart")


def _fault(chain: Path, key: Path, error: ssl.SSLError) -> str:
    if "MISMATCH" in (error.reason or ""):
        return f"--tls-key: {key}: must be the key of {chain}, and is another's"
    return f"--tls-cert, --tls-key: {chain}, {key}: must be a certificate and its key in PEM: {error.reason or error}"

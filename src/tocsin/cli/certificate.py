"""How is what is said to this server encrypted? By a certificate and its key, in files that may be renewed meanwhile.

The files are read into a context of their own, and only a whole pair takes the place of the one before: while half of
a renewal is written, what was there is served on. A certificate that has expired is served as well, with a loud word:
whoever trusts exactly this one still gets in, and a server that didn't start would page nobody.
"""

import asyncio
import logging
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from msgspec import Struct

from tocsin.errors import InvalidInput, StoreError, TocsinError
from tocsin.settings import Settings

logger = logging.getLogger(__name__)

LOOKED_AT_EVERY_SECONDS = 30
_TOLD_AGAIN_EVERY = timedelta(days=1)
_SOON = timedelta(days=14)
_READABLE_BY_OTHERS = 0o077

_State = tuple[tuple[int, int, int], ...]  # of each file: when it was changed, its size, and which one it is


class Pair(Struct, frozen=True):
    """A certificate with its key, as they were read: `pem` is the certificate and those that vouch for it."""

    context: ssl.SSLContext
    pem: str
    expires_at: datetime


class Certificate:
    """The certificate of a running server. `copy` is where a copy lies for the command line on this machine."""

    def __init__(self, cert: Path, key: Path, copy: Path) -> None:
        self._files = (cert, key)
        self._copy = copy
        self._state: _State = ()
        self._told_at: datetime | None = None  # of its end
        self._fault = ""  # in the files as they are now
        self._pair = self._read()
        # Each handshake takes the pair of that moment. The context itself is what asyncio was given, once.
        self.context = self._pair.context
        self.context.sni_callback = self._choose

    @classmethod
    def of(cls, settings: Settings, copy: Path) -> Self | None:
        """The one that the settings name; None where they name none. Raises InvalidInput for what can't be served."""
        if not settings.tls_cert:
            if settings.tls_key:
                raise InvalidInput(f"--tls-key: {settings.tls_key} is the key of no certificate: --tls-cert names that")
            return None
        cert = Path(settings.tls_cert)
        return cls(cert, Path(settings.tls_key) if settings.tls_key else cert, copy)

    def keep_copy(self) -> None:
        """Lay the certificate where the command line looks for it; raises StoreError."""
        try:
            new = self._copy.with_name(f"{self._copy.name}.new")
            new.write_text(self._pair.pem, encoding="ascii")
            new.replace(self._copy)
        except OSError as error:
            raise StoreError(f"{self._copy}: the certificate can't be laid there: {error.strerror}") from error

    def renew(self) -> None:
        """Serve what is in the files from now on, where that has changed and is whole; else tell, and go on."""
        try:
            if _state_of(self._files) != self._state:
                self._take_up()
        except TocsinError as error:
            self._tell_fault(str(error))
        else:
            self._fault = ""
            self._tell_of_end(datetime.now(UTC))

    def _take_up(self) -> None:
        self._pair = self._read()
        self._told_at = None
        self.keep_copy()
        logger.info("%s: renewed, expires %s", self._files[0], _at(self._pair.expires_at))

    def _tell_fault(self, fault: str) -> None:
        """Once, not at each look."""
        if fault != self._fault:
            self._fault = fault
            logger.error("the renewed certificate can't be served, the one before is served on: %s", fault)

    async def run(self) -> None:
        """Look at the files twice a minute, until cancelled."""
        while True:
            self.renew()
            await asyncio.sleep(LOOKED_AT_EVERY_SECONDS)

    def _read(self) -> Pair:
        state = _state_of(self._files)  # before they are read: what changes meanwhile is read again
        try:
            return read_pair(*self._files)
        finally:
            self._state = state

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        connection.context = self._pair.context

    def _tell_of_end(self, now: datetime) -> None:
        """Once a day, while it is near or past."""
        if self._pair.expires_at - now > _SOON or (self._told_at and now - self._told_at < _TOLD_AGAIN_EVERY):
            return
        self._told_at = now
        is_over = self._pair.expires_at <= now
        level, word = (logging.CRITICAL, "expired") if is_over else (logging.WARNING, "expires")
        until = _at(self._pair.expires_at)
        logger.log(level, "%s: %s %s; put a new one there, it is taken up by itself", self._files[0], word, until)


def read_pair(cert: Path, key: Path) -> Pair:
    """What the two files hold; raises InvalidInput that names the file and what is wrong with it."""
    text = _text_of(cert, "--tls-cert")
    try:
        first = x509.load_pem_x509_certificate(text)
    except ValueError:
        raise InvalidInput(f"--tls-cert: {cert}: holds no certificate in PEM form (BEGIN CERTIFICATE)") from None
    if _public_of_key(key) != first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise InvalidInput(f"--tls-key: {key}: is not the key of the certificate in {cert}; its own one is needed")
    if first.not_valid_before_utc > datetime.now(UTC):
        raise InvalidInput(f"--tls-cert: {cert}: is valid only from {_at(first.not_valid_before_utc)} on")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=lambda: b"")
    except (ssl.SSLError, OSError) as error:
        raise InvalidInput(f"--tls-cert: {cert}: can't be served: {error}") from None
    return Pair(context, _certificates_in(text), first.not_valid_after_utc)


def _public_of_key(key: Path) -> bytes:
    try:
        private = load_pem_private_key(_text_of(key, "--tls-key"), None)
    except TypeError:
        message = "is encrypted, and nobody is there to type its passphrase at night; write it unencrypted, mode 0600"
        raise InvalidInput(f"--tls-key: {key}: {message}") from None
    except ValueError:
        raise InvalidInput(f"--tls-key: {key}: holds no private key in PEM form (BEGIN PRIVATE KEY)") from None
    if key.stat().st_mode & _READABLE_BY_OTHERS:
        logger.warning("%s: others on this machine may read this key; chmod 600 it", key)
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text_of(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{option}: {file}: can't be read: {error.strerror}") from None


def _certificates_in(text: bytes) -> str:
    """The certificates alone: the file may hold the key as well."""
    found = x509.load_pem_x509_certificates(text)
    return "".join(it.public_bytes(Encoding.PEM).decode("ascii") for it in found)


def _state_of(files: tuple[Path, ...]) -> _State:
    return tuple(_state_of_file(file) for file in files)


def _state_of_file(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:  # whoever reads it says why
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"

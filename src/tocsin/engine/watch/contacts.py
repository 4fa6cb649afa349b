"""Whom does Tocsin call when it can't do its work? The emergency contacts: a local file that needs no database.

Its faults are told at the start, all at once. It holds addresses that are secrets: nobody but its owner may read it.
"""

import stat
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from tocsin.errors import InvalidSop
from tocsin.settings import Settings
from tocsin.sop.decode import Place, decode
from tocsin.sop.model import Definition, SecretName

_OWNER_ONLY = 0o077
_FILE = "emergency.toml"


class MailServer(Definition, frozen=True):
    """The server that takes the e-mail; `password` names a secret."""

    host: str
    sender: str
    port: Annotated[int, Meta(ge=1, le=65_535)] = 25
    starttls: bool = True
    user: str | None = None
    password: SecretName | None = None


class Contact(Definition, frozen=True):
    """Somebody to call: `webhook` and `email` are called by Tocsin, `phone` is for people who read the log."""

    name: str
    phone: str | None = None
    webhook: str | None = None
    email: str | None = None


class EmergencyFile(Definition, frozen=True):
    """The whole file."""

    contacts: tuple[Contact, ...] = ()
    smtp: MailServer | None = None


class Emergency(Struct, frozen=True):
    """The emergency contacts of this machine; `password` is the mail server's, read when it is needed."""

    path: Path
    contacts: tuple[Contact, ...] = ()
    smtp: MailServer | None = None

    @property
    def phones(self) -> str:
        """Whom a person who reads this may call: `Erin Engel +49 30 1234`."""
        return ", ".join(f"{it.name} {it.phone}" for it in self.contacts if it.phone)


def emergency_of(settings: Settings) -> Emergency:
    """The emergency contacts, none where there is no file; InvalidSop lists all faults of one that can't be used."""
    named = settings.environ.get("TOCSIN_EMERGENCY")
    path = Path(named) if named else settings.beside.parent / _FILE
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if named:
            raise InvalidSop(str(path), ("there is no such file; TOCSIN_EMERGENCY names it",)) from error
        return Emergency(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSop(str(path), (f"can't be read: {error}",)) from error
    if stat.S_IMODE(mode) & _OWNER_ONLY:
        fault = f"mode {stat.S_IMODE(mode):04o} lets others read its addresses; chmod 600 {path.name}"
        raise InvalidSop(str(path), (fault,))
    file = _decoded(text, str(path))
    return Emergency(path, file.contacts, file.smtp)


def _decoded(text: str, name: str) -> EmergencyFile:
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InvalidSop(name, (f"is not TOML: {error}",)) from error
    place = Place()
    file: EmergencyFile = decode(tables, EmergencyFile, place)
    if not place.faults:
        _check(file, place)
    if place.faults:
        raise InvalidSop(name, tuple(place.faults))
    return file


def _check(file: EmergencyFile, file_place: Place) -> None:
    if not file.contacts:
        file_place.key("contacts").fault("is empty; name somebody to call, or remove the file")
    for number, contact in enumerate(file.contacts, start=1):
        place = file_place.key("contacts").item(number)
        if not (contact.phone or contact.webhook or contact.email):
            place.fault("has neither webhook, email nor phone; give one")
        if contact.webhook is not None and not _is_http(contact.webhook):
            place.key("webhook").fault("must be an http or https address")  # without it: it may hold a secret
        if contact.email is not None and "@" not in contact.email:
            place.key("email").fault(f"must be an e-mail address, got {contact.email!r}")
        if contact.email is not None and file.smtp is None:
            place.key("email").fault("needs [smtp], the server that takes it")


def _is_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)

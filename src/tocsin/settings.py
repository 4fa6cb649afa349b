"""How is this process set up? Settings from the environment; the procedure itself stands in the SOP file.

Kept apart from the SOP: an address or a path belongs to a machine, the procedure to the organisation.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from tocsin.errors import InvalidInput

DEFAULT_PORT = 8770
SOP_FILE = "tocsin.toml"
_MAX_SPEED = 100_000.0
# RFC 3986, appendix B. urlsplit would refuse what libpq takes: a password with a bracket in it.
_PARTS = re.compile(r"[^:/?#]+://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?")


class Settings(Struct, frozen=True):
    """Everything that a machine decides; `environ` holds the secrets that the SOP names."""

    database: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT  # 0: any free port
    sop_file: str | None = None  # None: tocsin.toml in the working directory, else the default SOP
    public_url: str = ""  # how people reach this server; empty: as it listens
    pagerduty_events_url: str = ""  # a stand-in for PagerDuty; empty: the vendor's
    pagerduty_api_url: str = ""  # a stand-in for PagerDuty's REST API; empty: the vendor's
    slack_api_url: str = ""  # a stand-in for Slack; empty: the vendor's
    push_hosts: tuple[str, ...] = ()  # push services beside those of the known browsers: `push.example.org`
    tls_cert: str = ""  # a PEM file, with its chain; empty: plain HTTP
    tls_key: str = ""  # empty: it stands in the file of the certificate
    clock_speed: float = 1.0  # for demonstrations: engine seconds a real second
    environ: Mapping[str, str] = {}

    @property
    def beside(self) -> Path:
        """Where the files of this database's owner begin, on this machine: `….token`, `….url`, `….intake-key`.

        A SQLite file has them beside it, a database on a server in the data directory, by a hash of where it is.
        """
        if self.database.startswith("sqlite:///"):
            return Path(unquote(self.database.removeprefix("sqlite:///")))
        there = _PARTS.match(self.database)
        authority, path, query = there.groups("") if there else ("", self.database, "")
        hosts = authority.rpartition("@")[2]  # several, each with its port, where a cluster has several nodes
        place = f"{hosts}{path}?{query}"
        digest = hashlib.blake2b(place.encode(), digest_size=4).hexdigest()
        return data_directory(self.environ) / f"postgresql-{digest}"

    def secret(self, name: str) -> str | None:
        """The value of a secret that the SOP names `env:NAME` or `file:/path`; None while it is not set."""
        source, _, place = name.partition(":")
        if source == "env":
            return self.environ.get(place) or None
        try:
            return Path(place).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None


def settings_from(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment (`TOCSIN_…`); raises InvalidInput naming the variable at fault."""
    return Settings(
        database=environ.get("TOCSIN_DATABASE") or default_database(environ),
        host=environ.get("TOCSIN_HOST") or "127.0.0.1",
        port=_number(environ, "TOCSIN_PORT", DEFAULT_PORT, 0, 65_535),
        sop_file=environ.get("TOCSIN_SOP") or None,
        public_url=_url(environ, "TOCSIN_PUBLIC_URL"),
        pagerduty_events_url=_url(environ, "TOCSIN_PAGERDUTY_EVENTS_URL"),
        pagerduty_api_url=_url(environ, "TOCSIN_PAGERDUTY_API_URL"),
        slack_api_url=_url(environ, "TOCSIN_SLACK_API_URL"),
        push_hosts=_hosts(environ, "TOCSIN_PUSH_HOSTS"),
        tls_cert=environ.get("TOCSIN_TLS_CERT", ""),
        tls_key=environ.get("TOCSIN_TLS_KEY", ""),
        clock_speed=_speed(environ),
        environ=environ,
    )


def default_database(environ: Mapping[str, str]) -> str:
    """Where the data of this user's server is, unless somebody says otherwise: the XDG data directory."""
    return f"sqlite:///{data_directory(environ)}/tocsin.db"


def data_directory(environ: Mapping[str, str]) -> Path:
    """This user's directory for Tocsin's data (XDG base directory specification)."""
    home = environ.get("XDG_DATA_HOME") or os.path.join(environ.get("HOME") or str(Path.home()), ".local", "share")
    return Path(home) / "tocsin"


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise InvalidInput(f"{name}: must be a number from {least} to {most}, got {text!r}")
    return int(text)


def _url(environ: Mapping[str, str], name: str) -> str:
    """The address without a slash at its end: paths are put behind it."""
    text = environ.get(name, "")
    if text and not _is_address(text):
        got = re.sub("//.*@", "//…@", text, flags=re.DOTALL)  # a password there is nobody's business
        raise InvalidInput(
            f"{name}: must be an http or https address such as https://tocsin.example.org, "
            f"without spaces, user names, ? and #, got {got!r}"
        )
    return text.rstrip("/")


def _is_address(text: str) -> bool:
    if not text.isprintable() or set(text) & set(" ?#@"):  # a query, a fragment or a password is not an address's
        return False
    try:
        parts = urlsplit(text)
        is_plain = parts.port != 0
    except ValueError:  # half an IPv6 address, a port that is no number or too large
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain


def _hosts(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    hosts = tuple(it.strip().lower() for it in environ.get(name, "").split(",") if it.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise InvalidInput(f"{name}: must be hosts such as push.example.org or *.example.org:8443, got {host!r}")
    return hosts


def _speed(environ: Mapping[str, str]) -> float:
    text = environ.get("TOCSIN_CLOCK_SPEED") or "1"
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= _MAX_SPEED:
        raise InvalidInput(f"TOCSIN_CLOCK_SPEED: must be a number above 0, at most {_MAX_SPEED:g}, got {text!r}")
    return speed

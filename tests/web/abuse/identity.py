"""An identity provider to sign in with: oidc-provider-mock in a process of its own, whose people a test makes up."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.ports import own_port
from tests.system.waiting import until
from tests.web.people import Person

_SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "tocsin"
client_secret = "env:OIDC_CLIENT_SECRET"
name = "Example ID"
email_domains = ["example.com"]
roles = {{ sre = "responder", leads = "admin" }}
"""


class Identity:
    """The provider at `issuer`."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def knows(self, subject: str, **claims: object) -> None:
        """From now on it vouches so for somebody."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims, trust_env=False, timeout=30).raise_for_status()

    def vouch(self, address: str, subject: str) -> str:
        """Where it sends the browser back to, once somebody has signed in there."""
        answer = httpx2.post(address, data={"sub": subject}, trust_env=False, timeout=30)
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["location"]

    def settings(self, directory: Path) -> Path:
        """The file that names it to a server."""
        file = directory / "sign_in.toml"
        file.write_text(_SETTINGS.format(issuer=self.issuer), encoding="utf-8")
        file.chmod(0o600)
        return file


@contextmanager
def identity() -> Iterator[Identity]:
    """The provider, while the block lasts."""
    port = own_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        issuer = f"http://127.0.0.1:{port}"
        until(lambda: _answers(issuer), "the identity provider answers")
        yield Identity(issuer)
    finally:
        process.kill()
        process.wait()


def _answers(issuer: str) -> bool:
    try:
        return httpx2.get(f"{issuer}/.well-known/openid-configuration", trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def way_there(someone: Person, onward: str = "/") -> str:
    """Where a click on the button leads."""
    answer = someone.http.get("/signin/oidc", params={"next": onward})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def comes_back(someone: Person, address: str) -> httpx2.Response:
    """The browser comes back from the provider."""
    parts = urlsplit(address)
    return someone.get(f"{parts.path}?{parts.query}")

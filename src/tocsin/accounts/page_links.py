"""Which link acknowledges a page? One for each page, good for that page and its person alone; derived, never stored.

Whoever has the link has the right that is in it, as with a key: so it names nothing but the page, and is worth nothing
once that is answered. It is made when the page leaves, so that no row of the database holds it.
"""

import base64
import hmac
from urllib.parse import quote

from msgspec import Struct

_PURPOSE = b"acknowledge/"
_BYTES = 18  # 144 bits: 24 characters


def incident_page(public_url: str, incident: str) -> str:
    """The address of an incident's page."""
    return f"{public_url}/incidents/{quote(incident, safe='')}"


class PageLinks(Struct, frozen=True):
    """How links to this installation are made; `secret` is its own, random, made once."""

    public_url: str
    secret: str

    def __repr__(self) -> str:
        return f"PageLinks({self.public_url!r})"  # whoever knows the secret can acknowledge everything

    def incident(self, incident: str) -> str:
        """The address of the incident's page."""
        return incident_page(self.public_url, incident)

    def acknowledgement(self, page: str) -> str:
        """The address at which that page, by its key, is acknowledged."""
        return f"{self.public_url}/a/{self.token(page)}"

    def token(self, page: str) -> str:
        """The page's key and its signature: `INC-2026-0042-5-0.Zk3…`."""
        return f"{page}.{self._signature(page)}"

    def page_of(self, token: str) -> str | None:
        """The key of the page whose token this is; None for what we never gave out."""
        page, _, signature = token.rpartition(".")
        is_ours = hmac.compare_digest(signature.encode(), self._signature(page).encode())
        return page if page and is_ours else None

    def _signature(self, page: str) -> str:
        digest = hmac.digest(self.secret.encode(), _PURPOSE + page.encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(digest[:_BYTES]).decode()

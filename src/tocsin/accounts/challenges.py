"""Which challenges have we given out? Each is signed, for one purpose and one browser, and good for five minutes.

Nothing is kept of one until it comes back: whoever only asks for challenges fills no database. That it comes back once
is for the store to see to (`store/passkeys.py`).
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum

from msgspec import Struct

LASTS = timedelta(minutes=5)
_NONCE, _TIME = 16, 8  # bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Purpose(Enum):
    """What an authenticator is to sign for."""

    SIGN_IN = b"passkey sign-in"
    ADD = b"passkey add"


class Challenges(Struct, frozen=True):
    """How this installation's challenges are made; `secret` is its own, random, made once."""

    secret: str

    def __repr__(self) -> str:
        return "Challenges()"

    def new(self, purpose: Purpose, browser: str, now: datetime) -> bytes:
        """A challenge for whoever has that cookie or session."""
        ends = (now + LASTS - _EPOCH) // timedelta(milliseconds=1)
        start = secrets.token_bytes(_NONCE) + ends.to_bytes(_TIME, "big")
        return start + self._signature(purpose, browser, start)

    def is_good(self, challenge: bytes, purpose: Purpose, browser: str, now: datetime) -> bool:
        """Whether it is ours, for this and for them, and not too old."""
        start = challenge[: _NONCE + _TIME]
        is_ours = hmac.compare_digest(challenge[_NONCE + _TIME :], self._signature(purpose, browser, start))
        return is_ours and now < self.ends_at(challenge)

    def ends_at(self, challenge: bytes) -> datetime:
        """Until when one of ours is good."""
        return _EPOCH + timedelta(milliseconds=int.from_bytes(challenge[_NONCE : _NONCE + _TIME], "big"))

    def handle_of(self, account: int) -> bytes:
        """What authenticators know an account by: always the same, and nothing can be learnt from it."""
        return hmac.digest(self.secret.encode(), b"passkey handle/%d" % account, "sha256")

    def _signature(self, purpose: Purpose, browser: str, start: bytes) -> bytes:
        said = b"\0".join((purpose.value, browser.encode("utf-8", "surrogatepass"), start))
        return hmac.digest(self.secret.encode(), said, "sha256")

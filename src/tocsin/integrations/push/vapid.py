"""Who is it that pushes? A signed word for the push service: which server it is, and whom to ask about it. No I/O.

Source: RFC 8292 (VAPID): section 2 (`aud`, `exp` within 24 hours, `sub`), section 3 (the header), section 4.2 (a
subscription is bound to the key that it was made with).
"""

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import Struct

from tocsin.integrations.base64url import text_of
from tocsin.integrations.push.encryption import CURVE, point_of

_GOOD_FOR = timedelta(hours=12)  # half of what is allowed: a clock may be wrong


class Vapid(Struct, frozen=True):
    """The installation's own key, and its contact: a `mailto:` or `https:` address, which services write to."""

    key: ec.EllipticCurvePrivateKey
    contact: str

    def __repr__(self) -> str:
        return f"Vapid({self.contact!r})"

    @property
    def public_key(self) -> str:
        """What browsers are told when they subscribe, in base64url."""
        return text_of(point_of(self.key))

    def authorization(self, origin: str, now: datetime) -> str:
        """The header for the push service at `origin`; `now` is real time, which the service compares with its own."""
        claims = {"aud": origin, "exp": int((now + _GOOD_FOR).timestamp()), "sub": self.contact}
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(self.key), algorithms=["ES256"])
        return f"vapid t={token}, k={self.public_key}"


def new_key() -> str:
    """A new private key, as it is kept: its number in hexadecimal digits."""
    return f"{ec.generate_private_key(CURVE).private_numbers().private_value:064x}"


def vapid_of(key: str, contact: str) -> Vapid:
    """The key as it is kept, put to use."""
    return Vapid(ec.derive_private_key(int(key, 16), CURVE), contact)

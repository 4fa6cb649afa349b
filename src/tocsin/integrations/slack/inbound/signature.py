"""Does a request come from Slack? Its signature over the raw body, and an age of five minutes at most; no I/O.

Source: docs.slack.dev/authentication/verifying-requests-from-slack ("verifying" below).
"""

import hashlib
import hmac

_VERSION = "v0"  # verifying: "The version number right now is always v0"
# verifying: "if the timestamp is more than five minutes from local time", it "could be a replay attack".
_YOUNG_SECONDS = 5 * 60


def fault_in(secret: str, *, timestamp: str, signature: str, body: bytes, now: float) -> str | None:
    """Why the request is not to be believed, in words that help nobody to forge one; None where it is Slack's.

    `timestamp` and `signature` are the headers X-Slack-Request-Timestamp and X-Slack-Signature, `now` are the seconds
    since 1970 of a real clock.
    """
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return "X-Slack-Request-Timestamp: must be seconds since 1970"
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode(errors="replace")):
        return "X-Slack-Signature: is not that of this app; check [slack] signing_secret"
    if abs(now - int(timestamp)) > _YOUNG_SECONDS:
        return "X-Slack-Request-Timestamp: must be within five minutes of this server's clock"
    return None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Slack gives such a request."""
    base = b":".join((_VERSION.encode(), timestamp.encode(), body))
    return f"{_VERSION}={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}"

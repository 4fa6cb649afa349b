"""Which request carries a message to one browser? Encrypted for it, and signed for its push service. No I/O.

Source: RFC 8030, section 5; RFC 8291, section 2; RFC 8292, section 3.
"""

from datetime import datetime

from tocsin.integrations.push.encryption import encrypted, keys_of
from tocsin.integrations.push.services import Subscription, origin_of
from tocsin.integrations.push.vapid import Vapid
from tocsin.integrations.wire import Request, Ring


def request_to(to: Subscription, ring: Ring, vapid: Vapid, now: datetime) -> Request:
    """The request to the browser's push service; `now` is real time."""
    headers = {
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(ring.seconds),
        "urgency": "high" if ring.is_urgent else "normal",
        "topic": ring.topic,
        "authorization": vapid.authorization(origin_of(to.endpoint), now),
    }
    body = encrypted(ring.message, keys_of(to.p256dh, to.auth))
    return Request("POST", to.endpoint, headers, body)

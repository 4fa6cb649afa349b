"""Can browsers be rung by push? What can be said without a browser: no push service tells more. No I/O.

Source: w3c.github.io/push-api (`SecureContext`): browsers subscribe to pages that came by https, or from this machine.
"""

from urllib.parse import urlsplit

from tocsin.integrations.checkup import Checkup, broken, unused, well
from tocsin.loopback import is_loopback_host

WHAT = "Push"


def checkup(public_url: str, *, is_used: bool) -> Checkup:
    """What there is to see; nobody is asked."""
    if not is_used:
        return (
            unused(WHAT, "nobody is paged by it", 'add { via = "push" } to a `contact`: docs/integrations/push.md'),
        )
    parts = urlsplit(public_url)
    if parts.scheme != "https" and parts.hostname and not is_loopback_host(parts.hostname):
        return (broken(WHAT, f"no browser subscribes at {public_url}, which isn't https", "serve it by https"),)
    return (well(WHAT, "only a test shows that a browser rings: `tocsin test page PERSON`"),)

"""Does an address stay on this machine? Then nobody listens on the way (RFC 1122, 3.2.1.3; RFC 6761, 6.3)."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether `url` points at this machine itself."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether the host of that name, or at that address, is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, even one that begins as an address does
        return False

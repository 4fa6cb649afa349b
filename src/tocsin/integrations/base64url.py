"""How are bytes written in an address, a header or JSON? In base64url, without padding (RFC 7515, appendix C)."""

from base64 import urlsafe_b64encode


def text_of(raw: bytes) -> str:
    """The bytes as text."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

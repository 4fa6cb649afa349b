"""Which e-mail addresses and names are taken? One form of each, so that nobody has two accounts by two spellings."""

import re
import unicodedata

_PART = r"[^\s@<>\"',;:\\()\[\]]+"
_ADDRESS = re.compile(rf"{_PART}@(?:{_PART}\.{_PART}|localhost)")
_TOKEN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LONGEST = 200


def email_of(text: str) -> str | None:
    """The address in the form in which it is kept and compared; None where it is none."""
    email = unicodedata.normalize("NFC", text.strip()).lower()
    is_one = len(email) <= _LONGEST and email.isprintable() and _ADDRESS.fullmatch(email)
    return email if is_one else None


def name_of(text: str) -> str | None:
    """A person's name, as a line; None where nothing is left, or too much."""
    name = " ".join("".join(it if it.isprintable() else " " for it in text).split())
    return name if 0 < len(name) <= _LONGEST else None


def is_token_name(text: str) -> bool:
    """Whether a token may be named so: lower-case letters, digits, `.`, `_`, `-`; the names of our own are taken."""
    return bool(_TOKEN.fullmatch(text)) and text.partition("-")[0] not in ("admin", "intake")

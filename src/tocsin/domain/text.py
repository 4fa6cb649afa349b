"""What may people and alerts write? Text stays as written, less what could disguise it: control and bidi characters."""

import re
import unicodedata

MAX_LINE = 200
MAX_TEXT = 8_000

# C0 and C1 controls, and the characters that reorder or hide text: bidi marks, embeddings and isolates, zero width,
# and tags, which write what only a machine reads.
_DISGUISE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def clean_line(text: str, limit: int = MAX_LINE) -> str:
    """`text` on one line, without disguises, at most `limit` characters; cut with an ellipsis."""
    if len(text) <= limit and text.isascii() and text.isprintable() and " " not in text:
        return text  # one word, as an address is
    line = " ".join(_DISGUISE.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_text(text: str) -> str:
    """`text` with its lines kept, line ends as `\\n`, without disguises and without space around it."""
    return _DISGUISE.sub("", "\n".join(text.splitlines())).strip()


def fault_in(text: str, what: str, limit: int = MAX_TEXT) -> str | None:
    """What is wrong with a text that somebody must write, as a sentence; None when it is fine."""
    cleaned = clean_text(text)
    if not cleaned:
        return f"{what}: must say something, got nothing"
    if len(cleaned) > limit:
        return f"{what}: must be at most {limit} characters, got {len(cleaned)}"
    return None


def slug(title: str, limit: int) -> str:
    """`title` in the letters that channel names allow (a–z, 0–9, `-`), at most `limit` long; may be empty."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].rstrip("-")

"""How is a refusal told on a page? As a sentence; what somebody else did meanwhile is news rather than a mistake."""

from tocsin.errors import TocsinError
from tocsin.web.site import Notice

# Fields of the API that no form names so.
_NAMES = {"starts_at": "the beginning", "ends_at": "the end", "instead_of": "instead of"}
_NEWS = frozenset({"changed_meanwhile", "draft_changed"})


def refusal(error: TocsinError) -> Notice:
    """The reason, as a sentence."""
    field, colon, rest = str(error).partition(":")
    text = f"{_NAMES.get(field, field)}{colon}{rest}"
    return Notice("told" if error.code in _NEWS else "failed", f"{text[:1].upper()}{text[1:]}.")

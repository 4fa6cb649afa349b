"""How is a refusal told on a page? As a sentence; what somebody else did meanwhile is news rather than a mistake."""

from tocsin.errors import TocsinError
from tocsin.web.site import Notice

_NEWS = frozenset({"changed_meanwhile", "draft_changed"})


def refusal(error: TocsinError) -> Notice:
    """The reason, as a sentence."""
    text = str(error)
    return Notice("told" if error.code in _NEWS else "failed", f"{text[:1].upper()}{text[1:]}.")

"""SOP files with one defect: the default file, one text in it changed."""

from tocsin.sop.check import check
from tocsin.sop.load import default_text, load_text


def changed(old: str, new: str) -> str:
    """The default file with the first `old` replaced."""
    text = default_text()
    assert old in text, f"the default file has no {old!r}"
    return text.replace(old, new, 1)


def findings(text: str) -> list[str]:
    """What the checker says of a file's text."""
    return [str(finding) for finding in check(load_text(text, "tocsin.toml"))]

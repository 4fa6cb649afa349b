"""What does somebody read who is paged by e-mail? The same words as text and as simple HTML; no I/O."""

from html import escape

from msgspec import Struct

from tocsin.accounts.page_links import PageLinks
from tocsin.domain.effects import SendPage, SendPageTest
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.sop.words import Urgency

_MAX_SUBJECT = 150
_BUTTON = (
    "display:inline-block;padding:14px 28px;background:#b3261e;color:#ffffff;text-decoration:none;font-weight:bold"
)


class Letter(Struct, frozen=True):
    """An e-mail's words."""

    subject: str
    text: str
    html: str


class _Link(Struct, frozen=True):
    words: str
    url: str
    is_button: bool = False


def letter_for(effect: SendPage, links: PageLinks) -> Letter:
    """A page asks for an answer, and has the link that gives it; a notification informs."""
    is_page = effect.urgency is Urgency.PAGE
    more = words_for(effect.more)
    what = f"{effect.severity or 'Not assessed'}: {effect.title}" if is_page else f"For information: {effect.reason}"
    lines = [
        f"{clean_line(effect.service)}: {clean_line(effect.title)}{more}",
        f"{effect.severity or 'Not assessed'} · {effect.incident}",
        f"You are {'paged' if is_page else 'told'}: {clean_line(effect.reason, 500)}",
    ]
    acknowledge = _Link("Acknowledge", links.acknowledgement(effect.key), is_button=True)
    about = _Link(f"{effect.incident} in Tocsin", links.incident(effect.incident))
    subject = clean_line(what, _MAX_SUBJECT - len(effect.incident) - 3)
    return _letter(f"{subject} [{effect.incident}]", lines, [acknowledge, about] if is_page else [about])


def test_letter(effect: SendPageTest, links: PageLinks) -> Letter:
    """A test asks for nothing."""
    lines = [
        "This is a test, nothing is wrong.",
        f"A page to {effect.reach.person} reaches you here ({clean_line(effect.asked_by)} asked).",
    ]
    return _letter("Test page, nothing is wrong: Tocsin reaches you here", lines, [_Link("Tocsin", links.public_url)])


def _letter(subject: str, lines: list[str], links: list[_Link]) -> Letter:
    text = "\n\n".join([*lines, *(f"{link.words}: {link.url}" for link in links)]) + "\n"
    paragraphs = [*(escape(line) for line in lines), *map(_anchor, links)]
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    style = "font-family:sans-serif;font-size:16px"
    html = f'<!doctype html>\n<html lang="en"><body style="{style}">\n{body}\n</body></html>\n'
    return Letter(subject, text, html)


def _anchor(link: _Link) -> str:
    style = f' style="{_BUTTON}"' if link.is_button else ""
    return f'<a href="{escape(link.url)}"{style}>{escape(link.words)}</a>'

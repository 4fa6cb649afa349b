"""How does a page reach the built-in inbox? It is there once it is stored; the console gets a line. No I/O."""

from tocsin.domain.commands import ReportPageAccepted
from tocsin.domain.effects import SendPage, SendPageTest
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.integrations.wire import Rung
from tocsin.sop.words import Urgency

MAX_LINE = 400
_WORDS = {Urgency.PAGE: "PAGE", Urgency.NOTIFY: "NOTE", Urgency.ASSIGN: "TASK"}


def line_for(effect: SendPage) -> str:
    """The page as one line of plain text, at most MAX_LINE characters: no control character, so it can't ring or move.

    `PAGE alice: SEV1 INC-2026-0042 checkout: Checkout is down (Paged primary on-call)`
    """
    severity = effect.severity or "not assessed"
    what = f"{severity} {effect.incident} {effect.service}: {effect.title}"
    more = words_for(effect.more)
    line = f"{_WORDS[effect.urgency]} {effect.reach.person}: {what} ({effect.reason})"
    return clean_line(line, MAX_LINE - len(more)) + more


def test_line_for(effect: SendPageTest) -> str:
    """The line of a test page."""
    return clean_line(f"TEST {effect.reach.person}: this way to you works (asked for by {effect.asked_by})", MAX_LINE)


def deliver(effect: SendPage | SendPageTest) -> Rung:
    """The verdict, always: nothing lies between the store and the inbox that could refuse."""
    if isinstance(effect, SendPageTest):
        return Rung(line=test_line_for(effect))
    return Rung(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),), line=line_for(effect))

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.effects import INCIDENT, page
from tests.integrations.pace import unhurried
from tocsin.domain.commands import ReportPageAccepted
from tocsin.integrations.inbox.outbound import MAX_LINE, deliver, line_for
from tocsin.sop.words import Urgency


def test_a_page_is_one_line_on_the_console() -> None:
    line = line_for(page("inbox"))
    assert line == f"PAGE alice: SEV1 {INCIDENT} checkout: Checkout is down (Paged primary on-call)"


def test_a_notification_of_an_incident_that_nobody_assessed_says_so() -> None:
    line = line_for(page("inbox", urgency=Urgency.NOTIFY, severity=None, reason="Update overdue"))
    assert line == f"NOTE alice: not assessed {INCIDENT} checkout: Checkout is down (Update overdue)"


def test_the_inbox_always_takes_the_page() -> None:
    rung = deliver(page("inbox"))
    assert rung.receipts == (ReportPageAccepted(key=f"{INCIDENT}-3-0", via="inbox"),)
    assert rung.line == line_for(page("inbox"))


def test_a_title_can_neither_ring_nor_colour_nor_move_the_console() -> None:
    line = line_for(page("inbox", title="down\x07\x1b[2J\r\nPAGE bob: \x9b31m\u202eall clear"))
    assert line == f"PAGE alice: SEV1 {INCIDENT} checkout: down [2J PAGE bob: 31m all clear (Paged primary on-call)"


@unhurried
@given(st.text(max_size=1000), st.text(max_size=1000))
def test_whatever_people_wrote_the_line_is_one_line_of_plain_text(title: str, reason: str) -> None:
    line = line_for(page("inbox", title=title, reason=reason))
    assert len(line) <= MAX_LINE
    assert len(line.splitlines()) == 1
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in line)

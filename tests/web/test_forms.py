"""What a form says: its own fields, the answers where the severity is left to them, and what its sender had seen."""

from tocsin.domain.forms import answers_in
from tocsin.web.forms import fields_of

ANSWERS = {"scope": "all", "data": "intact", "security": "none", "workaround": "no", "sla": "safe"}


def test_answers_count_where_the_severity_is_left_to_them() -> None:
    assert fields_of({"severity": "unsure", "reason": "", **ANSWERS}) == {"reason": "", "answers": ANSWERS}


def test_answers_are_left_out_beside_a_severity() -> None:
    assert fields_of({"severity": "SEV1", "reason": "all", **ANSWERS}) == {"severity": "SEV1", "reason": "all"}


def test_a_breach_counts_beside_a_severity_as_well() -> None:
    suspected = {**ANSWERS, "security": "suspected"}
    assert fields_of({"severity": "SEV3", **suspected}) == {"severity": "SEV3", "trigger": "security_breach"}


def test_without_an_answer_that_must_be_given_there_is_no_severity() -> None:
    assert answers_in({**ANSWERS, "scope": ""}) == {}
    assert fields_of({"severity": "unsure", "data": "lost", "title": "It is slow"}) == {"title": "It is slow"}


def test_what_every_form_sends_is_none_of_its_fields() -> None:
    assert fields_of({"seen": "12", "csrf": "x", "show": "all", "text": "a note"}) == {"text": "a note"}

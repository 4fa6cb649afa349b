"""Which command does a note in PagerDuty give, and what is it told where it gives none?"""

import pytest

from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.errors import InvalidInput
from tocsin.integrations.pagerduty.note_commands import command_in, is_command
from tocsin.sop.words import Role, Severity


@pytest.mark.parametrize(
    ("note", "command"),
    [
        ("/incident mitigate rolled back\neverywhere", c.Mitigate(note="rolled back\neverywhere")),
        ("/incident mitigate", c.Mitigate()),
        ("  /Incident  RESOLVE\nconfirmed ", c.Resolve(note="confirmed")),
        ("/incident assess sev2 logins fail", c.Assess(severity=Severity.SEV2, reason="logins fail")),
        ("/incident role cl @Emma", c.AssignRole(role=Role.COMMUNICATIONS_LEAD, person="emma")),
        ("/incident role technical_lead bob", c.AssignRole(role=Role.TECHNICAL_LEAD, person="bob")),
        ("/incident update half of it is back", c.PostUpdate(text="half of it is back")),
        ("/incident update internal a change", c.PostUpdate(text="a change")),
        ("/incident update external Sorry.", c.PostUpdate(text="Sorry.", audience=Audience.EXTERNAL)),
    ],
)
def test_note_gives_a_command(note: str, command: c.Change) -> None:
    assert is_command(note)
    assert command_in(note, by="") == command


@pytest.mark.parametrize("note", ["", "looking", "see /incident mitigate", "/incidents mitigate", "/mitigate it"])
def test_note_that_is_no_more_than_that(note: str) -> None:
    assert not is_command(note)


@pytest.mark.parametrize(
    ("note", "command"),
    [
        ("/incident mitigate", c.Mitigate(note="Eve, in PagerDuty")),
        ("/incident resolve done", c.Resolve(note="Eve, in PagerDuty: done")),
        ("/incident assess SEV1 all", c.Assess(severity=Severity.SEV1, reason="Eve, in PagerDuty: all")),
        ("/incident update all well", c.PostUpdate(text="Eve, in PagerDuty: all well")),
    ],
)
def test_who_it_was_stands_in_the_text_where_nobody_here_is_known_to_be_them(note: str, command: c.Change) -> None:
    assert command_in(note, by="Eve, in PagerDuty") == command


_ASSESS = "/incident assess: must say a severity and why, `/incident assess SEV2 logins fail`"
_ROLE = "/incident role: must say ic, cl or tl, and a person's id, `/incident role ic alice`"
_TAKES = "there is no such command in a note; it takes one of assess, role, update, mitigate, resolve"


@pytest.mark.parametrize(
    ("note", "told"),
    [
        pytest.param("/incident", f"/incident : {_TAKES}", id="no verb"),
        pytest.param("/incident explode now", f"/incident explode: {_TAKES}", id="a verb that there isn't"),
        pytest.param("/incident assess SEV9 all", _ASSESS, id="a severity that there isn't"),
        pytest.param("/incident assess SEV1", _ASSESS, id="no reason"),
        pytest.param("/incident role boss alice", _ROLE, id="a role that there isn't"),
        pytest.param("/incident role ic", _ROLE, id="no person"),
    ],
)
def test_note_that_gives_no_command_is_told_what_would_be_one(note: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        command_in(note, by="")
    assert str(refused.value) == told

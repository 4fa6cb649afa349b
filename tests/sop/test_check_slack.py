"""Is `[slack]` sound, and is each of its members one person?"""

import pytest

from tests.sop.files import changed, findings
from tocsin.errors import InvalidSop

PRIVATE = 'private_channel = ["security_breach"]'
ALICE, BOB = 'slack_user = "U0EXAMPLE01"', 'slack_user = "U0EXAMPLE02"'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            PRIVATE,
            f'{PRIVATE}\nteam = "T0123456789"',
            "warning: slack.team: does nothing without app; name app too: both let Slack in",
            id="team_without_app",
        ),
        pytest.param(
            PRIVATE,
            f'{PRIVATE}\napp = "A0123456789"',
            "warning: slack.app: does nothing without team; name team too: both let Slack in",
            id="app_without_team",
        ),
        pytest.param(
            PRIVATE,
            f'{PRIVATE}\nstakeholders_channel = "#general"',
            "warning: slack.stakeholders_channel: '#general' is no channel's id; "
            "copy it from the channel's details in Slack: C0123456789",
            id="channel_by_its_name",
        ),
        pytest.param(
            ALICE,
            'slack_user = "@alice"',
            "warning: people.alice.slack_user: '@alice' is no member's id; "
            "copy it from the person's profile in Slack: U0123456789",
            id="member_by_name",
        ),
        pytest.param(
            BOB,
            ALICE,
            'error: people.alice.slack_user: "U0EXAMPLE01" is bob\'s as well, so nobody could tell whose deed it was; '
            "give each person their own",
            id="member_who_is_two_people",
        ),
        pytest.param(
            "[people.alice]",
            '[people.slack]\nname = "Sam Slack"\ncontact = [{ via = "inbox" }]\n\n[people.alice]',
            'error: people.slack: "slack" is who acts for what happens in Slack; choose another id',
            id="person_named_slack",
        ),
    ],
)
def test_fault_is_told_with_its_remedy(old: str, new: str, told: str) -> None:
    assert told in findings(changed(old, new))


def test_sender_of_letters_is_an_address() -> None:
    told = "error: email.sender: 'Tocsin' is no e-mail address; write it as tocsin@example.com, in ASCII"
    text = changed('server = "env:SMTP_URL"', 'server = "env:SMTP_URL"\nsender = "Tocsin"')
    assert told in findings(text)


def test_id_of_the_wrong_form_is_told_with_one_of_the_right() -> None:
    with pytest.raises(
        InvalidSop, match=r'slack\.team: must be a text that matches .*, such as T0123456789, got "acme"'
    ):
        findings(changed(PRIVATE, f'{PRIVATE}\nteam = "acme"'))

"""Is `[pagerduty]` sound, and is each PagerDuty user one person?"""

import pytest

from tests.sop.files import changed, findings

REGION = 'region = "us"'
ALICE, BOB = 'name = "Alice Adams"', 'name = "Bob Brown"'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            REGION,
            f"{REGION}\nnotes = true",
            "warning: pagerduty.notes: can't be made in nobody's name; "
            "add from_email, the address of a user of PagerDuty",
            id="notes_in_nobodys_name",
        ),
        pytest.param(
            REGION,
            f"{REGION}\nresponders = true",
            "warning: pagerduty.responders: can't be made in nobody's name; "
            "add from_email, the address of a user of PagerDuty",
            id="requests_in_nobodys_name",
        ),
        pytest.param(
            REGION,
            f'{REGION}\npriorities = {{ SEV1 = "P1", SEV2 = "P1" }}',
            'error: pagerduty.priorities.SEV1: "P1" means several severities; give each severity a priority of its own',
            id="priority_of_two_severities",
        ),
        pytest.param(
            REGION,
            f'{REGION}\nroles = {{ technical_lead = "Lead", communications_lead = "Lead" }}',
            'error: pagerduty.roles.technical_lead: "Lead" means several roles; give each role a name of its own',
            id="name_of_two_roles",
        ),
    ],
)
def test_one_defect(old: str, new: str, told: str) -> None:
    assert told in findings(changed(old, new))


def test_user_of_two_people_is_an_error() -> None:
    text = changed(ALICE, f'{ALICE}\npagerduty_user = "PABC"').replace(BOB, f'{BOB}\npagerduty_user = "PABC"')
    told = (
        'error: people.alice.pagerduty_user: "PABC" is bob\'s as well, so nobody could tell whose deed it was; '
        "give each person their own"
    )
    assert told in findings(text)


def test_nobody_may_be_taken_for_whoever_is_unknown() -> None:
    told = (
        'error: people.pagerduty: "pagerduty" is who acts for users of PagerDuty whom nobody here is known to be; '
        "choose another id"
    )
    assert told in findings(changed("[people.alice]", '[people.pagerduty]\nname = "P"\n[people.alice]'))


def test_a_name_for_what_is_made_leaves_nothing_to_find() -> None:
    text = changed(REGION, f'{REGION}\nnotes = true\nresponders = true\nfrom_email = "tocsin@example.com"')
    assert findings(text) == []

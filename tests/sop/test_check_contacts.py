"""Contact methods that can't work, are never tried, or wait for nothing, each with its remedy."""

import pytest

from tests.sop.files import changed, findings

ALICE = 'email = "alice@example.com"\nslack_user = "U0EXAMPLE01"\ncontact = [{ via = "pagerduty" }, { via = "inbox" }]'
PLACE = "people.alice.contact"


def told(contact: str, person: str = 'email = "alice@example.com"') -> list[str]:
    """What the checker says of alice with these contact methods."""
    return findings(changed(ALICE, f"{person}\ncontact = [{contact}]"))


@pytest.mark.parametrize(
    "contact",
    [
        pytest.param('{ via = "email" }', id="to_the_persons_address"),
        pytest.param('{ via = "email" }, { via = "email", address = "alice@home.example" }', id="to_two_addresses"),
        pytest.param(
            '{ via = "apprise", url = "env:NTFY" }, { via = "apprise", url = "env:SMS", after = "2m" }', id="apprise"
        ),
        pytest.param(
            '{ via = "apprise", name = "push", url = "env:A" }, '
            '{ via = "apprise", name = "sms", url = "env:A", after = "2m" }, '
            '{ via = "pagerduty", after = "5m" }, { via = "inbox" }',
            id="push_then_sms_then_call",
        ),
    ],
)
def test_sound_contact_methods_are_no_finding(contact: str) -> None:
    assert told(contact) == []


@pytest.mark.parametrize(
    ("contact", "finding"),
    [
        pytest.param(
            '{ via = "inbox" }, { via = "apprise" }',
            f"warning: {PLACE}[2]: can't work without an address; "
            'add url = "env:NAME", the secret that holds the address in Apprise\'s words',
            id="apprise_without_an_address",
        ),
        pytest.param(
            '{ via = "email", address = "alice" }',
            f"error: {PLACE}[1]: sends to 'alice', which is no e-mail address; write it as alice@example.com, in ASCII",
            id="address_that_is_none",
        ),
        pytest.param(
            '{ via = "email", url = "env:NTFY" }',
            f"warning: {PLACE}[1].url: has no use for email; leave it out",
            id="key_of_another_method",
        ),
        pytest.param(
            '{ via = "email" }, { via = "email", after = "2m" }',
            f"warning: {PLACE}[2]: is email once more, and never tried; leave it out",
            id="method_written_twice",
        ),
        pytest.param(
            '{ via = "apprise", name = "a", url = "env:A" }, { via = "apprise", name = "a", url = "env:B" }',
            f"warning: {PLACE}[2]: is apprise:a once more, and never tried; give each its own name",
            id="one_name_for_two",
        ),
        pytest.param(
            '{ via = "pagerduty", after = "2m" }, { via = "inbox" }',
            f"warning: {PLACE}: leaves nothing at once, so the soonest is taken at once; leave out the first `after`",
            id="nothing_at_once",
        ),
        pytest.param(
            '{ via = "pagerduty" }, { via = "inbox", after = "2m" }',
            f"warning: {PLACE}[2].after: waits for what wakes nobody; leave it out: the inbox is a last resort",
            id="inbox_that_waits",
        ),
        pytest.param(
            '{ via = "pagerduty" }, { via = "apprise", url = "env:A", after = "5m" }, { via = "email", after = "2m" }',
            f"warning: {PLACE}[3].after: is before that of contact[2], 5m, got 2m; "
            "put the contact methods in the order of their delays",
            id="delays_out_of_order",
        ),
    ],
)
def test_one_defect_of_a_contact_method_is_one_finding(contact: str, finding: str) -> None:
    assert told(contact) == [finding]


def test_email_without_an_address_of_the_person_can_not_work() -> None:
    assert told('{ via = "inbox" }, { via = "email" }', person="") == [
        f"warning: {PLACE}[2]: can't work, since the person has no email; add email to the person, or address here"
    ]

import pytest

from tests.sop.files import changed, findings
from tocsin.sop.load import default_text

PEOPLE = "use one of alice, bob, chris, deniz, emma, farid, erin, dana, …"
PLATFORM = 'primary = ["alice", "bob"]\nsecondary = ["bob", "alice"]'

ONE_DEFECT = [
    pytest.param(
        'cto = "carla"',
        'cto = "carlo"',
        f'error: targets.cto: there is no person "carlo"; {PEOPLE}, did you mean `carla`?',
        id="target_that_is_no_person",
    ),
    pytest.param(
        'cto = "carla"',
        'cto = "carla"\nprimary = "carla"',
        'error: targets.primary: "primary" has a meaning of its own already; choose another name',
        id="target_with_a_built_in_name",
    ),
    pytest.param(
        'cto = "carla"',
        'cto = "carla"\nalice = "bob"',
        'error: targets.alice: "alice" is a person too, so a ladder that names it is ambiguous; choose another name',
        id="target_with_a_persons_name",
    ),
    pytest.param(
        "[people.alice]",
        '[people.backlog]\nname = "Zoe"\n[people.alice]',
        'error: people.backlog: "backlog" has a meaning of its own already; choose another id',
        id="person_with_a_built_in_name",
    ),
    pytest.param(
        'lead = "alice"',
        'lead = "zoe"',
        f'error: teams.platform.lead: there is no person "zoe"; {PEOPLE}',
        id="lead_that_is_no_person",
    ),
    pytest.param(
        'lead = "alice"',
        'lead = "alice"\nengineering_manager = "zoe"',
        f'error: teams.platform.engineering_manager: there is no person "zoe"; {PEOPLE}',
        id="engineering_manager_that_is_no_person",
    ),
    pytest.param(
        PLATFORM,
        'primary = ["alice", "zoe"]\nsecondary = ["bob", "alice"]',
        f'error: teams.platform.rotation.primary[2]: there is no person "zoe"; {PEOPLE}',
        id="primary_that_is_no_person",
    ),
    pytest.param(
        PLATFORM,
        'primary = []\nsecondary = ["bob", "alice"]',
        "error: teams.platform.rotation.primary: is empty, so nobody is on call; name one person at least",
        id="nobody_on_call",
    ),
    pytest.param(
        PLATFORM,
        'primary = ["alice", "bob"]',
        "warning: teams.platform.rotation.secondary: is empty, so nobody backs the primary up; "
        "name one person at least",
        id="nobody_in_reserve",
    ),
    pytest.param(
        PLATFORM,
        'primary = ["alice", "bob"]\nsecondary = ["bob", "chris", "alice"]',
        "warning: teams.platform.rotation.secondary: alice is primary and secondary in the same shift; "
        "order the two lists so that they never meet",
        id="lists_of_unlike_length_that_meet",
    ),
    pytest.param(
        "Europe/Berlin",
        "Europe/Berln",
        'error: teams.platform.rotation.time_zone: there is no time zone "Europe/Berln"; '
        "name one such as Europe/Berlin, did you mean `Europe/Berlin`?",
        id="misspelt_time_zone",
    ),
    pytest.param(
        "Europe/Berlin",
        "Europe",
        'error: teams.platform.rotation.time_zone: there is no time zone "Europe"; name one such as Europe/Berlin',
        id="continent_for_a_time_zone",
    ),
    pytest.param(
        'name = "Web app"\nteam = "frontend"',
        'name = "Web app"\nteam = "backend"',
        "warning: teams.frontend: owns no service, so no alert reaches it; give it a service, or leave it out",
        id="team_without_a_service",
    ),
    pytest.param(
        'contact = [{ via = "pagerduty" }, { via = "inbox" }]',
        'contact = [{ via = "pager" }, { via = "inbox" }]',
        'error: people.alice.contact[1].via: there is no contact method "pager"; '
        "use one of pagerduty, slack, email, apprise, push, inbox",
        id="unknown_contact_method",
    ),
    pytest.param(
        'slack_user = "U0EXAMPLE01"\ncontact = [{ via = "pagerduty" }, { via = "inbox" }]',
        'contact = [{ via = "inbox" }, { via = "slack" }]',
        "warning: people.alice.contact[2]: can't work, since the person has no slack_user; "
        "add slack_user, the member id, which begins with U",
        id="slack_without_a_member_id",
    ),
    pytest.param(
        'contact = [{ via = "pagerduty" }, { via = "inbox" }]',
        'contact = [{ via = "inbox", routing_key = "env:KEY" }]',
        "warning: people.alice.contact[1].routing_key: has no use for inbox; leave it out",
        id="routing_key_for_the_inbox",
    ),
    pytest.param(
        'contact = [{ via = "pagerduty" }, { via = "inbox" }]',
        "contact = []",
        "warning: people.alice.contact: is empty, so a page to this person reaches nobody; "
        'add { via = "inbox" } at least',
        id="person_without_a_contact_method",
    ),
]


@pytest.mark.parametrize(("old", "new", "finding"), ONE_DEFECT)
def test_one_defect_of_the_organisation_is_one_finding(old: str, new: str, finding: str) -> None:
    assert findings(changed(old, new)) == [finding]


@pytest.mark.parametrize(
    "secondary",
    [
        pytest.param('["bob", "alice"]', id="turning_in_step"),
        pytest.param('["chris", "deniz", "emma"]', id="other_people"),
        pytest.param('["bob", "alice", "bob", "alice"]', id="lists_of_unlike_length_that_never_meet"),
    ],
)
def test_lists_that_never_meet_are_no_finding(secondary: str) -> None:
    assert findings(changed(PLATFORM, f'primary = ["alice", "bob"]\nsecondary = {secondary}')) == []


def test_a_service_of_an_unknown_team_is_an_error_and_its_team_has_none() -> None:
    assert findings(changed('name = "Website"\nteam = "platform"', 'name = "Website"\nteam = "platfrom"')) == [
        'error: services.website.team: there is no team "platfrom"; use one of platform, backend, frontend, '
        "did you mean `platform`?",
        "warning: teams.platform: owns no service, so no alert reaches it; give it a service, or leave it out",
    ]


def test_every_team_with_an_engineering_manager_of_its_own_needs_none_of_the_organisation() -> None:
    text = default_text().replace('engineering_manager = "erin"\n', "")
    owned = text.replace('lead = "', 'engineering_manager = "erin"\nlead = "')
    assert findings(owned) == []
    assert findings(text)[0] == (
        'error: severities.SEV1.escalation[3].page[1]: "engineering_manager" is nobody for team platform; '
        'add engineering_manager = "<a person\'s id>" to [targets], or to every team'
    )


def test_an_own_organisation_is_told_what_the_default_procedure_needs_of_it() -> None:
    told = findings("""
[people.ann]
name = "Ann"
[people.ben]
name = "Ben"
[teams.core]
name = "Core"
lead = "ann"
rotation = { time_zone = "UTC", primary = ["ann", "ben"], secondary = ["ben", "ann"] }
[services.shop]
name = "Shop"
team = "core"
[targets]
engineering_manager = "ann"
vp_engineering = "ben"
cto = "ben"
""")
    add = 'add engineering_director = "<a person\'s id>" to [targets], or name another'
    assert told == [
        f'error: {where}: "engineering_director" is neither a target nor a person; {add}'
        for where in (
            "severities.SEV1.escalation[4].notify[1]",
            "severities.SEV2.escalation[4].notify[1]",
            "communication.stakeholders[1]",
        )
    ] + ['error: alerts.default_service: there is no service "website"; use one of shop']

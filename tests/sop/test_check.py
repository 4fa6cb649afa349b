import pytest
from msgspec import structs

from tests.sop.files import changed, findings
from tocsin.sop.check import Level, check
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

ONE_DEFECT = [
    pytest.param(
        'respond_within = "15m"',
        'respond_within = "0m"',
        "error: severities.SEV1.respond_within: must be longer than 0m, got 0m; write 15m, say",
        id="response_in_no_time",
    ),
    pytest.param(
        'respond_within = "15m"',
        'respond_within = "4m"',
        "warning: severities.SEV1.respond_within: is over before anybody but the first is paged, at 5m; "
        "page the second target earlier, or allow more time",
        id="second_page_after_the_response_is_due",
    ),
    pytest.param(
        'respond_within = "15m"',
        'respond_within = "45m"',
        "warning: severities.SEV1.respond_within: must be at most the 30m of SEV2, got 45m; set a shorter one",
        id="sev1_slower_than_sev2",
    ),
    pytest.param(
        'update_every = "15m"',
        'update_every = "0m"',
        "error: severities.SEV1.update_every: must be longer than 0m, got 0m; write 15m, say",
        id="update_in_no_time",
    ),
    pytest.param(
        'update_every = "15m"',
        'update_every = "3m"',
        "error: severities.SEV1.update_every: must be longer than communication.remind_before, 3m, got 3m; "
        "remind later, or ask for updates less often",
        id="reminder_as_long_before_as_the_cadence",
    ),
    pytest.param(
        'requires = ["incident_commander", "technical_lead"]',
        'requires = ["technical_lead"]',
        "warning: severities.SEV2.update_every: asks for updates, but no role that gives them is required; "
        'add "incident_commander" to severities.SEV2.requires',
        id="updates_that_nobody_gives",
    ),
    pytest.param(
        'postmortem_within = "48h"',
        'postmortem_within = "24h"',
        "warning: severities.SEV1.postmortem_within: must be longer than postmortem.remind_before, 24h, got 24h; "
        "remind later, or allow more time",
        id="reminder_as_long_before_as_the_postmortem",
    ),
    pytest.param(
        'postmortem = "never"',
        'postmortem = "always"',
        "warning: severities.SEV4.postmortem_within: is missing, so a postmortem is never due; write 48h, say",
        id="postmortem_without_a_date",
    ),
    pytest.param(
        'notify = ["engineering_manager"]\n\n# Classification',
        'notify = ["engineering_manger"]\n\n# Classification',
        'error: patterns[1].notify[1]: "engineering_manger" is neither a target nor a person; '
        'add engineering_manger = "<a person\'s id>" to [targets], or name another, '
        "did you mean `engineering_manager`?",
        id="pattern_that_informs_an_unknown_target",
    ),
    pytest.param(
        'notify = ["engineering_manager"]\n\n# Classification',
        "notify = []\n\n# Classification",
        "error: patterns[1].notify: is empty, so nobody learns of the pattern; name a target",
        id="pattern_that_informs_nobody",
    ),
    pytest.param(
        'within = "7d"',
        'within = "0m"',
        "error: patterns[1].within: must be longer than 0m, got 0m; write 7d, say",
        id="pattern_within_no_time",
    ),
    pytest.param(
        'stakeholders = ["engineering_director"]',
        'stakeholders = ["board"]',
        'error: communication.stakeholders[1]: "board" is neither a target nor a person; '
        'add board = "<a person\'s id>" to [targets], or name another',
        id="unknown_stakeholder",
    ),
    pytest.param(
        "closes_at = 17:00:00",
        "closes_at = 09:00:00",
        "error: business_hours.closes_at: must be later than opens_at, 09:00:00, got 09:00:00; name hours of one day",
        id="office_that_closes_when_it_opens",
    ),
    pytest.param(
        'days = ["monday", "tuesday", "wednesday", "thursday", "friday"]',
        "days = []",
        "error: business_hours.days: is empty, so business hours never come; name one weekday at least",
        id="office_without_a_working_day",
    ),
    pytest.param(
        'time_zone = "UTC"',
        'time_zone = "Mars/Olympus"',
        'error: business_hours.time_zone: there is no time zone "Mars/Olympus"; name one such as Europe/Berlin',
        id="unknown_time_zone",
    ),
]


def test_the_default_sop_has_neither_errors_nor_warnings() -> None:
    assert check(default_sop()) == ()


@pytest.mark.parametrize(("old", "new", "finding"), ONE_DEFECT)
def test_one_defect_of_the_procedure_is_one_finding(old: str, new: str, finding: str) -> None:
    assert findings(changed(old, new)) == [finding]


def test_a_first_page_when_the_response_is_due_is_too_late() -> None:
    text = changed('respond_within = "15m"', 'respond_within = "4m"').replace('after = "0m"', 'after = "4m"', 1)
    assert findings(text) == [
        "error: severities.SEV1.respond_within: can't be met: 4m have passed when somebody is paged at 4m; "
        "page earlier, or allow more time"
    ]


def test_all_four_severities_must_be_there() -> None:
    sop = default_sop()
    three = {severity: level for severity, level in sop.severities.items() if severity is not Severity.SEV4}
    assert [str(finding) for finding in check(structs.replace(sop, severities=three))] == [
        "error: severities.SEV4: is missing; define all four severities"
    ]


def test_a_worse_severity_without_a_response_time_is_told() -> None:
    sop = default_sop()
    level = structs.replace(sop.severities[Severity.SEV2], respond_within=None)
    found = check(structs.replace(sop, severities=sop.severities | {Severity.SEV2: level}))
    assert [str(finding) for finding in found] == [
        "warning: severities.SEV2.respond_within: is missing, and so is slower than the 4h of SEV3; set a shorter one"
    ]


def test_four_hours_of_business_are_slower_than_five_hours() -> None:
    assert findings('[severities.SEV2]\nrespond_within = "5h"\n') == []


def test_stakeholders_that_are_nobody_are_told() -> None:
    assert findings(changed('stakeholders = ["engineering_director"]', "stakeholders = []")) == [
        f"warning: severities.{severity}.notify_stakeholders: tells nobody; name communication.stakeholders"
        for severity in ("SEV1", "SEV2")
    ]


def test_errors_come_before_warnings() -> None:
    text = changed('respond_within = "15m"', 'respond_within = "4m"').replace('lead = "alice"', 'lead = "zoe"')
    assert [finding.split(":")[0] for finding in findings(text)] == [Level.ERROR, Level.WARNING]

import pytest
from msgspec import structs

from tests.sop.files import changed, findings
from tocsin.sop.check import check
from tocsin.sop.load import default_sop, default_text
from tocsin.sop.words import Severity

ONE_DEFECT = [
    pytest.param(
        'page = ["secondary"]',
        'page = ["secundary"]',
        'error: severities.SEV1.escalation[2].page[1]: "secundary" is neither a target nor a person; '
        'add secundary = "<a person\'s id>" to [targets], or name another, did you mean `secondary`?',
        id="misspelt_target",
    ),
    pytest.param(
        'also_page = ["everyone_on_call"]',
        'also_page = ["everybody"]',
        'error: severities.SEV1.repeat.also_page[1]: "everybody" is neither a target nor a person; '
        'add everybody = "<a person\'s id>" to [targets], or name another',
        id="catch_all_that_means_nobody",
    ),
    pytest.param(
        'notify = ["cto"]',
        'notify = ["backlog"]',
        'error: severities.SEV1.escalation[5].notify[1]: "backlog" is a queue, and reaches nobody; '
        "use `assign`, or name a target",
        id="queue_that_is_notified",
    ),
    pytest.param(
        'assign = ["backlog"]',
        'assign = ["primary"]',
        'error: severities.SEV4.escalation[1].assign[1]: "primary" is no queue, only team_queue and backlog are; '
        "name one of them, or use `page` or `notify`",
        id="person_that_is_assigned",
    ),
    pytest.param(
        'page = ["secondary"]',
        'page = ["secondary"]\nnotify = ["cto"]',
        "error: severities.SEV1.escalation[2]: must do exactly one of page, notify and assign, got page and notify; "
        "make a step of each",
        id="step_that_pages_and_notifies",
    ),
    pytest.param(
        'notify = ["cto"]\n',
        "",
        "error: severities.SEV1.escalation[5]: must do exactly one of page, notify and assign, got none of them; "
        "make a step of each",
        id="step_that_does_nothing",
    ),
    pytest.param(
        'after = "60m"',
        'after = "20m"',
        "error: severities.SEV1.escalation[5].after: must be later than step 4's 30m, got 20m; "
        "put the steps in the order of their times",
        id="step_before_the_one_before",
    ),
    pytest.param(
        'after = "60m"',
        'after = "30m"',
        "error: severities.SEV1.escalation[5].after: must be later than step 4's 30m, got 30m; "
        "name the targets of both in one step",
        id="two_steps_of_one_kind_at_one_time",
    ),
    pytest.param(
        'page = ["primary"]',
        'page = ["primary"]\nunless = "acknowledged"',
        'error: severities.SEV1.escalation[1].unless: "acknowledged" at 0m is a contradiction, '
        "nobody can have acknowledged by then; leave it out, or set a later `after`",
        id="condition_that_cannot_hold_at_the_start",
    ),
    pytest.param(
        'page = ["engineering_manager"]',
        'page = ["secondary"]',
        "error: severities.SEV1.escalation[3]: can never fire: nothing is done twice, and step 2 came first for "
        "secondary; remove it, or name somebody else",
        id="target_paged_twice",
    ),
    pytest.param(
        'page = ["engineering_manager"]',
        'page = ["secondary", "primary"]',
        "error: severities.SEV1.escalation[3]: can never fire: nothing is done twice, and step 1 and step 2 came first "
        "for secondary and primary; remove it, or name somebody else",
        id="targets_paged_by_two_steps_before",
    ),
    pytest.param(
        'notify = ["cto"]',
        'notify = ["primary"]',
        "error: severities.SEV1.escalation[5]: can never fire: nothing is done twice, and step 1 came first for "
        "primary; remove it, or name somebody else",
        id="target_notified_after_its_page",
    ),
    pytest.param(
        'every = "15m"\nalso',
        'every = "0m"\nalso',
        "error: severities.SEV1.repeat.every: must be longer than 0m, got 0m; write 15m, say",
        id="repetition_without_pause",
    ),
]


@pytest.mark.parametrize(("old", "new", "finding"), ONE_DEFECT)
def test_one_defect_of_a_ladder_is_one_finding(old: str, new: str, finding: str) -> None:
    assert findings(changed(old, new)) == [finding]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('after = "60m"\nnotify', 'after = "30m"\npage', id="page_and_notification_at_one_time"),
        pytest.param('notify = ["cto"]', 'page = ["vp_engineering"]', id="page_after_a_notification_of_the_same"),
        pytest.param('notify = ["cto"]', 'page = ["secondary"]', id="page_that_an_acknowledgement_has_spared_before"),
        pytest.param('notify = ["cto"]', 'notify = ["primary", "cto"]', id="step_with_one_new_target"),
        pytest.param('notify = ["cto"]', 'notify = ["alice"]', id="person_as_a_target"),
    ],
)
def test_what_only_looks_like_a_defect_is_no_finding(old: str, new: str) -> None:
    assert findings(changed(old, new)) == []


def test_a_ladder_of_sev1_that_pages_nobody_is_an_error() -> None:
    steps = '[severities.SEV1]\nescalation = [{ after = "0m", notify = ["primary"] }]\n'
    assert findings(steps) == [
        'error: severities.SEV1.escalation: pages nobody; begin with after = "0m", page = ["primary"]'
    ]


def test_sev2_that_does_not_repeat_ends_in_silence() -> None:
    sop = default_sop()
    silent = structs.replace(sop.severities[Severity.SEV2], repeat=None)
    sop = structs.replace(sop, severities=sop.severities | {Severity.SEV2: silent})
    assert [str(finding) for finding in check(sop)] == [
        "error: severities.SEV2.repeat: is missing, so the ladder ends in silence while nobody acknowledges; "
        'write every = "15m"'
    ]


def test_unassessed_alerts_that_do_not_repeat_end_in_silence() -> None:
    sop = default_sop()
    sop = structs.replace(sop, unassessed=structs.replace(sop.unassessed, repeat=None))
    assert [finding.where for finding in check(sop)] == ["unassessed.repeat"]


def test_a_ladder_whose_people_have_no_contact_method_reaches_nobody() -> None:
    text = default_text().replace('contact = [{ via = "pagerduty" }, { via = "inbox" }]', "contact = []")
    problem = "its pages mean nobody who has a usable contact method"
    assert [finding for finding in findings(text) if finding.startswith("error")] == [
        f"error: {where}.escalation: never reaches a human for team {team}: {problem}; "
        f"name people with a contact method in teams.{team}.rotation"
        for where in ("severities.SEV1", "severities.SEV2", "unassessed")
        for team in ("platform", "backend", "frontend")
    ]


def test_one_reachable_person_on_a_ladder_is_enough() -> None:
    text = default_text().replace('contact = [{ via = "pagerduty" }, { via = "inbox" }]', "contact = []")
    text = text.replace('slack_user = "U0EXAMPLE07"\ncontact = []', 'slack_user = "U0EXAMPLE07"')  # erin's
    assert not [finding for finding in findings(text) if finding.startswith("error")]

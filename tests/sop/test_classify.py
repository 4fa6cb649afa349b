import pytest
from msgspec import structs

from tests.sop.files import changed
from tocsin.sop.check_rules import ALL_ANSWERS
from tocsin.sop.classify import QUESTIONS, classify
from tocsin.sop.load import default_sop, load_text
from tocsin.sop.model import Answers, Classification, DataIntegrity, Scope, Security, Sla, Workaround
from tocsin.sop.words import Severity

FIELDS = {
    "scope": Scope,
    "data": DataIntegrity,
    "security": Security,
    "workaround": Workaround,
    "sla": Sla,
}


@pytest.mark.parametrize(
    ("answers", "severity", "reason"),
    [
        pytest.param(
            Answers(scope=Scope.ALL),
            Severity.SEV1,
            "all users are affected and there is no workaround",
            id="the_whole_site_is_down",
        ),
        pytest.param(
            Answers(scope=Scope.ALL, workaround=Workaround.YES),
            Severity.SEV2,
            "a significant subset of users is affected",
            id="all_users_have_a_workaround",
        ),
        pytest.param(
            Answers(scope=Scope.NONE, security=Security.SUSPECTED),
            Severity.SEV2,
            "a security breach is suspected",
            id="somebody_may_be_attacking",
        ),
        pytest.param(
            Answers(scope=Scope.FEW), Severity.SEV3, "a small subset of users is affected", id="a_slow_dashboard"
        ),
        pytest.param(Answers(scope=Scope.NONE), Severity.SEV4, "no user-facing impact", id="a_typo"),
    ],
)
def test_answers_give_the_severity_and_its_reason(answers: Answers, severity: Severity, reason: str) -> None:
    verdict = classify(default_sop(), answers)
    assert (verdict.severity, verdict.reason) == (severity, reason)


def test_the_rule_that_decided_is_counted_from_one() -> None:
    assert classify(default_sop(), Answers(scope=Scope.ALL, data=DataIntegrity.LOST)).rule == 2


def test_every_combination_of_answers_is_decided_by_a_rule() -> None:
    assert len(ALL_ANSWERS) == 4 * 3 * 3 * 2 * 3
    assert all(classify(default_sop(), answers).rule is not None for answers in ALL_ANSWERS)


def test_an_exploited_breach_never_makes_an_incident_milder() -> None:
    for answers in ALL_ANSWERS:
        exploited = structs.replace(answers, security=Security.EXPLOITED)
        assert classify(default_sop(), exploited).severity.rank <= classify(default_sop(), answers).severity.rank


def test_where_no_rule_holds_the_worst_is_assumed_and_said() -> None:
    sop = structs.replace(default_sop(), classification=Classification(rules=()))
    verdict = classify(sop, Answers(scope=Scope.NONE))
    assert (verdict.severity, verdict.rule) == (Severity.SEV1, None)
    assert verdict.reason == "no classification rule fits these answers, so the worst is assumed"


def test_the_file_decides_not_the_code() -> None:
    sop = load_text(changed('severity = "SEV3"\nreason = "a small', 'severity = "SEV2"\nreason = "a small'), "t.toml")
    assert classify(sop, Answers(scope=Scope.FEW)).severity is Severity.SEV2


def test_the_questions_are_the_answers_fields_with_their_words_and_defaults() -> None:
    assert [question.name for question in QUESTIONS] == list(FIELDS)
    for question in QUESTIONS:
        assert [word for word, _ in question.answers] == list(FIELDS[question.name])
    defaults = {field.name: field.default for field in structs.fields(Answers) if not field.required}
    assert {question.name: question.default for question in QUESTIONS if question.default} == defaults

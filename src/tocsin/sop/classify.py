"""How bad is it? Five answers to a severity, by the SOP's rules, and the five questions that every surface asks."""

from msgspec import Struct
from msgspec.structs import asdict

from tocsin.sop.model import Answers, Condition, Security, Sop
from tocsin.sop.words import Severity, Trigger


class Verdict(Struct, frozen=True):
    """A severity with its reason. `rule` is the number of the rule that decided, from 1; None: none held."""

    severity: Severity
    reason: str
    rule: int | None


class Question(Struct, frozen=True):
    """One of the five questions: a field of Answers, its text, each allowed answer with its meaning, the default."""

    name: str
    ask: str
    answers: tuple[tuple[str, str], ...]
    default: str | None = None  # None: it must be answered


QUESTIONS = (
    Question(
        name="scope",
        ask="How many users are affected?",
        answers=(
            ("all", "all of them"),
            ("many", "a significant subset"),
            ("few", "a small subset"),
            ("none", "none of them"),
        ),
    ),
    Question(
        name="data",
        ask="What has happened to the data?",
        answers=(
            ("intact", "nothing, it is intact"),
            ("at_risk", "its integrity may be compromised"),
            ("lost", "some of it is lost or corrupted"),
        ),
        default="intact",
    ),
    Question(
        name="security",
        ask="Is somebody attacking?",
        answers=(
            ("none", "no sign of it"),
            ("suspected", "a breach is suspected"),
            ("exploited", "a breach is being exploited"),
        ),
        default="none",
    ),
    Question(
        name="workaround",
        ask="Can users get their work done another way?",
        answers=(("yes", "yes, there is a workaround"), ("no", "no, or nobody knows yet")),
        default="no",
    ),
    Question(
        name="sla",
        ask="How does the service-level agreement stand?",
        answers=(
            ("safe", "it is safe"),
            ("at_risk", "its threshold is at risk of being violated"),
            ("violated", "it is violated"),
        ),
        default="safe",
    ),
)


def classify(sop: Sop, answers: Answers) -> Verdict:
    """The severity that the first rule which holds gives; SEV1 where none does, which the checker rules out."""
    for number, rule in enumerate(sop.classification.rules, start=1):
        if holds(rule.when, answers):
            return Verdict(severity=rule.severity, reason=rule.reason, rule=number)
    return Verdict(
        severity=Severity.SEV1,
        reason="no classification rule fits these answers, so the worst is assumed",
        rule=None,
    )


def breach_in(answers: Answers | None) -> Trigger | None:
    """The reason to declare that the answers give away whatever else was stated: a breach, which is not everybody's."""
    is_breach = answers is not None and answers.security is not Security.NONE
    return Trigger.SECURITY_BREACH if is_breach else None


def holds(condition: Condition, answers: Answers) -> bool:
    """Whether every part of the condition allows its answer; an empty part allows any."""
    given = asdict(answers)
    return all(not allowed or given[name] in allowed for name, allowed in asdict(condition).items())

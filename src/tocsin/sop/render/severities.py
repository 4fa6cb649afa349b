"""How bad is it, and what does that demand? The severity levels as a Markdown page."""

from enum import StrEnum

from tocsin.sop.model import (
    Condition,
    DataIntegrity,
    Scope,
    Security,
    Sla,
    Sop,
    Workaround,
)
from tocsin.sop.render import phrases
from tocsin.sop.render.markdown import bullets, escape, numbered, page, table
from tocsin.sop.render.text import listed
from tocsin.sop.words import Trigger

_QUESTIONS: dict[str, tuple[str, type[StrEnum]]] = {  # by the field of Condition
    "scope": ("users affected", Scope),
    "data": ("data", DataIntegrity),
    "security": ("security breach", Security),
    "workaround": ("workaround", Workaround),
    "sla": ("SLA", Sla),
}


def severity_levels(sop: Sop) -> str:
    """The page `severity-levels.md`: when to declare, the table of severities, and how to choose among them."""
    return page(
        "# Severity levels",
        "Written from the SOP file: change the figures there, and this page follows.",
        "## When to declare an incident",
        "Any one of these is enough. The incident records which one it was declared for.",
        bullets(trigger.meaning for trigger in Trigger),
        "## The levels",
        severity_table(sop),
        business_hours(sop),
        "## How to choose",
        numbered(_USE),
        table(("Question", "Answers"), ((question, _either(tuple(kind))) for question, kind in _QUESTIONS.values())),
        "The first rule that holds decides, and its reason goes into the record:",
        classification_table(sop),
    )


_USE = (
    "Answer the five questions with what is known now. A guess is better than a delay.",
    "Read the rules from the top. The first one that fits your answers gives the severity.",
    "Set the severity on the incident: it decides the ladder, the roles, the channel and the cadence.",
    "Assess again when the facts change. The ladder of the new severity counts from the start of the incident.",
)


def severity_table(sop: Sop) -> str:
    """One column a severity, one row a duty."""
    levels = phrases.levels(sop)
    rows = {
        "Impact": [level.impact for _, level in levels],
        "Examples": ["; ".join(level.examples) for _, level in levels],
        "Response time": [phrases.response_time(level) for _, level in levels],
        "Who": [level.responders for _, level in levels],
        "Roles to fill": [phrases.roles(level) for _, level in levels],
        "Status updates": [phrases.update_cadence(level) for _, level in levels],
        "Channel": [phrases.channel(level) for _, level in levels],
        "Postmortem": [phrases.postmortem_duty(level) for _, level in levels],
    }
    header = ("", *(phrases.heading(severity, level) for severity, level in levels))
    return table(header, ((name, *cells) for name, cells in rows.items()))


def business_hours(sop: Sop) -> str:
    """The sentence that says which hours are business hours."""
    hours = sop.business_hours
    days = listed([day.title() for day in hours.days])
    opening = f"{hours.opens_at:%H:%M} to {hours.closes_at:%H:%M}"
    holidays = listed([str(day) for day in hours.holidays])
    closed = f", except {holidays}" if holidays else ""
    return f"Business hours are {escape(days)}, {opening} {escape(hours.time_zone)}{closed}."


def classification_table(sop: Sop) -> str:
    """The rules from answers to severity, in the order in which they are tried."""
    return table(
        ("Rule", "If", "Severity", "Because"),
        (
            (str(number), _condition(rule.when), rule.severity, rule.reason)
            for number, rule in enumerate(sop.classification.rules, start=1)
        ),
    )


def _condition(when: Condition) -> str:
    asked = ((question, getattr(when, name)) for name, (question, _) in _QUESTIONS.items())
    return "; ".join(f"{question}: {_either(answers)}" for question, answers in asked if answers) or "anything else"


def _either(answers: tuple[StrEnum, ...]) -> str:
    return listed([answer.replace("_", " ") for answer in answers], "or")

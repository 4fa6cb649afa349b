"""How do the documents say it? Targets, steps, times and duties in plain words, the same in every document."""

import re
from collections.abc import Callable, Iterable

from tocsin.sop.model import EscalationStep, Ladder, PostmortemRule, ResponseClock, SeverityLevel, Sop
from tocsin.sop.render.text import listed
from tocsin.sop.words import ACRONYMS, Role, Severity, Target, TriageStep, Until, Urgency

ROLE_DUTIES = {
    Role.INCIDENT_COMMANDER: "owns the incident from start to end: coordinates the response and makes the decisions",
    Role.COMMUNICATIONS_LEAD: "keeps stakeholders informed, posts the status updates, looks after the incident "
    "channel; the only role that may publish to external customers",
    Role.TECHNICAL_LEAD: "leads the search for the root cause and the engineering work of the fix",
}

TRIAGE_DUTIES = {
    TriageStep.ACKNOWLEDGE: "say that you respond to the alert, so that the pages stop",
    TriageStep.ASSESS: "give the incident its severity, by the severity levels",
    TriageStep.COMMUNICATE: "open the incident channel and notify the stakeholders, where the severity asks for it",
    TriageStep.ESCALATE: "bring in whom the severity's ladder names",
    TriageStep.MITIGATE: "restore the service; the cause may wait",
    TriageStep.RESOLVE: "confirm that the fix holds and that monitoring is clean",
    TriageStep.POSTMORTEM: "schedule and complete the blameless postmortem",
}

_WELL_KNOWN_TARGETS = {
    Target.PRIMARY: "primary on-call",
    Target.SECONDARY: "secondary on-call",
    Target.TEAM_LEAD: "team lead",
    "team_queue": "the team's queue",
    "backlog": "the backlog",
    Target.EVERYONE_ON_CALL: "everyone on call",
}
_CONDITIONS = {None: "", Until.ACKNOWLEDGED: "if unacknowledged", Until.RESOLVED: "if unresolved"}
_DEEDS = {Urgency.PAGE: "page", Urgency.NOTIFY: "notify", Urgency.ASSIGN: "assign to"}


def levels(sop: Sop) -> tuple[tuple[Severity, SeverityLevel], ...]:
    """The severities with their rows, the worst first."""
    return tuple((severity, sop.severities[severity]) for severity in sorted(sop.severities))


def heading(severity: Severity, level: SeverityLevel) -> str:
    """A severity with its name, `SEV1 Critical`."""
    return f"{severity} {level.name}"


def ladders(sop: Sop) -> tuple[tuple[str, Ladder], ...]:
    """Every ladder with its name: the severities', and last that of an alert nobody has assessed."""
    assessed = ((heading(severity, level), level.ladder) for severity, level in levels(sop))
    return (*assessed, ("Not yet assessed", sop.unassessed.ladder))


def by_severity(sop: Sop, say: Callable[[SeverityLevel], str]) -> tuple[tuple[str, str], ...]:
    """What `say` says of each severity; those of which it says the same stand together, `SEV1 and SEV2`."""
    return grouped((severity, say(level)) for severity, level in levels(sop))


def grouped(sayings: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Names of which the same is said, together, in the order of first appearance."""
    groups: dict[str, list[str]] = {}
    for name, said in sayings:
        groups.setdefault(said, []).append(name)
    return tuple((listed(names), said) for said, names in groups.items())


def target(sop: Sop, name: str) -> str:
    """A ladder's target as people call it: `primary on-call`, `VP Engineering`, `Alice Adams`."""
    if name in _WELL_KNOWN_TARGETS:
        return _WELL_KNOWN_TARGETS[name]
    if name in sop.people and name not in sop.targets:
        return sop.people[name].name
    return " ".join(word.upper() if word in ACRONYMS else word.title() for word in re.split("[_-]+", name))


def targets(sop: Sop, names: Iterable[str]) -> str:
    """Several targets, `Engineering Director and VP Engineering`."""
    return listed([target(sop, name) for name in names])


def person(sop: Sop, name: str | None) -> str:
    """The name of the person with this id; the id itself for somebody the SOP doesn't know."""
    if name is None:
        return "nobody"
    return sop.people[name].name if name in sop.people else name


def deed(sop: Sop, step: EscalationStep) -> str:
    """What an escalation step does, `page secondary on-call`."""
    return f"{_DEEDS[step.urgency]} {targets(sop, step.targets)}"


def condition(step: EscalationStep) -> str:
    """When the step is taken, `if unacknowledged`; empty when always."""
    return _CONDITIONS[step.unless]


def moment(step: EscalationStep) -> str:
    """When the step is due and on which condition, `5 min if unacknowledged`."""
    return f"{step.after.words} {condition(step)}".strip()


def repetition(sop: Sop, ladder: Ladder) -> tuple[str, str] | None:
    """How often the last page step comes again, and what is done then; None when nothing repeats."""
    pages = [step for step in ladder.steps if step.urgency is Urgency.PAGE]
    if ladder.repeat is None or not pages:
        return None
    again = dict.fromkeys((*pages[-1].page, *ladder.repeat.also_page))
    return ladder.repeat.every.words, f"page {targets(sop, again)}"


def escalates(ladder: Ladder) -> bool:
    """Whether the ladder reaches anybody in person, rather than a queue only."""
    return any(step.urgency is not Urgency.ASSIGN for step in ladder.steps)


def ladder_line(sop: Sop, ladder: Ladder) -> str:
    """A whole ladder in one line: `0 min page primary on-call, 5 min if unacknowledged page secondary on-call…`."""
    steps = [f"{moment(step)} {deed(sop, step)}" for step in ladder.steps]
    again = repetition(sop, ladder)
    if again:
        steps.append(f"then every {again[0]} while unacknowledged {again[1]} again")
    if not escalates(ladder):
        steps.append("no escalation")
    return ", ".join(steps)


def response_time(level: SeverityLevel) -> str:
    """How soon somebody responds: `15 min`, `4 business hours`, `next sprint`."""
    if level.respond_within is None:
        return "next sprint"
    words = level.respond_within.words
    if level.respond_clock is ResponseClock.ALWAYS:
        return words
    amount = re.fullmatch(r"(\d+) (hours?)", words)
    return f"{amount[1]} business {amount[2]}" if amount else f"{words} in business hours"


def roles(level: SeverityLevel) -> str:
    """The roles to fill, `IC, CL and TL`."""
    return listed([role.short for role in level.requires]) or "none"


def update_cadence(level: SeverityLevel) -> str:
    """How often a status update is due."""
    return f"every {level.update_every.words} until mitigated" if level.update_every else level.updates


def channel(level: SeverityLevel) -> str:
    """What the severity opens and whom it tells."""
    told = ["an incident channel is opened"] * level.channel + ["stakeholders are notified"] * level.notify_stakeholders
    return listed(told) or "no channel"


def postmortem_duty(level: SeverityLevel) -> str:
    """Whether a postmortem is due, and when: `within 48 hours when the Incident Commander asks for one`."""
    if level.postmortem is PostmortemRule.NEVER:
        return "none"
    due = f"within {level.postmortem_within.words}" if level.postmortem_within else "required"
    return due if level.postmortem is PostmortemRule.ALWAYS else f"{due} when the Incident Commander asks for one"

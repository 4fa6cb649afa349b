"""Who is reached, when, and what do they do? The escalation policy as a Markdown page."""

from tocsin.sop.model import Ladder, Pattern, Service, Sop, Team
from tocsin.sop.render import phrases
from tocsin.sop.render.markdown import bullets, escape, numbered, page, table
from tocsin.sop.render.text import ordinal
from tocsin.sop.words import Role, TriageStep


def escalation_policy(sop: Sop) -> str:
    """The page `escalation-policy.md`: roles, triage steps, every ladder, communication, and who is on call."""
    return page(
        "# Escalation policy",
        "Written from the SOP file: change the figures there, and this page follows.",
        "## Roles",
        roles_table(),
        bullets(_role_rules(sop)),
        "## The seven triage steps",
        triage_steps(sop),
        "Steps may happen in another order: each is recorded when it happens, and what is missing stays visible.",
        _ladders(sop),
        "## Small incidents that add up",
        bullets(_pattern(sop, pattern) for pattern in sop.patterns) or "No pattern is watched.",
        "## Several teams",
        bullets(_SEVERAL_TEAMS),
        "## Communication",
        bullets(_communication_rules(sop)),
        "## On call",
        _on_call(sop),
    )


_SEVERAL_TEAMS = (
    "The primary on-call of every affected team is paged.",
    "There is one Incident Commander, from the team with the highest-severity impact.",
    "All teams share one incident channel.",
    "The Incident Commander may pull in anyone.",
)


def roles_table() -> str:
    """The three roles and what each owns."""
    return table(("Role", "Short", "What it owns"), ((r.title, r.short, phrases.ROLE_DUTIES[r]) for r in Role))


def triage_steps(sop: Sop) -> str:
    """The seven steps as a numbered list, the postmortem with the time it is due."""
    duties = {step: phrases.TRIAGE_DUTIES[step] for step in TriageStep}
    duties[TriageStep.POSTMORTEM] += f", counted from the resolution ({_postmortem_times(sop)})"
    return numbered(f"**{step.title()}**: {duty}." for step, duty in duties.items())


def ladder_table(sop: Sop, ladder: Ladder) -> str:
    """A ladder, one row a step, and a last row for what repeats."""
    rows = [(step.after.words, phrases.deed(sop, step), phrases.condition(step) or "always") for step in ladder.steps]
    again = phrases.repetition(sop, ladder)
    if again:
        every, deed = again
        rows.append((f"then every {every}", f"{deed} again", "while unacknowledged"))
    steps = table(("Time from the start", "Step", "Condition"), rows)
    return steps if phrases.escalates(ladder) else f"{steps}\n\nNo escalation: nobody is paged or notified."


def _role_rules(sop: Sop) -> list[str]:
    needs = [f"{severities}: {roles}." for severities, roles in phrases.by_severity(sop, phrases.roles)]
    return [
        f"Roles to fill: {' '.join(needs)}",
        "While no Communications Lead is named, internal updates fall to the Incident Commander. An external update "
        "still needs somebody who holds the Communications Lead's role.",
    ]


def _postmortem_times(sop: Sop) -> str:
    return "; ".join(f"{severities}: {due}" for severities, due in phrases.by_severity(sop, phrases.postmortem_duty))


def _ladders(sop: Sop) -> str:
    blocks = [
        "## The ladders",
        "Times count from the start of the incident. A step whose condition no longer holds is skipped. A page demands "
        "an acknowledgement; a notification informs.",
        _at_a_glance(sop),
    ]
    for name, ladder in phrases.ladders(sop):
        blocks += [f"### {escape(name)}", ladder_table(sop, ladder)]
    blocks += [
        "An alert that nobody has assessed follows this last ladder. The assessment moves the incident to its "
        "severity's own, still counted from the start: what is due by then happens at once, what is done is not done "
        "again.",
        "### A ladder never ends in silence",
        bullets(_silence_rules(sop)),
    ]
    return "\n\n".join(blocks)


def _at_a_glance(sop: Sop) -> str:
    """One row a target, one column a severity: when it is reached first."""
    ladders = [level.ladder for _, level in phrases.levels(sop)]
    reached = dict.fromkeys(target for ladder in ladders for step in ladder.steps for target in step.targets)
    rows = [(phrases.target(sop, name), *(_first(ladder, name) for ladder in ladders)) for name in reached]
    return table(("Reached", *(severity for severity, _ in phrases.levels(sop))), rows)


def _first(ladder: Ladder, target: str) -> str:
    return next((phrases.moment(step) for step in ladder.steps if target in step.targets), "–")


def _silence_rules(sop: Sop) -> list[str]:
    again = ((name, phrases.repetition(sop, ladder)) for name, ladder in phrases.ladders(sop))
    rounds = phrases.grouped((name, f"every {words[0]}: {words[1]}") for name, words in again if words)
    return [
        *(f"{escape(names)}: while unacknowledged, the last page step comes again {escape(r)}." for names, r in rounds),
        "A step that reaches nobody (a gap in the rotation, no contact method, every delivery failed) doesn't wait: "
        "the next one follows at once. The inbox alone doesn't count, where another contact method has failed.",
        *_assessment_rules(sop),
    ]


def _assessment_rules(sop: Sop) -> list[str]:
    """What happens once somebody has acknowledged an alert that nobody has assessed: the ladder stops, its time not."""
    ladder = sop.unassessed.ladder
    last = next((step.page for step in reversed(ladder.steps) if step.page), ())
    if ladder.repeat is None:
        return []
    return [
        f"Acknowledged but not assessed: every {ladder.repeat.every.words} whoever responds is told to assess it; from "
        f"the second time on {escape(phrases.targets(sop, last))} as well."
    ]


def _pattern(sop: Sop, pattern: Pattern) -> str:
    return (
        f"The {ordinal(pattern.count)} {pattern.severity} on one service within {pattern.within.words}: "
        f"notify {escape(phrases.targets(sop, pattern.notify))}."
    )


def _communication_rules(sop: Sop) -> list[str]:
    cadence = [f"{who}: {escape(how)}" for who, how in phrases.by_severity(sop, phrases.update_cadence)]
    channel = [f"{who}: {escape(how)}" for who, how in phrases.by_severity(sop, phrases.channel)]
    stakeholders = escape(phrases.targets(sop, sop.communication.stakeholders)) or "none are named"
    return [
        "Everything is said in the incident's channel. An update posted elsewhere is mirrored there.",
        "External customers hear only from the Communications Lead.",
        "An update says what is known, what is being done, and when the next one comes. It restarts the cadence.",
        f"Status updates: {'; '.join(cadence)}.",
        f"{sop.communication.remind_before.words} before an update is due the Communications Lead, or else the "
        "Incident Commander, is reminded. Once it is overdue the Incident Commander is, and the delay is on record.",
        f"Channel: {'; '.join(channel)}.",
        f"Stakeholders: {stakeholders}.",
    ]


def _on_call(sop: Sop) -> str:
    teams = table(
        ("Team", "Primary, in turn", "Secondary, in turn", "Handover", "Team lead", "Engineering Manager"),
        (_team_row(sop, team) for team in sop.teams.values()),
    )
    services = table(
        ("Service", "Owned by", "Runbook"),
        ((service.name, _team_name(sop, service), service.runbook or "none") for service in sop.services.values()),
    )
    people = table(
        ("Target", "Person"),
        ((phrases.target(sop, name), phrases.person(sop, who)) for name, who in sop.targets.items()),
    )
    return "\n\n".join((teams, services, people))


def _team_name(sop: Sop, service: Service) -> str:
    return sop.teams[service.team].name if service.team in sop.teams else service.team


def _team_row(sop: Sop, team: Team) -> tuple[str, ...]:
    rotation = team.rotation
    turn = "weekly" if rotation.every_weeks == 1 else f"every {rotation.every_weeks} weeks"
    handover = f"{rotation.handoff_on.title()} {rotation.handoff_at:%H:%M} local time ({rotation.time_zone})"
    return (
        team.name,
        _in_turn(sop, rotation.primary),
        _in_turn(sop, rotation.secondary),
        f"{turn}, on {handover}, since {rotation.starts_on}",
        phrases.person(sop, team.lead),
        phrases.person(sop, team.engineering_manager or sop.targets.get("engineering_manager")),
    )


def _in_turn(sop: Sop, people: tuple[str, ...]) -> str:
    return ", then ".join(phrases.person(sop, who) for who in people) or "nobody"

"""Does the SOP keep its promises? Every contradiction that can be seen in the file itself, with its remedy.

Decoding has proved each value well formed; here they are held against each other. Pure: the file alone is looked at,
not the calendar (the coverage of a year is `oncall`'s) and not whether a secret is set.
"""

from collections.abc import Iterator
from itertools import pairwise

from tocsin.sop.check_contacts import check_email
from tocsin.sop.check_ladders import check_ladders
from tocsin.sop.check_organisation import check_named_targets, check_organisation, check_time_zone
from tocsin.sop.check_pagerduty import check_pagerduty
from tocsin.sop.check_rules import check_rules
from tocsin.sop.check_slack import check_slack
from tocsin.sop.finding import Finding, Level, error, no_time, warning
from tocsin.sop.model import PostmortemRule, ResponseClock, SeverityLevel, Sop
from tocsin.sop.words import Role, Severity

__all__ = ["Finding", "Level", "check"]


def check(sop: Sop) -> tuple[Finding, ...]:
    """All findings, errors first, then warnings, each in the order of the default file; empty when all is sound."""
    findings = [
        *_check_severities(sop),
        *check_ladders(sop),
        *_check_communication(sop),
        *_check_patterns(sop),
        *_check_business_hours(sop),
        *check_rules(sop),
        *check_organisation(sop),
        *check_pagerduty(sop),
        *check_slack(sop),
        *check_email(sop),
    ]
    return tuple(sorted(findings, key=lambda finding: finding.level is Level.WARNING))


def _check_severities(sop: Sop) -> Iterator[Finding]:
    for severity in Severity:
        where = f"severities.{severity}"
        if severity in sop.severities:
            yield from _check_response(where, sop.severities[severity])
            yield from _check_updates(sop, where, sop.severities[severity])
            yield from _check_postmortem(sop, where, sop.severities[severity])
        else:
            yield error(where, "is missing", "define all four severities")
    yield from _check_worse_is_faster(sop)


def _check_response(where: str, level: SeverityLevel) -> Iterator[Finding]:
    within, place = level.respond_within, f"{where}.respond_within"
    if within is None:
        return
    if not within:
        yield no_time(place, "15m")
        return
    pages = [step for step in level.escalation if step.page]
    if not pages or level.respond_clock is not ResponseClock.ALWAYS:
        return
    if pages[0].after >= within:
        problem = f"can't be met: {within} have passed when somebody is paged at {pages[0].after}"
        yield error(place, problem, "page earlier, or allow more time")
    elif len(pages) > 1 and pages[1].after > within:
        problem = f"is over before anybody but the first is paged, at {pages[1].after}"
        yield warning(place, problem, "page the second target earlier, or allow more time")


def _check_updates(sop: Sop, where: str, level: SeverityLevel) -> Iterator[Finding]:
    if level.notify_stakeholders and not (sop.communication.stakeholders or sop.slack.stakeholders_channel):
        yield warning(f"{where}.notify_stakeholders", "tells nobody", "name communication.stakeholders")
    if level.update_every is None:
        return
    place, remind = f"{where}.update_every", sop.communication.remind_before
    if not level.update_every:
        yield no_time(place, "15m")
    elif level.update_every <= remind:
        problem = f"must be longer than communication.remind_before, {remind}, got {level.update_every}"
        yield error(place, problem, "remind later, or ask for updates less often")
    if not {Role.COMMUNICATIONS_LEAD, Role.INCIDENT_COMMANDER} & set(level.requires):
        problem = "asks for updates, but no role that gives them is required"
        yield warning(place, problem, f'add "incident_commander" to {where}.requires')


def _check_postmortem(sop: Sop, where: str, level: SeverityLevel) -> Iterator[Finding]:
    if level.postmortem is PostmortemRule.NEVER:
        return
    place, remind = f"{where}.postmortem_within", sop.postmortem.remind_before
    if level.postmortem_within is None:
        yield warning(place, "is missing, so a postmortem is never due", "write 48h, say")
    elif level.postmortem_within <= remind:
        problem = f"must be longer than postmortem.remind_before, {remind}, got {level.postmortem_within}"
        yield warning(place, problem, "remind later, or allow more time")


def _check_worse_is_faster(sop: Sop) -> Iterator[Finding]:
    levels = [(severity, sop.severities[severity]) for severity in Severity if severity in sop.severities]
    for (worse, first), (milder, second) in pairwise(levels):
        if second.respond_within is None:
            continue
        where = f"severities.{worse}.respond_within"
        limit = f"the {second.respond_within} of {milder}"
        if first.respond_within is None:
            yield warning(where, f"is missing, and so is slower than {limit}", "set a shorter one")
        elif first.respond_within > second.respond_within and _runs_no_slower(second, first):
            yield warning(where, f"must be at most {limit}, got {first.respond_within}", "set a shorter one")


def _runs_no_slower(level: SeverityLevel, other: SeverityLevel) -> bool:
    """Whether time on the first one's clock is never longer than the same time on the other's."""
    return level.respond_clock is other.respond_clock or level.respond_clock is ResponseClock.ALWAYS


def _check_communication(sop: Sop) -> Iterator[Finding]:
    yield from check_named_targets(sop, "communication.stakeholders", sop.communication.stakeholders)


def _check_patterns(sop: Sop) -> Iterator[Finding]:
    for number, pattern in enumerate(sop.patterns, start=1):
        where = f"patterns[{number}]"
        yield from check_named_targets(sop, f"{where}.notify", pattern.notify)
        if not pattern.notify:
            yield error(f"{where}.notify", "is empty, so nobody learns of the pattern", "name a target")
        if not pattern.within:
            yield no_time(f"{where}.within", "7d")


def _check_business_hours(sop: Sop) -> Iterator[Finding]:
    hours = sop.business_hours
    yield from check_time_zone("business_hours.time_zone", hours.time_zone)
    if hours.closes_at <= hours.opens_at:
        problem = f"must be later than opens_at, {hours.opens_at}, got {hours.closes_at}"
        yield error("business_hours.closes_at", problem, "name hours of one day")
    if not hours.days:
        yield error("business_hours.days", "is empty, so business hours never come", "name one weekday at least")

"""Can every rule hold, and does one always? Classification tried on all answers, routes compared by their matchers.

And which jobs must call?
"""

from collections.abc import Iterator
from itertools import product

from tocsin.sop.classify import classify, holds
from tocsin.sop.finding import Finding, error, no_time, unknown, warning
from tocsin.sop.matchers import Matcher, parse_matcher
from tocsin.sop.model import Answers, DataIntegrity, Scope, Security, Sla, Sop, Workaround
from tocsin.sop.words import Severity

ALL_ANSWERS = tuple(
    Answers(scope=scope, data=data, security=security, workaround=workaround, sla=sla)
    for scope, data, security, workaround, sla in product(Scope, DataIntegrity, Security, Workaround, Sla)
)


def check_rules(sop: Sop) -> Iterator[Finding]:
    """The findings of classification, alerts, routes and heartbeats, in their order."""
    yield from _check_classification(sop)
    if sop.alerts.default_service not in sop.services:
        yield unknown("alerts.default_service", sop.alerts.default_service, "service", sop.services)
    yield from _check_routes(sop)
    yield from _check_heartbeats(sop)


def _check_classification(sop: Sop) -> Iterator[Finding]:
    verdicts = {answers: classify(sop, answers) for answers in ALL_ANSWERS}
    deciding = {verdict.rule for verdict in verdicts.values()}
    for number in range(1, len(sop.classification.rules) + 1):
        if number not in deciding:
            yield _never_holds(sop, number)
    undecided = next((answers for answers, verdict in verdicts.items() if verdict.rule is None), None)
    if undecided is not None:
        problem = f"no rule holds for {_said(undecided)}"
        yield error("classification.rules", problem, "end with a rule that has no `when`")
    given = {rule.severity for rule in sop.classification.rules}
    for severity in Severity:
        if severity not in given:
            yield warning("classification.rules", f"no rule gives {severity}", "add one, if it is meant to be given")


def _never_holds(sop: Sop, number: int) -> Finding:
    """Why rule `number` decides nothing: the first rule that covers it alone is named."""
    rules = sop.classification.rules
    covered = [answers for answers in ALL_ANSWERS if holds(rules[number - 1].when, answers)]
    wider = (n for n in range(1, number) if all(holds(rules[n - 1].when, answers) for answers in covered))
    culprit = next(wider, None)
    who = f"rule {culprit} holds" if culprit else "one of the rules before it holds"
    where = f"classification.rules[{number}]"
    return error(where, f"can never hold: {who} whenever this one would", "move it up, or remove it")


def _said(answers: Answers) -> str:
    parts = ("scope", "data", "security", "workaround", "sla")
    return ", ".join(f"{part} = {getattr(answers, part)}" for part in parts)


def _check_routes(sop: Sop) -> Iterator[Finding]:
    earlier: dict[int, frozenset[Matcher]] = {}
    for number, route in enumerate(sop.routes, start=1):
        where = f"routes[{number}]"
        if route.service is not None and route.service not in sop.services:
            yield unknown(f"{where}.service", route.service, "service", sop.services)
        faults = [*_check_matchers(f"{where}.match", route.match)]
        yield from faults
        if not faults:
            earlier[number] = frozenset(map(parse_matcher, route.match))
            yield from _check_within_reach(where, earlier, number)


def _check_matchers(where: str, texts: tuple[str, ...]) -> Iterator[Finding]:
    for number, text in enumerate(texts, start=1):
        try:
            parse_matcher(text)
        except ValueError as fault:
            yield error(f"{where}[{number}]", str(fault), "correct the matcher")


def _check_within_reach(where: str, routes: dict[int, frozenset[Matcher]], number: int) -> Iterator[Finding]:
    wider = next((other for other, matchers in routes.items() if other < number and matchers <= routes[number]), None)
    if wider is not None:
        problem = f"never decides: route {wider} matches all that it matches"
        yield warning(where, problem, f"move it above route {wider}, or remove it")


def _check_heartbeats(sop: Sop) -> Iterator[Finding]:
    names: set[str] = set()
    for number, heartbeat in enumerate(sop.heartbeats, start=1):
        where = f"heartbeats[{number}]"
        if heartbeat.name in names:
            yield error(f"{where}.name", f'"{heartbeat.name}" is another heartbeat\'s name', "choose another name")
        names.add(heartbeat.name)
        if not heartbeat.every:
            yield no_time(f"{where}.every", "5m")
        if heartbeat.service is not None and heartbeat.service not in sop.services:
            yield unknown(f"{where}.service", heartbeat.service, "service", sop.services)
    if not sop.heartbeat.every:
        yield no_time("heartbeat.every", "1m")

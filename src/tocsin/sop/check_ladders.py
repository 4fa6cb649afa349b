"""Does every ladder do what it says, and does that of a severity which wakes people always reach a human?

Static: a target counts as reached if at some time it means somebody with a contact method. Whether it does so at
every minute of the year is a question of rotations and overrides, which `oncall` answers.
"""

from collections.abc import Iterator

from tocsin.sop.check_organisation import QUEUES, check_named_targets, is_reachable, people_meant
from tocsin.sop.finding import Finding, error, no_time
from tocsin.sop.model import EscalationStep, Ladder, Sop
from tocsin.sop.words import Severity, Until, Urgency

PAGING_SEVERITIES = (Severity.SEV1, Severity.SEV2)


def check_ladders(sop: Sop) -> Iterator[Finding]:
    """The findings of every severity's ladder and of the unassessed alerts', step by step."""
    for severity, level in sop.severities.items():
        must_page = severity in PAGING_SEVERITIES
        yield from _check_ladder(sop, f"severities.{severity}", level.ladder, must_page=must_page)
    yield from _check_ladder(sop, "unassessed", sop.unassessed.ladder, must_page=True)


def _check_ladder(sop: Sop, where: str, ladder: Ladder, *, must_page: bool) -> Iterator[Finding]:
    for number in range(1, len(ladder.steps) + 1):
        yield from _check_step(sop, f"{where}.escalation[{number}]", ladder.steps[:number])
    if ladder.repeat is not None:
        yield from check_named_targets(sop, f"{where}.repeat.also_page", ladder.repeat.also_page)
        if not ladder.repeat.every:
            yield no_time(f"{where}.repeat.every", "15m")
    if must_page:
        if ladder.repeat is None:
            problem = "is missing, so the ladder ends in silence while nobody acknowledges"
            yield error(f"{where}.repeat", problem, 'write every = "15m"')
        yield from _check_reaches_somebody(sop, f"{where}.escalation", ladder)


def _check_reaches_somebody(sop: Sop, where: str, ladder: Ladder) -> Iterator[Finding]:
    paged = [target for step in ladder.steps for target in step.page]
    if not paged:
        yield error(where, "pages nobody", 'begin with after = "0m", page = ["primary"]')
        return
    for name, team in sop.teams.items():
        people = {person for target in paged for person in people_meant(sop, team, target)}
        if not any(is_reachable(sop, person) for person in people):
            problem = f"never reaches a human for team {name}: its pages mean nobody who has a usable contact method"
            yield error(where, problem, f"name people with a contact method in teams.{name}.rotation")


def _check_step(sop: Sop, where: str, steps: tuple[EscalationStep, ...]) -> Iterator[Finding]:
    """The findings of the last of `steps`."""
    step = steps[-1]
    yield from _check_does_one_thing(where, step)
    yield from _check_targets(sop, where, step)
    yield from _check_order(where, steps)
    if step.unless is not None and not step.after:
        problem = f'"{step.unless}" at 0m is a contradiction, nobody can have {step.unless} by then'
        yield error(f"{where}.unless", problem, "leave it out, or set a later `after`")
    yield from _check_not_done_before(where, steps)


def _check_does_one_thing(where: str, step: EscalationStep) -> Iterator[Finding]:
    done = [name for name, targets in _targets_by_verb(step) if targets]
    if len(done) != 1:
        got = " and ".join(done) or "none of them"
        yield error(where, f"must do exactly one of page, notify and assign, got {got}", "make a step of each")


def _check_targets(sop: Sop, where: str, step: EscalationStep) -> Iterator[Finding]:
    yield from check_named_targets(sop, f"{where}.page", step.page)
    yield from check_named_targets(sop, f"{where}.notify", step.notify)
    for number, queue in enumerate(step.assign, start=1):
        if queue not in QUEUES:
            problem = f'"{queue}" is no queue, only {" and ".join(QUEUES)} are'
            yield error(f"{where}.assign[{number}]", problem, "name one of them, or use `page` or `notify`")


def _check_order(where: str, steps: tuple[EscalationStep, ...]) -> Iterator[Finding]:
    if len(steps) < 2:
        return
    before, step = steps[-2:]
    got = f"step {len(steps) - 1}'s {before.after}, got {step.after}"
    if step.after < before.after:
        yield error(f"{where}.after", f"must be later than {got}", "put the steps in the order of their times")
    elif step.after == before.after and step.urgency is before.urgency:
        yield error(f"{where}.after", f"must be later than {got}", "name the targets of both in one step")


def _check_not_done_before(where: str, steps: tuple[EscalationStep, ...]) -> Iterator[Finding]:
    *earlier, step = steps
    doers = {
        f"step {number}": set(other.targets) & set(step.targets)
        for number, other in enumerate(earlier, start=1)
        if _leaves_nothing_to(other, step) and not set(other.targets).isdisjoint(step.targets)
    }
    if doers and set(step.targets) == set().union(*doers.values()):
        who = " and ".join(step.targets)
        problem = f"can never fire: nothing is done twice, and {' and '.join(doers)} came first for {who}"
        yield error(where, problem, "remove it, or name somebody else")


def _leaves_nothing_to(earlier: EscalationStep, step: EscalationStep) -> bool:
    """Whether whom `earlier` reaches, `step` doesn't reach again: a page stands for a notification, not vice versa.

    An earlier step that an acknowledgement may have skipped leaves its targets to a later one that it doesn't skip.
    """
    same = earlier.urgency is step.urgency or (earlier.urgency is Urgency.PAGE and step.urgency is Urgency.NOTIFY)
    return same and (earlier.unless is not Until.ACKNOWLEDGED or step.unless is Until.ACKNOWLEDGED)


def _targets_by_verb(step: EscalationStep) -> tuple[tuple[Urgency, tuple[str, ...]], ...]:
    return (Urgency.PAGE, step.page), (Urgency.NOTIFY, step.notify), (Urgency.ASSIGN, step.assign)

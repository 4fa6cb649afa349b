"""Does somebody wake when it is time, and is there no silent end? Invariants 5, 7 and 12, against the SOP's ladders."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.system.checker.account import MUST_ANSWER, OVER, Account
from tests.system.checker.evidence import Evidence, Incident

_LATE_SECONDS = 10.0  # of the wall clock, after a restart
_LONGEST_SILENCE = 30  # minutes of the SOP
_OF_EACH_TEAM = ("primary", "secondary", "team_lead", "engineering_manager")
_HAVE_UPDATES = ("SEV1", "SEV2")


class Rung(NamedTuple):
    """Minutes from the start, the slot without its team, and whether an acknowledgement makes it needless."""

    after: int
    slot: str
    until_acknowledged: bool = False


# The default SOP's ladders, as they are written in its documents.
_LADDERS: dict[str | None, tuple[Rung, ...]] = {
    "SEV1": (
        Rung(0, "page:primary"),
        Rung(5, "page:secondary", until_acknowledged=True),
        Rung(15, "page:engineering_manager", until_acknowledged=True),
        Rung(30, "notify:engineering_director"),
        Rung(30, "notify:vp_engineering"),
        Rung(60, "notify:cto"),
    ),
    "SEV2": (
        Rung(0, "page:primary"),
        Rung(15, "page:secondary", until_acknowledged=True),
        Rung(30, "page:engineering_manager", until_acknowledged=True),
        Rung(120, "notify:engineering_director"),
    ),
    "SEV3": (
        Rung(0, "assign:team_queue"),
        Rung(240, "notify:team_lead", until_acknowledged=True),
        Rung(1440, "notify:engineering_manager"),
    ),
    "SEV4": (Rung(0, "assign:backlog"),),
    None: (
        Rung(0, "page:primary"),
        Rung(15, "page:secondary", until_acknowledged=True),
        Rung(30, "page:engineering_manager", until_acknowledged=True),
    ),
}


def due_steps_have_fired(evidence: Evidence) -> Iterator[str]:
    """7: what was due has been carried out, and no wake-up lies in the past."""
    now = evidence.newest_at - _LATE_SECONDS * evidence.speed
    for id_, incident in evidence.incidents.items():
        account = Account(evidence.events.get(id_, []))
        for slot, due_at in steps_to_come(account, evidence.minute).items():
            if due_at < now:
                yield f"[7] {id_}: {slot} is {now - due_at:.0f} s overdue"
        if incident.wake_at is not None and incident.wake_at < now:
            yield f"[7] {id_}: its wake-up is {now - incident.wake_at:.0f} s overdue"


def somebody_wakes(evidence: Evidence) -> Iterator[str]:
    """5: there is a next deadline, or a reason why there is none; and it is not later than what comes first."""
    for id_, incident in evidence.incidents.items():
        account = Account(evidence.events.get(id_, []))
        reasons = reasons_to_wake(account, evidence.minute)
        if reasons and incident.wake_at is None:
            yield f"[5] {id_}: nobody will look at it again, though there is {' and '.join(reasons)}"
        if not reasons and incident.wake_at is not None:
            yield f"[5] {id_}: it has a deadline for no reason, while {account.status} as {account.severity}"
        first = min(steps_to_come(account, evidence.minute).values(), default=None)
        if first is not None and incident.wake_at is not None and incident.wake_at > first:
            yield f"[5] {id_}: it wakes {incident.wake_at - first:.0f} s after its next step is due"


def nobody_falls_silent(evidence: Evidence) -> Iterator[str]:
    """12: while an incident must be answered and nobody has, somebody is paged again before long."""
    for id_, incident in evidence.incidents.items():
        account = Account(evidence.events.get(id_, []))
        if must_be_answered(account) and _is_silent(incident, account, evidence.minute):
            yield f"[12] {id_}: nobody has answered, and nobody is going to be paged again"


def must_be_answered(account: Account) -> bool:
    """Whether somebody has to be woken until somebody acknowledges."""
    is_grave = account.severity in MUST_ANSWER or (account.severity is None and account.wakes_people)
    return account.status == "triggered" and is_grave


def _is_silent(incident: Incident, account: Account, minute: float) -> bool:
    return incident.wake_at is None or incident.wake_at > account.last_page_at + _LONGEST_SILENCE * minute


def reasons_to_wake(account: Account, minute: float) -> list[str]:
    """Everything that makes a next deadline."""
    is_open = account.status in ("triggered", "acknowledged")
    wants_postmortem = account.severity in MUST_ANSWER or (
        account.is_postmortem_requested and account.severity == "SEV3"
    )
    reasons = {
        "a step to come": bool(steps_to_come(account, minute)),
        "a page to repeat": must_be_answered(account),
        "an assessment to call for": account.status == "acknowledged"
        and account.severity is None
        and account.wakes_people,
        "a response to wait for": account.status == "triggered"
        and account.severity not in ("SEV4", None)
        and not account.is_response_missed,
        "an update to post": is_open and account.severity in _HAVE_UPDATES,
        "a postmortem to write": account.status == "resolved" and wants_postmortem,
    }
    return [reason for reason, holds in reasons.items() if holds]


def steps_to_come(account: Account, minute: float) -> dict[str, float]:
    """The slots that are still to come if nobody does anything, with their times."""
    if account.status in OVER or (account.severity is None and not account.wakes_people):
        return {}
    return {
        slot: account.started_at + rung.after * minute
        for rung in _LADDERS[account.severity]
        if account.status == "triggered" or not rung.until_acknowledged
        for slot in _slots(rung, account.teams)
        if not {slot, slot.replace("notify:", "page:")} & account.done
    }


def _slots(rung: Rung, teams: tuple[str, ...]) -> list[str]:
    is_of_each_team = rung.slot.partition(":")[2] in _OF_EACH_TEAM
    return [f"{rung.slot}@{team}" for team in teams] if is_of_each_team else [rung.slot]

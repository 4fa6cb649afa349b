"""Which command is legal in which status? The whole table; the documents' diagram can be drawn from it.

A command that is not listed is legal in every status. What a command does beside moving the status stands in
`decisions/`.
"""

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.incident import Status

_T, _A, _M = Status.TRIGGERED, Status.ACKNOWLEDGED, Status.MITIGATED
_R, _CLOSED, _CANCELLED = Status.RESOLVED, Status.CLOSED, Status.CANCELLED


class Rule(Struct, frozen=True):
    """`verb` is the command's word, `done` what it makes of an incident."""

    verb: str
    done: str
    legal_in: frozenset[Status]


RULES: dict[type, Rule] = {
    c.Acknowledge: Rule("acknowledge", "acknowledged", frozenset({_T, _A, _M})),
    c.Assess: Rule("assess", "assessed", frozenset({_T, _A, _M, _R})),
    c.AddTeam: Rule("add_team", "given another team", frozenset({_T, _A, _M})),
    c.PageByHand: Rule("page", "paged for", frozenset({_T, _A, _M})),
    c.Mitigate: Rule("mitigate", "mitigated", frozenset({_T, _A})),
    c.Resolve: Rule("resolve", "resolved", frozenset({_T, _A, _M})),
    c.Reopen: Rule("reopen", "reopened", frozenset({_M, _R, _CLOSED, _CANCELLED})),
    c.Cancel: Rule("cancel", "cancelled", frozenset({_T, _A, _M})),
    c.RequestPostmortem: Rule("request_postmortem", "given a postmortem", frozenset({_T, _A, _M, _R})),
    c.CompletePostmortem: Rule("complete_postmortem", "closed by its postmortem", frozenset({_R})),
}

_REMEDIES = {
    _T: "it is open already",
    _A: "it is being worked on",
    _M: "resolve it, or reopen it if it came back",
    _R: "reopen it if it came back",
    _CLOSED: "reopen it if it came back",
    _CANCELLED: "reopen it if it is an incident after all",
}
_POSTMORTEM_REMEDY = "resolve it first"


def why_not(command: object, incident_id: str, status: Status) -> tuple[str, str] | None:
    """Code and sentence of the refusal when the table forbids `command` in `status`; None when it is legal."""
    rule = RULES.get(type(command))
    if rule is None or status in rule.legal_in:
        return None
    is_early = isinstance(command, c.CompletePostmortem) and not status.is_over
    remedy = _POSTMORTEM_REMEDY if is_early else _REMEDIES[status]
    return f"cannot_{rule.verb}", f"{incident_id} is {status} and can't be {rule.done}: {remedy}"

"""What has somebody else done since I looked? Pure: which events stand in the way of a command that ignores them.

Two people who act at once must not undo each other's work unseen: the later one is told, and decides again. What
doesn't concern the command (a note beside an assessment) is no obstacle, and neither is what the same person did.
"""

from collections.abc import Iterable

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.events import Recorded

_ENDINGS = (e.Resolved, e.Cancelled, e.Reopened)
_CONCERNS: dict[type, tuple[type[e.Event], ...]] = {
    c.Acknowledge: (e.Acknowledged, *_ENDINGS),
    c.Assess: (e.Assessed, e.SeverityChanged, *_ENDINGS),
    c.AssignRole: (e.RoleAssigned,),
    c.AddTeam: (e.TeamAdded,),
    c.PostUpdate: (e.UpdatePosted, e.Mitigated, *_ENDINGS),
    c.PageByHand: (e.PersonPaged, *_ENDINGS),
    c.Mitigate: (e.Mitigated, *_ENDINGS),
    c.Resolve: (e.AlertsFiring, e.SeverityChanged, *_ENDINGS),
    c.Reopen: _ENDINGS,
    c.Cancel: (e.Acknowledged, e.Assessed, e.SeverityChanged, e.Mitigated, e.AlertWorsened, *_ENDINGS),
    c.Release: (e.Released,),
    c.RequestPostmortem: (e.PostmortemRequested,),
    c.SavePostmortem: (e.PostmortemSaved, e.PostmortemCompleted),
    c.CompletePostmortem: (e.PostmortemSaved, e.PostmortemCompleted, e.Reopened),
}


def kinds_that_concern(command: c.Change) -> tuple[str, ...]:
    """The kinds of events that may stand in the way of the command; empty for one that never minds."""
    return tuple(str(kind.__struct_config__.tag) for kind in _CONCERNS.get(type(command), ()))


def in_the_way(command: c.Change, actor: str, since: Iterable[Recorded]) -> Recorded | None:
    """The newest of the events `since` somebody looked that stands in the way of their command; None if none does."""
    found = (it for it in since if it.actor != actor and _concerns(command, it.event))
    return max(found, key=lambda it: it.seq, default=None)


def _concerns(command: c.Change, event: e.AnyEvent) -> bool:
    if not isinstance(event, _CONCERNS.get(type(command), ())):
        return False
    match command, event:
        case c.AssignRole(role=wanted), e.RoleAssigned(role=given):
            return wanted is given
        case c.AddTeam(team=wanted), e.TeamAdded(team=given):
            return wanted == given
        case c.PostUpdate(audience=wanted), e.UpdatePosted(audience=given):
            return wanted is given
    return True

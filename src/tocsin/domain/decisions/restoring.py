"""What becomes of an incident that a backup gives back? It is held until a person, or monitoring, lets it go on."""

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal
from tocsin.domain.deadlines import deadlines
from tocsin.domain.text import clean_line, fault_in

_MONITORING = "tocsin"


def restore(draft: Draft, command: c.Restore) -> Refusal | None:
    """Hold what could page somebody: what fell due since the backup may be over long ago (invariant 22)."""
    incident = draft.incident
    # A backup may be one of a restored database: what was held in it has no deadlines to show for it.
    was_held = incident.held_since is not None
    is_held = was_held or not incident.status.is_over or bool(deadlines(draft.context.sop, incident))
    draft.record(e.Restored(taken_at=command.taken_at, mark=command.mark, is_held=is_held))
    return None


def release(draft: Draft, command: c.Release) -> Refusal | None:
    """Somebody lets it page again."""
    if draft.incident.held_since is None:
        return Refusal("not_held", f"{draft.incident.id} is not held: there is nothing to release")
    fault = fault_in(command.reason, "reason") if command.reason.strip() else None
    if fault:
        return Refusal("reason_missing", fault)
    draft.record(e.Released(reason=clean_line(command.reason)))
    return None


def note_still_firing(draft: Draft, command: c.NoteStillFiring) -> Refusal | None:
    """What monitoring says after the restoration is news: the incident is not over, and nobody may know of it."""
    incident = draft.incident
    if incident.held_since is not None and not incident.status.is_over:
        reason = f"monitoring says that it still fires: {command.title}"
        draft.record(e.Released(reason=clean_line(reason)), actor=_MONITORING)
    return None

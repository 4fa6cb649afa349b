"""What does a decision need to know, and what does it say? Everything comes in as values; nothing is looked up."""

from datetime import datetime, timedelta

from msgspec import UNSET, Struct

from tocsin.domain.apply import apply
from tocsin.domain.effects import AnyEffect
from tocsin.domain.events import AnyEvent, Reach, Recorded
from tocsin.domain.incident import Incident
from tocsin.oncall.roster import INBOX, Roster
from tocsin.sop.model import ContactMethod, Sop
from tocsin.sop.words import Severity, Urgency

MOST_COUNTED = 1_000  # incidents of a pattern: past that it is no news


class PastIncident(Struct, frozen=True):
    """Another incident on the same service, as far as patterns care."""

    severity: Severity
    opened_at: datetime


class Context(Struct, frozen=True):
    """The world at the moment of a decision. `sop` is the version the incident runs under, the roster is today's."""

    now: datetime
    sop: Sop
    sop_version: str
    roster: Roster
    actor: str = "tocsin"
    via: str = "engine"
    next_id: str = ""  # for a command that opens an incident
    recent: tuple[PastIncident, ...] = ()  # the newest MOST_COUNTED others on the service within the longest pattern


class Decision(Struct, frozen=True):
    """What follows from a command: the new state, the events that made it, and what is to be sent.

    `before` is the state that was decided on; None where the incident opens.
    """

    before: Incident | None
    incident: Incident
    events: tuple[Recorded, ...]
    effects: tuple[AnyEffect, ...]
    withdrawn: tuple[str, ...]  # keys of pages that must not leave any more
    wake_at: datetime | None


class Refusal(Struct, frozen=True):
    """Why a command is not carried out: a stable code, and a sentence with the remedy."""

    code: str
    message: str


class Draft:
    """A decision in the making: records events one by one and keeps the state after them."""

    def __init__(self, incident: Incident | None, context: Context) -> None:
        self._incident = incident
        self.context = context
        self.events: list[Recorded] = []

    @property
    def incident(self) -> Incident:
        """The state after everything recorded so far."""
        if self._incident is None:
            raise LookupError("the incident is not open yet")
        return self._incident

    def record(self, event: AnyEvent, *, actor: str | None = None) -> None:
        """Add `event` to the timeline, done by the context's actor unless another is named."""
        incident = self._incident
        recorded = Recorded(
            incident=incident.id if incident else self.context.next_id,
            seq=incident.seq + 1 if incident else 1,
            at=self.context.now,
            actor=actor or self.context.actor,
            via=self.context.via,
            event=event,
        )
        self._incident = apply(incident, recorded)
        self.events.append(recorded)

    def reach(self, person: str, urgency: Urgency) -> Reach | None:
        """How `person` is reached first, and with a page later on; None when no contact method is usable."""
        method = contact_for(self.context.roster, person, urgency)
        if method is None:
            return None
        later = later_ways(self.context.roster, person, method) if urgency is Urgency.PAGE else ()
        return Reach(person=person, method=method, later=later or UNSET)


def contact_for(
    roster: Roster, person: str, urgency: Urgency, tried: tuple[ContactMethod, ...] = ()
) -> ContactMethod | None:
    """The contact method to try now that those `tried` have failed; None when there is no (other) one.

    A notification prefers what doesn't wake: PagerDuty comes last for it. A page prefers what wakes: the inbox is its
    last resort. What is meant for later comes after what isn't, in the order of the delays. No method is tried twice
    for one page, since the page's key must stay unique there.
    """
    used = {method.id for method in tried}
    methods = [method for method in roster.contact_methods(person) if method.id not in used]
    last = INBOX if urgency is Urgency.PAGE else "pagerduty"
    return min(methods, key=lambda method: (method.via == last, method.after or timedelta()), default=None)


def later_ways(roster: Roster, person: str, first: ContactMethod) -> tuple[ContactMethod, ...]:
    """By which further contact methods a page goes while nobody answers it, the soonest first."""
    delayed = [method for method in roster.contact_methods(person) if method.after and method.id != first.id]
    return tuple(sorted(delayed, key=lambda method: method.after or timedelta()))

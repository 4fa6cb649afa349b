"""How is one command carried out? Load, decide, save: inside a transaction of the writer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.context import Context, Decision, PastIncident, Refusal
from tocsin.domain.decide import decide
from tocsin.domain.incident import Incident
from tocsin.domain.meanwhile import in_the_way, kinds_that_concern
from tocsin.domain.narrate import name_of, narrate
from tocsin.engine.sops import Sops
from tocsin.errors import Refused
from tocsin.oncall.roster import Roster, usable_methods
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Severity
from tocsin.store.overrides import plain
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction


class Actor(Struct, frozen=True):
    """Who asks, and through what: a person's id or a token's name, and `cli`, `api`, `web`, `alertmanager`…

    `seen` is the number of the newest event of the incident that they know of; None: they don't say.
    `key` is the account or token that was let in for it (`Principal.key`), `address` where the request came from; both
    are empty for what Tocsin and monitoring do by themselves, which the audit log doesn't tell.
    """

    name: str
    via: str
    seen: int | None = None
    key: str = ""
    address: str = ""


ENGINE = Actor("tocsin", "engine")


class Desk:
    """Carries out commands under the SOP that holds for each incident. `methods` are the usable contact methods."""

    def __init__(self, sops: Sops, methods: frozenset[str]) -> None:
        self.sops = sops
        self.methods = methods

    def open(self, tx: Transaction, now: datetime, command: c.Opening, actor: Actor) -> Incident:
        """Open an incident; raises Refused."""
        recent: tuple[PastIncident, ...] = ()
        if isinstance(command, c.Declare):
            recent = self._recent(tx, now, command.service, command.severity)
        tx.facts.keep_sop(self.sops.version, self.sops.content, now)
        context = Context(
            now=now,
            sop=self.sops.current,
            sop_version=self.sops.version,
            roster=self._roster(tx, now),
            actor=actor.name,
            via=actor.via,
            next_id=tx.incidents.next_id(now),
            recent=recent,
        )
        decision = _decided(None, command, context)
        tx.save(decision)
        return decision.incident

    def change(self, tx: Transaction, now: datetime, incident_id: str, command: c.Change, actor: Actor) -> Incident:
        """Carry out a command on an incident; raises NotFound and Refused.

        It is refused as well where something that the actor hasn't seen stands in its way.
        """
        incident = tx.incidents.get(incident_id)
        if actor.seen is not None and actor.seen < incident.seq:
            self._refuse_unseen(tx, incident, command, actor)
        decision = self._decision_on(tx, now, incident, command, actor)
        tx.save(decision)
        return decision.incident

    def wake(self, tx: Transaction, now: datetime, incident_ids: Sequence[str]) -> None:
        """Carry out what is due on these incidents: on all of them, or where one of them fails, on none."""
        incidents = tx.incidents.several(incident_ids)
        tx.save(*(self._decision_on(tx, now, incident, c.Tick(), ENGINE) for incident in incidents))

    def _decision_on(
        self, tx: Transaction, now: datetime, incident: Incident, command: c.Change, actor: Actor
    ) -> Decision:
        recent: tuple[PastIncident, ...] = ()
        if isinstance(command, c.Assess):
            recent = self._recent(tx, now, incident.service, command.severity, incident.id)
        context = Context(
            now=now,
            sop=self.sops.of(incident.sop_version, tx.facts),
            sop_version=incident.sop_version,
            roster=self._roster(tx, now),
            actor=actor.name,
            via=actor.via,
            recent=recent,
        )
        return _decided(incident, command, context)

    def roster(self, queries: Queries, now: datetime) -> Roster:
        """Who the targets are at `now`, as it is committed."""
        overrides = plain(queries.desk.overrides(now, now + timedelta(microseconds=1)))
        return Roster(self.sops.current, now, self.methods, overrides)

    def contact_methods(self, person: str) -> tuple[ContactMethod, ...]:
        """How the person is reached, in the order to try it; empty for somebody whom the SOP doesn't know."""
        return usable_methods(self.sops.current, person, self.methods)

    def _refuse_unseen(self, tx: Transaction, incident: Incident, command: c.Change, actor: Actor) -> None:
        kinds = kinds_that_concern(command)
        since = tx.incidents.since(incident.id, actor.seen or 0, kinds) if kinds else []
        obstacle = in_the_way(command, actor.name, since)
        if obstacle is None:
            return
        sop = self.sops.of(incident.sop_version, tx.facts)
        told = f"{name_of(obstacle.actor, sop)}, {obstacle.at:%H:%M:%S} UTC: {narrate(obstacle.event, sop)}"
        reason = (
            f"{incident.id} has changed since you looked ({told}): nothing was done; repeat it if it is still right"
        )
        raise Refused("changed_meanwhile", reason)

    def _roster(self, tx: Transaction, now: datetime) -> Roster:
        return Roster(self.sops.current, now, self.methods, tx.overrides.holding(now))

    def _recent(
        self, tx: Transaction, now: datetime, service: str, severity: Severity | None, but: str = ""
    ) -> tuple[PastIncident, ...]:
        """What the patterns of a severity count, beside the incident itself."""
        spans = [pattern.within for pattern in self.sops.current.patterns if pattern.severity is severity]
        if severity is None or not spans:
            return ()
        return tx.incidents.recent(service, severity, now - max(spans), but)


def _decided(incident: Incident | None, command: c.Opening | c.Change, context: Context) -> Decision:
    decision = decide(incident, command, context)
    if isinstance(decision, Refusal):
        raise Refused(decision.code, decision.message)
    return decision

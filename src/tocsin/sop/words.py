"""Which words does everybody use? The vocabulary shared by the SOP file, the domain, the API and the documents."""

from enum import StrEnum

# What stays in capitals where an id becomes words: `cto` is the CTO.
ACRONYMS = frozenset({"ceo", "cfo", "ciso", "cio", "coo", "cpo", "cto", "it", "qa", "sre", "svp", "vp"})


class Severity(StrEnum):
    """How bad it is, SEV1 (critical) to SEV4 (low)."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    @property
    def rank(self) -> int:
        """1 for SEV1 to 4 for SEV4: a smaller rank is a worse incident."""
        return int(self.value[3:])


class Role(StrEnum):
    """Who does what in a response (SOP, section Roles)."""

    INCIDENT_COMMANDER = "incident_commander"
    COMMUNICATIONS_LEAD = "communications_lead"
    TECHNICAL_LEAD = "technical_lead"

    @property
    def short(self) -> str:
        """The field's abbreviation: IC, CL, TL."""
        return "".join(word[0] for word in self.value.split("_")).upper()

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title is a method nobody calls on a role
        """The role as people write it, `Incident Commander`."""
        return self.value.replace("_", " ").title()


# What people may type for a role, in lower case: its abbreviation, or its name in the SOP file.
ROLES_BY_WORD = {it.short.lower(): it for it in Role} | {it.value: it for it in Role}


class Trigger(StrEnum):
    """The four reasons to declare an incident (SOP, section When to declare)."""

    SERVICE_DEGRADED = "service_degraded"
    DATA_INTEGRITY = "data_integrity"
    SECURITY_BREACH = "security_breach"
    SLA_AT_RISK = "sla_at_risk"

    @property
    def meaning(self) -> str:
        """The reason as a sentence's end, `a security breach is suspected`."""
        return _TRIGGER_MEANINGS[self]


_TRIGGER_MEANINGS = {
    Trigger.SERVICE_DEGRADED: "a production service is degraded or unavailable for users",
    Trigger.DATA_INTEGRITY: "data integrity may be compromised",
    Trigger.SECURITY_BREACH: "a security breach is suspected",
    Trigger.SLA_AT_RISK: "an SLA threshold is at risk of being violated",
}


class Until(StrEnum):
    """The condition after which an escalation step is skipped."""

    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Urgency(StrEnum):
    """What an escalation step does to its targets."""

    PAGE = "page"  # demands an acknowledgement
    NOTIFY = "notify"  # informs
    ASSIGN = "assign"  # puts the incident in a queue; reaches nobody in person


class Target(StrEnum):
    """The targets every ladder may name; besides them there are the organisation's own and the ids of people."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TEAM_LEAD = "team_lead"
    ENGINEERING_MANAGER = "engineering_manager"
    EVERYONE_ON_CALL = "everyone_on_call"  # of every team, whichever are affected


class TriageStep(StrEnum):
    """The seven triage steps, in their order (SOP, section The seven triage steps)."""

    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    COMMUNICATE = "communicate"
    ESCALATE = "escalate"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    POSTMORTEM = "postmortem"

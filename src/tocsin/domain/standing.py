"""How does it stand, in words for a channel? The topic, the summary that is pinned, and what a newcomer is told."""

from tocsin.domain.deadlines import update_due_at
from tocsin.domain.effects import BriefNewcomer, Card
from tocsin.domain.incident import Incident
from tocsin.domain.narrate import name_of
from tocsin.domain.next_step import next_step
from tocsin.domain.text import clean_line
from tocsin.sop.model import Sop
from tocsin.sop.words import Role


def topic(incident: Incident, sop: Sop) -> str:
    """How it stands, for the channel's topic: severity, status, IC, title."""
    commander = incident.roles.get(Role.INCIDENT_COMMANDER)
    ic = name_of(commander, sop) if commander else "none yet"
    severity = incident.severity or "not assessed"
    return clean_line(f"{severity} · {incident.status} · IC: {ic} · {incident.id} {incident.title}", 250)


def card(incident: Incident, sop: Sop) -> Card:
    """The pinned summary: everything that somebody who joins asks first."""
    facts = [
        ("Severity", str(incident.severity or "not assessed")),
        ("Status", str(incident.status)),
        ("Service", f"{incident.service} ({', '.join(incident.teams)})"),
    ]
    for role in Role:
        holder = incident.roles.get(role)
        facts.append((role.title, name_of(holder, sop) if holder else "—"))
    level = sop.severities.get(incident.severity) if incident.severity else None
    due_at = update_due_at(level, incident) if level else None
    if due_at is not None:
        facts.append(("Next update due", f"{due_at:%H:%M} UTC"))
    latest = incident.updates[-1] if incident.updates else None
    return Card(
        title=f"{incident.id}: {incident.title}",
        status=str(incident.status),
        facts=tuple(facts),
        update=f"{latest.at:%H:%M} UTC: {latest.text}" if latest else "",
        next=next_step(sop, incident) or "",
    )


def in_words(shown: Card) -> str:
    """The summary as plain text, a line a fact."""
    lines = [shown.title, *(f"{label}: {value}" for label, value in shown.facts)]
    return "\n".join([*lines, f"Last update {shown.update}"] if shown.update else lines)


def brief(incident: Incident, sop: Sop, user: str) -> BriefNewcomer | None:
    """What the member of Slack's `user` is shown when they join the channel; None where the incident has none."""
    if incident.channel is None:
        return None
    shown = card(incident, sop)
    return BriefNewcomer(incident=incident.id, channel=incident.channel.id, user=user, text=in_words(shown), card=shown)

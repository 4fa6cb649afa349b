"""What is said back to somebody in Slack? Texts that only they see, escaped and short; no I/O."""

from collections.abc import Iterable, Sequence

from tocsin.domain import commands as c
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.domain.narrate import name_of, narrate
from tocsin.errors import TocsinError
from tocsin.integrations.slack.inbound.asked import HELP
from tocsin.integrations.slack.mrkdwn import escape, fit, link_to
from tocsin.sop.model import Sop
from tocsin.sop.words import Role

Payload = dict[str, object]

MAX_TOLD = 2_900  # a section holds 3,000
_DONE: dict[type, str] = {
    c.Acknowledge: "You have acknowledged {id}: the escalation stops.",
    c.Assess: "{id} is {severity} now.",
    c.AssignRole: "The role is given.",
    c.AddNote: "Written into the timeline of {id}.",
    c.PostUpdate: "The update is out.",
    c.PageByHand: "The page is on its way.",
    c.Mitigate: "{id} is mitigated: the updates need no cadence any more.",
    c.Resolve: "{id} is resolved.",
}
REPEATED = "That is done already: Slack has told it twice."
UNAVAILABLE = "Tocsin can't write it down now: try again in a few seconds, or use its page."


def privately(escaped: str) -> Payload:
    """A message that only its reader sees, and that replaces none."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": fit(escaped, 3_000) or "—", "verbatim": True}}
    return {"response_type": "ephemeral", "replace_original": False, "text": fit(escaped, 3_000), "blocks": [block]}


def sentence(error: TocsinError) -> str:
    """What is wrong, and what would be right, as a sentence of plain text."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def done(command: c.Change, incident: Incident) -> str:
    """That it is done; escaped."""
    text = _DONE.get(type(command), "Done.")
    return escape(text.format(id=incident.id, severity=incident.severity))


def acknowledged_already(incident: Incident, sop: Sop, by: str) -> str:
    """Somebody was faster; escaped."""
    who = incident.acknowledged_by or ""
    if who == by:
        return escape(f"You have acknowledged {incident.id} already: all is well.")
    return escape(f"{name_of(who, sop)} has acknowledged {incident.id} already: you need do nothing.")


def declared(incident: Incident, url: str) -> str:
    """The incident is open; in mrkdwn."""
    severity = f"{incident.severity}" if incident.severity else "not assessed yet"
    follow = "its channel is being opened" if incident.severity else "assess it next"
    return f"*{link_to(url, incident.id)}* · {severity} · {escape(incident.title)}\nIt is declared, and {follow}."


def timeline(incident: Incident, events: Sequence[Recorded], sop: Sop, url: str) -> str:
    """The newest events, oldest first, with the way to all of them; in mrkdwn."""
    lines: list[str] = []
    room = MAX_TOLD
    for it in events:  # the newest first: what there is no room for is the oldest
        by = f" ({name_of(it.actor, sop)})" if it.actor != "tocsin" else ""
        line = fit(escape(f"{it.at:%H:%M:%S}  {narrate(it.event, sop)}{by}"), 300).replace("\n", " ")
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join([f"*{link_to(url, incident.id)}* {escape(incident.title)}", *reversed(lines)])


def who(incident: Incident | None, sop: Sop, duties: Iterable[tuple[str, str, str]]) -> str:
    """Who does what in the incident, and who is on call: team, primary, secondary; in mrkdwn."""
    lines: list[str] = []
    if incident is not None:
        by = incident.acknowledged_by
        lines.append(f"*{escape(f'{incident.id} {incident.title}')}*")
        lines.append(escape(f"Acknowledged by: {name_of(by, sop) if by else 'nobody yet'}"))
        for role in Role:
            holder = incident.roles.get(role)
            lines.append(escape(f"{role.title}: {name_of(holder, sop) if holder else '—'}"))
    lines.append("*On call*")
    for team, primary, secondary in duties:
        then = f", then {secondary}" if secondary else ""
        lines.append(escape(f"{team}: {primary or 'nobody'}{then}"))
    return fit("\n".join(lines), MAX_TOLD)


def usage() -> str:
    """What `/incident` can do; escaped."""
    lines = [f"`/incident {escape(form)}`  {escape(what)}" for form, what in HELP]
    where = "In an incident's channel that incident is meant; elsewhere name it first: `/incident ack INC-2026-0042`."
    return "\n".join([*lines, where])

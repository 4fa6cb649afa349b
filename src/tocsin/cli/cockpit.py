"""What must somebody know who looks at an incident in a terminal? Its cockpit, the most urgent first."""

from typing import Any

from tocsin.cli.output import clock, due, say, span, table

_COLOURS = {"SEV1": "red", "SEV2": "yellow", "SEV3": "cyan", "SEV4": "white"}
_ACTIONS = {
    "acknowledge": "tocsin ack {id}",
    "assess": "tocsin assess {id}",
    "communicate": 'tocsin update {id} "…"',
    "mitigate": "tocsin mitigate {id}",
    "resolve": "tocsin resolve {id}",
    "postmortem": "tocsin postmortem {id}",
}
_SHOWN_UPDATES = 3
_SHOWN_DEADLINES = 6


def cockpit(it: dict[str, Any]) -> None:
    """Print the cockpit of an incident, as the API gives it."""
    severity = it["severity"] or (f"{it['provisional']}?" if it["provisional"] else "not assessed")
    heading = f"{it['id']}  {severity} · {it['status']} · {span(it['elapsed_seconds'])}"
    say(heading, bold=True, fg=_COLOURS.get(it["severity"] or ""))
    say(it["title"], bold=True)
    say(f"{it['service']} ({', '.join(it['teams'])}) · since {clock(it['opened_at'])} · {_alerts(it)}{_channel(it)}")
    action = next_action(it)
    if action:
        say(f"\nNext: {action}", bold=True)
    _roles(it)
    _checklist(it)
    _deadlines(it)
    _updates(it)


def next_action(it: dict[str, Any]) -> str:
    """The command to give next; empty when nothing is left to do."""
    if it["status"] in ("closed", "cancelled"):
        return ""
    open_steps = [step["step"] for step in it["checklist"] if step["is_needed"] and not step["is_done"]]
    for step in open_steps:
        if step == "communicate" and it["missing_roles"]:
            missing = next(role["short"].lower() for role in it["roles"] if role["role"] in it["missing_roles"])
            return f"tocsin role {it['id']} {missing} PERSON"
        if step in _ACTIONS:
            return _ACTIONS[step].format(id=it["id"])
    return ""


def _alerts(it: dict[str, Any]) -> str:
    if not it["alerts_total"]:
        return "no alerts"
    return "monitoring clean" if it["is_monitoring_clean"] else f"{it['alerts_firing']} of {it['alerts_total']} firing"


def _channel(it: dict[str, Any]) -> str:
    return f" · #{it['channel']}" if it["channel"] else ""


def _roles(it: dict[str, Any]) -> None:
    say("\nRoles")
    for role in it["roles"]:
        holder = role["name"] or ("— needed" if role["is_required"] else "—")
        say(f"  {role['short']}  {holder}", fg="yellow" if not role["name"] and role["is_required"] else None)


def _checklist(it: dict[str, Any]) -> None:
    say("\nChecklist")
    rows = []
    for number, step in enumerate(it["checklist"], 1):
        mark = "x" if step["is_done"] else " " if step["is_needed"] else "-"
        when = f"{clock(step['at'])} {step['by']}" if step["is_done"] else step["note"]
        rows.append((f"  [{mark}] {number} {step['step']}", when))
    table(rows)


def _deadlines(it: dict[str, Any]) -> None:
    if not it["deadlines"]:
        return
    say("\nDue next")
    table([(f"  {due(deadline['in_seconds'])}", deadline["what"]) for deadline in it["deadlines"][:_SHOWN_DEADLINES]])


def _updates(it: dict[str, Any]) -> None:
    if not it["updates"]:
        return
    say("\nLast updates")
    for update in it["updates"][-_SHOWN_UPDATES:]:
        say(f"  {clock(update['at'])} {update['by']} ({update['audience']}): {update['text']}")

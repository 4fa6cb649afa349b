"""What must somebody know who looks at an incident in a terminal? Its cockpit, the most urgent first."""

from typing import Any

from tocsin.cli.output import clock, due, say, span, table

_COLOURS = {"SEV1": "red", "SEV2": "yellow", "SEV3": "cyan", "SEV4": "white"}
_SHOWN_UPDATES = 3
_SHOWN_DEADLINES = 6
_SHOWN_PAGES = 5
_SHOWN_ALERTS = 5


def cockpit(it: dict[str, Any]) -> None:
    """Print the cockpit of an incident, as the API gives it."""
    severity = it["severity"] or (f"{it['provisional']}?" if it["provisional"] else "not assessed")
    heading = f"{it['id']}  {severity} · {it['status']} · {span(it['elapsed_seconds'])}"
    say(heading, bold=True, fg=_COLOURS.get(it["severity"] or ""))
    say(it["title"], bold=True)
    say(f"{it['service']} ({', '.join(it['teams'])}) · since {clock(it['opened_at'])} · {_alerts(it)}{_channel(it)}")
    if it["held_since"]:
        say("\nHELD: restored from a backup; nobody is paged for it until it is released", bold=True, fg="red")
    action = next_action(it)
    if action:
        say(f"\nNext: {action}", bold=True)
    _roles(it)
    _checklist(it)
    _deadlines(it)
    _paged(it)
    _alert_lines(it)
    _updates(it)


def next_action(it: dict[str, Any]) -> str:
    """The command to give next, one that the status allows; empty when nothing is left to do."""
    missing = next((role["short"].lower() for role in it["roles"] if role["role"] in it["missing_roles"]), "ic")
    id_ = it["id"]
    match it["next_step"]:
        case None:
            return ""
        case "acknowledge":
            return f"tocsin ack {id_}"
        case "assign_role":
            return f"tocsin role {id_} {missing} PERSON"
        case "post_update":
            return f'tocsin update {id_} "…"'
        case "postmortem":
            return f"tocsin postmortem {id_} -o {id_}.md"
        case step:
            return f"tocsin {step} {id_}"


def _alerts(it: dict[str, Any]) -> str:
    if not it["alerts_total"]:
        return "no alerts"
    return "monitoring clean" if it["is_monitoring_clean"] else f"{it['alerts_firing']} of {it['alerts_total']} firing"


def _channel(it: dict[str, Any]) -> str:
    if it["channel"]:
        return f" · #{it['channel']}"
    return " · no channel" if it["wants_channel"] else ""


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
    for deadline in it["deadlines"][:_SHOWN_DEADLINES]:
        is_late = deadline["in_seconds"] < 0
        say(f"  {due(deadline['in_seconds']):<16} {deadline['what']}", fg="red" if is_late else None, bold=is_late)


def _paged(it: dict[str, Any]) -> None:
    if not it["paged"]:
        return
    say("\nPaged")
    rows = it["paged"][-_SHOWN_PAGES:]
    table([(f"  {page['name']}", page["via"], _page_state(page)) for page in rows])


def _page_state(page: dict[str, Any]) -> str:
    if not page["demands_answer"]:
        return f"notified, {page['status']}" if page["status"] in ("pending", "failed") else "notified"
    return str(page["status"])


def _alert_lines(it: dict[str, Any]) -> None:
    if it["alerts"]:
        say("\nAlerts")
        for alert in it["alerts"][:_SHOWN_ALERTS]:
            say(f"  {alert['status']:<9} {alert['name']}: {alert['summary'] or 'no description'}")
    if it["runbook"]:
        say(f"\nRunbook: {it['runbook']}")


def _updates(it: dict[str, Any]) -> None:
    if not it["updates"]:
        return
    say("\nLast updates")
    for update in it["updates"][-_SHOWN_UPDATES:]:
        say(f"  {clock(update['at'])} {update['by']} ({update['audience']}): {update['text']}")

"""How is something looked at from a terminal? Incidents, timelines, who is on call, what was sent to whom."""

import os
from urllib.parse import urlsplit

import click

from tocsin.cli.client import find_client
from tocsin.cli.cockpit import cockpit
from tocsin.cli.output import as_json, clock, due, incident, say, show_json, table
from tocsin.errors import Unreachable
from tocsin.settings import settings_from


@click.command("list")
@click.option("--state", type=click.Choice(["open", "ended", "all", "held"]), default="open", show_default=True)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True)
@as_json
def list_incidents(state: str, limit: int, is_json: bool) -> None:
    """The open incidents, the gravest first."""
    found = find_client().get("incidents", state=state, limit=limit)
    if is_json:
        show_json(found)
    elif not found:
        say("no incidents" if state == "all" else f"no {state} incidents")
    else:
        table([_line(it) for it in found])


def _line(it: dict[str, object]) -> tuple[str, ...]:
    severity = it["severity"] or (f"{it['provisional']}?" if it["provisional"] else "—")
    deadline = it["next_deadline"]
    coming = f"{deadline['what']} {due(deadline['in_seconds'])}" if isinstance(deadline, dict) else ""
    coming = "held" if it["held_since"] else coming
    return (str(it["id"]), str(severity), str(it["status"]), str(it["service"]), str(it["title"])[:60], coming)


@click.command()
@incident
@as_json
def show(incident: str, is_json: bool) -> None:
    """The cockpit of an incident: severity, roles, checklist, what is due next."""
    it = find_client().get("incidents", incident)
    if is_json:
        show_json(it)
    else:
        cockpit(it)


@click.command()
@incident
@as_json
def timeline(incident: str, is_json: bool) -> None:
    """Everything that happened, in UTC."""
    events = find_client().get("incidents", incident, "timeline")
    if is_json:
        show_json(events)
        return
    for event in events:
        say(f"{event['at'][:10]} {event['at'][11:19]}  {event['actor']:<10} {event['text']}{_through(event['via'])}")


def _through(via: str) -> str:
    """Where it was done, where that is not Tocsin itself."""
    return f" ({via})" if via in ("pagerduty", "slack") else ""


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@as_json
def search(words: tuple[str, ...], limit: int, is_json: bool) -> None:
    """Where all WORDS stand, in titles, notes, updates and postmortems: the newest first."""
    found = find_client().get("search", q=" ".join(words), limit=limit)
    if is_json:
        show_json(found)
    elif not found:
        say("nothing was found")
    for it in [] if is_json else found:
        say(f"{it['incident']}  {it['severity'] or '—'}  {it['status']}  {it['title']}")
        say(f"    {it['kind']}, {it['by']}, {clock(it['at'])}: {it['excerpt']}")


@click.command()
@click.option("--at", help="Another time than now: 2026-11-24T03:00:00Z.")
@as_json
def oncall(at: str | None, is_json: bool) -> None:
    """Who is on call in every team, and who takes over when."""
    found = find_client().get("oncall", at=at)
    if is_json:
        show_json(found)
        return
    rows = [("team", "primary", "secondary", "until", "then")]
    for it in found:
        primary, secondary = it["primary_name"] or "nobody", it["secondary_name"] or "nobody"
        rows.append((it["team"], primary, secondary, clock(it["until"]), it["next_primary"] or "nobody"))
    table(rows)


@click.command()
@click.option("--person", help="Only what went to this person.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def inbox(person: str | None, limit: int, is_json: bool) -> None:
    """Pages and notifications to people, the newest first."""
    found = find_client().get("inbox", person=person, limit=limit)
    if is_json:
        show_json(found)
    elif not found:
        say("nothing was sent to anybody")
    else:
        table([_page_line(it) for it in found])


def _page_line(it: dict[str, str]) -> tuple[str, ...]:
    return (
        clock(it["sent_at"]),
        it["urgency"],
        it["name"],
        f"{it['via']}: {it['delivery']}",
        it["incident"],
        it["reason"][:80],
    )


@click.command()
@as_json
def intake(is_json: bool) -> None:
    """How monitoring delivers its alerts here: addresses, and the key to put into its configuration."""
    base = settings_from(os.environ).beside
    try:
        key = base.with_name(f"{base.name}.intake-key").read_text(encoding="utf-8").strip()
        url = base.with_name(f"{base.name}.url").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unreachable(f"{base}: no server has run on this database yet; start `tocsin serve`") from error
    if is_json:
        doors = {"webhook": f"{url}/intake/alertmanager/{key}", "pagerduty": f"{url}/intake/pagerduty/{key}"}
        show_json({"url": url, "key": key, **doors})
        return
    there, own = urlsplit(url), base.with_name(f"{base.name}.cert")
    say("Prometheus (prometheus.yml):\n")
    say(f"alerting:\n  alertmanagers:\n    - static_configs: [{{targets: ['{there.netloc}']}}]")
    if there.scheme == "https":
        say("      scheme: https")
    if there.path:
        say(f"      path_prefix: '{there.path}'")
    say(f"      authorization: {{credentials: '{key}'}}\n")
    say("Alertmanager (alertmanager.yml, beside what you have):\n")
    say("receivers:\n  - name: tocsin\n    webhook_configs:")
    say(f"      - url: '{url}/intake/alertmanager/{key}'\n")
    if there.scheme == "https" and own.exists():
        say(f"Where the certificate is your own, give both a copy of {own}:")
        say("`tls_config: {ca_file: …}` in Prometheus, `http_config: {tls_config: {ca_file: …}}` in Alertmanager.\n")
    say("PagerDuty (a webhook, version 3: what is done there is known here):\n")
    say(f"{url}/intake/pagerduty/{key}")


COMMANDS = {
    "list": list_incidents,
    "show": show,
    "timeline": timeline,
    "search": search,
    "oncall": oncall,
    "inbox": inbox,
    "intake": intake,
}

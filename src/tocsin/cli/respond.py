"""How is an incident worked on from a terminal? One command a step; each prints the cockpit as it is afterwards."""

from collections.abc import Callable
from typing import Any

import click

from tocsin.cli.client import find_client
from tocsin.cli.cockpit import cockpit
from tocsin.cli.output import as_json, as_person, incident, show_json
from tocsin.cli.questions import ask_answers, ask_why, given_answers, with_answers
from tocsin.sop.words import ROLES_BY_WORD, Severity, Trigger

_SEVERITY = click.Choice([severity.value for severity in Severity], case_sensitive=False)
_TRIGGER = click.Choice([trigger.value for trigger in Trigger])


def _show(it: dict[str, Any], is_json: bool) -> None:
    if is_json:
        show_json(it)
    else:
        cockpit(it)


def _common(command: Callable[..., None]) -> Callable[..., None]:
    return as_person(as_json(command))


@click.command()
@click.argument("title")
@click.option("--service", help="The service; the SOP's default service if left out.")
@click.option("--severity", type=_SEVERITY, help="If known; else answer the questions, or assess later.")
@click.option("--reason", default="", help="Why this severity.")
@click.option("--trigger", type=_TRIGGER, default=Trigger.SERVICE_DEGRADED.value, help="Why it is declared.")
@click.option("--team", "teams", multiple=True, help="A further affected team; may be repeated.")
@with_answers
@_common
def declare(is_json: bool, by: str | None, severity: str | None, teams: tuple[str, ...], **rest: Any) -> None:
    """Declare an incident: page, open the channel, start the clock."""
    answers = given_answers(rest)
    body = {"title": rest["title"], "service": rest["service"], "trigger": rest["trigger"], "reason": rest["reason"]}
    chosen = severity.upper() if severity else None
    made = find_client().post("incidents", **body, severity=chosen, answers=answers, teams=list(teams), by=by)
    _show(made, is_json)


@click.command()
@incident
@_common
def ack(incident: str, is_json: bool, by: str | None) -> None:
    """Confirm that you respond: the escalation stops."""
    _show(find_client().post("incidents", incident, "acknowledge", by=by), is_json)


@click.command()
@incident
@click.argument("severity", type=_SEVERITY, required=False)
@click.option("--reason", default="", help="Why this severity; asked for when you name one.")
@click.option("--trigger", type=_TRIGGER, help="Which of the four reasons to declare, if it isn't what was recorded.")
@with_answers
@_common
def assess(incident: str, severity: str | None, is_json: bool, by: str | None, **rest: Any) -> None:
    """Establish or change the severity: name it, give answers, or be asked."""
    answers = given_answers(rest)
    reason = rest["reason"]
    if severity is None and answers is None:
        answers = ask_answers()
    elif severity is not None and not reason:
        reason = ask_why()
    chosen = severity.upper() if severity else None
    body = {"severity": chosen, "reason": reason, "answers": answers, "trigger": rest["trigger"], "by": by}
    _show(find_client().post("incidents", incident, "assess", **body), is_json)


@click.command()
@incident
@click.argument("role", type=click.Choice(list(ROLES_BY_WORD), case_sensitive=False), metavar="ic|cl|tl")
@click.argument("person")
@_common
def role(incident: str, role: str, person: str, is_json: bool, by: str | None) -> None:
    """Give a role to a person, or hand it over."""
    made = find_client().post("incidents", incident, "roles", role=ROLES_BY_WORD[role.lower()], person=person, by=by)
    _show(made, is_json)


@click.command()
@incident
@click.argument("team")
@_common
def team(incident: str, team: str, is_json: bool, by: str | None) -> None:
    """Add an affected team: its primary on-call is paged too."""
    _show(find_client().post("incidents", incident, "teams", team=team, by=by), is_json)


@click.command()
@incident
@click.argument("text")
@click.option("--external", is_flag=True, help="For customers: only the Communications Lead may.")
@click.option("--next", "next_within", metavar="10m", help="Promise the next update sooner than the SOP asks.")
@_common
def update(incident: str, text: str, external: bool, next_within: str | None, is_json: bool, by: str | None) -> None:
    """Post a status update: what is known, what is being done, when the next one comes."""
    audience = "external" if external else "internal"
    body = {"text": text, "audience": audience, "next_within": next_within, "by": by}
    _show(find_client().post("incidents", incident, "updates", **body), is_json)


@click.command()
@incident
@click.argument("text")
@_common
def note(incident: str, text: str, is_json: bool, by: str | None) -> None:
    """Write something down in the timeline."""
    _show(find_client().post("incidents", incident, "notes", text=text, by=by), is_json)


@click.command()
@incident
@click.argument("target")
@click.option("--reason", default=ask_why, help="What they are needed for.")
@_common
def page(incident: str, target: str, reason: str, is_json: bool, by: str | None) -> None:
    """Page a person or a target of the SOP (secondary, cto…) now."""
    _show(find_client().post("incidents", incident, "pages", target=target, reason=reason, by=by), is_json)


@click.command()
@incident
@click.option("--note", default="", help="What restored it.")
@_common
def mitigate(incident: str, note: str, is_json: bool, by: str | None) -> None:
    """Service is restored: the update cadence ends."""
    _show(find_client().post("incidents", incident, "mitigate", note=note, by=by), is_json)


@click.command()
@incident
@click.option("--note", default="", help="What fixed it.")
@_common
def resolve(incident: str, note: str, is_json: bool, by: str | None) -> None:
    """The fix is confirmed and monitoring is clean."""
    resolved = find_client().post("incidents", incident, "resolve", note=note, by=by)
    _show(resolved, is_json)
    if resolved["alerts_firing"]:
        count = resolved["alerts_firing"]
        click.echo(
            f"tocsin: {count} still firing: nobody is paged for it again, unless it clears and fires anew", err=True
        )


@click.command()
@incident
@click.option("--reason", default=ask_why, help="What came back.")
@_common
def reopen(incident: str, reason: str, is_json: bool, by: str | None) -> None:
    """It came back: pages again, from the start of the ladder."""
    _show(find_client().post("incidents", incident, "reopen", reason=reason, by=by), is_json)


@click.command()
@incident
@click.option("--reason", default=ask_why, help="What it was.")
@_common
def cancel(incident: str, reason: str, is_json: bool, by: str | None) -> None:
    """It is not an incident: everything stops."""
    _show(find_client().post("incidents", incident, "cancel", reason=reason, by=by), is_json)


COMMANDS = {
    "declare": declare,
    "ack": ack,
    "assess": assess,
    "role": role,
    "team": team,
    "update": update,
    "note": note,
    "page": page,
    "mitigate": mitigate,
    "resolve": resolve,
    "reopen": reopen,
    "cancel": cancel,
}

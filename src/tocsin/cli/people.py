"""Who is there, and does their pager work? People and services at a terminal, and test pages."""

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, as_person, clock, say, show_json, table


@click.command()
@click.argument("person", required=False)
@as_json
def people(person: str | None, is_json: bool) -> None:
    """The people of the SOP; or one, with their contact methods and whether a test by each was taken."""
    found = find_client().get("people", *([person] if person else []))
    if is_json:
        show_json(found)
    elif person:
        _show(found)
    else:
        table([_line(it) for it in found])


def _line(it: dict[str, object]) -> tuple[str, ...]:
    duties = it["on_call"] if isinstance(it["on_call"], list) else []
    contact = it["contact"] if isinstance(it["contact"], list) else []
    on_call = ", ".join(f"{duty['team']} {duty['layer']}" for duty in duties)
    return str(it["id"]), str(it["name"]), ", ".join(contact), on_call and f"on call: {on_call}"


def _show(it: dict[str, list[dict[str, object]]]) -> None:
    say(f"{it['name']} ({it['id']})")
    for method in it["contact"]:
        works_at, test = method["works_at"], method["last_test"]
        known = f"works: a test was taken {clock(str(works_at))}" if works_at else "never tested"
        if isinstance(test, dict) and test["status"] != "done":
            known = f"test of {clock(test['sent_at'])}: {test['status']} {test['note']}"
        way = f"{method['via']} after {method['after']}" if method["after"] else str(method["via"])
        if method["browsers"] == 0:
            known = "rings nothing: no browser of theirs is subscribed (the inbox has the button)"
        say(f"  {way:<10} {known if method['is_usable'] else 'not usable: its credentials are not set'}")


@click.command()
@as_json
def services(is_json: bool) -> None:
    """The services of the SOP, and the team of each."""
    found = find_client().get("services")
    if is_json:
        show_json(found)
    else:
        table([(it["id"], it["name"], it["team_name"], it["runbook"] or "") for it in found])


@click.group()
def test() -> None:
    """Try whether something works."""


@test.command("page")
@click.argument("person")
@as_person
@as_json
def test_page(person: str, is_json: bool, by: str | None) -> None:
    """Send PERSON a marked test page by each of their contact methods; no incident comes of it."""
    sent = find_client().post("people", person, "test-page", by=by)
    if is_json:
        show_json(sent)
    else:
        ways = ", ".join(it["via"] for it in sent["contact"] if it["is_usable"])
        say(f"sent to {sent['name']} by {ways}; `tocsin people {person}` shows what was taken")


COMMANDS = {"people": people, "services": services, "test": test}

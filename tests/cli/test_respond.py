"""Can an incident be worked on from a terminal? Every step is a command; each shows the cockpit as it is afterwards."""

from typing import Any

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server


def declared(tocsin: Terminal, *options: str) -> Any:
    return tocsin.does("declare", "Checkout is down", "--json", *options).json


def test_a_response_from_the_declaration_to_the_end(tocsin: Terminal) -> None:
    incident = declared(tocsin, "--service", "api", "--team", "frontend", "--as", "chris")["id"]
    steps = {
        ("ack", incident): "acknowledged",
        ("assess", incident, "--scope", "all", "--workaround", "no"): "acknowledged",
        ("role", incident, "ic", "chris"): "acknowledged",
        ("role", incident, "communications_lead", "emma"): "acknowledged",
        ("role", incident, "TL", "deniz"): "acknowledged",
        ("team", incident, "platform"): "acknowledged",
        ("note", incident, "The deploy at 03:12 is suspected."): "acknowledged",
        ("update", incident, "Payments fail; we roll back.", "--next", "10m"): "acknowledged",
        ("page", incident, "cto", "--reason", "a decision is needed"): "acknowledged",
        ("mitigate", incident, "--note", "rolled back"): "mitigated",
        ("resolve", incident, "--note", "confirmed by the probe"): "resolved",
        ("reopen", incident, "--reason", "errors again"): "triggered",
        ("cancel", incident, "--reason", "it was the probe"): "cancelled",
    }
    for arguments, status in steps.items():
        said = tocsin.does(*arguments, "--as", "chris").out.splitlines()
        assert said[0].startswith(f"{incident}  "), arguments
        assert f" · {status} · " in said[0], arguments
        assert said[1] == "Checkout is down"
    it = tocsin.does("show", incident, "--json").json
    assert it["teams"] == ["backend", "frontend", "platform"]
    assert {role["short"]: role["person"] for role in it["roles"]} == {"IC": "chris", "CL": "emma", "TL": "deniz"}
    assert [update["text"] for update in it["updates"]] == ["Payments fail; we roll back."]


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("ack",), "acknowledged"),
        (("assess", "sev2", "--reason", "some users"), "triggered"),
        (("role", "ic", "bob"), "triggered"),
        (("team", "backend"), "triggered"),
        (("update", "We are on it."), "triggered"),
        (("note", "A thought."), "triggered"),
        (("page", "cto", "--reason", "a decision"), "triggered"),
        (("mitigate",), "mitigated"),
        (("resolve",), "resolved"),
        (("cancel", "--reason", "a test"), "cancelled"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_with_json_a_command_prints_what_the_api_answers(
    tocsin: Terminal, server: Server, incident: str, command: tuple[str, ...], status: str
) -> None:
    name, *rest = command
    made = tocsin.does(name, incident, *rest, "--json").json
    assert (made["id"], made["status"]) == (incident, status)
    assert made.keys() == server.get(f"incidents/{incident}").keys()


def test_a_severity_may_be_stated_or_found_from_answers_at_the_declaration(tocsin: Terminal) -> None:
    stated = declared(tocsin, "--severity", "sev3", "--reason", "a few users")
    assert (stated["severity"], stated["severity_reason"]) == ("SEV3", "a few users")
    found = declared(tocsin, "--scope", "many", "--data", "lost")
    assert (found["severity"], found["severity_reason"]) == ("SEV1", "data is lost")
    assert declared(tocsin, "--trigger", "security_breach")["trigger"] == "security_breach"


def test_an_assessment_without_a_severity_asks_the_questions_of_the_sop(tocsin: Terminal) -> None:
    incident = declared(tocsin)["id"]
    run = tocsin.does("assess", incident, "--json", typed="many\n\n\nyes\n\n")
    assert (run.json["severity"], run.json["severity_reason"]) == ("SEV2", "a significant subset of users is affected")
    assert "How many users are affected?" in run.err


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("assess", "sev2"), id="assess"),
        pytest.param(("page", "cto"), id="page"),
        pytest.param(("cancel",), id="cancel"),
    ],
)
def test_a_reason_that_was_not_given_is_asked_for_beside_the_answer(
    tocsin: Terminal, incident: str, command: tuple[str, ...]
) -> None:
    name, *rest = command
    run = tocsin.does(name, incident, *rest, "--json", typed="because of the probe\n")
    assert run.json["id"] == incident  # the question is not in the way of a program
    assert run.err.startswith("Why: ")
    assert "because of the probe" in tocsin.does("timeline", incident).out


def test_a_question_that_nobody_can_answer_does_nothing(tocsin: Terminal, incident: str) -> None:
    run = tocsin("cancel", incident)
    assert (run.status, run.complaint) == (2, "Error: --reason: must be given where nobody can be asked")
    run = tocsin("assess", incident)
    assert (run.status, run.complaint.partition(", and ")[0]) == (
        2,
        "Error: --scope: must be given where nobody can be asked",
    )
    assert tocsin.does("show", incident, "--json").json["status"] == "triggered"


def test_who_acts_is_said_by_an_option_or_by_the_environment(tocsin: Terminal, incident: str) -> None:
    tocsin.does("note", incident, "one", "--as", "bob")
    tocsin.does("note", incident, "two", TOCSIN_AS="alice")
    tocsin.does("note", incident, "three")
    entries = tocsin.does("timeline", incident, "--json").json
    said = {it["event"]["text"]: (it["actor"], it["via"]) for it in entries if it["event"]["kind"] == "note_added"}
    assert said == {"one": ("bob", "cli"), "two": ("alice", "cli"), "three": ("admin", "cli")}


def test_customers_hear_from_the_communications_lead_alone(tocsin: Terminal, incident: str) -> None:
    tocsin.does("role", incident, "cl", "emma")
    run = tocsin("update", incident, "We are looking into it.", "--external", "--as", "bob")
    assert run.status == 2
    assert (
        run.complaint == "tocsin: only the Communications Lead may publish to customers; ask emma, who holds the role"
    )
    shown = tocsin.does("update", incident, "We are looking into it.", "--external", "--as", "emma").out
    assert "emma (external): We are looking into it." in shown


def test_the_cockpit_says_what_to_do_next_until_nothing_is_left(tocsin: Terminal) -> None:
    incident = declared(tocsin, "--service", "app")["id"]
    assert next_step(tocsin, incident) == f"tocsin ack {incident}"
    tocsin.does("ack", incident)
    assert next_step(tocsin, incident) == f"tocsin assess {incident}"
    tocsin.does("assess", incident, "sev3", "--reason", "a few users")
    assert next_step(tocsin, incident) == f'tocsin update {incident} "…"'
    tocsin.does("update", incident, "The export is slow.")
    assert next_step(tocsin, incident) == f"tocsin mitigate {incident}"
    tocsin.does("mitigate", incident)
    assert next_step(tocsin, incident) == f"tocsin resolve {incident}"
    tocsin.does("resolve", incident)
    assert next_step(tocsin, incident) == ""


def next_step(tocsin: Terminal, incident: str) -> str:
    lines = tocsin.does("show", incident).out.splitlines()
    return next((line.removeprefix("Next: ") for line in lines if line.startswith("Next: ")), "")

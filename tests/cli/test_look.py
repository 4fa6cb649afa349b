"""Can it be seen from a terminal how things stand? Incidents, timelines, who is on call, what was sent to whom."""

import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server, firing
from tests.system.waiting import until


def test_the_list_has_a_line_for_every_open_incident(tocsin: Terminal, incident: str) -> None:
    lines = [line for line in tocsin.does("list", "--limit", "500").out.splitlines() if line.startswith(incident)]
    assert [re.split(r"  +", line)[1:5] for line in lines] == [["SEV1", "triggered", "website", "Checkout is down"]]
    tocsin.does("cancel", incident, "--reason", "a test")
    assert incident not in tocsin.does("list").out
    assert incident in tocsin.does("list", "--state", "ended").out
    assert [it["id"] for it in tocsin.does("list", "--state", "all", "--limit", "1", "--json").json] == [incident]


def test_a_list_of_nothing_says_so(alone: Terminal) -> None:
    with Server(alone.directory) as _:
        assert alone.does("list").out == "no open incidents\n"
        assert alone.does("list", "--state", "all").out == "no incidents\n"
        assert alone.does("inbox").out == "nothing was sent to anybody\n"
        assert alone.does("list", "--json").json == []


def test_the_cockpit_shows_what_somebody_needs_at_night(tocsin: Terminal, incident: str) -> None:
    tocsin.does("role", incident, "ic", "bob")
    tocsin.does("update", incident, "Payments fail.", "--as", "bob")
    out = tocsin.does("show", incident).out
    for part in ("SEV1 · triggered", "website (platform)", "no alerts", "Next: ", "IC  Bob Brown", "CL  — needed"):
        assert part in out
    assert re.search(r"\[ \] 1 acknowledge", out)
    assert re.search(r"\[x\] 2 assess +\d\d-\d\d \d\d:\d\d UTC admin", out)
    assert re.search(r"in 0\d:\d\d +page: secondary on-call", out)
    assert re.search(r"\d\d:\d\d UTC bob \(internal\): Payments fail\.", out)


def test_the_timeline_tells_the_story_in_order(tocsin: Terminal, incident: str) -> None:
    tocsin.does("ack", incident, "--as", "bob")
    lines = tocsin.does("timeline", incident).out.splitlines()
    told = [line[32:] for line in lines]
    assert told[0].startswith("Incident declared on website: Checkout is down")
    assert "Acknowledged" in told
    entries = tocsin.does("timeline", incident, "--json").json
    assert [entry["text"] for entry in entries][: len(told)] == told
    assert all(datetime.fromisoformat(entry["at"]).tzinfo for entry in entries)


def test_who_is_on_call_now_and_at_another_time(tocsin: Terminal) -> None:
    heading, *rows = [
        re.split(r"  +", line) for line in tocsin.does("oncall", "--at", "2026-11-24T12:00:00Z").out.splitlines()
    ]
    assert heading == ["team", "primary", "secondary", "until", "then"]
    assert rows[2] == ["platform", "Alice Adams", "Bob Brown", "11-30 09:00 UTC", "bob"]
    assert {team["team"] for team in tocsin.does("oncall", "--json").json} == {"backend", "frontend", "platform"}


def test_the_inbox_shows_what_went_to_whom(tocsin: Terminal, server: Server, incident: str) -> None:
    tocsin.does("page", incident, "cto", "--reason", "a decision is needed")

    def page_taken() -> str:
        lines = tocsin.does("inbox", "--person", "carla").out.splitlines()
        return next((line for line in lines if incident in line and "inbox: done" in line), "")

    line = until(page_taken, "the inbox has taken the page")
    assert re.split(r"  +", line)[1:] == ["page", "Carla Costa", "inbox: done", incident, "a decision is needed"]
    assert {page["person"] for page in tocsin.does("inbox", "--person", "carla", "--json").json} == {"carla"}


def test_what_was_written_is_found_with_where_it_stands(tocsin: Terminal, incident: str) -> None:
    tocsin.does("note", incident, "A gremlin sits in the cache", "--as", "bob")
    until(lambda: incident in tocsin.does("search", "gremlin").out, "the index is up to date")
    first, second = tocsin.does("search", "gremlin", "cache").out.splitlines()
    assert first == f"{incident}  SEV1  triggered  Checkout is down"
    assert re.fullmatch(r"    note, bob, \d\d-\d\d \d\d:\d\d UTC: A gremlin sits in the cache", second)
    assert tocsin.does("search", "gremlin", "nowhere").out == "nothing was found\n"
    assert tocsin.does("search", "gremlin", "--json").json[0]["kind"] == "note"


def test_alerts_are_counted_in_the_cockpit(tocsin: Terminal, server: Server) -> None:
    server.send_alerts(*(firing("QueueFull", service="app", instance=f"q-{number}") for number in range(3)))
    (incident,) = [it["id"] for it in server.get("incidents", limit=500) if it["title"] == "QueueFull is not well"]
    assert " · 3 of 3 firing" in tocsin.does("show", incident).out


# -- how monitoring gets in --------------------------------------------------------------------------------------------


def test_intake_prints_what_monitoring_needs(tocsin: Terminal, server: Server) -> None:
    told = tocsin.does("intake", "--json").json
    assert told == {
        "url": server.url,
        "key": server.intake_key,
        "webhook": f"{server.url}/intake/alertmanager/{server.intake_key}",
        "pagerduty": f"{server.url}/intake/pagerduty/{server.intake_key}",
    }
    out = tocsin.does("intake").out
    assert server.intake_key in out
    assert server.token not in out


def test_what_intake_prints_is_taken_by_prometheus_and_alertmanager(tocsin: Terminal, tmp_path: Path) -> None:
    before, _, after = tocsin.does("intake").out.partition("Alertmanager (")
    after, _, pagerduty = after.partition("PagerDuty (")
    assert pagerduty.split()[-1] == tocsin.does("intake", "--json").json["pagerduty"]
    prometheus, alertmanager = tmp_path / "prometheus.yml", tmp_path / "alertmanager.yml"
    prometheus.write_text(before.partition("\n\n")[2])
    alertmanager.write_text(after.partition("\n\n")[2] + "route: {receiver: tocsin}\n")
    assert checked("promtool", "check", "config", str(prometheus))
    assert checked("amtool", "check-config", str(alertmanager))


def test_what_intake_prints_where_https_is_spoken_behind_a_path_is_taken_as_well(
    alone: Terminal, tmp_path: Path
) -> None:
    for name, line in (("intake-key", "tocsin_intake_key"), ("url", "https://ops.example.org/tocsin"), ("cert", "PEM")):
        (alone.directory / f"tocsin.db.{name}").write_text(f"{line}\n")
    before, _, after = alone.does("intake").out.partition("Alertmanager (")
    prometheus = tmp_path / "prometheus.yml"
    prometheus.write_text(before.partition("\n\n")[2])
    for line in ("static_configs: [{targets: ['ops.example.org']}]", "scheme: https", "path_prefix: '/tocsin'"):
        assert f" {line}\n" in prometheus.read_text()
    assert f"give both a copy of {alone.directory / 'tocsin.db.cert'}" in after
    assert checked("promtool", "check", "config", str(prometheus))


def checked(program: str, *arguments: str) -> bool:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([path, *arguments], capture_output=True, timeout=60, check=False).returncode == 0


def test_intake_knows_nothing_where_no_server_has_run(alone: Terminal) -> None:
    run = alone("intake")
    assert run.status == 3
    assert run.complaint == (
        f"tocsin: {alone.directory / 'tocsin.db'}: no server has run on this database yet; start `tocsin serve`"
    )

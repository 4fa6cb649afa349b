"""Does Debian's amtool work against Tocsin? Its alert and silence commands, with the admin token."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.server import Server, firing

pytestmark = pytest.mark.system


class Amtool:
    """The program, pointed at a server. Of its warnings only one is expected: that Tocsin's version is not its own."""

    def __init__(self, server: Server) -> None:
        path = shutil.which("amtool")
        if path is None:
            pytest.skip("amtool is not installed: apt-get install prometheus-alertmanager")
        config = server.directory / "amtool-http.yml"
        config.write_text(f"authorization: {{credentials: '{server.token}'}}\n")
        self._command = [path, f"--alertmanager.url={server.url}", f"--http.config.file={config}", "--no-version-check"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._command, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def does(self, *arguments: str) -> str:
        """What it prints; it must succeed, without a complaint."""
        run = self.run(*arguments)
        assert (run.returncode, run.stderr) == (0, ""), run.stdout
        return run.stdout.strip()


@pytest.fixture
def amtool(server: Server) -> Amtool:
    return Amtool(server)


def test_silences_are_added_queried_updated_and_expired(amtool: Amtool) -> None:
    id_ = amtool.does("silence", "add", "alertname=Backup", "instance=~db.*", "--author=alice", "--comment=disks")
    (it,) = json.loads(amtool.does("silence", "query", "-o", "json"))
    assert (it["id"], it["createdBy"], it["comment"], it["status"]) == (id_, "alice", "disks", {"state": "active"})
    assert amtool.does("silence", "query", "-q", "alertname=Backup") == id_
    assert amtool.does("silence", "query", "-q", "alertname=Other") == ""
    assert id_ in amtool.does("silence", "update", "--duration=5h", id_)
    assert amtool.does("silence", "expire", id_) == ""
    assert amtool.does("silence", "query", "-q") == ""
    assert amtool.does("silence", "query", "-q", "--expired") == id_


def test_silences_are_carried_from_one_to_another(amtool: Amtool, tmp_path: Path) -> None:
    amtool.does("silence", "add", "alertname=Backup", "--author=alice", "--comment=disks")
    exported = amtool.does("silence", "query", "-o", "json")
    amtool.does("silence", "expire", amtool.does("silence", "query", "-q"))
    (tmp_path / "silences.json").write_text(exported)
    amtool.does("silence", "import", str(tmp_path / "silences.json"))
    (it,) = json.loads(amtool.does("silence", "query", "-o", "json"))
    assert it["matchers"] == json.loads(exported)[0]["matchers"]


def test_silence_that_makes_no_sense_is_refused_in_words(amtool: Amtool) -> None:
    run = amtool.run("silence", "add", "alertname=~.*", "--author=alice", "--comment=all")
    assert run.returncode != 0
    assert "else every alert would be silenced" in run.stderr


def test_alerts_are_added_and_queried(amtool: Amtool, server: Server) -> None:
    amtool.does("alert", "add", "alertname=DiskFull", "instance=db-1", "--annotation=summary=The disk is full")
    server.send_alerts(firing("Slow", instance="web-1"))
    found = json.loads(amtool.does("alert", "query", "-o", "json"))
    assert {it["labels"]["alertname"] for it in found} == {"DiskFull", "Slow"}
    assert "The disk is full" in amtool.does("alert", "query", "alertname=DiskFull", "-o", "extended")
    assert {it["title"] for it in server.get("incidents")} == {"The disk is full", "Slow is not well"}


def test_what_tocsin_is_configured_to_do_is_told_as_one_receiver(amtool: Amtool) -> None:
    assert "receiver: tocsin" in amtool.does("config", "show")
    assert "tocsin" in amtool.does("config", "routes", "show")

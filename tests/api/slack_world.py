"""A workspace of Slack's whose members reach a real node: what they do comes in through its doors, signed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from tests.api.harness import Api, running
from tests.fakes import contract
from tests.system.waiting import PATIENCE_SECONDS, until
from tocsin.settings import Settings
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Told, Workspace
from tocsin.sop.load import default_sop
from tocsin.sop.model import Slack, Sop

WORKSPACE = Workspace()
MEMBERS = {"alice": "U0ALICE", "bob": "U0BOB", "emma": "U0EMMA"}


class InProcess(OverHttp):
    """Delivers to a node in this process."""

    def __init__(self, api: Api, workspace: Workspace) -> None:
        super().__init__("", workspace)
        self._api = api

    def post(self, kind: str, body: bytes, headers: Mapping[str, str]) -> Told:
        response = self._api.ask("POST", f"/slack/{kind}", token=None, content=body, headers=dict(headers))
        is_json = "json" in response.headers.get("content-type", "")
        return Told(response.status_code, response.json() if is_json else None)


class World(Struct):
    """The node, the workspace, and who is in it."""

    api: Api
    sandbox: Sandbox
    deliver: InProcess

    def member(self, user: str) -> SlackMember:
        """Somebody by their member id, or the person whose id in the SOP it is."""
        id_ = MEMBERS.get(user, user)
        return SlackMember(id_, self.sandbox.slack, self.deliver, self.sandbox.url, WORKSPACE)

    def events(self, incident: str, kind: str = "") -> list[dict[str, Any]]:
        """The incident's timeline, or what is of one kind in it."""
        timeline = self.api.do("get_timeline", incident)
        return [it for it in timeline if kind in ("", it["event"]["kind"])]

    def channel_of(self, incident: str) -> str:
        """The id of the incident's channel, once it is there."""

        def is_there() -> bool:
            return bool(self.events(incident, "channel_opened"))

        until(is_there, "the channel is open")
        return str(self.events(incident, "channel_opened")[0]["event"]["channel"])


def slack_sop(**more: Any) -> Sop:
    """The default SOP, with members of the sandbox's workspace."""
    sop = default_sop()
    people = {
        id_: msgspec.structs.replace(person, slack_user=MEMBERS.get(id_, f"U0{id_.upper()}"))
        for id_, person in sop.people.items()
    }
    slack = Slack(team=WORKSPACE.team, app=WORKSPACE.app)
    changed: Sop = msgspec.structs.replace(sop, people=people, slack=slack, **more)
    return changed


@contextmanager
def patient_with_slack() -> Iterator[None]:
    """The node waits for Slack's answers as long as a test does, not only while Slack's user waits for one."""
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr("tocsin.engine.slack.calls.PATIENCE_SECONDS", PATIENCE_SECONDS)
        yield


@contextmanager
def slack_world(directory: Path, sop: Sop | None = None, **more: Any) -> Iterator[World]:
    with Sandbox() as sandbox, patient_with_slack():
        environ = {"SLACK_SIGNING_SECRET": WORKSPACE.secret}
        setup: dict[str, Any] = {
            "slack_api_url": sandbox.url,
            "environ": environ,
            "public_url": "https://tocsin.example",
            **more,
        }
        settings = Settings(database=f"sqlite:///{directory / 'tocsin.db'}", **setup)
        with running(directory, sop=sop or slack_sop(), settings=settings) as api:
            yield World(api, sandbox, InProcess(api, WORKSPACE))
        faults = faults_in(sandbox)
        assert faults == []


def faults_in(sandbox: Sandbox) -> list[str]:
    """What the published contract has against anything that Slack was asked for."""
    asked = [it for it in sandbox.requests if it.path.startswith("/api/")]
    return [f"{it.path}: {fault}" for it in asked for fault in contract.faults_of(it)]

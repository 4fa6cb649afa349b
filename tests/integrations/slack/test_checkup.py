from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.fakes import contract
from tests.fakes.effects import PRESSED, SLACK
from tests.fakes.sending import recorded, reply
from tocsin.integrations.checkup import Checkup, Finding, State
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.checkup import HEARING, PERMISSIONS, STAKEHOLDERS, TOKEN, checkup
from tocsin.integrations.slack.scopes import HEARING_SCOPES, PRIVATE_SCOPES, SCOPES
from tocsin.integrations.wire import Request
from tocsin.simulate.sandbox.recording import Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.model import Slack

RULES = Slack(stakeholders_channel="C0000000001", team="T0SANDBOX", app="A0SANDBOX")


@pytest.fixture
def sandbox() -> Sandbox:
    made = Sandbox()
    made.slack.add("stakeholders")
    return made


def findings(sandbox: Sandbox, rules: Slack = RULES, account: SlackAccount = PRESSED) -> dict[str, Finding]:
    """What is found, as `tocsin doctor` would: each probe is sent, and leads on."""

    def carried_out(asked: Checkup) -> Iterator[Finding]:
        for it in asked:
            if isinstance(it, Finding):
                yield it
                continue
            assert isinstance(it.request, Request)
            request = recorded(it.request)
            response = sandbox.answer(request)
            assert contract.faults_of(request) == []
            if b'"ok": true' in response.body:
                assert contract.answer_faults_of(request, response) == []
            yield from carried_out(it.judge(reply(response)))

    return {it.what: it for it in carried_out(checkup(account, rules))}


def test_what_is_set_up_is_well(sandbox: Sandbox) -> None:
    found = findings(sandbox)
    assert {it.state for it in found.values()} == {State.WELL}
    assert found[TOKEN].told == "speaks as tocsin in Sandbox"
    assert found[STAKEHOLDERS].told == "#stakeholders"


def test_without_a_token_slack_is_not_used() -> None:
    (found,) = checkup(None, RULES)
    assert isinstance(found, Finding)
    assert (found.state, found.told) == (State.UNUSED, "no bot token is set (env:SLACK_BOT_TOKEN)")


def test_a_revoked_token_is_told_with_its_remedy(sandbox: Sandbox) -> None:
    sandbox.script = lambda request: Response(200, b'{"ok": false, "error": "token_revoked"}')
    assert findings(sandbox) == {
        TOKEN: Finding(TOKEN, State.BROKEN, "token_revoked", "set a valid bot token ([slack] bot_token)")
    }


def test_a_missing_permission_is_told_with_what_it_is_for(sandbox: Sandbox) -> None:
    sandbox.slack.scopes = sandbox.slack.scopes.replace("pins:write", "pins:read")
    found = findings(sandbox)[PERMISSIONS]
    assert (found.state, found.told) == (State.BROKEN, "pins:write is missing (the summary is pinned)")
    assert found.remedy == "add pins:write to the app's bot token scopes, and reinstall the app"


def test_where_nobody_is_heard_nothing_is_asked_for_that_only_hearing_takes(sandbox: Sandbox) -> None:
    sandbox.slack.scopes = ",".join(SCOPES | PRIVATE_SCOPES)
    found = findings(sandbox, account=replace(SLACK, is_interactive=False))
    assert found[PERMISSIONS].state is State.WELL
    assert (found[HEARING].state, found[HEARING].told) == (
        State.UNUSED,
        "is not heard: links stand in place of the buttons",
    )
    assert findings(sandbox)[PERMISSIONS].told.startswith("commands is missing (`/incident` and the shortcuts)")


def test_a_token_of_another_workspace_than_the_sop_names_is_told(sandbox: Sandbox) -> None:
    found = findings(sandbox, replace(RULES, team="T0OTHER"))[HEARING]
    assert (found.state, found.told) == (
        State.BROKEN,
        "the token is of the workspace T0SANDBOX, and [slack] team names T0OTHER",
    )


def test_private_channels_are_asked_for_where_the_sop_has_some(sandbox: Sandbox) -> None:
    sandbox.slack.scopes = ",".join(SCOPES | HEARING_SCOPES)
    assert findings(sandbox)[PERMISSIONS].state is State.BROKEN
    assert findings(sandbox, replace(RULES, private_channel=()))[PERMISSIONS].state is State.WELL
    sandbox.slack.scopes = ",".join(SCOPES | HEARING_SCOPES | PRIVATE_SCOPES)
    assert findings(sandbox)[PERMISSIONS].state is State.WELL


@pytest.mark.parametrize(
    ("channel", "told", "remedy"),
    [
        ({"is_archived": True}, "#board is archived", "unarchive it, or name another in the SOP file"),
        ({"members": ("U0BOB0002",)}, "the app is not in #board", "write `/invite @Tocsin` in it"),
        (
            {"members": ("U0BOB0002",), "is_private": True},
            "channel_not_found",
            "check the id, and invite the app's bot if the channel is private",
        ),
    ],
    ids=["archived", "without us", "private"],
)
def test_a_stakeholders_channel_that_cannot_be_written_in_is_told(
    channel: dict[str, object], told: str, remedy: str, sandbox: Sandbox
) -> None:
    board = sandbox.slack.add("board", **channel)  # type: ignore[arg-type]
    found = findings(sandbox, replace(RULES, stakeholders_channel=board.id))[STAKEHOLDERS]
    assert (found.state, found.told, found.remedy) == (State.BROKEN, told, remedy)


def test_without_a_stakeholders_channel_nobody_is_told(sandbox: Sandbox) -> None:
    assert findings(sandbox, Slack())[STAKEHOLDERS].state is State.UNUSED


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"", b'{"ok": "yes"}'])
def test_what_slack_never_said_is_told_as_such(answer: bytes, sandbox: Sandbox) -> None:
    sandbox.script = lambda request: Response(502, answer)
    found = findings(sandbox)[TOKEN]
    assert (found.state, found.told) == (State.BROKEN, "HTTP 502, without Slack's words")

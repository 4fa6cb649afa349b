"""What would Slack answer? The Web API's methods that an incident needs, with the channels that they make.

What each method does stands in `slack_channels.py`, `slack_messages.py` and `slack_hearing.py`.
"""

import json
from collections.abc import Mapping

from tocsin.simulate.sandbox import slack_channels, slack_hearing, slack_messages
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, json_response
from tocsin.simulate.sandbox.slack_blocks import shown_by
from tocsin.simulate.sandbox.slack_call import Arguments, Method, Refusal, arguments_of
from tocsin.simulate.sandbox.slack_rules import BOT
from tocsin.simulate.sandbox.slack_workspace import Workspace

# docs.slack.dev/reference/methods/auth.test: granted scopes are in a header of every answer.
SCOPES = (
    "bookmarks:read,bookmarks:write,channels:history,channels:join,channels:manage,channels:read,chat:write,commands,"
    "groups:history,groups:read,groups:write,im:history,im:write,pins:write,reactions:read"
)


def _test(slack: Workspace, arguments: Arguments, at: object) -> dict[str, object]:
    """auth.test: who the token is."""
    return {
        "url": "https://sandbox.slack.com/",
        "team": "Sandbox",
        "user": "tocsin",
        "team_id": "T0SANDBOX",
        "user_id": BOT,
        "bot_id": "B0TOCSINBOT",
        "is_enterprise_install": False,
    }


_METHODS: Mapping[str, Method[Workspace]] = {
    "auth.test": _test,
    **slack_channels.METHODS,
    **slack_hearing.METHODS,
    **slack_messages.METHODS,
}


class SandboxSlack(Workspace):
    """Slack: what it is asked changes its conversations; `scopes` are those of the app."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes = SCOPES

    def answer(self, request: RecordedRequest) -> Response:
        """HTTP 200 with `ok` true or false, as Slack does for nearly everything."""
        method = request.path.removeprefix("/api/")
        try:
            arguments = arguments_of(request, method)
            told = {"ok": True, **_METHODS[method](self, arguments, request.at)}
        except Refusal as refusal:
            told = refusal.answer
        return json_response(200, told, {"x-oauth-scopes": self.scopes})

    def take_answer(self, request: RecordedRequest) -> Response:
        """What is sent to the address that came with a press: its presser alone sees it."""
        try:
            answer = json.loads(request.body)
            shown_by({"text": answer["text"], "blocks": json.dumps(answer["blocks"])})
        except (ValueError, KeyError, Refusal):
            return json_response(400, {"ok": False, "error": "invalid_payload"})
        self.whisper(request.path.rpartition("/")[2], str(answer["text"]))
        return json_response(200, {"ok": True})

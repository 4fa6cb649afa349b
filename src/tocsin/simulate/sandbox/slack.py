"""What would Slack answer? The Web API's methods that an incident needs, with the channels that they make.

What each method does stands in `slack_channels.py` and `slack_messages.py`.
"""

from collections.abc import Mapping

from tocsin.simulate.sandbox import slack_channels, slack_messages
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, json_response
from tocsin.simulate.sandbox.slack_call import Arguments, Method, Refusal, arguments_of
from tocsin.simulate.sandbox.slack_rules import BOT
from tocsin.simulate.sandbox.slack_workspace import Workspace

# docs.slack.dev/reference/methods/auth.test: granted scopes are in a header of every answer.
SCOPES = (
    "bookmarks:read,bookmarks:write,channels:history,channels:join,channels:manage,channels:read,chat:write,"
    "groups:history,groups:read,groups:write,im:history,im:write,pins:write"
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


_METHODS: Mapping[str, Method[Workspace]] = {"auth.test": _test, **slack_channels.METHODS, **slack_messages.METHODS}


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

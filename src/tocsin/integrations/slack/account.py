"""How is a call to Slack's Web API written? The account, and the requests in its name; no I/O.

Source: docs.slack.dev/apis/web-api ("web-api" below). Arguments travel form-encoded, the way that the published
contract types them; the token travels in a header, never in an argument that could end in a log.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from tocsin.accounts.page_links import PageLinks, incident_page
from tocsin.integrations.slack.tiers import limit_of
from tocsin.integrations.wire import Request

_API = "https://slack.com/api/"


class SlackAccount(Struct, frozen=True):
    """The workspace as the bot's `token` opens it; `members` holds Slack member ids by person.

    `is_interactive`: a press of a button comes back to Tocsin.
    """

    token: str
    api_url: str
    public_url: str
    members: dict[str, str]
    links: PageLinks | None = None  # None: pages can't be acknowledged by a link
    is_interactive: bool = False

    def __repr__(self) -> str:
        # The token is a secret: whoever has it speaks as the bot.
        return f"SlackAccount(api_url={self.api_url!r}, public_url={self.public_url!r})"

    def page_of(self, incident: str) -> str:
        """The address of the incident's page."""
        return incident_page(self.public_url, incident)

    def post(self, method: str, arguments: Mapping[str, str]) -> Request:
        """A call that changes something."""
        headers = {
            "authorization": f"Bearer {self.token}",
            # web-api: "Valid charset names are: utf-8 iso-8859-1"
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        body = urlencode(arguments).encode()
        return Request("POST", self.api_url + method, headers=headers, body=body, limit=limit_of(method))

    def get(self, method: str, arguments: Mapping[str, str]) -> Request:
        """A call that reads."""
        headers = {"authorization": f"Bearer {self.token}"}
        url = f"{self.api_url}{method}?{urlencode(arguments)}"
        return Request("GET", url, headers=headers, limit=limit_of(method))

    def method_of(self, request: Request) -> str:
        """Which method `request`, written by this account, calls: `chat.postMessage`."""
        return request.url.removeprefix(self.api_url).partition("?")[0]


def argument_of(request: Request, name: str) -> str:
    """The argument as the request carries it, wherever it stands; empty where it carries none."""
    arguments = request.body.decode() if request.body else urlsplit(request.url).query
    return parse_qs(arguments).get(name, [""])[0]


def api_url(setting: str) -> str:
    """The address that method names are appended to, with its closing slash: Slack's own when `setting` is empty."""
    if not setting:
        return _API
    parts = urlsplit(setting)
    path = parts.path.rstrip("/") or "/api"
    return urlunsplit(parts._replace(path=f"{path}/"))

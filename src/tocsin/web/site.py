"""What does every page need? The node, the templates, the static files, and who tells of changes."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.accounts.forgery import token_for
from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import may
from tocsin.engine.node import Node
from tocsin.sop.classify import QUESTIONS
from tocsin.web import filters
from tocsin.web.live import Broadcaster
from tocsin.web.nav import NAV
from tocsin.web.static_files import StaticFiles


class Notice(Struct, frozen=True):
    """What a page says at its top: `kind` is done, told or failed."""

    kind: str
    text: str


class Site:
    """The pages' common ground: one for a node."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.static = StaticFiles()
        self.live = Broadcaster(node)
        self.templates = Environment(
            loader=PackageLoader("tocsin.web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.templates.filters.update(filters.FILTERS)
        self.templates.globals.update(static=self.static.url, nav=NAV, Permission=Permission, questions=QUESTIONS)

    def compile_templates(self) -> None:
        """Read all templates ahead, so that the first page at night waits for none; takes a quarter of a second."""
        for name in self.templates.list_templates():
            self.templates.get_template(name)

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page or fragment. Beside `context` its template knows the request, who asks, the time and the alarms.

        A fragment says the time and the session's token too, as it goes into a page that was made long before.
        """
        headers = {"Cache-Control": "no-store"}
        if is_fragment(request):
            headers["Tocsin-Now"] = self.node.clock.now().isoformat(timespec="milliseconds")
            headers["Tocsin-Token"] = csrf_token(request)
        return HTMLResponse(self.text(request, template, **context), status, headers)

    def text(self, request: Request, template: str, **context: Any) -> str:
        """The same as text."""
        principal = getattr(request.state, "principal", None)
        known = {
            "request": request,
            "principal": principal,
            "may": lambda permission: principal is not None and may(principal, permission),
            "name": self._name(principal),
            "named": self._named,
            "now": self.node.clock.now(),
            "speed": self.node.settings.clock_speed,
            "alarm": self.node.watch.alarms.line if principal else "",
            "notice": None,
        }
        return self.templates.get_template(template).render({**known, **context})

    def _name(self, principal: Any) -> str:
        return self._named(principal.person or principal.name) if principal else ""

    def _named(self, who: str) -> str:
        """The name of a person of the SOP by their id; anybody else as they are written."""
        person = self.node.sop.people.get(who)
        return person.name if person else who


def csrf_token(request: Request) -> str:
    """What shows that a request comes from a page of the session; empty where nobody could act."""
    secret = getattr(request.state, "secret", "")
    return token_for(secret) if secret else ""


def is_fragment(request: Request) -> bool:
    """Whether a script of ours asks, for a part of a page."""
    return request.headers.get("hx-request") == "true"

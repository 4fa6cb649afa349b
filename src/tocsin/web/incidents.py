"""Which incidents are there? The list: open, ended, all, or held; the newest pages of it, live."""

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.incident_views import IncidentLine
from tocsin.api.incidents import STATES, lines_of, state_asked
from tocsin.api.parameters import number_of
from tocsin.engine.node import Node
from tocsin.store.queries import Queries
from tocsin.web.site import Site, is_fragment

_PAGE = 50
_TITLES = {state: state.capitalize() for state in STATES}


class Listed(Struct, frozen=True):
    """A page of the list; `more` says whether another follows."""

    lines: list[IncidentLine]
    state: str
    offset: int
    more: bool

    @property
    def before(self) -> int | None:
        """Where the page before begins; None on the first."""
        return max(0, self.offset - _PAGE) if self.offset else None

    @property
    def after(self) -> int:
        """Where the next page begins."""
        return self.offset + _PAGE


async def get_incidents(site: Site, request: Request) -> Response:
    """The list."""
    state = state_asked(request)
    offset = number_of(request, "offset", default=0, most=10_000_000)
    listed = await site.node.read(lambda queries: _listed(site.node, queries, state, offset))
    template = "incidents_list.html" if is_fragment(request) else "incidents.html"
    return site.render(request, template, listed=listed, states=_TITLES)


def _listed(node: Node, queries: Queries, state: str, offset: int) -> Listed:
    lines = lines_of(node, queries, state, limit=_PAGE + 1, offset=offset)
    return Listed(lines=lines[:_PAGE], state=state, offset=offset, more=len(lines) > _PAGE)

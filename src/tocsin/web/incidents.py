"""Which incidents are there? The list: open, ended, all, or held; the newest pages of it, live."""

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.parameters import number_of
from tocsin.api.views import IncidentLine, incident_line
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput
from tocsin.store.queries import Queries
from tocsin.web.site import Site, is_fragment

_PAGE = 50
STATES = {"open": "Open", "ended": "Ended", "all": "All", "held": "Held"}


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
    state = request.query_params.get("state", "open")
    if state not in STATES:
        raise InvalidInput(f"state: must be {', '.join(STATES)}, got {state!r}")
    offset = number_of(request, "offset", default=0, most=10_000_000)
    listed = await site.node.read(lambda queries: _listed(site.node, queries, state, offset))
    template = "incidents_list.html" if is_fragment(request) else "incidents.html"
    return site.render(request, template, listed=listed, states=STATES)


def _listed(node: Node, queries: Queries, state: str, offset: int) -> Listed:
    limit = _PAGE + 1
    is_open = {"open": True, "ended": False}.get(state)
    found = (
        queries.held(limit, offset)
        if state == "held"
        else queries.incidents(is_open=is_open, limit=limit, offset=offset)
    )
    now, sops = node.clock.now(), node.desk.sops
    lines = [incident_line(it, sops.of(it.sop_version, queries), now) for it in found[:_PAGE]]
    return Listed(lines=lines, state=state, offset=offset, more=len(found) > _PAGE)

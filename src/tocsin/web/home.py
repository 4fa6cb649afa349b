"""What is going on, and what needs me? The first page: needs, open incidents, who is on call, the last 24 hours."""

from datetime import timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.incident_views import IncidentLine, incident_line
from tocsin.api.organisation import on_call_in
from tocsin.api.views import OnCallView
from tocsin.domain.incident import Incident, Status
from tocsin.engine.node import Node
from tocsin.store.queries import Queries
from tocsin.web.needs import Need, needs_of
from tocsin.web.site import Site, is_fragment

_OPEN = 50
_RECENT = 20
_LAST = timedelta(hours=24)


class Overview(Struct, frozen=True):
    """What the first page shows; `counts` by rank, `recent` ended within the last 24 hours or opened in them."""

    needs: list[Need]
    counts: dict[int, int]
    open: list[IncidentLine]
    recent: list[IncidentLine]
    on_call: list[OnCallView]

    @property
    def unanswered(self) -> int:
        """Of how many that are shown nobody has said yet that they respond."""
        return sum(line.status is Status.TRIGGERED for line in self.open)

    @property
    def total(self) -> int:
        """How many are open."""
        return sum(self.counts.values())


async def get_home(site: Site, request: Request) -> Response:
    """The first page."""
    person = request.state.principal.person
    overview = await site.node.read(lambda queries: _overview(site.node, queries, person))
    people = {id_: it.name for id_, it in site.node.sop.people.items()}
    teams = {id_: it.name for id_, it in site.node.sop.teams.items()}
    template = "home_parts.html" if is_fragment(request) else "home.html"
    return site.render(request, template, it=overview, people=people, teams=teams)


def _overview(node: Node, queries: Queries, person: str | None) -> Overview:
    now = node.clock.now()
    found = queries.incidents(is_open=True, limit=_OPEN)
    recent = [it for it in queries.opened_since(now - _LAST, _RECENT + _OPEN) if it.status.is_over]
    sops = {it.sop_version: node.desk.sops.of(it.sop_version, queries) for it in (*found, *recent)}

    def lines(incidents: list[Incident]) -> list[IncidentLine]:
        return [incident_line(it, sops[it.sop_version], now) for it in incidents]

    return Overview(
        needs=needs_of(person, sops, found, now),
        counts=queries.open_counts(),
        open=lines(found),
        recent=lines(recent[:_RECENT]),
        on_call=on_call_in(node, queries, now),
    )

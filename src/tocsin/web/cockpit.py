"""What must somebody know who works on an incident? Its cockpit: one page, live, with every command at hand."""

from datetime import datetime, timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.principal import Principal
from tocsin.api.incident_views import IncidentView
from tocsin.api.incidents import cockpit_of
from tocsin.api.parameters import number_of
from tocsin.domain.deadlines import update_due_at
from tocsin.domain.incident import Incident
from tocsin.domain.ladder import DrawnStep, drawn_ladder
from tocsin.domain.narrate import name_of, target_words
from tocsin.domain.service_change import ServiceChange
from tocsin.domain.transitions import RULES
from tocsin.engine.node import Node
from tocsin.oncall.roster import TARGETS
from tocsin.sop.durations import Duration
from tocsin.sop.model import Sop
from tocsin.sop.words import Role
from tocsin.store.queries import Queries
from tocsin.web.site import Notice, Site, is_fragment
from tocsin.web.timeline import SORTS, Timeline, sort_of, timeline_page

_PROMISES = tuple(Duration(minutes=minutes) for minutes in (5, 10, 15, 30, 60))


_CHANGED_BEFORE = timedelta(days=1)
_MOST_CHANGES = 10


class Composer(Struct, frozen=True):
    """What the update composer offers: who reads an update, and when the next may be promised."""

    is_lead: bool  # whether the reader is the Communications Lead, who alone publishes to customers
    lead: str | None  # who is
    draft: str
    due_at: datetime | None
    every: Duration | None
    promises: tuple[Duration, ...]


class Cockpit(Struct, frozen=True):
    """The incident as its page shows it; `legal` names the commands that its status allows."""

    it: IncidentView
    seq: int
    ladder: tuple[DrawnStep, ...]
    timeline: Timeline
    composer: Composer
    legal: frozenset[str]
    people: dict[str, str]
    targets: dict[str, str]
    other_teams: dict[str, str]
    reached_by: dict[str, tuple[str, ...]]
    acknowledged_by: str | None
    channel_url: str | None
    pagerduty_url: str | None
    changes: tuple[ServiceChange, ...]  # to its service, from the day before it was opened on; the newest first

    def whom(self, targets: tuple[str, ...]) -> list[str]:
        """The names of the people whom the targets stand for now, each once."""
        return list(dict.fromkeys(name for target in targets for name in self.reached_by.get(target, ())))


async def get_cockpit(site: Site, request: Request) -> Response:
    """The page of an incident."""
    return await show_cockpit(site, request)


async def show_cockpit(site: Site, request: Request, notice: Notice | None = None, status: int = 200) -> Response:
    """The page as it stands now, or for a script what of it changes, with something to tell; raises NotFound."""
    id_, sort = request.path_params["id"], sort_of(request.query_params.get("show", "all"))
    principal: Principal = request.state.principal
    cockpit = await site.node.read(lambda queries: _cockpit(site.node, queries, id_, sort, principal))
    template = "cockpit_parts.html" if is_fragment(request) else "cockpit.html"
    has_acted = request.method != "GET"
    response = site.render(
        request, template, status=status, c=cockpit, it=cockpit.it, notice=notice, has_acted=has_acted, sorts=SORTS
    )
    response.headers["Tocsin-Event"] = str(cockpit.seq)
    return response


async def get_timeline(site: Site, request: Request) -> Response:
    """Older events, a page at a time."""
    id_, sort = request.path_params["id"], sort_of(request.query_params.get("show", "all"))
    before = number_of(request, "before", default=0, most=10_000_000) or None

    def ask(queries: Queries) -> tuple[Incident, Timeline]:
        incident = queries.incident(id_)
        sop = site.node.desk.sops.of(incident.sop_version, queries)
        return incident, timeline_page(queries, id_, sop, sort=sort, before=before)

    incident, timeline = await site.node.read(ask)
    people = {id_: person.name for id_, person in site.node.sop.people.items()}
    return site.render(request, "timeline_page.html", it=incident, timeline=timeline, people=people, sorts=SORTS)


def _cockpit(node: Node, queries: Queries, id_: str, sort: str, principal: Principal) -> Cockpit:
    incident = queries.incident(id_)
    sop = node.desk.sops.of(incident.sop_version, queries)
    today = node.sop
    return Cockpit(
        it=cockpit_of(node, queries, incident),
        seq=incident.seq,
        ladder=drawn_ladder(sop, incident),
        timeline=timeline_page(queries, id_, sop, sort=sort),
        composer=_composer(sop, incident, principal),
        legal=legal_commands(incident),
        people={person: it.name for person, it in today.people.items()},
        targets={target: target_words(target) for target in (*sorted(TARGETS), *today.targets)},
        other_teams={team: it.name for team, it in today.teams.items() if team not in incident.teams},
        reached_by=_reached_by(node, queries, incident),
        acknowledged_by=name_of(incident.acknowledged_by, sop) if incident.acknowledged_by else None,
        channel_url=_channel_url(incident),
        pagerduty_url=_pagerduty_url(incident, today),
        changes=_changes(queries, incident),
    )


def _changes(queries: Queries, incident: Incident) -> tuple[ServiceChange, ...]:
    """What may have caused it, however much is changed to end it; and the newest of that."""
    began_at, changes = incident.opened_at, queries.desk.changes
    earlier = changes(since=began_at - _CHANGED_BEFORE, before=began_at, limit=_MOST_CHANGES, service=incident.service)
    later = changes(since=began_at, limit=_MOST_CHANGES, service=incident.service)
    return (*later, *earlier)


def _reached_by(node: Node, queries: Queries, incident: Incident) -> dict[str, tuple[str, ...]]:
    """Whom each target stands for at this moment: the ladder's of the incident's SOP, with today's roster."""
    roster = node.desk.roster(queries, node.clock.now())
    named = {*TARGETS, *node.sop.targets, *node.sop.people}
    return {
        target: tuple(name_of(person, node.sop) for person in roster.people(target, incident.teams)) for target in named
    }


def legal_commands(incident: Incident) -> frozenset[str]:
    """The names of the commands that the table of transitions allows in the incident's status."""
    return frozenset(rule.verb for rule in RULES.values() if incident.status in rule.legal_in)


def _composer(sop: Sop, incident: Incident, principal: Principal) -> Composer:
    level = sop.severities.get(incident.severity) if incident.severity else None
    due_at = update_due_at(level, incident) if level else None
    every = level.update_every if level and due_at else None
    lead = incident.roles.get(Role.COMMUNICATIONS_LEAD)
    return Composer(
        is_lead=lead is not None and lead == principal.actor,
        lead=name_of(lead, sop) if lead else None,
        draft=_draft(incident),
        due_at=due_at,
        every=every,
        promises=tuple(it for it in _PROMISES if it < (every or timedelta.max)),
    )


def _draft(incident: Incident) -> str:
    """What an update should say: what is known, and what is being done (when the next one comes is said beside it)."""
    known = incident.updates[-1].text if incident.updates else f"Known: {incident.title}"
    return known if incident.updates else f"{known}\nBeing done: "


def _channel_url(incident: Incident) -> str | None:
    return f"https://slack.com/app_redirect?channel={incident.channel.id}" if incident.channel else None


def _pagerduty_url(incident: Incident, sop: Sop) -> str | None:
    """PagerDuty's list, where the incident paged through it: its Events API names no incident of its own."""
    if not any(page.method.via == "pagerduty" for page in incident.pages.values()):
        return None
    return f"https://app.{'eu.' if sop.pagerduty.region == 'eu' else ''}pagerduty.com/incidents"

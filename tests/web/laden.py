"""How do pages look at their fullest, and with nothing in them? Worlds in which everything is long, many or missing.

`LADEN` are the pages of `laden`, `EMPTY` those of a server on which nothing has happened yet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.server import Server, firing
from tests.system.waiting import until
from tests.web.pages import Shown
from tests.web.world import World
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.render.postmortem import Section

LADEN = (
    Shown("home, crowded", "/", "Open incidents"),
    Shown("incidents, crowded", "/incidents", "Every host of the storage cluster"),
    Shown("incident with everything", "/incidents/{everything}", "Deployed website 4.2"),
    Shown("its earlier events", "/incidents/{everything}/timeline?before=60", "nothing unusual"),
    Shown("incident with a long title", "/incidents/{long}", "Every host of the storage cluster"),
    Shown("timeline with a long title", "/incidents/{long}/timeline", "Every host of the storage cluster"),
    Shown("alerts, many", "/alerts", "CheckoutErrors"),
    Shown("inbox, crowded", "/inbox?whose=all", "Checkout"),
    Shown("search, crowded", "/search?q=unusual", "nothing unusual"),
    Shown("activity, crowded", "/activity", "What people and tokens did"),
    Shown("postmortem, written", "/incidents/{written}/postmortem", "As it will look"),
    Shown("silences, long", "/silences", "moving disks"),
)
EMPTY = (
    Shown("home, empty", "/", "All quiet"),
    Shown("incidents, empty", "/incidents", "All quiet"),
    Shown("ended incidents, empty", "/incidents?state=ended", "None yet"),
    Shown("alerts, empty", "/alerts", "Nothing has come in yet"),
    Shown("silences, empty", "/silences", "Every alert that fires opens an incident"),
    Shown("inbox, empty", "/inbox", "Nothing yet"),
    Shown("search, nothing asked", "/search", "Search"),
    Shown("search, nothing found", "/search?q=zebra", "Nothing found"),
    Shown("overrides, none", "/oncall", "Everybody has the shifts of their rotation"),
)
_LONG = (  # as long as a title may be
    "Every host of the storage cluster in eu-central-1 reports errors since the update of its firmware, and writes to "
    "/var/lib/postgresql/15/main/pg_wal/000000010000A3F40000007B_partial_name_of_a_file fail"
)


@contextmanager
def laden(directory: Path, *, events: int = 150) -> Iterator[World]:
    """A server with stand-ins for PagerDuty and Slack; `events` is how many the incident with everything has."""
    with (
        Sandbox() as sandbox,
        Server(
            directory,
            sandbox=sandbox,
            PAGERDUTY_ROUTING_KEY="R0123456789abcdefR0123456789abcd",
            SLACK_BOT_TOKEN="xoxb-1",
        ) as server,
    ):
        world = World(server)
        world.ids["long"] = world.declare(_LONG, service="database")
        _crowd(world)
        world.ids["everything"] = _everything(world, events)
        world.ids["written"] = _written(world)
        world.server.post(
            "silences", matchers=[f'path="{_LONG}"'], comment=f"moving disks; {_LONG}", lasts="2h", by="bob"
        )
        until(lambda: server.get("search", q="unusual"), "what was written can be found")
        yield world


def _crowd(world: World) -> None:
    for severity in ("SEV1", "SEV2", "SEV3", "SEV4"):
        for number in range(1, 5):
            world.declare(f"Checkout is slow in region {number}", severity=severity, reason="some customers wait")


def _everything(world: World, events: int) -> str:
    """An incident of 30 alerts and a change, with a channel, a page in PagerDuty, all roles, an overdue update."""
    server = world.server
    _change(server)
    alerts = (firing("CheckoutErrors", service="website", severity="critical", host=f"web-{n:02}") for n in range(30))
    server.send_alerts(*alerts)
    (incident,) = (it["id"] for it in server.get("incidents") if "CheckoutErrors" in it["title"])
    world.do(incident, "acknowledge")
    world.do(incident, "assess", severity="SEV1", reason=f"all customers: {_LONG[:180]}")
    for role, person in (("incident_commander", "bob"), ("communications_lead", "bob"), ("technical_lead", "dana")):
        world.do(incident, "roles", role=role, person=person)
    world.do(incident, "teams", team="backend")
    world.do(incident, "updates", text=f"{_LONG}.\nWe roll back.", audience="external")
    world.do(incident, "pages", target="cto", reason=_LONG[:200])
    for number in range(events):
        world.do(incident, "notes", text=f"Host {number}: nothing unusual there.")
    until(lambda: server.get(f"incidents/{incident}")["channel"], "the channel is open")
    return str(incident)


def _change(server: Server) -> None:
    key = server.post("tokens", name="website", scopes=["intake"], form="routing_key")["token"]
    for number in range(2, 5):
        body = {
            "routing_key": key,
            "payload": {"summary": f"Deployed website 4.{number}: {_LONG[:90]}", "source": "ci"},
            "links": [{"href": "https://ci.example/builds/42", "text": "Build 42"}],
        }
        server.http.post("/v2/change/enqueue", json=body).raise_for_status()


def _written(world: World) -> str:
    """A resolved incident whose postmortem has every section, a wide table and three action items."""
    incident = world.declare("Export of large data times out", severity="SEV1", reason="as the SOP says")
    for action in ("acknowledge", "mitigate", "resolve"):
        world.do(incident, action)
    row = "| " + " | ".join(f"column_{n}_with_a_long_name" for n in range(9)) + " |"
    wide = "\n".join([row, "|---" * 9 + "|", row])
    text = f"Exports *timed out* because {_LONG}.\n\n{wide}\n\n```\n{_LONG}\n```\n\n1. one\n2. two"
    drafted = (Section.IDENTITY, Section.TIMELINE, Section.ACTION_ITEMS)  # from the record, or apart
    sections = {section.value: text for section in Section if section not in drafted}
    items = [{"text": _LONG[:150], "owner": "dana", "priority": "P1", "due_on": "2027-01-08", "status": "open"}] * 3
    world.server.put(f"incidents/{incident}/postmortem", sections=sections, action_items=items, by="bob")
    return incident

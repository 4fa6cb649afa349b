"""Is everything set up as it must be? The running server's answer for `tocsin doctor`: it has the secrets."""

from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.bodies import answer
from tocsin.engine import doctor
from tocsin.engine.node import Node
from tocsin.engine.pagerduty.hearing import HEARD_AT
from tocsin.store.overrides import plain
from tocsin.store.queries import Queries


async def get_checkup(node: Node, request: Request) -> Response:
    """What is found, in the order in which somebody would set things up; nobody is paged."""
    faults = (await node.watch.readiness()).why
    situation = await node.read(lambda queries: situation_of(node, queries, faults))
    return answer(await doctor.examine(situation, node.ask))


def situation_of(node: Node, queries: Queries, faults: tuple[str, ...]) -> doctor.Situation:
    """What the server knows of itself."""
    now, heard_at = node.clock.now(), queries.meta(HEARD_AT)
    return doctor.Situation(
        settings=node.settings,
        sop=node.sop,
        now=now,
        tests=queries.desk.page_tests_by_person(),
        browsers=queries.desk.people_with_browsers(),
        faults=faults,
        heard_at=datetime.fromisoformat(heard_at) if heard_at else None,
        overrides=plain(queries.desk.overrides(now, now + timedelta(microseconds=1))),
    )

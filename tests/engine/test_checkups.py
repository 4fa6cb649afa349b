"""Does a checkup come to an end, and is a vendor's silence told as a finding?"""

import asyncio

from tocsin.engine.checkups import carry_out
from tocsin.errors import Unreachable
from tocsin.integrations.checkup import Checkup, Finding, Probe, State, broken, well
from tocsin.integrations.wire import Inquiry, Reply, Request

ASKED = Request("GET", "https://vendor.example/me")


def found(checkup: Checkup, *statuses: int | None) -> list[Finding]:
    """What is found when the vendor answers so, one after the other; None: not at all."""
    left = list(statuses)

    async def send(request: Inquiry) -> Reply:
        status = left.pop(0)
        if status is None:
            raise Unreachable("vendor.example: the connection was refused")
        return Reply(status, {}, b"")

    return asyncio.run(carry_out(checkup, send))


def is_well(reply: Reply) -> Checkup:
    return (well("token") if reply.status == 200 else broken("token", f"HTTP {reply.status}", "make another"),)


def test_findings_come_in_the_order_of_the_checkup_whatever_must_be_asked_for_them() -> None:
    items = (well("key"), Probe("token", ASKED, is_well), well("address"))
    assert [it.what for it in found(items, 200)] == ["key", "token", "address"]


def test_an_answer_may_lead_to_the_next_question() -> None:
    second = Probe("scope", ASKED, lambda reply: (well("scope"),))
    first = Probe("token", ASKED, lambda reply: (well("token"), second))
    assert [it.what for it in found((first, well("address")), 200, 200)] == ["token", "scope", "address"]


def test_vendor_that_does_not_answer_is_a_finding_with_a_remedy() -> None:
    (only,) = found((Probe("token", ASKED, is_well),), None)
    assert (only.state, only.told) == (State.BROKEN, "no answer: vendor.example: the connection was refused")
    assert only.remedy == "see that this machine may reach it: name servers, firewall, certificates"


def test_answers_that_lead_on_for_ever_are_not_followed_for_ever() -> None:
    def again(reply: Reply) -> Checkup:
        return (Probe("page", ASKED, again),)

    assert found((Probe("page", ASKED, again),), *[200] * 100) == []

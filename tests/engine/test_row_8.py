"""Does anything pass for sent that is not, whatever ails a vendor? Row 8 of the fault matrix, for every vendor.

Each fault is a real one: bytes over a connection that a sender has with a limit of its own. What it makes of them is
put to each of the ways out; what the whole server does about it stands in `tests/system/test_ill_vendors.py`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.fakes.effects import FIRST, INCIDENT, REPEAT, SLACK, acknowledgement, channel_effects, resolution
from tests.fakes.effects import page as page_by
from tests.fakes.ill import ill_vendor
from tests.fakes.moods import ROW_8, TOO_SLOW, Manner, Mood
from tocsin.domain import effects as f
from tocsin.engine.sender import Sender
from tocsin.errors import Unreachable
from tocsin.integrations.pagerduty import outbound as pagerduty
from tocsin.integrations.pagerduty import writing
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.slack import outbound as slack
from tocsin.integrations.wire import MAX_WAIT, Again, Busy, Reply, Request, Then, Verdict
from tocsin.simulate.sandbox.recording import Response, json_response

pytestmark = pytest.mark.anyio

SOON = timedelta(seconds=2)
CHANNEL, MESSAGE = "C0000000001", "1767607200.000002"
REST = RestAccount("https://api.pagerduty.com", "a-token", "tocsin@example.com")
BUSY = {
    "429 without Retry-After": None,
    "429 with Retry-After": timedelta(seconds=2),
    "429 with an absurd Retry-After": MAX_WAIT,
}
UNREACHABLE = {
    Manner.RESET: "the connection was reset",
    Manner.BABBLE: "it broke off, or did not answer in HTTP",
    **dict.fromkeys(TOO_SLOW, "no answer within 2 s"),
}


async def heard(mood: Mood) -> Reply:
    """What the sender makes of the vendor's answer; raises Unreachable."""
    sender = Sender(SOON) if mood.manner in TOO_SLOW else Sender()
    async with ill_vendor(mood) as url:
        try:
            return await sender.send(Request("POST", url, {}, b"a page"))
        finally:
            await sender.close()


class Way(NamedTuple):
    """A way out: what the reply to one of its requests means."""

    name: str
    verdict_on: Callable[[Reply], Verdict]

    def __str__(self) -> str:
        return self.name


def by_events(effect: pagerduty.PagerDutyEffect) -> Way:
    return Way(f"PagerDuty {type(effect).__name__}", lambda reply: pagerduty.classify(effect, reply))


def by_slack(effect: slack.SlackEffect, *, repeated: bool = False) -> Way:
    request = slack.request_for(effect, SLACK, REPEAT if repeated else FIRST)
    assert isinstance(request, Request)
    name = f"Slack {type(effect).__name__}{', sought' if repeated else ''}"
    return Way(name, lambda reply: slack.classify(effect, request, reply, SLACK))


def by_rest(effect: writing.Written, *answers: Response) -> Way:
    """The request that follows after these answers."""
    request = writing.request_for(effect, REST, "k3x9")
    for answer in answers:
        verdict = writing.classify(effect, request, Reply(answer.status, {}, answer.body), REST, "k3x9")
        assert isinstance(verdict, Then)
        request = verdict.request
    name = f"PagerDuty {request.method} {request.url.partition('?')[0].rpartition('/')[2]}"
    return Way(name, lambda reply: writing.classify(effect, request, reply, REST, "k3x9"))


PAGE = page_by("pagerduty")
NOTE = f.NoteThere(incident=INCIDENT, page=PAGE.key, number=7, text="rolling back")
ASK = f.AskThere(incident=INCIDENT, page=PAGE.key, number=7, user="PBOB", message="SEV1: Checkout is down")
THERE = json_response(200, {"incidents": [{"id": "Q1"}]})
TESTED = f.SendPageTest(key="test-alice", reach=PAGE.reach, asked_by="bob")
IN_SLACK: tuple[slack.SlackEffect, ...] = (
    page_by("slack"),
    replace(TESTED, reach=page_by("slack").reach),
    f.OpenChannel(incident=INCIDENT, name="inc-2026-0042"),
    f.PostSummary(incident=INCIDENT, channel=CHANNEL, text="Status: triggered"),
    f.TellStakeholders(incident=INCIDENT, channel=CHANNEL, text="SEV1"),
    f.ArchiveChannel(incident=INCIDENT, channel=CHANNEL),
    f.UnarchiveChannel(incident=INCIDENT, channel=CHANNEL),
    *channel_effects(CHANNEL, MESSAGE),
)
# A page is none of them: it never waits for what is only sought.
SOUGHT: tuple[slack.SlackEffect, ...] = (IN_SLACK[3], f.AddBookmark(incident=INCIDENT, channel=CHANNEL, title="Tocsin"))
WAYS = [
    *(by_events(it) for it in (PAGE, acknowledgement(), resolution(), TESTED, f.EndPageTest("test-alice", PAGE.reach))),
    *(by_slack(it) for it in IN_SLACK),
    *(by_slack(it, repeated=True) for it in SOUGHT),
    by_rest(NOTE),
    by_rest(NOTE, THERE),
    by_rest(NOTE, THERE, json_response(200, {"notes": []})),
    by_rest(ASK),
    by_rest(ASK, json_response(200, {"users": [{"id": "PTOCSIN", "email": "tocsin@example.com"}]}), THERE),
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ROW_8)
async def test_no_fault_passes_for_a_positive_answer_of_any_vendors(fault: str) -> None:
    mood = ROW_8[fault]
    if mood.manner in UNREACHABLE:
        with pytest.raises(Unreachable) as told:
            await heard(mood)
        assert str(told.value) == f"127.0.0.1: {UNREACHABLE[mood.manner]}"
        return
    reply = await heard(mood)
    verdicts = {way.name: way.verdict_on(reply) for way in WAYS}
    assert {name: it for name, it in verdicts.items() if not isinstance(it, Again)} == {}
    assert {name: it for name, it in verdicts.items() if isinstance(it, Busy) != (fault in BUSY)} == {}
    assert {it.after for it in verdicts.values() if isinstance(it, Busy)} <= {BUSY.get(fault)}


def test_every_way_to_a_vendor_is_among_them() -> None:
    effects = {type(it) for it in IN_SLACK} | {type(it) for it in (PAGE, acknowledgement(), resolution(), NOTE, ASK)}
    all_of_them = {kind for kind in f.AnyEffect.__args__ if kind is not f.EndPageTest}
    assert all_of_them - effects == {f.OpenPrivateChannel}  # as OpenChannel

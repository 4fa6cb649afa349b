"""Pages by hand, and what stops a page from ringing."""

import pytest

from tests.domain.harness import (
    BACKEND_PRIMARY,
    CTO,
    DIRECTOR,
    EVERYONE_ON_CALL,
    MANAGER,
    PAGE,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV2,
    SEV3,
    Story,
    step,
    with_contact,
)
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod


@pytest.mark.parametrize(
    ("target", "people"),
    [
        pytest.param(CTO, [CTO], id="a person"),
        pytest.param("cto", [CTO], id="an organisation's target"),
        pytest.param("secondary", [SECONDARY], id="the affected team's secondary"),
        pytest.param("everyone_on_call", list(EVERYONE_ON_CALL), id="everyone on call"),
    ],
)
def test_page_by_hand_reaches_the_target(target: str, people: list[str]) -> None:
    story = Story().declare(SEV3).page(target, "it gets worse")
    assert story.ringing == people
    assert [(page.reach.person, page.urgency) for page in story.just_sent(f.SendPage)] == [(it, PAGE) for it in people]
    assert {paged.reason for paged in story.happened(e.PersonPaged)} == {"it gets worse"}


def test_page_by_hand_does_not_touch_the_ladder() -> None:
    story = Story().declare(SEV1).at(2).page(SECONDARY)
    assert story.at(5).ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]


def test_page_by_hand_after_the_acknowledgement_rings_until_somebody_answers() -> None:
    story = Story().declare(SEV1).acknowledge().at(10).page(CTO)
    assert story.ringing == [CTO]
    assert story.acknowledge(by=CTO).ringing == []


def test_second_answer_leaves_the_first_responder_in_the_record() -> None:
    story = Story().declare(SEV1).acknowledge(by=PRIMARY).page(CTO).acknowledge(by=CTO)
    assert story.incident.acknowledged_by == PRIMARY
    assert [it.actor for it in story.events if isinstance(it.event, e.Acknowledged)] == [PRIMARY, CTO]


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(c.Acknowledge(), id="acknowledged"),
        pytest.param(c.Mitigate(), id="mitigated"),
    ],
)
def test_response_stops_the_pager_of_everybody_who_was_paged(stop: c.Change) -> None:
    story = Story().declare(SEV1).at(6)
    assert [effect.reach.person for effect in story.send(stop).just_sent(f.AcknowledgePage)] == [PRIMARY, SECONDARY]
    assert story.just_sent(f.ResolvePage) == []


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(c.Resolve(), id="resolved"),
        pytest.param(c.Cancel(reason="a test"), id="cancelled"),
    ],
)
@pytest.mark.parametrize("is_acknowledged", [True, False], ids=["acknowledged before", "never acknowledged"])
def test_end_resolves_every_page_at_the_pager(end: c.Change, is_acknowledged: bool) -> None:
    story = Story().declare(SEV1).at(6)
    if is_acknowledged:
        story.acknowledge()
    story.send(end)
    assert [effect.reach.person for effect in story.just_sent(f.ResolvePage)] == [PRIMARY, SECONDARY]
    assert story.just_sent(f.AcknowledgePage) == []


def test_endings_carry_the_key_of_the_page() -> None:
    story = Story().declare(SEV2)
    key, _ = story.page_to(PRIMARY)
    (acknowledged,) = story.acknowledge().just_sent(f.AcknowledgePage)
    (resolved,) = story.resolve().just_sent(f.ResolvePage)
    assert key == acknowledged.key == resolved.key
    assert acknowledged.lane == resolved.lane == f"{key}/pagerduty"


def test_what_does_not_ring_needs_no_ending() -> None:
    story = Story(methods=()).declare(SEV2).acknowledge().resolve()
    assert story.sent(f.AcknowledgePage) + story.sent(f.ResolvePage) == []


def test_page_that_failed_at_the_pager_needs_no_ending_there() -> None:
    story = Story().declare(SEV3).page(CTO).page(PRIMARY).fail_every_way(PRIMARY)
    assert story.acknowledge().just_sent(f.AcknowledgePage) == []


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(c.Acknowledge(), id="acknowledged"),
        pytest.param(c.Mitigate(), id="mitigated"),
        pytest.param(c.Resolve(), id="resolved"),
        pytest.param(c.Cancel(reason="a test"), id="cancelled"),
    ],
)
def test_pages_that_have_not_left_yet_are_withdrawn(stop: c.Change) -> None:
    story = Story().declare(SEV1).at(6)
    pages = {story.page_to(PRIMARY)[0], story.page_to(SECONDARY)[0]}
    assert pages <= set(story.send(stop).last.withdrawn)


def test_acknowledgement_does_not_withdraw_notifications() -> None:
    story = Story().declare(SEV1)
    key, _ = story.page_to(DIRECTOR)
    assert key not in story.acknowledge().last.withdrawn


def test_page_that_goes_another_way_is_not_withdrawn() -> None:
    assert Story().declare(SEV1).fail(PRIMARY).last.withdrawn == ()


def test_page_of_an_earlier_epoch_is_not_withdrawn_again() -> None:
    story = Story().declare(SEV2).resolve().reopen()
    (key,) = story.incident.open_pages
    assert story.acknowledge().last.withdrawn == (key,)


def test_every_page_has_a_key_of_its_own() -> None:
    story = Story().declare(SEV1, teams=("backend",)).at(50).resolve().reopen().page(BACKEND_PRIMARY).page(MANAGER)
    keys = [page.key for page in story.sent(f.SendPage)]
    assert len(keys) == len(set(keys))


def _shown() -> Story:
    """The primary is paged by push, which goes on showing the page until something takes its place."""
    sop = with_contact(default_sop(), PRIMARY, ContactMethod(via="push"))
    return Story(sop, methods=("pagerduty", "push")).declare(SEV2).accept(PRIMARY)


def test_page_that_is_shown_is_replaced_once_when_somebody_answers() -> None:
    story = _shown().acknowledge()
    assert [it.way for it in story.just_sent(f.AcknowledgePage)] == ["push"]
    story.resolve()
    assert [it.way for it in story.sent(f.AcknowledgePage) + story.sent(f.ResolvePage)] == ["push"]


def test_page_that_is_shown_is_replaced_when_its_incident_is_over_unanswered() -> None:
    story = _shown().cancel()
    assert [it.way for it in story.just_sent(f.AcknowledgePage)] == ["push"]
    assert story.sent(f.ResolvePage) == []

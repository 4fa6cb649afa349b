"""A step that reaches nobody (gap, no contact method, every delivery failed) does not wait: the next fires at once."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.domain.harness import (
    BACKEND_PRIMARY,
    BACKEND_SECONDARY,
    CTO,
    DIRECTOR,
    EVERYONE_ON_CALL,
    MANAGER,
    NOTIFY,
    PAGE,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV2,
    SEV3,
    VP,
    Story,
    step,
    with_contact,
    with_rotation,
    without,
)
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.incident import PageStatus
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, EscalationStep, Sop

PAGERDUTY, SLACK, INBOX = (ContactMethod(via=via) for via in ("pagerduty", "slack", "inbox"))
SOP = default_sop()
NO_PRIMARY = with_rotation(SOP, "platform", primary=(), secondary=("bob", "alice"))
SLACK_TOO = with_contact(SOP, PRIMARY, PAGERDUTY, SLACK, INBOX)
NOBODY = with_rotation(SOP, "platform", primary=(), secondary=())


def last_step(story: Story) -> e.StepFired:
    return story.happened(e.StepFired)[-1]


@pytest.mark.parametrize(
    ("sop", "unreachable"),
    [
        pytest.param(NO_PRIMARY, "primary of platform (nobody)", id="a gap in the rotation"),
        pytest.param(without(SOP, PRIMARY), "primary of platform (nobody)", id="the primary has left"),
        pytest.param(with_contact(SOP, PRIMARY), "alice (no usable contact method)", id="no contact method"),
        pytest.param(
            with_contact(SOP, PRIMARY, ContactMethod(via="sms")),
            "alice (no usable contact method)",
            id="a contact method that is not set up",
        ),
    ],
)
def test_step_that_reaches_nobody_says_so_and_fires_the_next_at_once(sop: Sop, unreachable: str) -> None:
    story = Story(sop).declare(SEV1)
    assert story.ladder == [step(0, PAGE), step(0, PAGE, SECONDARY)]
    assert story.happened(e.StepFired)[0].unreachable == (unreachable,)
    assert story.at(15).ladder[-1] == step(15, PAGE, MANAGER)


def test_several_steps_that_reach_nobody_are_passed_over_together() -> None:
    assert Story(NOBODY).declare(SEV2).ladder == [step(0, PAGE), step(0, PAGE), step(0, PAGE, MANAGER)]


def test_ladder_that_reaches_nobody_calls_everyone_on_call_at_once() -> None:
    story = Story(without(NOBODY, MANAGER)).declare(SEV2)
    everyone = tuple(person for person in EVERYONE_ON_CALL if person not in (PRIMARY, SECONDARY))
    assert story.ladder == [step(0, PAGE), step(0, PAGE), step(0, PAGE), step(0, PAGE, *everyone)]
    assert story.at(15).ladder[-1] == step(15, PAGE, *everyone)


def test_organisation_without_anybody_is_tried_again_every_fifteen_minutes() -> None:
    story = Story(without(SOP, *SOP.people)).declare(SEV2).at(31)
    assert [it.minute for it in story.ladder] == [0, 0, 0, 0, 15, 30]
    assert not any(it.people for it in story.ladder)


def test_notification_that_reaches_nobody_goes_to_the_next_in_line_at_once() -> None:
    story = Story(without(SOP, DIRECTOR, VP)).declare(SEV1).acknowledge().at(31)
    assert story.ladder[1:] == [step(30, NOTIFY), step(30, NOTIFY, CTO)]


def test_team_without_a_primary_is_named_although_the_other_team_has_one() -> None:
    story = Story(NO_PRIMARY).declare(SEV1, teams=("backend",))
    assert story.ladder == [step(0, PAGE, BACKEND_PRIMARY)]
    assert last_step(story).unreachable == ("primary of platform (nobody)",)


def test_team_that_joins_without_a_primary_is_passed_over_to_its_secondary_at_once() -> None:
    sop = with_rotation(SOP, "backend", primary=(), secondary=(BACKEND_SECONDARY,))
    story = Story(sop).declare(SEV1).at(7).add_team("backend")
    assert story.ladder[2:] == [step(7, PAGE), step(7, PAGE, BACKEND_SECONDARY)]


def test_failed_page_goes_to_the_persons_next_contact_method_first() -> None:
    story = Story(SLACK_TOO).declare(SEV1).fail(PRIMARY)
    (retry,) = story.just_sent(f.SendPage)
    assert (retry.reach.person, retry.provider, retry.urgency) == (PRIMARY, "slack", PAGE)
    assert retry.reason == "by another way: the provider refused"
    assert story.ladder == [step(0, PAGE, PRIMARY)]


def test_all_attempts_of_one_page_carry_the_same_key() -> None:
    story = Story().declare(SEV1).fail(PRIMARY)
    first, second = (page for page in story.sent(f.SendPage) if page.reach.person == PRIMARY)
    assert first.key == second.key
    assert first.lane != second.lane


def test_page_whose_provider_is_down_goes_another_way_as_well() -> None:
    story = Story(SLACK_TOO).declare(SEV1).delay(PRIMARY)
    assert [(page.reach.person, page.provider) for page in story.just_sent(f.SendPage)] == [(PRIMARY, "slack")]
    assert story.ladder == [step(0, PAGE, PRIMARY)]


def test_delay_of_the_last_contact_method_is_told_once() -> None:
    story = Story(SLACK_TOO).declare(SEV1).delay(PRIMARY).delay(PRIMARY).delay(PRIMARY).delay(PRIMARY)
    assert [it.next_method for it in story.happened(e.PageFailed)] == [SLACK, INBOX, None]


def test_step_whose_every_provider_is_down_is_offered_to_them_still_and_the_ladder_keeps_its_times() -> None:
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY, SLACK)).declare(SEV1).delay(PRIMARY).at(1).delay(PRIMARY)
    assert story.at(6).ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]


def test_step_hands_over_at_once_when_the_last_of_its_providers_gives_up() -> None:
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY)).declare(SEV1).delay(PRIMARY).at(0.25)
    assert story.refuse(PRIMARY, "pagerduty").ladder == [step(0, PAGE, PRIMARY), step(0.25, PAGE, SECONDARY)]


def test_step_is_not_handed_over_when_its_provider_comes_back_in_time() -> None:
    story = Story().declare(SEV1).delay(PRIMARY).at(0.25)
    key, _ = story.page_to(PRIMARY)
    story.send(c.ReportPageAccepted(key=key, via="pagerduty"), by="tocsin")
    assert story.at(4).ladder == [step(0, PAGE, PRIMARY)]


def test_page_is_not_given_up_while_one_provider_may_still_take_it() -> None:
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY, SLACK)).declare(SEV1).delay(PRIMARY).fail(PRIMARY)
    key, page = story.page_to(PRIMARY)
    assert page.status is PageStatus.PENDING
    assert key in story.acknowledge().last.withdrawn


def test_page_that_the_last_provider_gives_up_has_failed() -> None:
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY, SLACK)).declare(SEV1).delay(PRIMARY).fail(PRIMARY)
    story.refuse(PRIMARY, "pagerduty")
    assert story.page_to(PRIMARY)[1].status is PageStatus.FAILED


def test_acknowledgement_stops_the_pager_that_was_down_as_well() -> None:
    story = Story(SLACK_TOO).declare(SEV1).delay(PRIMARY).acknowledge()
    assert [effect.provider for effect in story.just_sent(f.AcknowledgePage)] == ["pagerduty"]


# The inbox, which wakes nobody


@pytest.mark.parametrize(
    ("breaks", "minute"),
    [
        pytest.param(Story.fail, 0, id="at once where the others refused it"),
        pytest.param(Story.delay, 5, id="in its own time where the others are down and may come back"),
    ],
)
def test_page_that_is_left_to_the_inbox_goes_there_and_hands_over_to_the_next_step(
    breaks: Callable[[Story, str], Story], minute: float
) -> None:
    story = breaks(Story().declare(SEV1), PRIMARY)
    assert story.just_sent(f.SendPage)[0].provider == "inbox"
    assert story.accept(PRIMARY).at(6).ladder == [step(0, PAGE, PRIMARY), step(minute, PAGE, SECONDARY)]


def test_inbox_comes_last_for_a_page_wherever_it_stands() -> None:
    story = Story(with_contact(SOP, PRIMARY, INBOX, PAGERDUTY, SLACK)).declare(SEV1).fail(PRIMARY).fail(PRIMARY)
    assert [it.provider for it in story.sent(f.SendPage) if it.reach.person == PRIMARY] == [
        "pagerduty",
        "slack",
        "inbox",
    ]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(lambda: Story(with_contact(SOP, PRIMARY, INBOX)), id="it is the only one named"),
        pytest.param(lambda: Story(methods=()), id="no other is set up"),
    ],
)
def test_inbox_takes_a_page_where_it_is_the_only_contact_method(story: Callable[[], Story]) -> None:
    assert story().declare(SEV1).accept(PRIMARY).at(4).ladder == [step(0, PAGE, PRIMARY)]


def test_notification_is_well_kept_in_the_inbox() -> None:
    sop = with_contact(SOP, DIRECTOR, SLACK, INBOX)
    story = Story(sop).declare(SEV1).acknowledge().at(31).fail(DIRECTOR).accept(DIRECTOR)
    assert story.at(59).ladder[1:] == [step(30, NOTIFY, DIRECTOR, VP)]


def test_provider_that_comes_back_takes_the_page_that_the_inbox_has() -> None:
    story = Story().declare(SEV1).delay(PRIMARY).accept(PRIMARY)
    key, _ = story.page_to(PRIMARY)
    story.send(c.ReportPageAccepted(key=key, via="pagerduty"), by="tocsin")
    assert [it.via for it in story.happened(e.PageAccepted)] == ["inbox", "pagerduty"]
    assert not story.incident.pages[key].is_lost


def test_provider_that_gives_up_a_page_that_the_inbox_has_hands_over_to_the_next_step() -> None:
    story = Story().declare(SEV1).delay(PRIMARY).accept(PRIMARY).at(0.75).refuse(PRIMARY, "pagerduty")
    assert story.ladder == [step(0, PAGE, PRIMARY), step(0.75, PAGE, SECONDARY)]


def test_provider_that_gives_up_a_page_that_another_has_hurries_nobody() -> None:
    story = Story(SLACK_TOO).declare(SEV1).delay(PRIMARY).accept(PRIMARY).at(0.75).refuse(PRIMARY, "pagerduty")
    assert story.at(4).ladder == [step(0, PAGE, PRIMARY)]


# What a step that reached nobody hurries


def test_notification_that_reaches_nobody_pages_nobody_sooner() -> None:
    story = Story(without(SOP, DIRECTOR, VP)).declare(SEV1).at(44)
    assert story.ladder[-3:] == [step(30, PAGE, MANAGER, *EVERYONE_ON_CALL), step(30, NOTIFY), step(30, NOTIFY, CTO)]


def test_page_that_reaches_nobody_is_not_made_up_for_by_a_notification() -> None:
    steps = (EscalationStep(Duration(), page=("primary",)), EscalationStep(Duration(minutes=1), notify=("cto",)))
    level = SOP.severities[SEV1]
    later = (*steps, EscalationStep(Duration(minutes=5), page=("secondary",)))
    sop = replace(SOP, severities={**SOP.severities, SEV1: replace(level, escalation=later)})
    story = Story(without(sop, PRIMARY)).declare(SEV1).at(1)
    assert story.ladder == [step(0, PAGE), step(0, PAGE, SECONDARY), step(1, NOTIFY, CTO)]


def test_page_that_reaches_nobody_is_made_up_for_by_a_notification_where_no_page_is_left() -> None:
    steps = (EscalationStep(Duration(), page=("primary",)), EscalationStep(Duration(hours=4), notify=("cto",)))
    sop = replace(SOP, severities={**SOP.severities, SEV3: replace(SOP.severities[SEV3], escalation=steps)})
    story = Story(without(sop, PRIMARY)).declare(SEV3).at(hours=5)
    assert story.ladder == [step(0, PAGE), step(0, NOTIFY, CTO)]


def test_page_that_is_lost_before_the_severity_is_raised_hurries_the_new_ladder() -> None:
    story = Story().declare(SEV2).at(1).assess(SEV1).at(2).fail(PRIMARY)
    assert story.ladder == [step(0, PAGE, PRIMARY), step(2, PAGE, SECONDARY)]


def test_page_that_is_lost_after_the_mitigation_hurries_nobody() -> None:
    story = Story().declare(SEV1).mitigate().at(1)
    assert story.ladder == [step(0, PAGE, PRIMARY)]


def test_step_whose_every_delivery_failed_fires_the_next_at_once() -> None:
    story = Story().declare(SEV1).at(1).fail_every_way(PRIMARY)
    assert story.ladder == [step(0, PAGE, PRIMARY), step(1, PAGE, SECONDARY)]
    assert story.at(15).ladder[2:] == [step(15, PAGE, MANAGER)]


def test_step_that_reached_one_of_two_people_waits_for_the_other() -> None:
    story = Story().declare(SEV1, teams=("backend",)).fail_every_way(PRIMARY)
    assert story.at(4).ladder == [step(0, PAGE, PRIMARY, BACKEND_PRIMARY)]
    assert story.fail_every_way(BACKEND_PRIMARY).ladder[1:] == [step(4, PAGE, SECONDARY, BACKEND_SECONDARY)]


def test_page_that_fails_after_the_next_step_fired_hurries_nothing() -> None:
    story = Story().declare(SEV1).at(6).fail_every_way(PRIMARY)
    assert story.at(14).ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]


def test_step_that_failed_is_not_hidden_by_a_later_reminder() -> None:
    story = Story().declare(SEV1).at(13)
    assert story.minutes_of(e.Reminded) == [12]
    assert story.fail_every_way(SECONDARY).ladder[2:] == [step(13, PAGE, MANAGER)]


def test_failed_reminder_hurries_nothing() -> None:
    story = Story().declare(SEV1).at(13)
    assert story.page_to(PRIMARY)[1].demands_answer is False
    assert story.fail_every_way(PRIMARY).at(14).ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]


def test_failed_page_by_hand_hurries_nothing() -> None:
    story = Story().declare(SEV1).page(CTO).fail_every_way(CTO)
    assert story.at(4).ladder == [step(0, PAGE, PRIMARY)]


def test_last_step_that_reached_nobody_hurries_no_other_ladder() -> None:
    story = Story(without(SOP, DIRECTOR)).declare(SEV3).assess(SEV2).acknowledge().at(hours=3).assess(SEV3)
    assert story.at(hours=24).ladder[2:] == [step(2 * 60, NOTIFY), step(24 * 60, NOTIFY, MANAGER)]


def test_failed_notification_after_the_acknowledgement_goes_to_the_next_contact_method() -> None:
    sop = with_contact(SOP, DIRECTOR, SLACK, INBOX)
    story = Story(sop).declare(SEV1).acknowledge().fail(DIRECTOR)
    (retry,) = story.just_sent(f.SendPage)
    assert (retry.reach.person, retry.provider, retry.urgency) == (DIRECTOR, "inbox", NOTIFY)


def test_notification_whose_every_delivery_failed_goes_to_the_next_in_line_at_once() -> None:
    story = Story().declare(SEV1).acknowledge().at(31).fail_every_way(DIRECTOR)
    assert story.fail_every_way(VP).ladder[-1] == step(31, NOTIFY, CTO)


def test_failed_repetition_waits_for_the_next() -> None:
    story = Story().declare().at(46)
    for person in (MANAGER, *EVERYONE_ON_CALL):
        story.fail_every_way(person)
    assert [it.minute for it in story.at(61).ladder] == [0, 15, 30, 45, 60]


def test_acknowledgement_stops_a_page_from_being_tried_another_way() -> None:
    story = Story().declare(SEV1)
    key, page = story.page_to(PRIMARY)
    story.acknowledge().send(c.ReportPageFailed(key=key, via=page.method.via, reason="late"))
    assert story.last.effects == ()
    assert story.happened(e.PageFailed) == []


def test_duplicate_of_a_failure_is_ignored() -> None:
    story = Story().declare(SEV1)
    key, _ = story.page_to(PRIMARY)
    twice = c.ReportPageFailed(key=key, via="pagerduty", reason="the provider refused")
    assert len(story.send(twice).send(twice).happened(e.PageFailed)) == 1


def test_failure_after_the_provider_took_the_page_is_ignored() -> None:
    story = Story().declare(SEV1).accept(PRIMARY).fail(PRIMARY)
    assert story.happened(e.PageFailed) == []


@pytest.mark.parametrize(
    "receipt",
    [
        pytest.param(c.ReportPageAccepted(key="INC-2026-0042-99-0", via="inbox"), id="accepted"),
        pytest.param(c.ReportPageFailed(key="INC-2026-0042-99-0", via="pagerduty", reason="refused"), id="failed"),
    ],
)
def test_receipt_for_a_page_that_never_was_changes_nothing(receipt: c.Receipt) -> None:
    story = Story().declare(SEV1)
    before = story.incident
    assert story.send(receipt).incident == before


def test_person_who_left_meanwhile_is_not_tried_another_way() -> None:
    story = Story().declare(SEV1)
    story.organisation = without(SOP, PRIMARY)
    assert story.fail(PRIMARY).ladder == [step(0, PAGE, PRIMARY), step(0, PAGE, SECONDARY)]


def test_contact_methods_that_were_edited_meanwhile_are_not_tried_twice() -> None:
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY, INBOX)).declare(SEV1).fail(PRIMARY)
    story.organisation = with_contact(SOP, PRIMARY, SLACK, PAGERDUTY)
    story.fail_every_way(PRIMARY)
    assert [page.provider for page in story.sent(f.SendPage) if page.reach.person == PRIMARY] == [
        "pagerduty",
        "inbox",
        "slack",
    ]


def test_second_key_of_the_same_provider_is_not_tried_under_the_same_page_key() -> None:
    other_key = ContactMethod(via="pagerduty", routing_key="env:OTHER_ROUTING_KEY")
    story = Story(with_contact(SOP, PRIMARY, PAGERDUTY, other_key, INBOX)).declare(SEV3).page(PRIMARY)
    story.fail_every_way(PRIMARY)
    assert [page.provider for page in story.sent(f.SendPage)] == ["pagerduty", "inbox"]


def test_page_prefers_what_wakes_and_a_notification_what_does_not() -> None:
    sop = with_contact(SOP, DIRECTOR, PAGERDUTY, SLACK, INBOX)
    story = Story(sop).declare(SEV1).page(DIRECTOR)
    notification, page = (it for it in story.sent(f.SendPage) if it.reach.person == DIRECTOR)
    assert (notification.urgency, notification.provider) == (NOTIFY, "slack")
    assert (page.urgency, page.provider) == (PAGE, "pagerduty")


def test_contact_method_without_credentials_is_passed_over() -> None:
    (page,) = Story(methods=()).declare().sent(f.SendPage)
    assert page.provider == "inbox"

"""Push now, an SMS after two minutes, a call after five: a page that nobody answers goes by further contact methods."""

import pytest

from tests.domain.harness import PRIMARY, SEV1, SEV2, Story, with_contact, without
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.incident import PageStatus
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod

PAGERDUTY, INBOX = ContactMethod(via="pagerduty"), ContactMethod(via="inbox")
PUSH = ContactMethod(via="apprise", name="push", url="env:ALICE_PUSH")
SMS = ContactMethod(via="apprise", name="sms", url="env:ALICE_SMS", after=Duration(minutes=2))
CALL = ContactMethod(via="apprise", name="call", url="env:ALICE_CALL", after=Duration(minutes=5))
MAIL = ContactMethod(via="email")
WAYS = ("pagerduty", "apprise", "email")


def story_of(*contact: ContactMethod) -> Story:
    return Story(with_contact(default_sop(), PRIMARY, *contact), methods=WAYS)


def ways_of(story: Story) -> list[tuple[float, str]]:
    """When the first page to the primary left, and by which contact method."""
    key = next(key for key, page in story.incident.pages.items() if page.person == PRIMARY)
    at = {it.event.method.id: story.minute(it.at) for it in story.events if isinstance(it.event, e.PageRepeated)}
    return [(at.get(page.way, 0), page.way) for page in story.sent(f.SendPage) if page.key == key]


def test_unanswered_page_goes_by_further_ways_after_their_delays() -> None:
    story = story_of(PUSH, SMS, CALL, INBOX).declare(SEV2).accept(PRIMARY).at(14)
    assert ways_of(story) == [(0, "apprise:push"), (2, "apprise:sms"), (5, "apprise:call")]
    assert len({page.key for page in story.sent(f.SendPage) if page.reach.person == PRIMARY}) == 1
    assert story.minutes_of(e.PageRepeated) == [2, 5]


def test_delays_count_whether_or_not_a_provider_has_taken_the_page() -> None:
    assert ways_of(story_of(PUSH, SMS).declare(SEV2).at(3)) == [(0, "apprise:push"), (2, "apprise:sms")]


def test_order_of_the_file_does_not_matter_to_delays() -> None:
    story = story_of(CALL, SMS, PUSH).declare(SEV2).at(6)
    assert ways_of(story) == [(0, "apprise:push"), (2, "apprise:sms"), (5, "apprise:call")]


def test_answer_keeps_what_was_to_come_from_leaving() -> None:
    story = story_of(PUSH, SMS, CALL).declare(SEV2).accept(PRIMARY).at(3).acknowledge().at(20)
    assert ways_of(story) == [(0, "apprise:push"), (2, "apprise:sms")]


def test_answer_withdraws_the_page_by_every_way() -> None:
    story = story_of(PUSH, SMS).declare(SEV2).at(3)
    (key,) = story.incident.open_pages
    assert story.acknowledge().last.withdrawn == (key,)


def test_failed_way_is_followed_by_the_next_at_once_which_does_not_come_again() -> None:
    story = story_of(PUSH, SMS, CALL).declare(SEV2).fail(PRIMARY)
    assert ways_of(story) == [(0, "apprise:push"), (0, "apprise:sms")]
    assert ways_of(story.accept(PRIMARY).at(14)) == [(0, "apprise:push"), (0, "apprise:sms"), (5, "apprise:call")]


def test_further_way_that_fails_is_followed_by_the_next_at_once() -> None:
    story = story_of(PUSH, SMS, CALL, INBOX).declare(SEV2).accept(PRIMARY).at(2).refuse(PRIMARY, "apprise:sms")
    assert [page.way for page in story.just_sent(f.SendPage)] == ["apprise:call"]
    assert story.at(14).minutes_of(e.PageRepeated) == [2]


def test_what_a_provider_has_taken_is_not_put_into_the_inbox_because_a_further_way_failed() -> None:
    story = story_of(PUSH, SMS, INBOX).declare(SEV2).accept(PRIMARY).at(2).refuse(PRIMARY, "apprise:sms")
    assert story.just_sent(f.SendPage) == []
    assert not story.page_to(PRIMARY)[1].is_lost


def test_page_on_its_way_by_a_further_way_is_not_lost_when_the_first_fails() -> None:
    story = story_of(PUSH, SMS).declare(SEV2).at(2).fail(PRIMARY)
    assert story.page_to(PRIMARY)[1].status is PageStatus.PENDING
    assert len(story.ladder) == 1
    story.refuse(PRIMARY, "apprise:sms")
    assert story.page_to(PRIMARY)[1].status is PageStatus.FAILED
    assert len(story.ladder) == 2  # the next step does not wait


def test_every_way_that_took_the_page_is_on_record() -> None:
    story = story_of(PUSH, SMS).declare(SEV2).accept(PRIMARY).at(2)
    key, _ = story.page_to(PRIMARY)
    story.take(key, "apprise:sms")
    assert [it.via for it in story.happened(e.PageAccepted)] == ["apprise:push", "apprise:sms"]


def test_pager_that_rings_beside_others_is_stopped() -> None:
    delayed = ContactMethod(via="pagerduty", after=Duration(minutes=2))
    story = story_of(PUSH, delayed).declare(SEV2).accept(PRIMARY).at(3).acknowledge()
    assert [effect.way for effect in story.just_sent(f.AcknowledgePage)] == ["pagerduty"]


def test_missed_delays_are_made_up_for_once() -> None:
    story = story_of(PUSH, SMS, CALL).declare(SEV2).asleep_until(9).tick()
    assert [page.way for page in story.just_sent(f.SendPage)] == ["apprise:sms", "apprise:call"]
    assert story.crash().tick().just_sent(f.SendPage) == []


def test_way_that_is_taken_out_of_the_file_has_failed_when_its_time_comes() -> None:
    story = story_of(PUSH, SMS, CALL).declare(SEV2).accept(PRIMARY)
    story.organisation = with_contact(story.organisation, PRIMARY, PUSH, CALL)
    story.at(2)
    (failed,) = story.happened(e.PageFailed)
    assert failed.reason == "apprise:sms is not one of their contact methods any more"
    assert [page.way for page in story.just_sent(f.SendPage)] == ["apprise:call"]


def test_person_who_has_left_meanwhile_is_not_called() -> None:
    story = story_of(PUSH, SMS).declare(SEV2).accept(PRIMARY)
    story.organisation = without(story.organisation, PRIMARY)
    assert story.at(3).just_sent(f.SendPage) == []


def test_restored_incident_does_not_go_on_with_pages_of_before() -> None:
    story = story_of(PUSH, SMS).declare(SEV2)
    key, _ = story.page_to(PRIMARY)
    story.restore().at(1).release().at(10)
    assert [page.way for page in story.sent(f.SendPage) if page.key == key] == ["apprise:push"]


@pytest.mark.parametrize("first", [PAGERDUTY, MAIL])
def test_notification_goes_by_what_does_not_wake_and_never_by_further_ways(first: ContactMethod) -> None:
    sop = with_contact(default_sop(), "dana", SMS, first)
    story = Story(sop, methods=WAYS).declare(SEV1).acknowledge().at(60)
    ways = [page.way for page in story.sent(f.SendPage) if page.reach.person == "dana"]
    assert set(ways) == {first.id if first is MAIL else "apprise:sms"}
    assert story.minutes_of(e.PageRepeated) == []


def test_two_ways_of_one_provider_are_told_apart() -> None:
    story = story_of(PUSH, ContactMethod(via="apprise", url="env:ALICE_WATCH")).declare(SEV2).fail(PRIMARY)
    assert [page.way for page in story.just_sent(f.SendPage)] == ["apprise:env:ALICE_WATCH"]
    lanes = [page.lane for page in story.sent(f.SendPage) if page.reach.person == PRIMARY]
    assert len(set(lanes)) == 2

"""In which order does what is to be sent leave, and what becomes of it? Leases, ends, withdrawals."""

from datetime import timedelta

import pytest

from tests.store.response import NOON, SEV1, SEV2, SEV3, Response, declared, from_alert
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.store.open import Store
from tocsin.store.rows import Delivery, Only, OutboxRow

MINUTE = timedelta(minutes=1)
NODE = "node-1"


def lease(store: Store, provider: str = "pagerduty", *, after: timedelta = MINUTE, limit: int = 16) -> list[Delivery]:
    with store.transaction() as tx:
        return list(tx.outbox.lease(provider, NODE, NOON + after, limit).deliveries)


def settle(store: Store, delivery: Delivery, status: str = "done") -> None:
    with store.transaction() as tx:
        tx.outbox.settle(delivery, status, NOON + MINUTE, "")


def postpone(store: Store, delivery: Delivery, by: timedelta) -> None:
    with store.transaction() as tx:
        tx.outbox.postpone(delivery, NOON + by, "HTTP 429")


def row(store: Store, delivery: Delivery) -> OutboxRow:
    return next(it for it in store.queries.outbox.rows() if it.id == delivery.id)


def with_channel(store: Store) -> Response:
    """An incident whose channel has opened: its topic, summary, link and invitations are to be sent, in order."""
    response = declared(store)
    for delivery in lease(store, "slack"):
        settle(store, delivery)
    return response.send(c.ReportChannelOpened(channel="C042", name="inc-2026-0001"))


# Leases


def test_gravest_leaves_first_whatever_came_first(store: Store) -> None:
    minor, grave = from_alert(store), declared(store, SEV1)
    unassessed = declared(store, None)
    assert minor.incident.provisional is SEV2
    assert [it.incident for it in lease(store)] == [grave.id, minor.id, unassessed.id]


def test_of_equal_severity_the_newest_leaves_first_and_of_one_instant_the_first_decided(store: Store) -> None:
    first, second = declared(store), declared(store)
    second.send(c.PageByHand(target="erin", reason="your eyes are needed"), after=1)
    leased = [
        (it.incident, it.effect.reach.person)
        for it in lease(store, after=9 * MINUTE)
        if isinstance(it.effect, f.SendPage)
    ]
    assert leased == [(second.id, "erin"), (first.id, "alice"), (second.id, "alice")]


def test_some_places_are_for_pages_and_some_for_the_gravest_alone(store: Store) -> None:
    minor, grave = declared(store, SEV2), declared(store, SEV1)

    def leased(provider: str, only: Only) -> list[str]:
        with store.transaction() as tx:
            return [it.incident for it in tx.outbox.lease(provider, NODE, NOON + MINUTE, 16, only=only).deliveries]

    assert leased("pagerduty", Only.GRAVEST_PAGES) == [grave.id]
    assert leased("pagerduty", Only.PAGES) == [minor.id]
    assert leased("slack", Only.PAGES) == []
    assert set(leased("slack", Only.ANYTHING)) == {grave.id, minor.id}


def test_next_delivery_of_a_kind_is_one_of_that_kind(store: Store) -> None:
    declared(store, SEV2)
    assert store.queries.outbox.next_delivery_at("pagerduty", only=Only.PAGES) == NOON
    assert store.queries.outbox.next_delivery_at("pagerduty", only=Only.GRAVEST_PAGES) is None
    assert store.queries.outbox.next_delivery_at("slack", only=Only.PAGES) is None


def test_no_more_are_leased_than_asked_for(store: Store) -> None:
    second, third, first = declared(store, SEV2), declared(store, SEV2), declared(store, SEV1)
    assert [it.incident for it in lease(store, limit=1)] == [first.id]
    assert [it.incident for it in lease(store, limit=2)] == [second.id, third.id]


def test_leased_delivery_is_not_leased_twice(store: Store) -> None:
    declared(store)
    assert len(lease(store)) == 1
    assert lease(store) == []


def test_delivery_leaves_when_it_is_due_not_before(store: Store) -> None:
    declared(store)
    (delivery,) = lease(store)
    postpone(store, delivery, 5 * MINUTE)
    assert lease(store, after=5 * MINUTE - timedelta(microseconds=1)) == []
    assert [it.id for it in lease(store, after=5 * MINUTE)] == [delivery.id]


def test_each_provider_leases_its_own(store: Store) -> None:
    declared(store)
    leased = {provider: lease(store, provider) for provider in ("pagerduty", "slack", "inbox", "unknown")}
    kinds = {provider: {type(it.effect) for it in found} for provider, found in leased.items()}
    slack: set[type] = {f.OpenChannel, f.TellStakeholders}
    assert kinds == {"pagerduty": {f.SendPage}, "slack": slack, "inbox": {f.SendPage}, "unknown": set()}


def test_attempts_are_counted_from_the_first_lease_on(store: Store) -> None:
    declared(store)
    for attempt in (1, 2, 3):
        (delivery,) = lease(store)
        assert delivery.attempts == attempt
        assert delivery.created_at == NOON
        postpone(store, delivery, timedelta())


# Lanes


def test_one_delivery_of_a_lane_is_under_way_at_a_time_in_the_order_decided(store: Store) -> None:
    with_channel(store)
    order = []
    for _ in range(5):
        (delivery,) = lease(store, "slack")
        order.append(type(delivery.effect))
        assert lease(store, "slack") == []
        settle(store, delivery)
    assert order == [f.SetTopic, f.PostSummary, f.AddBookmark, f.AddLink, f.InviteToChannel]
    assert lease(store, "slack") == []


@pytest.mark.parametrize("status", ["done", "failed", "suppressed"])
def test_any_end_lets_the_next_of_the_lane_leave(store: Store, status: str) -> None:
    with_channel(store)
    settle(store, lease(store, "slack")[0], status)
    assert [type(it.effect) for it in lease(store, "slack")] == [f.PostSummary]


def test_delivery_that_is_put_off_holds_its_lane_and_no_other(store: Store) -> None:
    with_channel(store)
    (topic,) = lease(store, "slack")
    postpone(store, topic, timedelta(hours=1))
    assert lease(store, "slack") == []
    other = declared(store)
    assert {it.incident for it in lease(store, "slack")} == {other.id}


def test_end_of_a_page_waits_until_the_page_has_left(store: Store) -> None:
    response = declared(store)
    (page,) = lease(store)
    response.send(c.Acknowledge())
    assert lease(store) == []
    settle(store, page)
    assert [type(it.effect) for it in lease(store)] == [f.AcknowledgePage]


def test_same_page_on_two_providers_has_two_lanes(store: Store) -> None:
    response = declared(store)
    key, _ = response.page_to("alice")
    lease(store)
    response.send(c.ReportPageFailed(key=key, via="pagerduty", reason="HTTP 400"))
    by_inbox = [it.effect for it in lease(store, "inbox")]
    assert key in [effect.key for effect in by_inbox if isinstance(effect, f.SendPage)]


def test_next_delivery_is_one_that_may_leave(store: Store) -> None:
    assert store.queries.outbox.next_delivery_at("slack") is None
    with_channel(store)
    assert store.queries.outbox.next_delivery_at("slack") == NOON
    (topic,) = lease(store, "slack")
    assert store.queries.outbox.next_delivery_at("slack") is None  # the others wait for the topic
    postpone(store, topic, 7 * MINUTE)
    assert store.queries.outbox.next_delivery_at("slack") == NOON + 7 * MINUTE


# Keys


def test_every_delivery_has_a_key_of_its_own_that_names_its_cause(store: Store) -> None:
    response = declared(store)
    last = response.incident.seq
    keys = [it.key for it in reversed(store.queries.outbox.rows())]
    assert keys == [f"{response.id}-{last}-{number}" for number in range(len(response.effects))]
    response.send(c.PageByHand(target="cto", reason="a decision is needed"))
    keys = [it.key for it in store.queries.outbox.rows()]
    assert len(set(keys)) == len(keys)


# Ends


@pytest.mark.parametrize("status", ["done", "failed", "suppressed"])
def test_settled_delivery_keeps_its_end_and_never_leaves_again(store: Store, status: str) -> None:
    declared(store)
    (delivery,) = lease(store)
    with store.transaction() as tx:
        tx.outbox.settle(delivery, status, NOON + MINUTE, "HTTP 202")
    ended = row(store, delivery)
    assert (ended.status, ended.settled_at, ended.note, ended.attempts) == (status, NOON + MINUTE, "HTTP 202", 1)
    with store.transaction() as tx:
        tx.outbox.release_all()
    assert lease(store, after=timedelta(days=9)) == []


def test_postponed_delivery_says_why(store: Store) -> None:
    declared(store)
    (delivery,) = lease(store)
    postpone(store, delivery, 5 * MINUTE)
    assert (row(store, delivery).status, row(store, delivery).note) == ("pending", "HTTP 429")


def test_what_was_being_sent_in_a_crash_is_leased_again_under_its_key(store: Store) -> None:
    declared(store)
    (before,) = lease(store)
    with store.transaction() as tx:
        tx.outbox.release_all()
    (after,) = lease(store)
    assert (after.id, after.key, after.effect, after.attempts) == (before.id, before.key, before.effect, 2)


def test_releasing_leases_leaves_what_is_finished_and_what_is_put_off(store: Store) -> None:
    with_channel(store)
    (topic,) = lease(store, "slack")
    postpone(store, topic, 5 * MINUTE)
    before = store.queries.outbox.rows()
    with store.transaction() as tx:
        tx.outbox.release_all()
    assert store.queries.outbox.rows() == before
    assert store.queries.outbox.next_delivery_at("slack") == NOON + 5 * MINUTE


# Withdrawals


def test_page_that_nobody_needs_any_more_does_not_leave(store: Store) -> None:
    response = declared(store).send(c.Acknowledge(), after=1)
    (page,) = (
        it for it in store.queries.outbox.rows() if isinstance(it.effect, f.SendPage) and it.provider == "pagerduty"
    )
    assert (page.status, page.settled_at, page.note) == ("suppressed", response.now, "no longer needed")
    assert [type(it.effect) for it in lease(store)] == [f.AcknowledgePage]


def test_page_that_is_leaving_this_moment_is_not_called_back(store: Store) -> None:
    response = declared(store)
    (page,) = lease(store)
    response.send(c.Acknowledge(), after=1)
    assert row(store, page).status == "leased"


def test_notification_is_still_news_after_the_acknowledgement(store: Store) -> None:
    declared(store).send(c.Acknowledge())
    assert [it.effect.reach.person for it in lease(store, "inbox") if isinstance(it.effect, f.SendPage)] == ["dana"]


def test_end_of_a_page_that_never_left_has_nothing_to_follow(store: Store) -> None:
    declared(store).send(c.Acknowledge())
    (ending,) = lease(store)
    with store.transaction() as tx:
        assert tx.outbox.was_never_sent(ending)


def test_end_of_a_page_that_may_have_left_follows_it(store: Store) -> None:
    response = declared(store)
    (page,) = lease(store)
    postpone(store, page, timedelta())  # the answer was lost: the provider may have it
    response.send(c.Acknowledge())
    (ending,) = lease(store)
    assert isinstance(ending.effect, f.AcknowledgePage)
    with store.transaction() as tx:
        assert not tx.outbox.was_never_sent(ending)


def test_page_and_what_happens_in_channels_follow_nothing(store: Store) -> None:
    with_channel(store)
    with store.transaction() as tx:
        asked = ("pagerduty", "slack")
        leased = [it for name in asked for it in tx.outbox.lease(name, NODE, NOON, 16).deliveries]
        assert {type(it.effect) for it in leased} == {f.SendPage, f.SetTopic}
        assert not any(tx.outbox.was_never_sent(it) for it in leased)


def test_what_waits_is_as_urgent_as_its_incident_is_now(store: Store) -> None:
    better, steady, worse = declared(store, SEV1), declared(store, SEV2), declared(store, SEV2)
    before = [better.id, steady.id, worse.id]
    assert [it.incident for it in store.queries.outbox.waiting_pages("pagerduty").deliveries] == before
    worse.send(c.Assess(severity=SEV1, reason="all users"))
    better.send(c.Assess(severity=SEV3, reason="a single user"))
    leased = [it.incident for it in lease(store) if isinstance(it.effect, f.SendPage)]
    assert list(dict.fromkeys(leased)) == list(reversed(before))


# What is left out


def page_again(response: Response, minutes: float) -> None:
    response.send(c.PageByHand(target="alice", reason="please"), after=minutes)


def test_page_is_outdated_once_a_later_one_tells_the_same_person_as_urgently(store: Store) -> None:
    response = declared(store)
    (first,) = lease(store)
    with store.transaction() as tx:
        assert not tx.outbox.is_outdated(first)
    response.send(c.PageByHand(target="cto", reason="a decision is needed"), after=1)
    with store.transaction() as tx:
        assert not tx.outbox.is_outdated(first)
    page_again(response, 1)
    later = next(it for it in lease(store, after=5 * MINUTE) if "alice" in str(it.effect))
    with store.transaction() as tx:
        assert tx.outbox.is_outdated(first)
        assert not tx.outbox.is_outdated(later)


def test_what_is_left_out_counts_as_never_sent(store: Store) -> None:
    response = declared(store)
    (page,) = lease(store)
    with store.transaction() as tx:
        assert tx.outbox.leave_out(page, NOON + MINUTE, "a later page tells the same")
        assert not tx.outbox.leave_out(page, NOON + MINUTE, "twice")
    assert (row(store, page).status, row(store, page).attempts) == ("suppressed", 0)
    response.send(c.Acknowledge())
    (ending,) = lease(store)
    with store.transaction() as tx:
        assert tx.outbox.was_never_sent(ending)


def test_what_is_put_off_waits_and_its_fence_does_not_go_back(store: Store) -> None:
    declared(store)
    (page,) = lease(store)
    with store.transaction() as tx:
        assert tx.outbox.put_off(page, NOON + 5 * MINUTE)
    assert store.queries.outbox.next_delivery_at("pagerduty") == NOON + 5 * MINUTE
    (again,) = lease(store, after=5 * MINUTE)
    assert again.attempts == 2
    with store.transaction() as tx:
        assert not tx.outbox.put_off(page, NOON)
        assert not tx.outbox.leave_out(page, NOON, "")


def test_pages_that_wait_are_told_the_gravest_first_without_those_named(store: Store) -> None:
    minor, grave = declared(store, SEV2), declared(store, SEV1)
    pages = store.queries.outbox.waiting_pages("pagerduty").deliveries
    assert [it.incident for it in pages] == [grave.id, minor.id]
    assert [it.incident for it in store.queries.outbox.waiting_pages("pagerduty", {pages[0].id}).deliveries] == [
        minor.id
    ]
    lease(store)
    assert store.queries.outbox.waiting_pages("pagerduty").deliveries == ()


def test_what_has_waited_for_long_is_found(store: Store) -> None:
    old = declared(store)
    page_again(old, 60)
    with store.transaction() as tx:
        early, late = (tx.waiting.since_before("pagerduty", NOON + it * MINUTE) for it in (59, 60))
        assert [(it.incident, it.attempts) for it in early] == [(old.id, 0)]
        assert late[: len(early)] == early
        assert len(late) > len(early)
        assert tx.waiting.since_before("slack", NOON - MINUTE) == []

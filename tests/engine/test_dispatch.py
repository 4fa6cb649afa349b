"""What comes of a delivery? Its end in the outbox and the fact in the timeline, in one transaction."""

import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.alerts import NOON, firing, minute
from tests.engine.pagerduty import always, answers, events, paged
from tests.engine.rehearsal import Rehearsal, with_contacts
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.incident import PageStatus
from tocsin.integrations.wire import Again, Done, Then
from tocsin.integrations.wire import Request as WireRequest
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

SEV1, SEV4 = Severity.SEV1, Severity.SEV4
SOP = default_sop()
BUSY = Response(500)
REFUSED = Response(400, b'{"status": "invalid event", "message": "Event object is invalid", "errors": []}')
BY_PAGERDUTY_ALONE = with_contacts(SOP, ("pagerduty",), "alice", "bob", "erin")


def ends_of_pages(rehearsal: Rehearsal) -> list[tuple[str, str, str]]:
    return [end for end in rehearsal.ends() if end[0] in ("SendPage", "AcknowledgePage", "ResolvePage")]


def statuses(rehearsal: Rehearsal, incident: str) -> list[PageStatus]:
    return [page.status for page in rehearsal.queries.incident(incident).pages.values()]


# Done


def test_page_that_the_provider_took_is_accepted_not_answered(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work()
    incident = rehearsal.only
    assert rehearsal.ends() == [("SendPage", "done", "")]
    assert [it.status for it in incident.open_pages.values()] == [PageStatus.ACCEPTED]
    assert rehearsal.story(incident.id)[-1] == "PageAccepted"


def test_acceptance_that_comes_after_the_acknowledgement_changes_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    rehearsal.change(rehearsal.only.id, c.Acknowledge())
    rehearsal.settle(page, rehearsal.send(page))
    assert rehearsal.story(rehearsal.only.id)[-1] == "Acknowledged"
    assert rehearsal.ends()[0] == ("SendPage", "done", "")


# Never


def test_page_that_is_refused_goes_to_the_next_contact_method_in_the_same_transaction(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(REFUSED)
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    rehearsal.settle(page, rehearsal.send(page))
    (failed,) = rehearsal.happened(rehearsal.only.id, e.PageFailed)
    assert failed.next_method is not None
    assert (failed.person, failed.next_method.via) == ("alice", "inbox")
    assert [(it.provider, it.status, it.created_at) for it in rehearsal.outbox("inbox")] == [("inbox", "pending", NOON)]
    assert rehearsal.ends()[0][1:] == ("failed", "PagerDuty refused the event (HTTP 400): Event object is invalid")


def test_page_keeps_its_key_on_its_way_through_the_contact_methods(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(REFUSED)
    rehearsal.take(firing()).work()
    keys = {it.effect.key for it in rehearsal.queries.outbox.pages() if isinstance(it.effect, f.SendPage)}
    assert keys == set(rehearsal.only.pages)
    assert set(statuses(rehearsal, rehearsal.only.id)) == {PageStatus.ACCEPTED}


def test_ladder_does_not_wait_when_no_way_leads_to_anybody_of_a_step(path: Path) -> None:
    with Rehearsal(path, BY_PAGERDUTY_ALONE) as rehearsal:
        rehearsal.sandbox.script = answers(REFUSED, REFUSED)
        incident = rehearsal.declare(SEV1)
        rehearsal.work()
        assert rehearsal.pages() == [(0, "alice"), (0, "bob"), (0, "erin")]
        assert paged(rehearsal.sandbox) == ["erin"]
        assert statuses(rehearsal, incident.id).count(PageStatus.FAILED) == 2


# Again


def test_page_that_is_not_taken_is_tried_again_under_its_key_until_it_is(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(BUSY, Response(502, b"<html>Bad Gateway</html>"), Response(202, b"{}"))
    rehearsal.take(firing()).at(1)
    instants = [it.at for it in events(rehearsal.sandbox)]
    waits = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert len({it.key for it in events(rehearsal.sandbox)}) == 1
    (page,) = rehearsal.outbox("pagerduty")
    assert (page.status, page.attempts) == ("done", 4)


def test_provider_that_asks_for_time_gets_it(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(Response(429, headers={"retry-after": "120"}))
    rehearsal.take(firing()).at(5)
    assert [it.at for it in events(rehearsal.sandbox)] == [NOON, minute(2)]


def test_what_waited_for_its_turn_is_tried_again_as_soon_as_what_did_not(rehearsal: Rehearsal) -> None:
    rehearsal.declare(SEV1)
    for _ in range(10):
        (page,) = rehearsal.lease()
        with rehearsal.store.transaction() as tx:
            assert tx.outbox.put_off(page, rehearsal.now)
    (page,) = rehearsal.lease()
    rehearsal.settle(page, Again("HTTP 502"))
    due_at = rehearsal.queries.outbox.next_delivery_at("pagerduty")
    assert due_at is not None
    assert due_at - rehearsal.now <= timedelta(seconds=1)


def test_provider_that_takes_no_more_is_left_alone_for_longer_each_time(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(Response(429))
    rehearsal.take(firing()).at(1)
    instants = [it.at for it in events(rehearsal.sandbox)]
    waits = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert waits == sorted(waits)
    assert waits[-1] > timedelta(seconds=8)


def test_page_goes_another_way_as_well_once_its_provider_is_down_for_half_a_minute(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(BUSY)
    incident = rehearsal.declare(SEV1)
    rehearsal.at(0.5)
    (failed,) = rehearsal.happened(incident.id, e.PageFailed)
    assert failed.is_retried
    assert failed.next_method is not None
    assert failed.next_method.via == "inbox"
    assert [row.status for row in rehearsal.outbox("pagerduty")] == ["pending"]


def test_page_does_not_wait_for_a_provider_that_asks_for_an_hour(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(Response(429, headers={"retry-after": "3600"}))
    incident = rehearsal.declare(SEV1)
    rehearsal.work()
    assert [it.is_retried for it in rehearsal.happened(incident.id, e.PageFailed)] == [True]


def test_reason_of_a_delay_stands_in_the_outbox(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(BUSY)
    rehearsal.take(firing()).work()
    assert rehearsal.ends() == [("SendPage", "pending", "PagerDuty did not confirm the event (HTTP 500)")]


def test_ladder_goes_on_at_its_own_times_while_a_page_is_tried_again(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(BUSY)
    incident = rehearsal.declare(SEV1)
    rehearsal.at(5)
    steps = [it.at for it in rehearsal.queries.timeline(incident.id) if isinstance(it.event, e.StepFired)]
    assert steps == [NOON, minute(5)]


@pytest.mark.slow
def test_page_that_can_not_be_sent_for_a_day_is_given_up_as_a_fact_in_the_timeline(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(BUSY)
    incident = rehearsal.declare(SEV4)
    rehearsal.change(incident.id, c.PageByHand(target="alice", reason="have a look"))
    rehearsal.at(24 * 60 - 1)
    assert [row.status for row in rehearsal.outbox("pagerduty")] == ["pending"]
    assert [it.is_retried for it in rehearsal.happened(incident.id, e.PageFailed)] == [True]
    rehearsal.at(24 * 60 + 6)
    delayed, failed = rehearsal.happened(incident.id, e.PageFailed)
    assert delayed.next_method is not None
    assert not failed.is_retried
    assert failed.reason == "PagerDuty did not confirm the event (HTTP 500)"
    assert ends_of_pages(rehearsal) == [
        ("SendPage", "failed", "given up after 24 h: PagerDuty did not confirm the event (HTTP 500)"),
        ("SendPage", "done", ""),
    ]
    assert len({it.key for it in events(rehearsal.sandbox)}) == 1


@pytest.mark.slow
def test_channel_that_can_not_be_opened_for_a_day_is_given_up_as_a_fact_in_the_timeline(path: Path) -> None:
    def slack_is_down(request: RecordedRequest) -> Response | None:
        return BUSY if request.path.startswith("/api/") else None

    with Rehearsal(path, slack=True) as rehearsal:
        rehearsal.sandbox.script = slack_is_down
        incident = rehearsal.declare(SEV1)
        rehearsal.change(incident.id, c.Mitigate())
        rehearsal.at(24 * 60 + 6)
        (failed,) = rehearsal.happened(incident.id, e.ChannelFailed)
        assert failed == e.ChannelFailed("OpenChannel", "Slack did not confirm the call (HTTP 500)")


# Nobody needs it any more


def test_page_that_waits_for_its_next_attempt_is_not_sent_after_the_acknowledgement(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(BUSY)
    rehearsal.take(firing()).work()
    rehearsal.change(rehearsal.only.id, c.Acknowledge())
    rehearsal.at(60)
    assert paged(rehearsal.sandbox) == []
    assert ends_of_pages(rehearsal)[0] == ("SendPage", "suppressed", "no longer needed")


def test_page_that_fails_while_somebody_acknowledges_is_not_tried_again(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    rehearsal.change(rehearsal.only.id, c.Acknowledge())
    rehearsal.settle(page, Again("HTTP 500"))
    rehearsal.at(60)
    assert paged(rehearsal.sandbox) == []
    assert ends_of_pages(rehearsal)[0] == ("SendPage", "suppressed", "no longer needed")


def test_notification_is_tried_again_after_the_acknowledgement(path: Path) -> None:
    with Rehearsal(path, with_contacts(SOP, ("pagerduty",), "dana")) as rehearsal:
        rehearsal.sandbox.script = answers(BUSY, BUSY)
        incident = rehearsal.declare(SEV1)
        rehearsal.work()
        rehearsal.change(incident.id, c.Acknowledge())
        rehearsal.at(1)
        assert paged(rehearsal.sandbox) == ["dana"]


@pytest.mark.parametrize("ending", [c.Acknowledge(), c.Resolve(), c.Cancel(reason="a drill")])
def test_end_of_a_page_that_never_left_is_not_sent(rehearsal: Rehearsal, ending: c.Change) -> None:
    rehearsal.take(firing())
    rehearsal.change(rehearsal.only.id, ending)
    rehearsal.work()
    assert events(rehearsal.sandbox) == []
    page, end = ends_of_pages(rehearsal)
    assert page == ("SendPage", "suppressed", "no longer needed")
    assert end[1:] == ("suppressed", "what it follows was never sent")


def test_end_of_a_page_whose_answer_was_lost_is_sent(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(Response(504, is_processed=True))
    rehearsal.take(firing()).work()
    rehearsal.change(rehearsal.only.id, c.Acknowledge())
    rehearsal.work()
    (alert,) = rehearsal.sandbox.pagerduty.alerts.values()
    assert alert.status is PagerDutyStatus.ACKNOWLEDGED


def test_end_of_a_page_arrives_after_the_page(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    rehearsal.change(rehearsal.only.id, c.Acknowledge())
    rehearsal.change(rehearsal.only.id, c.Resolve())
    rehearsal.work()
    assert events(rehearsal.sandbox) == []
    rehearsal.settle(page, rehearsal.send(page))
    rehearsal.work()
    assert [it.action for it in events(rehearsal.sandbox)] == ["trigger", "acknowledge", "resolve"]
    (alert,) = rehearsal.sandbox.pagerduty.alerts.values()
    assert alert.status is PagerDutyStatus.RESOLVED


# An incident that can't be told


def damage(rehearsal: Rehearsal, incident: str) -> None:
    rows_of(rehearsal.store, "UPDATE incidents SET state = '{' WHERE id = ?", incident)


def test_receipt_that_an_incident_can_not_take_leaves_the_lane_free(
    rehearsal: Rehearsal, caplog: pytest.LogCaptureFixture
) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    damage(rehearsal, rehearsal.only.id)
    rehearsal.settle(page, Done(receipts=(c.ReportPageAccepted(key="INC-2026-0001-2-0", via="pagerduty"),)))
    assert rehearsal.ends() == [("SendPage", "done", "")]
    assert f"{page.key}: its incident could not be told of it" in caplog.text


def test_page_of_an_incident_that_can_not_be_read_is_tried_again(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    damage(rehearsal, rehearsal.only.id)
    rehearsal.settle(page, Again("HTTP 500"))
    rehearsal.now += timedelta(seconds=1)
    assert [it.id for it in rehearsal.lease()] == [page.id]


def test_request_that_is_still_to_be_made_is_no_end(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    (page,) = rehearsal.lease()
    with pytest.raises(TypeError, match="Then is not the end of a delivery"):
        rehearsal.settle(page, Then(WireRequest("GET", "https://slack.com/api/conversations.list")))

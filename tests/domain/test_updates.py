"""Status updates: the cadence until mitigated, who is reminded, who may speak to customers; and the response time."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tests.domain.harness import (
    CL,
    CTO,
    IC,
    MANAGER,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV2,
    SEV3,
    SEV4,
    TL,
    WEDNESDAY_NOON,
    Story,
    without,
)
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import Refusal
from tocsin.domain.incident import Audience
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role, Severity


def external(text: str) -> c.PostUpdate:
    return c.PostUpdate(text=text, audience=Audience.EXTERNAL)


@pytest.mark.parametrize(
    ("severity", "reminded", "overdue"),
    [
        pytest.param(SEV1, [12], [15, 30, 45], id="SEV1 every 15 min"),
        pytest.param(SEV2, [27], [30], id="SEV2 every 30 min"),
        pytest.param(SEV3, [], [], id="SEV3 at start and at resolution"),
        pytest.param(SEV4, [], [], id="SEV4 never"),
        pytest.param(None, [], [], id="not before the assessment"),
    ],
)
def test_update_is_asked_for_and_called_overdue(
    severity: Severity | None, reminded: list[float], overdue: list[float]
) -> None:
    story = Story().declare(severity).acknowledge().at(59)
    assert story.minutes_of(e.Reminded) == reminded
    assert story.minutes_of(e.UpdateOverdue) == overdue


def test_cadence_ends_with_the_mitigation() -> None:
    story = Story().declare(SEV1).acknowledge().at(10).mitigate().at(hours=5)
    assert story.minutes_of(e.Reminded) + story.minutes_of(e.UpdateOverdue) == []


def test_cadence_counts_from_the_assessment() -> None:
    story = Story().declare().acknowledge().at(10).assess(SEV1).at(40)
    assert story.minutes_of(e.UpdateOverdue) == [25, 40]


def test_cadence_counts_anew_from_a_change_of_severity() -> None:
    story = Story().declare(SEV3).acknowledge().at(hours=10).assess(SEV1).at(hours=10, minutes=30)
    assert story.minutes_of(e.UpdateOverdue) == [615, 630]


def test_cadence_counts_anew_from_the_reopening() -> None:
    story = Story().declare(SEV1).acknowledge().at(5).mitigate().at(60).reopen().acknowledge().at(80)
    assert story.minutes_of(e.Reminded) == [72]


def test_update_restarts_the_cadence() -> None:
    story = Story().declare(SEV1).acknowledge().at(10).update().at(20).update().at(35)
    assert story.minutes_of(e.Reminded) == [32]
    assert story.minutes_of(e.UpdateOverdue) == [35]


def test_update_that_comes_late_ends_the_calls() -> None:
    story = Story().declare(SEV1).acknowledge().at(31).update().at(45)
    assert story.minutes_of(e.UpdateOverdue) == [15, 30]


def test_author_may_promise_the_next_update_sooner() -> None:
    story = Story().declare(SEV2).acknowledge().update(next_within="10m").at(10)
    assert story.minutes_of(e.Reminded) == [7]
    assert story.minutes_of(e.UpdateOverdue) == [10]
    assert story.at(40).minutes_of(e.UpdateOverdue) == [10, 40]


def test_next_update_without_a_promise_is_due_by_the_sop() -> None:
    story = Story().declare(SEV2).acknowledge().update(next_within="10m").at(5).update().at(35)
    assert story.minutes_of(e.UpdateOverdue) == [35]


@pytest.mark.parametrize(
    ("roles", "reminded", "called"),
    [
        pytest.param({CL: CTO, IC: MANAGER}, CTO, MANAGER, id="the CL is reminded, the IC is called"),
        pytest.param({IC: MANAGER}, MANAGER, MANAGER, id="the IC where nobody is CL"),
        pytest.param({CL: CTO}, CTO, CTO, id="the CL where nobody is IC"),
        pytest.param({TL: CTO}, SECONDARY, SECONDARY, id="whoever acknowledged where nobody is either"),
    ],
)
def test_who_is_reminded_and_who_is_called(roles: dict[Role, str], reminded: str, called: str) -> None:
    story = Story().declare(SEV1).acknowledge(by=SECONDARY)
    for role, person in roles.items():
        story.assign(role, person)
    story.at(15)
    assert story.told(e.Reminded) == [reminded]
    assert story.told(e.UpdateOverdue) == [called]


def test_primary_is_called_where_nobody_has_acknowledged() -> None:
    assert Story().declare(SEV1).at(15).told(e.UpdateOverdue) == [PRIMARY]


def test_lead_who_has_left_is_passed_over() -> None:
    story = Story().declare(SEV1).acknowledge().assign(CL, CTO).assign(IC, MANAGER)
    story.organisation = without(story.sop, CTO)
    assert story.at(12).told(e.Reminded) == [MANAGER]


def test_everybody_in_line_may_be_called_where_nobody_leads_and_the_primary_cannot_be_reached() -> None:
    story = Story().declare(SEV1).acknowledge(by="monitoring")
    story.organisation = without(story.sop, PRIMARY, SECONDARY)
    assert story.at(15).told(e.UpdateOverdue) == [MANAGER]


def test_delay_stands_in_the_record_though_nobody_can_be_called() -> None:
    story = Story(without(default_sop(), *default_sop().people)).declare(SEV1).at(15)
    (overdue,) = story.happened(e.UpdateOverdue)
    assert overdue == e.UpdateOverdue(reached=None, due_at=story.now, times=1)


def test_engine_that_stood_still_calls_once_for_all_updates_missed() -> None:
    story = Story().declare(SEV1).acknowledge().asleep_until(hours=1, minutes=1).tick()
    assert [it.times for it in story.happened(e.UpdateOverdue)] == [4]
    assert story.at(hours=1, minutes=15).minutes_of(e.UpdateOverdue) == [61, 75]


def test_reminder_informs_and_does_not_wake() -> None:
    story = Story().declare(SEV1).acknowledge().at(12)
    (reminder,) = story.just_sent(f.SendPage)
    assert (reminder.urgency, reminder.provider) == ("notify", "inbox")
    assert story.ringing == []


def test_external_update_of_the_communications_lead_is_recorded_as_such() -> None:
    story = Story().declare(SEV1).assign(CL, CTO).tell_customers("We are looking into it", by=CTO)
    assert [(it.by, it.audience) for it in story.incident.updates] == [(CTO, Audience.EXTERNAL)]


@pytest.mark.parametrize(
    ("roles", "remedy"),
    [
        pytest.param({}, "nobody holds the role: assign it first", id="nobody holds the role"),
        pytest.param({CL: CTO}, "ask carla, who holds the role", id="somebody else holds the role"),
        pytest.param({IC: PRIMARY, CL: CTO}, "ask carla, who holds the role", id="the IC may not either"),
    ],
)
def test_nobody_but_the_communications_lead_speaks_to_customers(roles: dict[Role, str], remedy: str) -> None:
    story = Story().declare(SEV1)
    for role, person in roles.items():
        story.assign(role, person)
    message = f"only the Communications Lead may publish to customers; {remedy}"
    assert story.refusal(external("We are looking into it"), by=PRIMARY) == Refusal("not_communications_lead", message)


def test_handed_over_role_takes_the_right_to_speak_with_it() -> None:
    story = Story().declare(SEV1).assign(CL, CTO).assign(CL, MANAGER)
    assert story.refusal(external("We are looking into it"), by=CTO).code == "not_communications_lead"
    assert story.tell_customers("We are looking into it", by=MANAGER).incident.updates[-1].by == MANAGER


@pytest.mark.parametrize(
    ("severity", "minutes"),
    [
        pytest.param(SEV1, [15], id="SEV1 within 15 min"),
        pytest.param(SEV2, [30], id="SEV2 within 30 min"),
        pytest.param(SEV3, [4 * 60], id="SEV3 within four business hours"),
        pytest.param(SEV4, [], id="SEV4 is planned work"),
        pytest.param(None, [], id="not before the assessment"),
    ],
)
def test_response_time_that_nobody_kept_is_recorded_once(severity: Severity | None, minutes: list[float]) -> None:
    assert Story().declare(severity).at(hours=5).minutes_of(e.ResponseTimeMissed) == minutes


def test_acknowledgement_in_the_last_instant_keeps_the_response_time() -> None:
    story = Story().declare(SEV1).asleep_until(15).acknowledge()
    assert story.at(days=1).minutes_of(e.ResponseTimeMissed) == []


def test_raised_severity_has_a_response_time_of_its_own() -> None:
    story = Story().declare(SEV2).at(31).assess(SEV1)
    assert [str(it.within) for it in story.happened(e.ResponseTimeMissed)] == ["30m", "15m"]


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        pytest.param(datetime(2026, 11, 25, 9, tzinfo=UTC), 4, id="in the morning: the same day"),
        pytest.param(datetime(2026, 11, 25, 15, tzinfo=UTC), 20, id="at 15:00: at 11:00 the next day"),
        pytest.param(datetime(2026, 11, 25, 20, tzinfo=UTC), 17, id="in the evening: at 13:00 the next day"),
        pytest.param(datetime(2026, 11, 27, 16, tzinfo=UTC), 68, id="on Friday at 16:00: on Monday at 12:00"),
    ],
)
def test_sev3_is_answered_within_four_business_hours(start: datetime, hours: float) -> None:
    story = Story(start=start).declare(SEV3).at(days=7)
    assert story.minutes_of(e.ResponseTimeMissed) == [hours * 60]


def test_holiday_does_not_count_as_business_time() -> None:
    sop = default_sop()
    hours = replace(sop.business_hours, holidays=(WEDNESDAY_NOON.date(),))
    story = Story(replace(sop, business_hours=hours)).declare(SEV3).at(days=7)
    assert story.minutes_of(e.ResponseTimeMissed) == [25 * 60]

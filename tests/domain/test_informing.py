"""Who is told, and where: stakeholders, management once small incidents add up, the incident's channel."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.domain.harness import (
    CL,
    CTO,
    DIRECTOR,
    IC,
    MANAGER,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV2,
    SEV3,
    SEV4,
    WEDNESDAY_NOON,
    Story,
)
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import PastIncident
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

SOP = default_sop()
WITH_STAKEHOLDERS = replace(SOP, slack=replace(SOP.slack, stakeholders_channel="C0STAKE"))


def earlier(severity: Severity, **before: float) -> PastIncident:
    return PastIncident(severity, WEDNESDAY_NOON - timedelta(**before))


def messages(story: Story) -> list[str]:
    return [effect.text for effect in story.just_sent(f.PostMessage)]


@pytest.mark.parametrize(
    ("severity", "informed"),
    [
        pytest.param(SEV1, [DIRECTOR], id="SEV1"),
        pytest.param(SEV2, [DIRECTOR], id="SEV2"),
        pytest.param(SEV3, [], id="not of SEV3"),
        pytest.param(SEV4, [], id="not of SEV4"),
        pytest.param(None, [], id="not before the assessment"),
    ],
)
def test_stakeholders_are_notified_of_grave_incidents(severity: Severity | None, informed: list[str]) -> None:
    story = Story().declare(severity)
    assert story.told(e.StakeholdersInformed) == informed


def test_stakeholders_are_notified_once() -> None:
    story = Story().declare(SEV2).assess(SEV1).assess(SEV3).assess(SEV1).resolve().reopen()
    assert len(story.happened(e.StakeholdersInformed)) == 1


def test_stakeholders_are_notified_as_soon_as_the_severity_is_raised() -> None:
    story = Story().declare(SEV3).at(30).assess(SEV2)
    assert story.minutes_of(e.StakeholdersInformed) == [30]


def test_stakeholders_channel_follows_the_incident_to_its_end() -> None:
    story = Story(WITH_STAKEHOLDERS).declare(SEV2).assess(SEV1).acknowledge().mitigate().resolve().reopen()
    assert [effect.text.rpartition(" — ")[2] for effect in story.sent(f.TellStakeholders)] == [
        "Stakeholders informed: Dana Diaz (inbox)",
        "Severity SEV2 → SEV1: as the table says",
        "Mitigated",
        "Resolved",
        "Reopened: it came back",
    ]
    assert {effect.channel for effect in story.sent(f.TellStakeholders)} == {"C0STAKE"}


def test_stakeholders_channel_hears_nothing_of_small_incidents() -> None:
    assert Story(WITH_STAKEHOLDERS).declare(SEV3).resolve().sent(f.TellStakeholders) == []


@pytest.mark.parametrize(
    ("recent", "told"),
    [
        pytest.param((), [], id="the first"),
        pytest.param((earlier(SEV3, days=1),), [], id="the second"),
        pytest.param((earlier(SEV3, days=1), earlier(SEV3, days=6)), [MANAGER], id="the third within 7 days"),
        pytest.param((earlier(SEV3, days=1), earlier(SEV3, days=7)), [], id="the third, the first exactly 7 days ago"),
        pytest.param((earlier(SEV3, days=1), earlier(SEV2, days=1)), [], id="another severity doesn't count"),
        pytest.param(tuple(earlier(SEV3, hours=hour) for hour in range(1, 5)), [], id="not the fifth again"),
        pytest.param(tuple(earlier(SEV3, hours=hour) for hour in range(1, 6)), [MANAGER], id="but the sixth"),
        pytest.param((earlier(SEV3, hours=1),) * 998, [MANAGER], id="the 999th"),
        pytest.param((earlier(SEV3, hours=1),) * 1_001, [], id="nor the 1002nd: by then it is no news"),
    ],
)
def test_third_sev3_on_a_service_within_seven_days_reaches_management(
    recent: tuple[PastIncident, ...], told: list[str]
) -> None:
    story = Story(recent=recent).declare(SEV3)
    assert story.told(e.PatternNoticed) == told


@pytest.mark.parametrize("severity", [SEV1, SEV2, SEV4])
def test_pattern_of_sev3_is_not_completed_by_another_severity(severity: Severity) -> None:
    story = Story(recent=(earlier(SEV3, days=1), earlier(SEV3, days=2))).declare(severity)
    assert story.happened(e.PatternNoticed) == []


def test_incident_lowered_to_sev3_completes_the_pattern() -> None:
    story = Story(recent=(earlier(SEV3, days=1), earlier(SEV3, days=2))).declare(SEV2).assess(SEV3)
    assert [it.count for it in story.happened(e.PatternNoticed)] == [3]


@pytest.mark.parametrize(
    ("severity", "names"),
    [
        pytest.param(SEV1, ["inc-2026-0042-checkout-is-down"], id="SEV1"),
        pytest.param(SEV2, ["inc-2026-0042-checkout-is-down"], id="SEV2"),
        pytest.param(SEV3, [], id="not SEV3"),
        pytest.param(SEV4, [], id="not SEV4"),
        pytest.param(None, [], id="not before the assessment"),
    ],
)
def test_grave_incident_opens_a_channel(severity: Severity | None, names: list[str]) -> None:
    assert [effect.name for effect in Story().declare(severity).sent(f.OpenChannel)] == names


def test_raised_severity_opens_the_channel() -> None:
    assert len(Story().declare(SEV3).assess(SEV2).just_sent(f.OpenChannel)) == 1


def test_channel_is_opened_once() -> None:
    story = Story().declare(SEV2).channel_opens().assess(SEV1).assess(SEV3).assess(SEV1)
    assert len(story.sent(f.OpenChannel)) == 1


def test_organisation_without_slack_has_no_channel() -> None:
    story = Story(methods=("pagerduty",)).declare(SEV1).update().acknowledge().resolve()
    assert story.sent(f.ChannelEffect) == []


def test_new_channel_is_furnished_with_topic_summary_link_people_and_earlier_updates() -> None:
    story = Story().declare(SEV1).at(2).acknowledge(by=SECONDARY).update("Rolling back").assign(IC, CTO)
    story.at(3).channel_opens()
    assert [type(effect) for effect in story.just_sent(f.ChannelEffect)] == [
        f.SetTopic,
        f.PostSummary,
        f.AddBookmark,
        f.AddLink,
        f.InviteToChannel,
        f.PostMessage,
    ]
    (invited,) = story.just_sent(f.InviteToChannel)
    assert set(invited.people) == {PRIMARY, SECONDARY, DIRECTOR, CTO}
    assert messages(story) == ["12:02 UTC Rolling back"]


def test_effects_of_a_channel_leave_in_order() -> None:
    story = Story().declare(SEV1).channel_opens().summary_appears().update().resolve()
    assert {effect.lane for effect in story.sent(f.ChannelEffect)} == {"INC-2026-0042/slack"}


def test_open_channel_hears_of_every_event() -> None:
    story = Story().declare(SEV1).channel_opens().acknowledge(by=SECONDARY)
    assert messages(story) == ["Acknowledged (Bob Brown)"]
    assert messages(story.update("Rolling back")) == ["Update: Rolling back (next update by 12:15 UTC) (Alice Adams)"]
    assert messages(story.at(12)) == ["Status update due at 12:15 UTC: reminded Bob Brown"]


def test_delivery_receipts_are_no_news_for_the_channel() -> None:
    assert messages(Story().declare(SEV1).channel_opens().accept(PRIMARY)) == []


def test_topic_is_kept_current() -> None:
    story = Story().declare(SEV1).channel_opens()
    assert [effect.topic for effect in story.sent(f.SetTopic)] == [
        "SEV1 · triggered · IC: none yet · INC-2026-0042 Checkout is down"
    ]
    (topic,) = story.assign(IC, MANAGER).just_sent(f.SetTopic)
    assert topic.topic == "SEV1 · triggered · IC: Erin Engel · INC-2026-0042 Checkout is down"
    assert story.note("The topic stays").just_sent(f.SetTopic) == []


def test_summary_is_pinned_and_kept_current() -> None:
    story = Story().declare(SEV1).channel_opens().summary_appears()
    (pin,) = story.just_sent(f.PinSummary)
    (current,) = story.update("Rolling back").just_sent(f.UpdateSummary)
    assert current.message == pin.message
    assert current.text.splitlines() == [
        "INC-2026-0042: Checkout is down",
        "Severity: SEV1",
        "Status: triggered",
        "Service: website (platform)",
        "Incident Commander: —",
        "Communications Lead: —",
        "Technical Lead: —",
        "Next update due: 12:15 UTC",
        "Last update 12:00 UTC: Rolling back",
    ]


def test_summary_catches_up_with_what_changed_before_it_appeared() -> None:
    story = Story().declare(SEV1).channel_opens().assign(CL, CTO).summary_appears()
    (current,) = story.just_sent(f.UpdateSummary)
    assert "Communications Lead: Carla Costa" in current.text


def test_people_who_join_the_response_are_invited() -> None:
    story = Story().declare(SEV1).channel_opens().assign(IC, CTO)
    assert [effect.people for effect in story.just_sent(f.InviteToChannel)] == [(CTO,)]
    assert [effect.people for effect in story.page(MANAGER).just_sent(f.InviteToChannel)] == [(MANAGER,)]


def test_second_report_of_the_channel_is_ignored() -> None:
    story = Story().declare(SEV1).channel_opens().channel_opens().summary_appears().summary_appears()
    assert len(story.happened(e.ChannelOpened)) == len(story.happened(e.SummaryPosted)) == 1


def test_response_goes_on_without_the_channel_that_was_refused() -> None:
    story = Story().declare(SEV1).channel_is_refused()
    assert story.happened(e.ChannelFailed) == [e.ChannelFailed("OpenChannel", "missing_scope")]
    assert story.at(5).ringing == [PRIMARY, SECONDARY]


def test_long_title_is_cut_to_what_a_channel_name_may_hold() -> None:
    story = Story().declare(SEV1, title="Checkout " * 20)
    (opened,) = story.sent(f.OpenChannel)
    assert opened.name.startswith("inc-2026-0042-checkout-checkout-")
    assert len(opened.name) <= 80


def test_title_without_a_letter_that_a_channel_name_may_hold_leaves_the_id() -> None:
    (opened,) = Story().declare(SEV1, title="サイトがダウン").sent(f.OpenChannel)
    assert opened.name == "inc-2026-0042"

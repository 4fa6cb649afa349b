"""The incident's channel: who may read it, what it links, who is called upon in it, and how it ends."""

import pytest
from msgspec.structs import replace

from tests.domain.harness import CL, CTO, IC, MANAGER, PRIMARY, SEV1, SEV2, SEV3, Story
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.decisions.postmortem import JUDGEMENT_SECTIONS
from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.domain.next_step import NextStep
from tocsin.domain.standing import brief
from tocsin.sop.classify import breach_in
from tocsin.sop.load import default_sop
from tocsin.sop.model import Answers, Scope, Security, Sop
from tocsin.sop.words import Trigger

SOP = default_sop()
WRITTEN = {section.key: "What we say of it" for section in JUDGEMENT_SECTIONS}


def with_channel(sop: Sop = SOP) -> Story:
    return Story(sop).declare(SEV1).channel_opens().summary_appears()


def closed() -> Story:
    story = with_channel().acknowledge().resolve()
    item = ActionItem("set lock_timeout", "chris", ActionItemPriority.P0)
    return story.save_postmortem(WRITTEN, item).complete_postmortem()


def declared_for(trigger: Trigger, sop: Sop = SOP) -> Story:
    return Story(sop).send(c.Declare("Checkout is down", "website", trigger, SEV1))


# Who may read it


def test_a_suspected_breach_gets_a_private_channel() -> None:
    (opened,) = declared_for(Trigger.SECURITY_BREACH).sent(f.OpenChannel)
    assert type(opened) is f.OpenPrivateChannel


@pytest.mark.parametrize("trigger", [it for it in Trigger if it is not Trigger.SECURITY_BREACH])
def test_everything_else_is_everybodys_to_read(trigger: Trigger) -> None:
    (opened,) = declared_for(trigger).sent(f.OpenChannel)
    assert type(opened) is f.OpenChannel


def test_the_sop_says_what_is_private() -> None:
    sop = replace(SOP, slack=replace(SOP.slack, private_channel=(Trigger.DATA_INTEGRITY,)))
    (breach,) = declared_for(Trigger.SECURITY_BREACH, sop).sent(f.OpenChannel)
    (damage,) = declared_for(Trigger.DATA_INTEGRITY, sop).sent(f.OpenChannel)
    assert (type(breach), type(damage)) == (f.OpenChannel, f.OpenPrivateChannel)


def test_an_assessment_that_suspects_a_breach_comes_in_time() -> None:
    story = Story().declare(None)
    story.send(c.Assess(SEV2, "a breach is suspected", Trigger.SECURITY_BREACH))
    assert [type(it) for it in story.just_sent(f.OpenChannel)] == [f.OpenPrivateChannel]


def test_a_breach_that_is_found_before_there_is_a_channel_makes_it_private() -> None:
    story = Story().declare(SEV3).send(c.Assess(SEV1, "a key has leaked", Trigger.SECURITY_BREACH))
    assert [type(it) for it in story.just_sent(f.OpenChannel)] == [f.OpenPrivateChannel]


def test_a_public_channel_is_told_of_a_breach_that_it_stays_public() -> None:
    story = with_channel().send(c.Assess(SEV1, "a key has leaked", Trigger.SECURITY_BREACH))
    said = [it.text for it in story.just_sent(f.PostMessage)]
    assert [text for text in said if "write here only what everybody may read" in text] == said[1:]
    assert len(said) == 2
    assert len(story.note("the key is revoked").just_sent(f.PostMessage)) == 1


def test_stakeholders_learn_no_more_of_it_than_how_grave_it_is_and_how_it_stands() -> None:
    sop = replace(SOP, slack=replace(SOP.slack, stakeholders_channel="C0STAKE"))
    story = declared_for(Trigger.SECURITY_BREACH, sop).acknowledge().mitigate("the key was revoked")
    assert [it.text for it in story.sent(f.TellStakeholders)] == [
        "SEV1 · triggered · INC-2026-0042, which is private",
        "SEV1 · mitigated · INC-2026-0042, which is private",
    ]


def test_answers_that_suspect_a_breach_give_the_reason_away() -> None:
    assert breach_in(Answers(scope=Scope.MANY, security=Security.SUSPECTED)) is Trigger.SECURITY_BREACH
    assert breach_in(Answers(scope=Scope.MANY, security=Security.EXPLOITED)) is Trigger.SECURITY_BREACH
    assert breach_in(Answers(scope=Scope.ALL)) is breach_in(None) is None


# What it links


def test_the_services_runbook_is_linked() -> None:
    (link,) = Story().declare(SEV1).channel_opens().just_sent(f.AddLink)
    assert (link.title, link.url) == ("Runbook", SOP.services["website"].runbook)


@pytest.mark.parametrize("runbook", [None, "see the wiki", "javascript:alert(1)"])
def test_what_is_no_address_is_not_linked(runbook: str | None) -> None:
    services = SOP.services | {"website": replace(SOP.services["website"], runbook=runbook)}
    assert Story(replace(SOP, services=services)).declare(SEV1).channel_opens().just_sent(f.AddLink) == []


# Whose turn it is


def test_who_owes_an_update_is_called_upon_in_the_channel() -> None:
    story = with_channel().acknowledge().assign(CL, CTO).assign(IC, MANAGER).update()
    assert [it.mention for it in story.just_sent(f.PostMessage)] == [""]
    assert [it.mention for it in story.at(12).just_sent(f.PostMessage)] == [CTO]
    assert [it.mention for it in story.at(15).just_sent(f.PostMessage)] == [MANAGER]


def test_updates_are_told_as_such() -> None:
    story = with_channel()
    assert [it.is_update for it in story.update().just_sent(f.PostMessage)] == [True]
    assert [it.is_update for it in story.note("the disk is full").just_sent(f.PostMessage)] == [False]


# The summary


def test_the_summary_offers_the_next_step() -> None:
    story = with_channel()
    (shown,) = story.sent(f.PostSummary)
    assert shown.card is not None
    assert (shown.card.next, shown.card.status) == (NextStep.ACKNOWLEDGE, "triggered")
    (shown_now,) = story.acknowledge().just_sent(f.UpdateSummary)
    assert shown_now.card is not None
    assert (shown_now.card.next, shown_now.card.status) == (NextStep.ASSIGN_ROLE, "acknowledged")


def test_the_summary_follows_when_only_the_next_step_changes() -> None:
    assert with_channel().acknowledge().just_sent(f.UpdateSummary) != []


# A newcomer


def test_who_joins_is_told_how_it_stands() -> None:
    story = with_channel().acknowledge().assign(IC, MANAGER).update("Rolling back")
    told = brief(story.incident, story.sop, "U0NEW")
    assert told is not None
    assert (told.user, told.channel, told.provider) == ("U0NEW", "C042", "slack")
    assert told.text.splitlines() == [
        "INC-2026-0042: Checkout is down",
        "Severity: SEV1",
        "Status: acknowledged",
        "Service: website (platform)",
        "Incident Commander: Erin Engel",
        "Communications Lead: —",
        "Technical Lead: —",
        "Next update due: 12:15 UTC",
        "Last update 12:00 UTC: Rolling back",
    ]


def test_a_newcomer_waits_for_nobody() -> None:
    told = brief(with_channel().incident, SOP, "U0NEW")
    assert told is not None
    assert told.lane == "INC-2026-0042/slack/U0NEW"


def test_without_a_channel_nobody_joins() -> None:
    assert brief(Story().declare(SEV1).incident, SOP, "U0NEW") is None


# Its end


def test_the_channel_is_archived_once_the_postmortem_is_done() -> None:
    kinds = [type(it) for it in closed().just_sent(f.ChannelEffect)]
    assert kinds[0] is f.PostMessage
    assert kinds[-1] is f.ArchiveChannel
    assert f.UpdateSummary in kinds


def test_an_archived_channel_hears_nothing_more() -> None:
    assert closed().note("a late thought").just_sent(f.ChannelEffect) == []


def test_a_channel_is_not_archived_by_the_resolution() -> None:
    assert with_channel().acknowledge().resolve().sent(f.ArchiveChannel) == []


def test_an_incident_that_comes_back_has_its_channel_unarchived_first() -> None:
    kinds = [type(it) for it in closed().reopen().just_sent(f.ChannelEffect)]
    assert kinds[:2] == [f.UnarchiveChannel, f.PostMessage]


def test_what_slack_refuses_is_on_record_and_is_not_said_where_it_would_be_refused_again() -> None:
    story = with_channel().channel_is_refused()
    assert len(story.happened(e.ChannelFailed)) == 1
    assert story.just_sent(f.PostMessage) == []


def test_the_primary_is_told_by_a_page_all_the_same() -> None:
    assert PRIMARY in [it.reach.person for it in declared_for(Trigger.SECURITY_BREACH).sent(f.SendPage)]

"""Histories of real incidents, played through the domain, have the figures that their sources state."""

import json
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.domain.harness import SEV1, SEV2, SEV3, Story
from tests.insight.documents import drafted, measured
from tocsin.insight.compliance import CadenceCompliance, Verdict
from tocsin.insight.postmortem import Written, parse
from tocsin.sop.words import Severity

HISTORIES = Path(__file__).parents[2].parent / "shared" / "data" / "incidents"
pytestmark = pytest.mark.skipif(not HISTORIES.exists(), reason="../shared/data/incidents is not there")

SEVERITIES = {"critical": SEV1, "major": SEV1, "minor": SEV2, "none": SEV3}


def histories(name: str) -> list[Any]:
    path = HISTORIES / name
    return json.loads(path.read_text()) if path.exists() else []


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def begun(at: str, severity: Severity) -> Story:
    return Story(start=instant(at)).declare(severity)


def on(story: Story, at: str) -> Story:
    """The story, its clock set to that instant; the engine sleeps meanwhile."""
    story.now = max(story.now, instant(at))
    return story


def github(history: Any) -> Story:
    """Every post is a status update, the last one the resolution."""
    story = begun(history["started_at"], SEVERITIES[history["severity"]])
    for post in history["timeline"][:-1]:
        on(story, post["time"]).update(f"{post['status']}: {post['text_len']} characters")
    return on(story, history["resolved_at"]).resolve()


@pytest.mark.parametrize("history", histories("github-status-2018-2021.json"), ids=lambda it: it["id"])
def test_github_incident_lasts_from_its_first_to_its_last_post(history: Any) -> None:
    metrics = measured(github(history))
    assert metrics.to_resolve == metrics.duration == instant(history["resolved_at"]) - instant(history["started_at"])
    assert metrics.response.verdict in (Verdict.NOT_APPLICABLE, Verdict.MISSED), "their record names no acknowledgement"


@pytest.mark.parametrize("history", histories("github-status-2018-2021.json"), ids=lambda it: it["id"])
def test_github_incident_keeps_the_cadence_as_far_as_its_posts_do(history: Any) -> None:
    every = {SEV1: timedelta(minutes=15), SEV2: timedelta(minutes=30)}.get(SEVERITIES[history["severity"]])
    posts = [history["started_at"], *(post["time"] for post in history["timeline"][:-1]), history["resolved_at"]]
    instants = accumulate(map(instant, posts), max)  # one of them has posts from before its start
    gaps = [after - before for before, after in pairwise(instants)]
    missed = [sum(gap > times * every for times in range(1, 100)) for gap in gaps] if every else []
    expected = (
        CadenceCompliance(
            required=sum(max(1, late) for late in missed[:-1]) + missed[-1],
            late=sum(missed),
            lateness=sum((max(timedelta(), gap - every) for gap in gaps), timedelta()),
            longest_gap=max(gaps),
        )
        if every
        else CadenceCompliance()
    )
    assert measured(github(history)).cadence == expected


@pytest.mark.parametrize("history", histories("github-status-2018-2021.json"), ids=lambda it: it["id"])
def test_github_incident_has_a_draft_in_which_nothing_is_written_yet(history: Any) -> None:
    assert parse(drafted(github(history))) == Written({}, ())


@pytest.mark.parametrize(
    "history",
    [it for it in histories("dfds-2019-2021.json") if it["oracle"]["ttr_found_as_difference"]],
    ids=lambda it: it["id"],
)
def test_dfds_incident_recovers_after_the_stated_time(history: Any) -> None:
    stated = timedelta(minutes=history["oracle"]["ttr_minutes"])
    instants = [instant(entry["time"]) for entry in history["timeline"]]
    began, recovered = next((a, b) for a in instants for b in instants if b - a == stated)
    story = Story(start=began).declare(SEV1)
    story.now = recovered
    metrics = measured(story.mitigate().at(days=20))
    assert metrics.to_mitigate == stated
    assert metrics.to_resolve is None


@pytest.mark.parametrize("history", histories("google-sre-shakespeare.json"), ids=lambda it: it["id"])
def test_shakespeare_outage_is_told_with_its_own_times(history: Any) -> None:
    marks = {entry["mark"]: entry["time"] for entry in history["timeline"] if "mark" in entry}
    story = Story(start=instant(marks["impact_start"])).declare()
    on(story, marks["ack"]).acknowledge()
    on(story, marks["declared"]).assess(SEV1)
    on(story, marks["update"]).update()
    on(story, marks["mitigated"]).mitigate()
    on(story, marks["impact_end"]).resolve()
    metrics = measured(story)
    assert metrics.to_resolve == timedelta(minutes=history["duration_minutes_outage"])
    assert metrics.to_acknowledge == timedelta(minutes=4)
    assert metrics.response.verdict is Verdict.MET
    assert metrics.cadence == CadenceCompliance(
        required=3, late=2, lateness=timedelta(minutes=18), longest_gap=timedelta(minutes=33)
    )

"""What becomes of alerts? One incident and one page for what belongs together, whatever the order and the number."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import firing, minute, resolved
from tests.engine.rehearsal import Rehearsal
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.alert import Alert
from tocsin.domain.incident import Status
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity
from tocsin.store.rows import StoredAlert

SOP = default_sop()
RECEIPTS = (e.PageAccepted,)
OPENED = ["IncidentOpened", "StepFired"]


def stored(rehearsal: Rehearsal) -> list[StoredAlert]:
    """The alerts as they are remembered, in the order in which they came."""
    return sorted(rehearsal.queries.alerts(limit=10_000), key=lambda alert: alert.id)


def counted(rehearsal: Rehearsal) -> list[tuple[str, int]]:
    """Of each alert, how it stands and how often it came."""
    return [(alert.status, alert.received) for alert in stored(rehearsal)]


def present(rehearsal: Rehearsal) -> dict[str, str]:
    """How each alert stands at present, by its name."""
    return {alert.labels["alertname"]: alert.status for alert in stored(rehearsal)}


def is_clear(rehearsal: Rehearsal) -> bool:
    return rehearsal.only.is_clear


def story(rehearsal: Rehearsal) -> list[str]:
    return rehearsal.story(rehearsal.only.id, *RECEIPTS)


# Firing


def test_first_firing_opens_an_incident_and_pages_the_primary(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work()
    incident = rehearsal.only
    assert (incident.title, incident.service) == ("HighErrorRate on the website", "website")
    assert (incident.provisional, incident.severity) == (Severity.SEV1, None)
    assert rehearsal.pages() == [(0, "alice")]
    assert story(rehearsal) == OPENED


def test_repetitions_are_counted_and_nothing_else(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work()
    before = rehearsal.only
    for turn in range(1, 4):
        rehearsal.now = minute(turn)
        rehearsal.take(firing())
    assert rehearsal.only == before
    (alert,) = stored(rehearsal)
    assert (alert.received, alert.first_seen_at, alert.last_seen_at) == (4, minute(0), minute(3))


def test_alerts_of_one_group_share_an_incident(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(instance="web-1")).take(firing(instance="web-2"), firing(instance="web-3")).work()
    assert {alert.incident for alert in stored(rehearsal)} == {rehearsal.only.id}
    assert rehearsal.pages() == [(0, "alice")]
    assert story(rehearsal) == OPENED


def test_alerts_of_different_groups_have_incidents_of_their_own(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing("Latency"), firing("ErrorRate"), firing("Latency", service="api"))
    services = [(it.service, it.title) for it in rehearsal.incidents()]
    assert services == [
        ("website", "Latency on the website"),
        ("website", "ErrorRate on the website"),
        ("api", "Latency on the website"),
    ]


def test_storm_of_one_group_is_one_incident_and_one_page(rehearsal: Rehearsal) -> None:
    storm = [firing(instance=f"web-{number}") for number in range(1_000)]
    rehearsal.take(*storm[:1]).take(*storm[1:500]).take(*storm).work()
    assert len(stored(rehearsal)) == 1_000
    assert rehearsal.pages() == [(0, "alice")]
    assert story(rehearsal) == OPENED


def test_alert_that_wakes_nobody_is_recorded_and_pages_nobody(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(severity="info")).at(600)
    assert story(rehearsal) == ["IncidentOpened"]
    assert rehearsal.pages() == []


def test_quiet_incident_begins_to_page_when_a_loud_alert_joins(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(severity="info")).at(60).take(firing(severity="critical", at=60)).at(80)
    assert rehearsal.only.provisional is Severity.SEV1
    assert story(rehearsal) == ["IncidentOpened", "AlertWorsened", "StepFired", "StepFired"]
    assert rehearsal.pages() == [(60, "alice"), (75, "bob")]


def test_milder_alert_that_joins_changes_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).take(firing(severity="info"))
    assert rehearsal.only.provisional is Severity.SEV1
    assert story(rehearsal) == OPENED


def test_assessment_stands_against_alerts_like_those_that_were_seen(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    rehearsal.change(rehearsal.only.id, c.Assess(severity=Severity.SEV3, reason="a workaround exists"))
    rehearsal.take(firing(instance="web-2"))
    assert rehearsal.only.severity is Severity.SEV3


# Resolving


def test_last_alert_that_resolves_makes_monitoring_clean(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(instance="web-1"), firing(instance="web-2"))
    rehearsal.take(resolved(instance="web-1", at=5))
    assert not is_clear(rehearsal)
    rehearsal.take(resolved(instance="web-2", at=6))
    assert is_clear(rehearsal)
    assert rehearsal.happened(rehearsal.only.id, e.AlertsCleared) == [e.AlertsCleared(alerts=2)]
    assert rehearsal.only.status is Status.TRIGGERED


def test_monitoring_that_is_clean_resolves_the_incident_where_the_sop_says_so(path: Path) -> None:
    with Rehearsal(path, replace(SOP, alerts=replace(SOP.alerts, resolve_when_clear=True))) as rehearsal:
        rehearsal.take(firing()).take(resolved(at=5))
        assert story(rehearsal) == [*OPENED, "AlertsCleared", "Resolved"]
        rehearsal.take(firing(at=6))
        assert len(rehearsal.incidents()) == 1


def test_repeated_resolution_is_counted_and_nothing_else(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).take(resolved(at=5)).take(resolved(at=5)).take(resolved(at=5))
    assert counted(rehearsal) == [("resolved", 4)]
    assert story(rehearsal) == [*OPENED, "AlertsCleared"]


def test_alert_that_fires_again_makes_monitoring_unclean_and_pages_nobody_again(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work().take(resolved(at=5)).take(firing(at=6)).work()
    assert story(rehearsal) == [*OPENED, "AlertsCleared", "AlertsFiring"]
    assert not is_clear(rehearsal)
    assert rehearsal.pages() == [(0, "alice")]
    (alert,) = stored(rehearsal)
    assert (alert.status, alert.starts_at, alert.ends_at) == ("firing", minute(6), None)


def test_another_alert_of_the_group_makes_monitoring_unclean(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(instance="web-1")).take(resolved(instance="web-1", at=5))
    rehearsal.take(firing(instance="web-2", at=6))
    assert story(rehearsal) == [*OPENED, "AlertsCleared", "AlertsFiring"]


def test_flapping_within_one_batch_ends_as_it_ends(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    rehearsal.take(resolved(at=1), firing(at=2), resolved(since=2, at=3), firing(at=4))
    assert story(rehearsal) == OPENED
    rehearsal.take(resolved(since=4, at=5), firing(at=6), resolved(since=6, at=7))
    assert story(rehearsal) == [*OPENED, "AlertsCleared"]
    assert counted(rehearsal) == [("resolved", 8)]


def test_resolution_of_something_unknown_is_remembered_and_opens_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.take(resolved(at=5)).take(resolved(at=5))
    assert rehearsal.incidents(is_open=None) == []
    assert [(it.incident, it.status, it.received) for it in stored(rehearsal)] == [(None, "resolved", 2)]


# Out of order


def test_firing_that_arrives_after_its_own_resolution_pages_nobody(rehearsal: Rehearsal) -> None:
    rehearsal.take(resolved(at=5)).take(firing()).work()
    assert rehearsal.incidents(is_open=None) == []
    assert rehearsal.pages() == []
    assert counted(rehearsal) == [("resolved", 2)]


def test_firing_that_begins_after_a_resolution_that_came_alone_opens_an_incident(rehearsal: Rehearsal) -> None:
    rehearsal.take(resolved(at=5)).take(firing(at=6)).work()
    assert rehearsal.pages() == [(0, "alice")]


def test_firing_that_was_delayed_does_not_undo_the_resolution(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).take(resolved(at=5)).take(firing())
    assert is_clear(rehearsal)
    assert counted(rehearsal) == [("resolved", 3)]


def test_resolution_that_was_delayed_does_not_end_a_later_firing(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).take(firing(at=6)).take(resolved(at=5))
    assert not is_clear(rehearsal)
    assert counted(rehearsal) == [("firing", 3)]


def test_later_resolution_that_was_told_first_is_not_undone_by_its_firing(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).take(resolved(at=5)).take(resolved(since=6, at=8)).take(firing(at=6))
    assert is_clear(rehearsal)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        pytest.param(firing(at=5), resolved(since=0, at=5), "firing", id="a firing begins as another ends"),
        pytest.param(firing(at=5), resolved(since=5, at=5), "resolved", id="an alert ends as it begins"),
        pytest.param(
            firing(at=5), replace(resolved(since=5, at=5), ends_at=None), "resolved", id="a resolution without its end"
        ),
    ],
)
def test_what_happens_in_one_instant_ends_the_same_in_either_order(
    rehearsal: Rehearsal, first: Alert, second: Alert, status: str
) -> None:
    there = [replace(it, labels={"alertname": "there"}, fingerprint="") for it in (first, second)]
    back = [replace(it, labels={"alertname": "back"}, fingerprint="") for it in (second, first)]
    rehearsal.take(*there).take(*back)
    assert present(rehearsal) == {"there": status, "back": status}


# After the end


def test_alert_that_still_fires_after_a_human_resolution_opens_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work()
    rehearsal.change(rehearsal.only.id, c.Resolve(note="the traffic is moved away"))
    for turn in range(1, 4):
        rehearsal.now = minute(turn)
        rehearsal.take(firing()).work()
    assert len(rehearsal.incidents(is_open=None)) == 1
    assert rehearsal.pages() == [(0, "alice")]
    assert counted(rehearsal) == [("firing", 4)]


def test_new_episode_after_a_resolution_opens_a_new_incident(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).work()
    rehearsal.change(rehearsal.only.id, c.Resolve())
    rehearsal.at(10).take(resolved(at=9)).take(firing(at=10)).work()
    old, new = sorted(rehearsal.incidents(is_open=None), key=lambda incident: incident.id)
    assert (old.status, new.status) == (Status.RESOLVED, Status.TRIGGERED)
    assert rehearsal.pages() == [(0, "alice"), (10, "alice")]
    assert [(it.incident, it.status) for it in stored(rehearsal)] == [(old.id, "resolved"), (new.id, "firing")]


def test_new_episode_whose_resolution_was_lost_opens_a_new_incident(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    rehearsal.change(rehearsal.only.id, c.Resolve())
    rehearsal.take(firing(at=10))
    assert len(rehearsal.incidents(is_open=None)) == 2


def test_resolution_after_the_end_is_remembered(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    rehearsal.change(rehearsal.only.id, c.Resolve())
    rehearsal.take(resolved(at=5)).take(firing())
    assert counted(rehearsal) == [("resolved", 3)]
    assert len(rehearsal.incidents(is_open=None)) == 1


def test_alert_of_a_reopened_incident_belongs_to_it_again(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    rehearsal.change(rehearsal.only.id, c.Resolve())
    rehearsal.change(rehearsal.only.id, c.Reopen(reason="it is back"))
    rehearsal.take(resolved(at=5))
    assert is_clear(rehearsal)


# Batches


@pytest.mark.parametrize(
    "invalid",
    [
        pytest.param(replace(firing("Odd"), annotations={"summary": "\ud800"}), id="text that is no Unicode"),
        pytest.param(replace(firing(), starts_at=minute(0).replace(tzinfo=None)), id="a time without its zone"),
    ],
)
def test_batch_with_an_invalid_alert_leaves_nothing(rehearsal: Rehearsal, invalid: Alert) -> None:
    rehearsal.take(firing("Known"))
    before = rehearsal.only, stored(rehearsal), rehearsal.queries.outbox.rows()
    with pytest.raises((ValueError, TypeError)):
        rehearsal.take(firing("Known"), resolved("Known", at=5), firing("New"), invalid)
    assert (rehearsal.only, stored(rehearsal), rehearsal.queries.outbox.rows()) == before


def test_empty_batch_changes_nothing(rehearsal: Rehearsal) -> None:
    assert rehearsal.take().incidents(is_open=None) == []

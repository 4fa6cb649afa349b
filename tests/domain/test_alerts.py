"""Alerts: what opens an incident, who is woken before anybody has assessed, what it means that they clear."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.domain.harness import MANAGER, PAGE, PRIMARY, SECONDARY, SEV1, SEV2, SEV3, SEV4, WEDNESDAY_NOON, Story, step
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.alert import Alert, AlertStatus, fingerprint
from tocsin.domain.incident import Source, Status
from tocsin.domain.placement import Placer
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

SOP = default_sop()
RESOLVES_ITSELF = replace(SOP, alerts=replace(SOP.alerts, resolve_when_clear=True))


def firing(labels: dict[str, str], annotations: dict[str, str] | None = None) -> Alert:
    return Alert(labels, annotations or {}, AlertStatus.FIRING, WEDNESDAY_NOON)


def test_alert_opens_an_incident_that_waits_for_its_assessment() -> None:
    incident = Story().alert(severity="critical", service="api").incident
    assert (incident.source, incident.service, incident.teams) == (Source.ALERT, "api", ("backend",))
    assert (incident.provisional, incident.severity) == (SEV1, None)


@pytest.mark.parametrize(
    ("label", "provisional", "paged"),
    [
        pytest.param("critical", SEV1, [PRIMARY], id="critical looks like SEV1"),
        pytest.param("error", SEV2, [PRIMARY], id="an error like SEV2"),
        pytest.param("warning", SEV3, [PRIMARY], id="a warning like SEV3"),
        pytest.param("unheard-of", None, [PRIMARY], id="an unknown one like nothing"),
        pytest.param("info", SEV4, [], id="information like SEV4, and wakes nobody"),
    ],
)
def test_alert_is_paged_for_until_somebody_assesses(label: str, provisional: Severity | None, paged: list[str]) -> None:
    story = Story().alert(severity=label)
    assert (story.incident.provisional, story.ringing) == (provisional, paged)


def test_quiet_alert_never_escalates() -> None:
    story = Story().alert(severity="info").at(days=30)
    assert story.ladder == []
    assert story.sent(f.SendPage) == []


def test_quiet_alert_that_proves_grave_is_paged_for_at_once() -> None:
    story = Story().alert(severity="info").at(7).assess(SEV1)
    assert story.ladder == [step(7, PAGE, PRIMARY), step(7, PAGE, SECONDARY)]


def test_loud_alert_that_joins_a_quiet_incident_starts_the_ladder() -> None:
    story = Story().alert(severity="info").at(60).join(severity="critical").at(75)
    assert story.ladder == [step(60, PAGE, PRIMARY), step(75, PAGE, SECONDARY)]


@pytest.mark.parametrize("act", [Story.acknowledge, Story.mitigate])
def test_loud_alert_that_joins_a_quiet_incident_starts_the_ladder_although_somebody_saw_to_it(
    act: Callable[[Story], Story],
) -> None:
    story = act(Story().alert(severity="info").at(5)).at(60).join(severity="critical").at(75)
    assert story.incident.status is Status.TRIGGERED
    assert story.ladder == [step(60, PAGE, PRIMARY), step(75, PAGE, SECONDARY)]


def test_worse_alert_after_the_mitigation_reopens_what_nobody_has_assessed() -> None:
    story = Story().alert(severity="warning").acknowledge().mitigate().at(60).join(severity="critical").at(75)
    assert [it.reason for it in story.happened(e.Reopened)] == ["a worse alert joined: Checkout is down for all"]
    assert story.ladder[1:] == [step(60, PAGE, PRIMARY), step(75, PAGE, SECONDARY)]


def test_worse_alert_that_joins_a_loud_incident_leaves_the_ladder_as_it_is() -> None:
    story = Story().alert(severity="warning").at(10).join(severity="critical").at(15)
    assert story.incident.provisional is SEV1
    assert story.ladder == [step(0, PAGE, PRIMARY), step(15, PAGE, SECONDARY)]


@pytest.mark.parametrize("label", ["warning", "info", "unheard-of"])
def test_alert_that_is_no_worse_changes_nothing(label: str) -> None:
    assert Story().alert(severity="warning").join(severity=label).happened(e.AlertWorsened) == []


def test_assessment_stands_against_alerts_like_those_that_were_seen() -> None:
    story = Story().alert(severity="critical").acknowledge().assess(SEV2).at(10).join(severity="critical")
    assert story.happened(e.SeverityChanged) == []
    assert story.incident.status is Status.ACKNOWLEDGED


def test_alert_worse_than_all_that_was_seen_raises_the_severity_and_pages_anew() -> None:
    story = Story().alert(severity="warning").acknowledge().assess(SEV4).at(60 * 48).join(severity="critical")
    assert story.incident.severity is SEV1
    assert story.incident.status is Status.TRIGGERED
    assert step(60 * 48, PAGE, PRIMARY) in story.ladder


def test_alert_that_raises_the_severity_of_an_unanswered_incident_hurries_the_ladder_on() -> None:
    story = Story().alert(severity="warning").assess(SEV2).at(29).join(severity="critical")
    assert story.ladder == [step(0, PAGE, PRIMARY), step(15, PAGE, SECONDARY), step(29, PAGE, MANAGER)]


def test_alert_that_raises_what_nobody_was_paged_for_begins_a_ladder() -> None:
    story = Story().alert(severity="info").assess(SEV4).at(hours=48).join(severity="critical")
    assert story.ladder[1:] == [step(48 * 60, PAGE, PRIMARY)]


def test_loud_alert_that_joins_an_assessed_incident_leaves_its_ladder_as_it_is() -> None:
    story = Story().alert(severity="info").assess(SEV1).at(10).join(severity="unheard-of").at(15)
    assert story.ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY), step(15, PAGE, MANAGER)]


def test_alerts_that_fire_again_after_the_mitigation_reopen_the_incident() -> None:
    story = Story().alert(severity="critical").acknowledge().mitigate().clear_alerts().at(480).fire_alerts()
    assert story.incident.status is Status.TRIGGERED
    assert step(480, PAGE, PRIMARY) in story.ladder


def test_cleared_alerts_leave_the_resolution_to_people() -> None:
    story = Story().alert(severity="critical").acknowledge().clear_alerts(3)
    assert story.happened(e.AlertsCleared) == [e.AlertsCleared(alerts=3)]
    assert story.incident.status is Status.ACKNOWLEDGED
    assert story.incident.is_clear


def test_cleared_alerts_do_not_stop_the_ladder() -> None:
    story = Story().alert(severity="critical").clear_alerts().at(15)
    assert story.ladder[-1] == step(15, PAGE, SECONDARY)


def test_cleared_alerts_resolve_the_incident_where_the_sop_says_so() -> None:
    story = Story(RESOLVES_ITSELF).alert(severity="critical").at(4).clear_alerts()
    assert story.incident.status is Status.RESOLVED
    assert [effect.reach.person for effect in story.just_sent(f.ResolvePage)] == [PRIMARY]


def test_alerts_that_clear_twice_are_noted_once() -> None:
    assert len(Story().alert().clear_alerts().clear_alerts().happened(e.AlertsCleared)) == 1


def test_alert_that_fires_again_takes_the_clean_monitoring_back() -> None:
    story = Story().alert().clear_alerts().fire_alerts()
    assert not story.incident.is_clear
    assert story.happened(e.AlertsFiring) == [e.AlertsFiring("Checkout is down")]


def test_alert_that_goes_on_firing_is_not_worth_an_event() -> None:
    assert Story().alert().fire_alerts().happened(e.AlertsFiring) == []


@pytest.mark.parametrize(
    ("story", "is_clean"),
    [
        pytest.param(lambda: Story().alert().clear_alerts(), True, id="the alerts have cleared"),
        pytest.param(lambda: Story().alert(), False, id="an alert still fires"),
        pytest.param(lambda: Story().alert().clear_alerts().fire_alerts(), False, id="an alert fires again"),
        pytest.param(lambda: Story().declare(SEV1), True, id="no alert was attached"),
    ],
)
def test_resolution_records_whether_monitoring_was_clean(story: Callable[[], Story], is_clean: bool) -> None:
    assert story().resolve("rolled back").happened(e.Resolved) == [e.Resolved("rolled back", is_clean)]


def test_alert_of_a_service_that_left_the_organisation_still_reaches_somebody() -> None:
    story = Story()
    story.organisation = replace(SOP, services={"other": SOP.services["website"]})
    assert story.alert(severity="critical").ringing == [PRIMARY]


@pytest.mark.parametrize(
    ("annotations", "summary"),
    [
        pytest.param({"summary": "Disk full", "description": "/ at 100 %"}, "Disk full", id="the summary"),
        pytest.param({"description": "/ at 100 %"}, "/ at 100 %", id="the description where there is no summary"),
        pytest.param({}, "DiskFull", id="the name where there is neither"),
        pytest.param({"summary": " \n", "description": "\t"}, "DiskFull", id="blanks are none"),
        pytest.param({"summary": "Disk\n  full"}, "Disk full", id="on one line"),
        pytest.param({"summary": "x" * 301}, "x" * 300, id="at most 300 characters"),
    ],
)
def test_alert_tells_in_a_line_what_is_wrong(annotations: dict[str, str], summary: str) -> None:
    assert firing({"alertname": "DiskFull"}, annotations).summary == summary


@pytest.mark.parametrize("labels", [{}, {"alertname": ""}, {"alertname": " "}])
def test_alert_without_a_name_is_still_called_something(labels: dict[str, str]) -> None:
    assert firing(labels).summary == "unnamed alert"


def test_fingerprint_does_not_depend_on_the_order_of_labels() -> None:
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"a": "1"}, {"a": "2"}, id="other value"),
        pytest.param({"a": "1"}, {"b": "1"}, id="other name"),
        pytest.param({"a": "1b2"}, {"a": "1", "b": "2"}, id="run together"),
        pytest.param({"a": ""}, {}, id="empty value"),
        pytest.param({"ab": "c"}, {"a": "bc"}, id="another border"),
    ],
)
def test_other_labels_have_another_fingerprint(one: dict[str, str], other: dict[str, str]) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("labels", "group_key"),
    [
        pytest.param({"alertname": "Down"}, "website{alertname='Down'}", id="the default service"),
        pytest.param({"alertname": "Down", "service": "api"}, "api{alertname='Down'}", id="the labelled service"),
        pytest.param({"alertname": "Down", "service": "?"}, "website{alertname='Down'}", id="an unknown service"),
        pytest.param({"alertname": "Down", "pod": "7"}, "website{alertname='Down'}", id="other labels don't matter"),
        pytest.param({}, "website{alertname=''}", id="no name"),
    ],
)
def test_alerts_are_grouped_by_service_and_name(labels: dict[str, str], group_key: str) -> None:
    assert Placer(SOP).place(firing(labels)).group_key == group_key


def test_group_of_long_labels_is_known_by_its_beginning_and_a_digest() -> None:
    groups = {Placer(SOP).place(firing({"alertname": "x" * 600 + end})).group_key for end in "ab"}
    assert len(groups) == 2
    assert all(len(group.encode()) <= 500 and group.startswith("website{alertname='xxx") for group in groups)

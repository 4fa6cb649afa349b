"""Are the figures right, in Prometheus' format, and all of them documented?"""

import re
from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.engine.alerts import NOON
from tocsin.engine.meters import Histogram, Meters
from tocsin.engine.watch.alarms import Alarm, Trouble
from tocsin.engine.watch.look import Look
from tocsin.engine.watch.metrics import FAMILIES, Figures, render
from tocsin.store.rows import Member, SeenMember
from tocsin.store.vitals import Waiting

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
NODES = tuple(
    SeenMember(Member(name, "host", 1, "0.1.0", "", "76de", ()), NOON, NOON, silent)
    for name, silent in (("one", 3.0), ("two", 40.0))
)


def figures() -> Figures:
    meters = Meters()
    meters.commits = 7
    for outcome in ("done", "again", "never", "done"):
        meters.began("pagerduty", page_after=0.3 if outcome == "done" else None)
        meters.ended("pagerduty", outcome)
    look = Look(
        NOON,
        wakes_late_by=timedelta(seconds=2),
        waiting=(Waiting("slack", 4, NOON - timedelta(minutes=1)),),
        open_incidents={"SEV1": 2, "none": 1},
        nodes=NODES,
    )
    return Figures(
        meters=meters,
        look=look,
        alarms=(Alarm(Trouble.AUDIT, "5 INC-2026-0001", "lost", NOON), Alarm(Trouble.AUDIT, "7", "late", NOON)),
        is_ready=False,
        loop_lag=0.25,
        behind=timedelta(seconds=-1),
        look_age=3.0,
        audit_age=4.0,
        beats=5,
        beat_failures=6,
    )


def samples() -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels, in the order of the labels' names."""
    families = text_string_to_metric_families(render(figures()).decode())
    return {
        (it.name, *(it.labels[label] for label in sorted(it.labels))): it.value
        for family in families
        for it in family.samples
    }


def test_figures_are_what_was_counted_and_seen() -> None:
    found = samples()
    assert found["tocsin_ready",] == 0
    assert found["tocsin_alarms", "audit"] == 2
    assert found["tocsin_engine_lag_seconds",] == 2
    assert found["tocsin_outbox_waiting", "slack"] == 4
    assert found["tocsin_outbox_oldest_seconds", "slack"] == 60
    assert found["tocsin_open_incidents", "SEV1"] == 2
    assert found["tocsin_nodes",] == 1
    assert found["tocsin_commits_total",] == 7
    assert found["tocsin_delivery_attempts_total", "pagerduty"] == 4
    assert found["tocsin_deliveries_total", "done", "pagerduty"] == 2
    assert found["tocsin_delivery_failures_total", "pagerduty"] == 2
    assert found["tocsin_page_latency_seconds_bucket", "0.25"] == 0
    assert found["tocsin_page_latency_seconds_bucket", "0.5"] == 2
    assert found["tocsin_page_latency_seconds_count",] == 2
    assert found["tocsin_heartbeats_out_total",] == 5


def test_every_family_has_a_sample_and_no_other_is_there() -> None:
    named = {re.sub(r"_(bucket|count|sum)$", "", name) for name, *_ in samples()}
    assert named == set(FAMILIES)


def test_every_metric_is_documented_with_its_labels_and_every_documented_one_exists() -> None:
    rows = re.findall(r"^\| `(tocsin_\w+)(?:\{([\w, ]*)\})?` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE)
    documented = {name: (kind, tuple(labels.split(", ")) if labels else ()) for name, labels, kind in rows}
    assert documented == {name: (family.kind, family.labels) for name, family in FAMILIES.items()}


def test_length_at_a_bucket_s_bound_belongs_to_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.0, 1.0, 1.5, 2.0, 2.5):
        histogram.add(seconds)
    assert histogram.cumulative == [2, 4, 5]
    assert histogram.total == 7.0

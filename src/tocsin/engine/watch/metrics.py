"""How is Tocsin measured? Figures in Prometheus' text format, made from counters in memory and the newest look.

A scrape asks nobody: it can't hold up a page, and nothing that hangs holds up a scrape.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from tocsin import __version__
from tocsin.engine.meters import Meters
from tocsin.engine.watch.alarms import Alarm
from tocsin.engine.watch.look import Look

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Family(NamedTuple):
    """A metric: `labels` tell its series apart."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()


FAMILIES: dict[str, Family] = {
    "tocsin_build_info": Family("gauge", "1; the label says which version runs", ("version",)),
    "tocsin_ready": Family("gauge", "1 while no alarm says that this node can't do its work"),
    "tocsin_alarms": Family("gauge", "Tocsin's own troubles, by kind", ("kind",)),
    "tocsin_engine_lag_seconds": Family("gauge", "How late the earliest deadline is"),
    "tocsin_event_loop_lag_seconds": Family("gauge", "How much later than asked the event loop came back"),
    "tocsin_clock_behind_seconds": Family("gauge", "How far engine time is behind the clock that it follows"),
    "tocsin_look_age_seconds": Family("gauge", "How old the look at the database is that these figures are from"),
    "tocsin_audit_age_seconds": Family("gauge", "How long ago the auditor finished"),
    "tocsin_outbox_waiting": Family("gauge", "Deliveries that wait", ("provider",)),
    "tocsin_outbox_oldest_seconds": Family("gauge", "The age of the oldest delivery that waits", ("provider",)),
    "tocsin_open_incidents": Family("gauge", "Open incidents, by severity as assessed or as it looks", ("severity",)),
    "tocsin_nodes": Family("gauge", "Nodes that were heard of in the last 30 seconds"),
    "tocsin_commits_total": Family("counter", "Transactions that this node has committed"),
    "tocsin_leases_taken_over_total": Family("counter", "Deliveries that this node took from one that fell silent"),
    "tocsin_delivery_attempts_total": Family("counter", "Deliveries that were begun", ("provider",)),
    "tocsin_deliveries_total": Family(
        "counter", "Deliveries that ended, by outcome: done, again, never", ("provider", "outcome")
    ),
    "tocsin_delivery_failures_total": Family("counter", "Deliveries that a provider did not take", ("provider",)),
    "tocsin_page_latency_seconds": Family("histogram", "From the decision to page to the first attempt"),
    "tocsin_heartbeats_out_total": Family("counter", "Calls that the dead-man's switch took"),
    "tocsin_heartbeat_out_failures_total": Family("counter", "Calls that the dead-man's switch did not take"),
}
_ALIVE_SECONDS = 30.0

Sample = tuple[tuple[str, ...], float]


class Figures(Struct, frozen=True):
    """Everything that is measured, at one moment."""

    meters: Meters
    look: Look
    alarms: tuple[Alarm, ...]
    is_ready: bool
    loop_lag: float
    behind: timedelta
    look_age: float
    audit_age: float
    beats: int
    beat_failures: int


def render(figures: Figures) -> bytes:
    """The metrics as text; takes milliseconds, so call it in a thread."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  # 30 ms, and a start needs none

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(figures))
    return generate_latest(registry)


class _Collector:
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client import core  # noqa: PLC0415  # as above

        samples = _samples(self._figures)
        for name, family in FAMILIES.items():
            if family.kind == "histogram":
                histogram = core.HistogramMetricFamily(name, family.help)
                latency = self._figures.meters.page_latency
                bounds = [*(str(bound) for bound in latency.bounds), "+Inf"]
                histogram.add_metric([], list(zip(bounds, latency.cumulative, strict=True)), latency.total)
                yield histogram
                continue
            make = core.CounterMetricFamily if family.kind == "counter" else core.GaugeMetricFamily
            metric = make(name, family.help, labels=family.labels)
            for labels, value in samples[name]:
                metric.add_metric(labels, value)
            yield metric


def _samples(it: Figures) -> dict[str, list[Sample]]:
    meters, look = it.meters, it.look
    kinds = [alarm.kind for alarm in it.alarms]
    return {
        "tocsin_build_info": [((__version__,), 1.0)],
        "tocsin_ready": _one(it.is_ready),
        "tocsin_alarms": [((kind,), float(kinds.count(kind))) for kind in sorted(set(kinds))],
        "tocsin_engine_lag_seconds": _one(look.wakes_late_by.total_seconds()),
        "tocsin_event_loop_lag_seconds": _one(it.loop_lag),
        "tocsin_clock_behind_seconds": _one(it.behind.total_seconds()),
        "tocsin_look_age_seconds": _one(it.look_age),
        "tocsin_audit_age_seconds": _one(it.audit_age),
        "tocsin_outbox_waiting": [((waiting.provider,), float(waiting.rows)) for waiting in look.waiting],
        "tocsin_outbox_oldest_seconds": [
            ((waiting.provider,), (look.at - waiting.oldest_at).total_seconds()) for waiting in look.waiting
        ],
        "tocsin_open_incidents": [((severity,), float(count)) for severity, count in look.open_incidents.items()],
        "tocsin_nodes": _one(sum(node.silent_for <= _ALIVE_SECONDS for node in look.nodes)),
        "tocsin_commits_total": _one(meters.commits),
        "tocsin_leases_taken_over_total": _one(meters.leases_taken_over),
        "tocsin_delivery_attempts_total": [((name,), float(count)) for name, count in sorted(meters.attempts.items())],
        "tocsin_deliveries_total": [(key, float(count)) for key, count in sorted(meters.outcomes.items())],
        "tocsin_delivery_failures_total": [((name,), float(count)) for name, count in sorted(meters.failures.items())],
        "tocsin_heartbeats_out_total": _one(it.beats),
        "tocsin_heartbeat_out_failures_total": _one(it.beat_failures),
    }


def _one(value: float) -> list[Sample]:
    return [((), float(value))]

"""What is known without asking anybody? The parts of a postmortem that are drafted from the record, as Markdown."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain import events as e
from tocsin.domain.checklist import missing_roles
from tocsin.domain.incident import Audience, Incident, Status
from tocsin.domain.narrate import name_of, narrate
from tocsin.insight.compliance import Verdict, level_of
from tocsin.insight.metrics import Metrics
from tocsin.insight.sentences import compliance_sentences, spell
from tocsin.sop.model import Sop
from tocsin.sop.render.markdown import bullets, escape, table
from tocsin.sop.render.phrases import heading
from tocsin.sop.render.postmortem import TIMELINE_COLUMNS
from tocsin.sop.render.text import listed
from tocsin.sop.words import Role

MAX_ALERTS = 100  # a storm has thousands, and the first ones tell the story

# What says only that the machinery ran.
_NOISE = (e.PageAccepted, e.SummaryPosted, e.Reminded, e.PostmortemSaved, e.PostmortemReminded)
_ENGINE = "tocsin"


class AlertFact(Struct, frozen=True):
    """An alert of the incident: as it was last seen, `received` times in all."""

    name: str
    status: str
    starts_at: datetime
    ends_at: datetime | None
    labels: dict[str, str]
    received: int


def identity_table(incident: Incident, metrics: Metrics, sop: Sop) -> str:
    """What the incident is about, and how far it has come."""
    service = sop.services.get(incident.service)
    teams = (sop.teams[team].name if team in sop.teams else team for team in incident.teams)
    rows = (
        ("Incident", f"{incident.id}, {incident.title}"),
        ("Date", f"{incident.opened_at:%Y-%m-%d}"),
        ("Severity", _severity(incident, sop)),
        ("Duration", duration_words(incident, metrics)),
        *_reached(metrics),
        *((role.title, _holder(incident, role, sop)) for role in Role),
        ("Status", f"{incident.status}; {_postmortem_words(metrics)}"),
        ("Service", service.name if service else incident.service),
        ("Teams", listed(list(teams))),
        ("Trigger", incident.trigger.meaning),
        ("SOP version", incident.sop_version),
    )
    return table(("Field", "Value"), rows)


def _severity(incident: Incident, sop: Sop) -> str:
    level = level_of(sop, incident)
    if incident.severity is None or level is None:
        return "not assessed"
    return f"{heading(incident.severity, level)}: {incident.severity_reason}"


def duration_words(incident: Incident, metrics: Metrics) -> str:
    """How long it lasted, or lasts by now; of a reopened incident how much of that it was open."""
    is_over = metrics.epochs[-1].ended_at is not None
    end = "cancellation" if incident.status is Status.CANCELLED else "resolution"
    words = (
        f"{spell(metrics.duration)} from the opening to the {end}" if is_over else f"{spell(metrics.duration)} so far"
    )
    if len(metrics.epochs) == 1:
        return words
    times = "once" if len(metrics.epochs) == 2 else f"{len(metrics.epochs) - 1} times"
    return f"{words}; reopened {times}, open for {spell(metrics.open_for)} of it"


def _reached(metrics: Metrics) -> Iterable[tuple[str, str]]:
    times = {
        "Time to acknowledge": metrics.to_acknowledge,
        "Time to assess": metrics.to_assess,
        "Time to mitigate": metrics.to_mitigate,
        "Time to resolve": metrics.to_resolve,
    }
    return ((name, _spelled(length)) for name, length in times.items())


def _spelled(length: timedelta | None) -> str:
    return "not on record" if length is None else spell(length)


def _holder(incident: Incident, role: Role, sop: Sop) -> str:
    return name_of(incident.roles[role], sop) if role in incident.roles else "nobody"


def _postmortem_words(metrics: Metrics) -> str:
    if metrics.postmortem.completed_at:
        return "the postmortem is completed"
    is_due = metrics.postmortem.verdict is not Verdict.NOT_APPLICABLE
    return "the postmortem is a draft" if is_due else "no postmortem is due"


def timeline_table(timeline: Sequence[e.Recorded], sop: Sop) -> str:
    """What happened when, to the second; receipts and reminders are left out."""
    told = (recorded for recorded in timeline if not isinstance(recorded.event, _NOISE))
    return table(TIMELINE_COLUMNS, ((_second(it.at), narrate(it.event, sop) + _by(it.actor, sop)) for it in told))


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _by(actor: str, sop: Sop) -> str:
    return "" if actor == _ENGINE else f" ({name_of(actor, sop)})"


def compliance_list(incident: Incident, metrics: Metrics, sop: Sop) -> str:
    """The response beside what the SOP asks for."""
    return bullets(escape(sentence) for sentence in compliance_sentences(incident, metrics, sop))


def roles_table(incident: Incident, timeline: Sequence[e.Recorded], sop: Sop) -> str:
    """Who took which role when, hand-overs included, and which role that the severity asks for nobody took."""
    rows = [
        (it.event.role.title, name_of(it.event.person, sop), _second(it.at), _before(it.event, sop))
        for it in timeline
        if isinstance(it.event, e.RoleAssigned)
    ]
    rows += [(role.title, "nobody", "", "") for role in missing_roles(sop, incident)]
    return table(("Role", "Who", "Since (UTC)", "Taken over from"), rows) if rows else "No role was assigned."


def _before(event: e.RoleAssigned, sop: Sop) -> str:
    return name_of(event.before, sop) if event.before else ""


def updates_table(incident: Incident, sop: Sop) -> str:
    """The status updates as they were posted."""
    rows = [
        (_second(it.at), "customers" if it.audience is Audience.EXTERNAL else "internal", name_of(it.by, sop), it.text)
        for it in incident.updates
    ]
    return table(("Time (UTC)", "Audience", "By", "Update"), rows) if rows else "No status update was posted."


def alerts_table(alerts: Sequence[AlertFact]) -> str:
    """The alerts by their start, the earliest first; of a storm the first `MAX_ALERTS`."""
    if not alerts:
        return "No alert belongs to the incident."
    ordered = sorted(alerts, key=lambda alert: (alert.starts_at, alert.name))
    header = ("Alert", "Status", "Started (UTC)", "Ended (UTC)", "Received", "Labels")
    shown = table(header, (_alert_row(alert) for alert in ordered[:MAX_ALERTS]))
    more = len(alerts) - MAX_ALERTS
    return f"{shown}\n\nand {more} more, not listed here" if more > 0 else shown


def _alert_row(alert: AlertFact) -> tuple[str, ...]:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()) if name != "alertname")
    ended = _second(alert.ends_at) if alert.ends_at else ""
    return alert.name, alert.status, _second(alert.starts_at), ended, str(alert.received), labels


def impact_list(incident: Incident, metrics: Metrics, sop: Sop) -> str:
    """What the record knows of the impact."""
    service = sop.services.get(incident.service)
    facts = {
        "Duration": duration_words(incident, metrics),
        "Service": service.name if service else incident.service,
        "Declared because": incident.trigger.meaning,
    }
    return bullets(f"{name}: {escape(fact)}" for name, fact in facts.items())

"""What is learnt from an incident? Its postmortem as one Markdown document: drafted from the record, written by people.

`draft` fills in what the record knows and leaves places to write; `parse` takes what people wrote back out of the
edited document. Draft, edit, parse, save, draft again: the edits stay, and the record's part is fresh. Pure.
"""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.decisions.postmortem import WRITTEN_SECTIONS
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.insight.metrics import Metrics, measure
from tocsin.insight.record import (
    AlertFact,
    alerts_table,
    compliance_list,
    identity_table,
    impact_list,
    roles_table,
    timeline_table,
    updates_table,
)
from tocsin.insight.sentences import due_sentence
from tocsin.insight.written import Written, parse, recorded, writable
from tocsin.sop.model import Sop
from tocsin.sop.render.postmortem import Section, postmortem_page

__all__ = ["AlertFact", "Written", "draft", "parse"]


def draft(
    incident: Incident, timeline: Sequence[Recorded], sop: Sop, alerts: Sequence[AlertFact], now: datetime
) -> str:
    """The postmortem as it stands at `now`; the timeline is complete, `sop` the version the incident runs under."""
    metrics = measure(incident, timeline, sop, now)
    bodies = {
        Section.IDENTITY: recorded(identity_table(incident, metrics, sop)),
        Section.TIMELINE: recorded(_course(incident, timeline, sop, alerts, metrics)),
    }
    for section in (*WRITTEN_SECTIONS, Section.ACTION_ITEMS):
        bodies[section] = writable(section, incident.postmortem)
    bodies[Section.IMPACT] = f"{recorded(impact_list(incident, metrics, sop))}\n\n{bodies[Section.IMPACT]}"
    title = f"{incident.id}, {incident.title}"
    return postmortem_page(title, due_sentence(incident, metrics.postmortem, sop), bodies)


def _course(
    incident: Incident, timeline: Sequence[Recorded], sop: Sop, alerts: Sequence[AlertFact], metrics: Metrics
) -> str:
    parts = (
        timeline_table(timeline, sop),
        "### Measured against the SOP",
        compliance_list(incident, metrics, sop),
        "### Roles",
        roles_table(incident, timeline, sop),
        "### Status updates",
        updates_table(incident, sop),
        "### Alerts",
        alerts_table(alerts),
    )
    return "\n\n".join(parts)

"""Which operations are there? The table of `/api/v1`."""

from tocsin.accounts.permissions import Permission
from tocsin.api import doctor, incidents, nodes, organisation, postmortems, quarantine, watch
from tocsin.api import requests as r
from tocsin.api.incident_views import IncidentLine, IncidentView
from tocsin.api.operations import Operation
from tocsin.api.v1_accounts import ACCOUNT_OPERATIONS
from tocsin.api.v1_desk import DESK_OPERATIONS
from tocsin.api.views import AlertView, EventView, OnCallView, PageView
from tocsin.domain import wishes as w
from tocsin.domain.service_change import ServiceChange
from tocsin.integrations.checkup import Finding
from tocsin.store.rows import Quarantined

_READ, _RESPOND, _MAINTAIN = Permission.READ, Permission.RESPOND, Permission.ADMIN_MAINTAIN
_ONE = "/api/v1/incidents/{id}"
_QUARANTINE = "/api/v1/quarantine"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/v1/incidents",
        "list_incidents",
        "The open incidents, the gravest first, or those that are held; or the ended ones, or all, the newest first",
        incidents.list_incidents,
        list[IncidentLine],
        _READ,
        parameters=(
            ("state", "open (default), ended, all or held"),
            ("limit", "at most 500"),
            ("offset", "for paging"),
        ),
    ),
    Operation(
        "POST",
        "/api/v1/incidents",
        "declare",
        "Declare an incident",
        incidents.declare,
        IncidentView,
        Permission.DECLARE,
        body=w.DeclareBody,
        status=201,
    ),
    Operation("GET", _ONE, "get_incident", "One incident: its cockpit", incidents.get_incident, IncidentView, _READ),
    Operation(
        "GET",
        f"{_ONE}/timeline",
        "get_timeline",
        "Everything that happened",
        incidents.get_timeline,
        list[EventView],
        _READ,
    ),
    Operation(
        "GET", f"{_ONE}/alerts", "get_incident_alerts", "Its alerts", incidents.get_alerts, list[AlertView], _READ
    ),
    *(
        Operation("POST", f"{_ONE}/{path}", name, summary, handler, IncidentView, _RESPOND, body=body)
        for path, name, summary, handler, body in (
            ("acknowledge", "acknowledge", "Confirm that you respond", incidents.acknowledge, w.PlainBody),
            ("assess", "assess", "Establish or change the severity", incidents.assess, w.AssessBody),
            ("roles", "assign_role", "Give a role to a person, or hand it over", incidents.assign_role, w.RoleBody),
            ("teams", "add_team", "Add an affected team", incidents.add_team, w.TeamBody),
            ("notes", "add_note", "Write something down", incidents.add_note, w.NoteBody),
            ("updates", "post_update", "Post a status update", incidents.post_update, w.UpdateBody),
            ("pages", "page", "Page a person or a target now", incidents.page, w.PageBody),
            ("mitigate", "mitigate", "Service is restored", incidents.mitigate, w.OptionalNoteBody),
            ("resolve", "resolve", "The fix is confirmed", incidents.resolve, w.OptionalNoteBody),
            ("reopen", "reopen", "It came back", incidents.reopen, w.ReasonBody),
            ("cancel", "cancel", "It is not an incident", incidents.cancel, w.ReasonBody),
        )
    ),
    Operation(
        "POST",
        f"{_ONE}/release",
        "release",
        "Let it page again, after a restoration",
        incidents.release,
        IncidentView,
        _MAINTAIN,
        body=w.ReleaseBody,
    ),
    Operation(
        "GET",
        f"{_ONE}/postmortem",
        "get_postmortem",
        "The postmortem: everything known filled in, what people wrote in its place",
        postmortems.get_postmortem,
        postmortems.PostmortemView,
        _READ,
    ),
    Operation(
        "PUT",
        f"{_ONE}/postmortem",
        "save_postmortem",
        "Keep what people wrote",
        incidents.save_postmortem,
        IncidentView,
        _RESPOND,
        body=r.PostmortemBody,
    ),
    Operation(
        "PUT",
        f"{_ONE}/postmortem/document",
        "save_postmortem_document",
        "Take the edited Markdown document back",
        postmortems.save_document,
        IncidentView,
        _RESPOND,
        body=r.DocumentBody,
    ),
    Operation(
        "POST",
        f"{_ONE}/postmortem/request",
        "request_postmortem",
        "Ask for a postmortem that the severity doesn't demand",
        incidents.request_postmortem,
        IncidentView,
        _RESPOND,
        body=w.PlainBody,
    ),
    Operation(
        "POST",
        f"{_ONE}/postmortem/complete",
        "complete_postmortem",
        "The postmortem is done: closes the incident",
        incidents.complete_postmortem,
        IncidentView,
        _RESPOND,
        body=w.PlainBody,
    ),
    Operation(
        "GET",
        "/api/v1/oncall",
        "get_oncall",
        "Who is on call in every team",
        organisation.get_oncall,
        list[OnCallView],
        _READ,
        parameters=(("at", "an RFC 3339 time; now if left out"),),
    ),
    Operation(
        "GET",
        "/api/v1/inbox",
        "get_inbox",
        "Pages and notifications to people, the newest first",
        organisation.get_inbox,
        list[PageView],
        _READ,
        parameters=(("person", "only those to this person"), ("limit", "at most 1000")),
    ),
    Operation(
        "GET",
        "/api/v1/alerts",
        "get_alerts",
        "The alerts seen last",
        organisation.get_alerts,
        list[AlertView],
        _READ,
        parameters=(("limit", "at most 5000"),),
    ),
    Operation(
        "GET",
        "/api/v1/changes",
        "get_changes",
        "What people changed (deployments, settings), the newest first",
        organisation.get_changes,
        list[ServiceChange],
        _READ,
        parameters=(("service", "only those of this service"), ("limit", "at most 1000")),
    ),
    Operation(
        "POST",
        "/api/v1/classify",
        "classify",
        "The severity that answers give, and why",
        organisation.classify_answers,
        organisation.Classified,
        _READ,
        body=r.ClassifyBody,
    ),
    Operation(
        "GET",
        "/api/v1/doctor",
        "get_checkup",
        "Whether everything is set up as it must be, and what to do where it isn't; asks the vendors",
        doctor.get_checkup,
        list[Finding],
        _MAINTAIN,
    ),
    Operation(
        "GET",
        "/api/v1/alarms",
        "get_alarms",
        "Tocsin's own troubles, as this node sees them",
        watch.get_alarms,
        list[watch.AlarmView],
        _READ,
    ),
    Operation(
        "GET",
        "/api/v1/heartbeats",
        "get_heartbeats",
        "The jobs that must call, and when each called last",
        watch.get_heartbeats,
        list[watch.HeartbeatView],
        _READ,
    ),
    Operation(
        "GET",
        _QUARANTINE,
        "list_quarantine",
        "What a bug of Tocsin has kept out",
        quarantine.list_quarantine,
        list[Quarantined],
        _MAINTAIN,
        parameters=(("limit", "at most 1000"),),
    ),
    Operation(
        "GET",
        f"{_QUARANTINE}/{{id}}",
        "get_quarantined",
        "One of them, as it came",
        quarantine.get_quarantined,
        quarantine.QuarantinedView,
        _MAINTAIN,
    ),
    *(
        Operation(
            "POST",
            f"{_QUARANTINE}/{{id}}/{name}",
            f"{name}_quarantined",
            summary,
            handler,
            quarantine.Left,
            _MAINTAIN,
            body=w.PlainBody,
        )
        for name, summary, handler in (
            ("retry", "Take it once more, after an upgrade", quarantine.retry),
            ("drop", "Forget it", quarantine.drop),
        )
    ),
    Operation(
        "GET", "/api/v1/nodes", "get_nodes", "The nodes that serve", nodes.get_nodes, list[nodes.NodeView], _READ
    ),
    Operation(
        "GET", "/api/v1/sop", "get_sop", "The SOP that runs", organisation.get_sop, organisation.SopVersion, _READ
    ),
    *ACCOUNT_OPERATIONS,
    *DESK_OPERATIONS,
)

"""Which pages are there beside incidents? Their routes, each with the permission that it takes."""

from starlette.routing import BaseRoute

from tocsin.accounts.permissions import Permission
from tocsin.api.guard import Guarded, Public
from tocsin.engine.node import Node
from tocsin.web import activity, alerts, inbox, oncall, people, postmortem, search, silences, sop
from tocsin.web.guard import page

_POST = ("POST",)


def routes(node: Node) -> list[BaseRoute]:
    """The pages of what people arrange and look up."""
    read, override, silence = Permission.READ, Permission.ONCALL_OVERRIDE, Permission.SILENCE
    return [
        page(node, "/oncall", oncall.get_oncall, permission=read),
        page(node, "/oncall/overrides", oncall.post_override, permission=override, methods=_POST),
        page(node, "/oncall/overrides/{id}/cancel", oncall.post_cancel, permission=override, methods=_POST),
        page(node, "/alerts", alerts.get_alerts, permission=read),
        page(node, "/silences", silences.get_silences, permission=read),
        page(node, "/silences", silences.post_silence, permission=silence, methods=_POST),
        page(node, "/silences/{id}/expire", silences.post_expire, permission=silence, methods=_POST),
        page(node, "/people", people.get_people, permission=read),
        page(node, "/people/{id}", people.get_person, permission=read),
        page(node, "/people/{id}/test-page", people.post_test, permission=Permission.TEST_PAGE, methods=_POST),
        page(node, "/services", people.get_services, permission=read),
        page(node, "/search", search.get_search, permission=read),
        page(node, "/activity", activity.get_activity, permission=Permission.AUDIT_READ),
        page(node, "/sop", sop.get_sop, permission=read),
        page(node, "/sop/diff", sop.get_diff, permission=read),
        page(node, "/sop/flowchart", sop.get_flowchart, permission=read),
        page(node, "/incidents/{id}/postmortem", postmortem.get_editor, permission=read),
        page(
            node, "/incidents/{id}/postmortem", postmortem.post_postmortem, permission=Permission.RESPOND, methods=_POST
        ),
        page(
            node,
            "/incidents/{id}/postmortem/draft",
            postmortem.post_draft,
            permission=Permission.RESPOND,
            methods=_POST,
        ),
        page(node, "/inbox", inbox.get_inbox, permission=read),
        *(Guarded(path, inbox.get_app_file, methods=("GET",), takes=Public.PAGE) for path in inbox.APP_FILES),
    ]

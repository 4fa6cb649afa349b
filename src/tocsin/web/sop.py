"""What does the procedure say? The running SOP as people read it, what `sop check` finds, and what has changed."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.sop.changes import changes
from tocsin.sop.check import check
from tocsin.sop.render import escalation_policy, flowchart, severity_levels
from tocsin.store.queries import Queries
from tocsin.web.markdown import html_of
from tocsin.web.site import Site

# The drawing program writes styles into its drawing: it has a page of its own, in a frame, which may do nothing else.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src data:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
_VERSIONS = 20


async def get_sop(site: Site, request: Request) -> Response:
    """The running SOP."""
    sop = site.node.sop
    return site.render(
        request,
        "sop.html",
        version=site.node.desk.sops.version,
        findings=check(sop),
        severities=html_of(severity_levels(sop)),
        escalation=html_of(escalation_policy(sop)),
    )


async def get_flowchart(site: Site, request: Request) -> Response:
    """The flowchart, in a page that is shown in a frame."""
    text = site.text(request, "flowchart.html", source=flowchart(site.node.sop))
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


async def get_diff(site: Site, request: Request) -> Response:
    """What has changed since another version; the one before, unless one is named."""
    sops = site.node.desk.sops
    wanted = request.query_params.get("since", "")
    found = await site.node.read(lambda queries: _versions(queries, sops.version))
    since = next((it for it in found if it["version"] == wanted), found[0] if found else None)
    changed = []
    if since is not None:
        before = await site.node.read(lambda queries: sops.of(str(since["version"]), queries))
        changed = changes(before, sops.current)
    return site.render(request, "sop_diff.html", version=sops.version, since=since, versions=found, changes=changed)


def _versions(queries: Queries, current: str) -> list[dict[str, Any]]:
    kept = queries.desk.sop_versions(_VERSIONS + 1)
    return [{"version": version, "stored_at": at} for version, at in kept if version != current][:_VERSIONS]

"""What was sent to me? The built-in pager: it rings in the browser while a page waits for an answer."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tocsin.api.organisation import pages_to, unanswered_pages_to
from tocsin.domain.incident import Status
from tocsin.web.browsers import rings_by_push, this_browser
from tocsin.web.site import Site, is_fragment
from tocsin.web.static_files import ROOT

_SHOWN = 50
_WHOSE = {"mine": "Mine", "all": "Everybody's"}


async def get_inbox(site: Site, request: Request) -> Response:
    """Pages and notifications, the newest first; everybody's for whoever isn't one of the SOP's people."""
    me = request.state.principal.person
    whose = request.query_params.get("whose", "mine" if me else "all")
    person = me if whose == "mine" else None
    found = await pages_to(site.node, person, _SHOWN)
    ids = {it.incident for it in found}
    incidents = await site.node.read(lambda queries: [queries.incident(id_) for id_ in ids])
    waiting = {it.id for it in incidents if it.status is Status.TRIGGERED}
    template = "inbox_list.html" if is_fragment(request) else "inbox.html"
    return site.render(
        request,
        template,
        found=found,
        waiting=waiting,
        unassessed={it.id for it in incidents if it.severity is None},
        ringing=await unanswered_pages_to(site.node, me) if me else (),
        whose=whose,
        places=_WHOSE,
        pushed=rings_by_push(site, me),
        here=await this_browser(site, request),
    )


async def get_app_file(request: Request) -> Response:
    """What a phone needs to install the pages as an app; for everybody, as it is fetched without a session.

    At addresses that stay: the manifest, the icon, and the service worker, which leads from a notification to the page.
    """
    path = ROOT / APP_FILES[request.url.path]
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})


APP_FILES = {"/tocsin.webmanifest": "tocsin.webmanifest", "/icon.svg": "icon.svg", "/worker.js": "worker.js"}
_TYPES = {".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".js": "text/javascript"}

"""Which alerts wake nobody for now? Silences: listed, made, ended."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api import requests as r
from tocsin.api.problems import status_of
from tocsin.api.silences import silence_of, silences_now
from tocsin.engine import silences
from tocsin.engine.once import Asked
from tocsin.errors import InvalidInput, Refused
from tocsin.sop.durations import Duration
from tocsin.web.forms import actor_of, key_in, read_form
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site

_LATELY = timedelta(hours=24)
LENGTHS = {"1h": "1 hour", "4h": "4 hours", "12h": "12 hours", "1d": "1 day", "3d": "3 days", "1w": "1 week"}


async def get_silences(site: Site, request: Request) -> Response:
    """The silences, and the form for another; `matchers` in the query fill it."""
    return await _page(site, request, dict(request.query_params))


async def post_silence(site: Site, request: Request) -> Response:
    """Silence alerts: one matcher a line."""
    form = await read_form(request)
    by = actor_of(request, form)
    try:
        matchers = tuple(line.strip() for line in form.get("matchers", "").splitlines() if line.strip())
        lasts = Duration.parse(form.get("lasts", ""))
        body = r.SilenceBody(matchers=matchers, comment=form.get("comment", ""), lasts=lasts)
        wanted = silence_of(body, site.node.clock.now(), by.name)
        asked = Asked(body, key_in(form))
        await site.node.write(lambda tx, now: silences.make_once(tx, now, wanted, by=by, asked=asked))
    except (Refused, InvalidInput) as error:
        return await _page(site, request, form, refusal(error), status_of(error))
    except ValueError as error:
        return await _page(site, request, form, Notice("failed", f"How long: {error}."), 422)
    return RedirectResponse("/silences", 303)


async def post_expire(site: Site, request: Request) -> Response:
    """End a silence at once."""
    form = await read_form(request)
    by, id_ = actor_of(request, form), request.path_params["id"]
    await site.node.write(lambda tx, now: silences.expire(tx, now, id_, by=by))
    return RedirectResponse("/silences", 303)


async def _page(
    site: Site, request: Request, form: dict[str, str], notice: Notice | None = None, status: int = 200
) -> Response:
    found = await silences_now(site.node, after=_LATELY)
    return site.render(
        request,
        "silences.html",
        status=status,
        notice=notice,
        current=[it for it in found if it.state != "expired"],
        past=[it for it in reversed(found) if it.state == "expired"],
        lengths=LENGTHS,
        form={"matchers": "", "comment": "", "lasts": "1h", **form},
    )

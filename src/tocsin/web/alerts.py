"""What does monitoring say? The alerts seen last, found by their labels; each can be silenced from here."""

from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.views import AlertView, alert_view
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.sop.matchers import Matcher, parse_matcher
from tocsin.store.rows import StoredAlert
from tocsin.web.site import Notice, Site

_LOOKED_AT = 2_000
_SHOWN = 100
STATUSES = {"": "All", "firing": "Firing", "resolved": "Resolved"}


class AlertRow(Struct, frozen=True):
    """An alert, and the address that opens the form which silences it."""

    alert: AlertView
    summary: str
    silence: str


async def get_alerts(site: Site, request: Request) -> Response:
    """The alerts; `q` are words or matchers that all must fit."""
    query, status = request.query_params.get("q", ""), request.query_params.get("status", "")
    if status not in STATUSES:
        raise InvalidInput(f"status: must be firing, resolved or empty, got {status!r}")
    matchers, words = _parts(query)
    stored = await site.node.read(lambda queries: queries.alerts(limit=_LOOKED_AT))
    found = [it for it in stored if status in ("", it.status) and _fits(it, matchers, words)]
    return site.render(
        request,
        "alerts.html",
        rows=[_row(it) for it in found[:_SHOWN]],
        query=query,
        shown=status,
        statuses=STATUSES,
        more=max(0, len(found) - _SHOWN),
        looked_at=len(stored),
        notice=None if stored or not query else Notice("told", "No alert has come in yet."),
    )


def _parts(query: str) -> tuple[list[Matcher], list[str]]:
    """The matchers and the plain words of a query."""
    matchers, words = [], []
    for part in query.split()[:20]:
        if any(sign in part for sign in "=~"):
            try:
                matchers.append(parse_matcher(part))
            except ValueError as error:
                raise InvalidInput(f"q: {error}") from None
        else:
            words.append(part.casefold())
    return matchers, words


def _fits(alert: StoredAlert, matchers: list[Matcher], words: list[str]) -> bool:
    text = " ".join((*alert.labels.values(), *alert.annotations.values(), alert.incident or "")).casefold()
    return all(it.matches(alert.labels) for it in matchers) and all(word in text for word in words)


def _row(alert: StoredAlert) -> AlertRow:
    summary = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    matchers = "\n".join(str(Matcher(name, value)) for name, value in alert.labels.items() if _is_name(name))
    silence = f"/silences?{urlencode({'matchers': matchers})}#add"
    return AlertRow(alert_view(alert), clean_line(summary, 300), silence)


def _is_name(name: str) -> bool:
    try:
        Matcher(name, "")
    except ValueError:
        return False
    return True

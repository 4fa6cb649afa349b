"""Who knocked at PagerDuty's door, with what? The requests to it, each with the page that it is about."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from tests.system.checker.evidence import Sent


class Knock(NamedTuple):
    """One request: `page` is the page's key, as a trigger names it; `urgency` and `person` are the trigger's.

    `more` are the incidents that are counted in it.
    """

    at: float
    action: str
    key: str
    page: str
    urgency: str
    is_taken: bool
    person: str = ""
    more: frozenset[str] = frozenset()


_PAGE = re.compile(r"INC-\d+-\d+-\d+-\d+$")


def knocks_in(sent: Iterable[Sent]) -> list[Knock]:
    """The requests to PagerDuty in order of arrival.

    Who died just before a page left doesn't know whether it did; its end is sent to be sure, by the page in its key.
    """
    found: list[Knock] = []
    pages: dict[str, tuple[str, str, str]] = {}
    for request in sent:
        event = request.event
        if not event:
            continue
        key, action = event["dedup_key"], event["event_action"]
        more: list[str] = []
        if action == "trigger":
            details = event["payload"]["custom_details"]
            pages[key] = (details["page_key"], details["urgency"], details["person"])
            more = details.get("more_incidents", [])
        page, urgency, person = pages.get(key, (_page_in(key), "", ""))
        found.append(Knock(request.at, action, key, page, urgency, request.is_taken, person, frozenset(more)))
    return found


def _page_in(key: str) -> str:
    found = _PAGE.search(key)
    return found[0] if found else key

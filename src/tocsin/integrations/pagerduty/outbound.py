"""How is a page put to PagerDuty, and what does its answer mean? Its Events API v2 in plain values; no I/O.

Sources: developer.pagerduty.com/docs/events-api-v2/overview ("overview" below) and …/trigger-events ("trigger").
Whoever sends the request never follows a redirect: PagerDuty documents none, so one is somebody else's answer.
"""

import hashlib
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from tocsin.accounts.page_links import PageLinks, incident_page
from tocsin.domain.commands import Receipt, ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import AcknowledgePage, EndPageTest, ResolvePage, SendPage, SendPageTest
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.integrations.wire import Again, Busy, Done, Never, Reply, Request, Verdict, json_in, wait_asked
from tocsin.sop.words import Severity, Urgency

PROVIDER = "pagerduty"
MAX_BODY = 512 * 1024  # overview: "Events API payloads are limited to 512 KB"
MAX_SUMMARY = 1024  # trigger: "The maximum permitted length of this property is 1024 characters."
MAX_DEDUP_KEY = 255  # trigger: "The maximum permitted length of this property is 255 characters."
_MAX_HREF = 2048  # ours: what browsers and phones follow
_CHANNELS = "https://slack.com/app_redirect?channel="  # api.slack.com/reference/deep-linking
_MAX_DETAIL = 1024  # ours: a dozen details of this length, and 5,000 ids, stay far below MAX_BODY

_URLS = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
_ACTIONS: dict[type, str] = {
    SendPage: "trigger",
    AcknowledgePage: "acknowledge",
    ResolvePage: "resolve",
    SendPageTest: "trigger",
    EndPageTest: "resolve",
}
# trigger: "This can be `critical`, `error`, `warning` or `info`."
_SEVERITIES = {
    Severity.SEV1: "critical",
    Severity.SEV2: "error",
    Severity.SEV3: "warning",
    Severity.SEV4: "info",
    None: "error",  # nobody has assessed it: not the loudest, yet not one that may wait
}
# overview, "Response Codes & Retry Logic": "Too many API calls at a time."
_BUSY = "PagerDuty takes no more events for this routing key at present (HTTP 429)"
WORTH_REPEATING = frozenset({408, 425, 429})  # the 4xx that say "later" (RFC 9110, 8470 and 6585)

PagerDutyEffect = SendPage | AcknowledgePage | ResolvePage | SendPageTest | EndPageTest


class PagerDutyAccount(Struct, frozen=True):
    """Where events go, and as whom: `keys` holds routing keys by the secret's name, `installation` is random, once."""

    events_url: str
    keys: dict[str, str]
    default_key_name: str
    installation: str
    public_url: str
    links: PageLinks | None = None  # None: pages can't be acknowledged by a link

    def __repr__(self) -> str:
        # The keys are secrets: whoever has one can page the team.
        return f"PagerDutyAccount(events_url={self.events_url!r}, installation={self.installation!r})"

    def page_of(self, incident: str) -> str:
        """The address of the incident's page."""
        return incident_page(self.public_url, incident)


class _Answer(Struct, frozen=True):
    """An answer as documented; fields of other types are not read."""

    status: object = None
    message: object = None
    errors: object = None


def events_url(setting: str, region: str) -> str:
    """The address for events: the region's when `setting` is empty, else `setting` completed to `…/v2/enqueue`."""
    if not setting:
        return _URLS[region]
    parts = urlsplit(setting)
    path = parts.path.rstrip("/")
    if not path:
        path = "/v2/enqueue"
    elif path.endswith("/v2"):
        path += "/enqueue"
    return urlunsplit(parts._replace(path=path))


def request_for(effect: PagerDutyEffect, account: PagerDutyAccount) -> Request | Never:
    """The event that carries the effect; Never where no routing key is known for it."""
    key_name = effect.reach.method.routing_key or account.default_key_name
    routing_key = account.keys.get(key_name)
    if not routing_key:
        return _refused(effect, f"no PagerDuty routing key: {key_name} is not set")
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": _ACTIONS[type(effect)],
        "dedup_key": dedup_key(effect.key, account.installation),
    }
    if isinstance(effect, SendPage):
        event |= _trigger(effect, account)
    elif isinstance(effect, SendPageTest):
        event |= _test(effect, account.public_url)
    headers = {"content-type": "application/json"}
    return Request(method="POST", url=account.events_url, headers=headers, body=msgspec.json.encode(event))


def dedup_key(page_key: str, installation: str) -> str:
    """The same key for every event of one page, another for every other page of any installation.

    trigger: "Subsequent events for the same `dedup_key` will only apply to the open alert if the events are sent via
    the same `routing_key`": hence the installation's prefix, where two of them share a routing key.
    """
    key = f"tocsin-{installation}-{page_key}"
    if len(key) <= MAX_DEDUP_KEY:
        return key
    return f"tocsin-{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def classify(effect: PagerDutyEffect, reply: Reply) -> Verdict:
    """What the reply means; only 202 with the status `success` is a page taken.

    overview, "Response Codes & Retry Logic": 202 "No" retry, 400 "No", 429 "Yes - retry after some time", "500 or
    other 5XX" "Yes - retry after some time". What that table doesn't know (a redirect, a portal's 200, half an
    answer) was not said by the Events API, so it is tried again; a 4xx will not change by repeating it.
    """
    answer = json_in(reply, _Answer)
    if reply.status == 202 and answer and answer.status == "success":
        if not isinstance(effect, SendPage):
            return Done()
        return Done(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),))
    if 400 <= reply.status < 500 and reply.status not in WORTH_REPEATING:
        return _refused(effect, _refusal(reply.status, answer))
    if reply.status == 429:
        return Busy(reason=_BUSY, after=wait_asked(reply))
    return Again(reason=f"PagerDuty did not confirm the event (HTTP {reply.status})", after=wait_asked(reply))


def _trigger(effect: SendPage, account: PagerDutyAccount) -> dict[str, object]:
    page_url = account.page_of(effect.incident)
    service = clean_line(effect.service, _MAX_DETAIL) or "unknown"
    incident = clean_line(effect.incident, _MAX_DETAIL)
    is_page = effect.urgency is Urgency.PAGE
    decided = {"timestamp": effect.at.isoformat()} if effect.at else {}
    return {
        "payload": {
            **decided,
            "summary": _summary(effect),
            "severity": _SEVERITIES[effect.severity] if is_page else "info",
            "source": service,
            "component": service,
            "group": incident,
            "class": effect.urgency,
            "custom_details": _details(effect),
        },
        "client": "Tocsin",
        "client_url": page_url,
        "links": [*_answers(effect, account), *_links(effect, page_url, f"{incident} in Tocsin")],
    }


def _links(effect: SendPage, page_url: str, text: str) -> list[dict[str, str]]:
    """The incident's page, the service's runbook, and the incident's channel in Slack where it is open."""
    links = [{"href": page_url, "text": text}]
    if effect.runbook and len(effect.runbook) <= _MAX_HREF:
        links.append({"href": effect.runbook, "text": "Runbook"})
    if effect.channel:
        links.append({"href": f"{_CHANNELS}{quote(effect.channel, safe='')}", "text": "Channel in Slack"})
    return links


def _answers(effect: SendPage, account: PagerDutyAccount) -> list[dict[str, object]]:
    """The link that acknowledges a page, which is its person's."""
    if effect.urgency is not Urgency.PAGE or account.links is None:
        return []
    return [{"href": account.links.acknowledgement(effect.key), "text": "Acknowledge in Tocsin"}]


def _test(effect: SendPageTest, tocsin_url: str) -> dict[str, object]:
    """As urgent as the gravest page: what is tested is whether that would ring."""
    asked_by = clean_line(effect.asked_by, _MAX_DETAIL)
    return {
        "payload": {
            "summary": clean_line(f"TEST, nothing is wrong: Tocsin reaches you here ({asked_by} asked)", MAX_SUMMARY),
            "severity": "critical",
            "source": "tocsin",
            "class": "test",
            "custom_details": {"person": effect.reach.person, "asked_by": asked_by, "urgency": "test"},
        },
        "client": "Tocsin",
        "client_url": tocsin_url,
    }


def _summary(effect: SendPage) -> str:
    """What the phone says: how bad, and what; a notification tells its reason, which is the news in it."""
    more = words_for(effect.more)
    if effect.urgency is Urgency.PAGE:
        what = f"{effect.severity or 'Not assessed'}: {effect.title}"
    else:
        what = f"For information: {effect.reason} ({effect.incident}: {effect.title})"
    return clean_line(what, MAX_SUMMARY - len(more)) + more


def _details(effect: SendPage) -> dict[str, object]:
    """What a machine reads; `more` and `more_incidents` say how many others are counted in the page, and which."""
    details = {
        "incident": effect.incident,
        "page_key": effect.key,
        "person": effect.reach.person,
        "reason": effect.reason,
        "severity": effect.severity or "not assessed",
        "urgency": effect.urgency,
    }
    cleaned: dict[str, object] = {name: clean_line(value, _MAX_DETAIL) for name, value in details.items()}
    return cleaned | {"more": len(effect.more), "more_incidents": effect.more} if effect.more else cleaned


def _refusal(status: int, answer: _Answer | None) -> str:
    """PagerDuty's own words: "Event object is invalid: Length of 'routing_key' is incorrect…"."""
    said: list[object] = [answer.message] if answer else []
    if answer and isinstance(answer.errors, list):
        said += answer.errors
    words = clean_line(": ".join(text for text in said if isinstance(text, str)))
    return f"PagerDuty refused the event (HTTP {status}): {words or 'it gave no reason'}"


def _refused(effect: PagerDutyEffect, reason: str) -> Never:
    receipts: tuple[Receipt, ...] = ()
    if isinstance(effect, SendPage):
        receipts = (ReportPageFailed(key=effect.key, via=effect.way, reason=reason),)
    return Never(reason=reason, receipts=receipts)

"""Is PagerDuty set up as it must be? Keys, webhooks, the REST API and its permissions; nobody is paged for it.

Sources: developer.pagerduty.com/api-reference: GET /abilities, /users, /webhook_subscriptions, /oncalls.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from tocsin.errors import Unreachable
from tocsin.integrations.checkup import Checkup, Finding, Probe, ago, broken, unused, well
from tocsin.integrations.pagerduty import rest
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.wire import Reply

PAGES, WEBHOOKS, REST = "PagerDuty: pages", "PagerDuty: webhooks", "PagerDuty: REST API"
_KEY_LENGTH = 32  # events-api-v2/trigger-events: "This is the 32 character Integration Key"
_NEEDED = ("incident.acknowledged", "incident.resolved", "incident.triggered")
_SET_UP = "add a webhook (v3) in PagerDuty with the address that `tocsin intake` prints, and press Send Test Event"
_ANOTHER_KEY = "make an API access key in PagerDuty, and set it as [pagerduty] api_token names it"


class Known(Struct, frozen=True):
    """What is known of PagerDuty here: `keys` are routing keys by their names, None where one is not set.

    `webhook_url` is the address of our door without its key, `heard_at` when a webhook came last. `expected` are the
    PagerDuty users of those who are on call now and are paged through a service that they share, by their names.
    """

    keys: Mapping[str, str | None]
    has_secret: bool
    secret_names: tuple[str, ...]
    account: RestAccount | None
    token_name: str
    webhook_url: str
    heard_at: datetime | None
    now: datetime
    writes: bool = False  # notes, or requests for responders
    expected: Mapping[str, str] = {}


class _Delivery(Struct, frozen=True):
    url: str = ""
    temporarily_disabled: bool = False


class _Subscription(Struct, frozen=True):
    active: bool = True
    delivery_method: _Delivery = _Delivery()
    events: tuple[str, ...] = ()


class _Subscriptions(Struct, frozen=True):
    webhook_subscriptions: tuple[_Subscription, ...]


class _User(Struct, frozen=True):
    id: str = ""
    summary: str | None = None


class _OnCall(Struct, frozen=True):
    user: _User
    escalation_level: int = 1


class _OnCalls(Struct, frozen=True):
    oncalls: tuple[_OnCall, ...]


def checkup(known: Known) -> Checkup:
    """What can be said of PagerDuty at once, and what must be asked."""
    if not any(known.keys.values()) and not known.has_secret and known.account is None:
        remedy = "set " + ", ".join(known.keys)
        return (unused("PagerDuty", "nothing of it is set", remedy),)
    return (*_pages(known), _webhooks(known), *_rest(known))


def _pages(known: Known) -> tuple[Finding, ...]:
    """The Events API answers only to events, and an event pages: so a key is looked at, not tried."""
    found = []
    for name, key in known.keys.items():
        what = f"{PAGES} ({name})"
        if key is None:
            found.append(broken(what, "it is not set", f"set {name} to an Events API v2 integration key"))
        elif len(key) != _KEY_LENGTH:
            told = f"it has {len(key)} characters, an integration key has {_KEY_LENGTH}"
            found.append(broken(what, told, "copy the integration key of an Events API v2 integration"))
        else:
            told = "it is set; only a page shows that it is right: `tocsin test page PERSON` sends one"
            found.append(well(what, told))
    return tuple(found)


def _webhooks(known: Known) -> Finding:
    if not known.has_secret:
        asked = "Tocsin asks every few seconds instead" if known.account else "so what is done there isn't known here"
        return unused(WEBHOOKS, f"no secret is set, {asked}", f"{_SET_UP}; set {' or '.join(known.secret_names)}")
    if known.heard_at is None:
        return broken(WEBHOOKS, "none has ever come that one of the secrets has signed", _SET_UP)
    return well(WEBHOOKS, f"the last one came {ago(known.now - known.heard_at)}")


def _rest(known: Known) -> Checkup:
    account = known.account
    if account is None:
        told = "no token is set: who is who, and what was missed, can't be asked"
        return (unused(REST, told, f"make an API access key in PagerDuty, and set {known.token_name}"),)

    def judge(reply: Reply) -> Checkup:
        if reply.status == 401:
            return (broken(REST, rest.refusal(reply), _ANOTHER_KEY),)
        if reply.status != 200:
            return (broken(REST, rest.refusal(reply), "try again; PagerDuty's status page may say more"),)
        return (well(REST, "the token is known"), *_permissions(known, account))

    return (Probe(REST, rest.get(account, "/abilities"), judge),)


def _permissions(known: Known, account: RestAccount) -> Checkup:
    """What the token may see, each for what it is needed for."""
    incidents = rest.get(account, "/incidents", limit=1)
    subscriptions = rest.get(account, "/webhook_subscriptions", limit=rest.PAGE)
    probes = [
        Probe(f"{REST}, incidents", incidents, _Judge(f"{REST}, incidents", "what was missed")),
        Probe(f"{REST}, users", rest.users_named(account, account.from_email or ""), lambda it: _users(it, known)),
    ]
    if known.has_secret:
        probes.append(Probe(f"{WEBHOOKS}, subscription", subscriptions, lambda reply: _subscribed(reply, known)))
    if known.expected:
        on_call = rest.get(account, "/oncalls", earliest="true", limit=rest.PAGE)
        probes.append(Probe("PagerDuty: on call", on_call, lambda reply: _on_call(reply, known)))
    return tuple(probes)


class _Judge(Struct, frozen=True):
    """Whether the token may see it, and what isn't known otherwise."""

    what: str
    wherefore: str

    def __call__(self, reply: Reply) -> Checkup:
        if reply.status == 200:
            return (well(self.what),)
        remedy = f"without it {self.wherefore} isn't known; {_ANOTHER_KEY}"
        return (broken(self.what, rest.refusal(reply), remedy),)


def _users(reply: Reply, known: Known) -> Checkup:
    what, sender = f"{REST}, users", known.account.from_email if known.account else None
    if reply.status != 200:
        return _Judge(what, "who is who")(reply)
    if sender is None:
        return (well(what),)
    try:
        user = rest.user_with(rest.answer(reply, rest.Users).users, sender)
    except Unreachable as error:
        return (broken(what, str(error), "try again"),)
    if user is None:
        told = f"{sender} is no user of PagerDuty: what is written in that name will be refused"
        return (broken(what, told, "set [pagerduty] from_email to the address of a user"),)
    may = "; that it may write shows only once it does" if known.writes else ""
    return (well(what, f"notes and requests are made in the name of {user.name}{may}"),)


def _subscribed(reply: Reply, known: Known) -> Checkup:
    what = f"{WEBHOOKS}, subscription"
    if reply.status != 200:
        return (unused(what, f"the token may not see it: {rest.refusal(reply)}"),)
    try:
        every = rest.answer(reply, _Subscriptions).webhook_subscriptions
    except Unreachable as error:
        return (broken(what, str(error), "try again"),)
    ours = [it for it in every if it.delivery_method.url.startswith(known.webhook_url)]
    if not ours:
        return (broken(what, f"none of {len(every)} delivers to {known.webhook_url}…", _SET_UP),)
    working = [it for it in ours if it.active and not it.delivery_method.temporarily_disabled]
    if not working:
        told = "PagerDuty has switched it off: it does after three webhooks that were refused"
        return (broken(what, told, "switch it on in PagerDuty: Integrations, Generic Webhooks (v3)"),)
    missing = [kind for kind in _NEEDED if not any(kind in it.events for it in working)]
    if missing:
        return (broken(what, f"it doesn't tell of {', '.join(missing)}", "choose all incident events in PagerDuty"),)
    return (well(what, f"{len(working)} active"),)


def _on_call(reply: Reply, known: Known) -> Checkup:
    """A page to a shared service wakes whom PagerDuty has on call, whomever Tocsin's ladder names."""
    what = "PagerDuty: on call"
    if reply.status != 200:
        return _Judge(what, "whether PagerDuty would wake the same people")(reply)
    try:
        found = rest.answer(reply, _OnCalls).oncalls
    except Unreachable as error:
        return (broken(what, str(error), "try again"),)
    there = {it.user.id for it in found}
    absent = sorted(name for name, user in known.expected.items() if user not in there)
    if not absent:
        return (well(what, f"{', '.join(sorted(known.expected))} as here"),)
    others = ", ".join(sorted({it.user.summary or it.user.id for it in found})) or "nobody"
    told = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} on call here, there it is {others}"
    remedy = "give each person a routing_key of a service of their own, or set responders = true in [pagerduty]"
    return (broken(what, told, remedy),)

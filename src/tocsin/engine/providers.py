"""Who can deliver here? The registry of providers: each is active once its credentials are set, the inbox always."""

from datetime import timedelta

from tocsin.accounts.page_links import PageLinks
from tocsin.domain.effects import (
    AnyEffect,
    AskThere,
    ChannelEffect,
    NoteThere,
    OfPageTest,
    PageEffect,
    SendPage,
    SendPageTest,
    TellStakeholders,
)
from tocsin.engine import credentials
from tocsin.engine.deliveries import Provider
from tocsin.engine.pace import Rate
from tocsin.engine.pushing import is_installed
from tocsin.engine.throttle import FEW, PLACES, Places
from tocsin.integrations.apprise import outbound as apprise
from tocsin.integrations.email import outbound as email
from tocsin.integrations.email.account import EmailAccount
from tocsin.integrations.inbox import outbound as inbox
from tocsin.integrations.pagerduty import outbound as pagerduty
from tocsin.integrations.pagerduty import writing as pagerduty_writing
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.push import outbound as push
from tocsin.integrations.slack import account as slack_account
from tocsin.integrations.slack import outbound as slack
from tocsin.integrations.slack import replies as slack_replies
from tocsin.integrations.wire import Attempt, Done, Mail, Never, Outgoing, Push, Reply, Request, Ring, Verdict
from tocsin.settings import Settings
from tocsin.sop.model import Sop

# PagerDuty throttles events dynamically and says so by 429; its support names 120 a minute and routing key. After an
# outage four fifths of that leave in any minute, from each node; otherwise no page is held back before it is refused.
PAGERDUTY_RATE = Rate(apart=timedelta(seconds=0.75), burst=16)
# PagerDuty's REST API takes 960 requests a minute and token; a note is three. Catching up takes a quarter as well.
PAGERDUTY_REST_RATE = Rate(apart=timedelta(seconds=0.75), burst=8)
# Slack, Web API rate limits: one message a second and channel.
_SLACK_MESSAGE_APART = timedelta(seconds=1)


class PagerDutyProvider:
    """PagerDuty's Events API v2."""

    name = "pagerduty"
    rate: Rate | None = PAGERDUTY_RATE
    places: Places = PLACES

    def __init__(self, account: pagerduty.PagerDutyAccount) -> None:
        self._account = account

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        """The event that delivers a page, or its end."""
        return pagerduty.request_for(_page(effect), self._account)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What PagerDuty's answer means."""
        return pagerduty.classify(_page(effect), reply)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """No pages are paced among themselves; the gravest leaves first."""
        return None


class PagerDutyRestProvider:
    """PagerDuty's REST API: what is said at its incidents. Apart from pages, so that none ever waits for it."""

    name = "pagerduty_rest"
    rate: Rate | None = PAGERDUTY_REST_RATE
    places: Places = PLACES

    def __init__(self, account: RestAccount, installation: str) -> None:
        self._account = account
        self._installation = installation

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        """The request that is made first."""
        return pagerduty_writing.request_for(_counterpart(effect), self._account, self._installation)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What PagerDuty's answer means."""
        there = _counterpart(effect)
        return pagerduty_writing.classify(there, _http(request), reply, self._account, self._installation)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """No limit of its own."""
        return None


class SlackProvider:
    """Slack's Web API."""

    name = "slack"
    rate: Rate | None = None  # Slack limits methods and channels, and says by how much
    places: Places = PLACES

    def __init__(self, account: slack_account.SlackAccount) -> None:
        self._account = account

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        """The method call that carries out an effect."""
        return slack.request_for(_chat(effect), self._account, attempt)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What Slack's answer means."""
        return slack_replies.classify(_chat(effect), _http(request), reply, self._account)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """One message a second for each channel; several incidents share that of the stakeholders."""
        if not isinstance(effect, ChannelEffect):
            return None
        key = effect.channel if isinstance(effect, TellStakeholders) else effect.lane
        return key, _SLACK_MESSAGE_APART


class EmailProvider:
    """E-mail over SMTP."""

    name = "email"
    rate: Rate | None = None  # a server that wants less says so, by a 4yz
    places: Places = PLACES

    def __init__(self, account: EmailAccount) -> None:
        self._account = account

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Mail | Done | Never:
        """The e-mail that delivers a page."""
        return email.request_for(_page(effect), self._account)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What the mail server's answer means."""
        return email.classify(_page(effect), reply)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """None are paced among themselves."""
        return None


class AppriseProvider:
    """Apprise: SMS, calls, push, chat."""

    name = "apprise"
    rate: Rate | None = None  # its services are many
    places: Places = FEW

    def __init__(self, account: apprise.AppriseAccount) -> None:
        self._account = account

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Push | Done | Never:
        """The notification that delivers a page."""
        return apprise.request_for(_page(effect), self._account)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What Apprise's answer means."""
        return apprise.classify(_page(effect), reply)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """None are paced among themselves."""
        return None


class PushProvider:
    """Web Push: the person's browsers."""

    name = "push"
    rate: Rate | None = None  # its services are many
    places: Places = PLACES

    def __init__(self, links: PageLinks) -> None:
        self._links = links

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Ring | Done | Never:
        """What rings the person's browsers for a page, or ends it there."""
        return push.request_for(_page(effect), self._links)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What the answers of the push services mean."""
        return push.classify(_page(effect), reply)

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """None are paced among themselves."""
        return None


class InboxProvider:
    """The built-in inbox: the console, and the list that the API shows."""

    name = "inbox"
    rate: Rate | None = None
    places: Places = PLACES

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        """What rings on the console; being written to the outbox, the page is in the inbox already."""
        page = _page(effect)
        return inbox.deliver(page) if isinstance(page, SendPage | SendPageTest) else Done()

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """Never asked: the inbox sends no requests."""
        raise TypeError("the inbox sends no requests")

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """The console takes any rate."""
        return None


def providers_for(settings: Settings, sop: Sop, installation: str, link_secret: str = "") -> tuple[Provider, ...]:
    """The providers that this SOP and these settings make usable; raises InvalidSop for a secret that is wrong.

    `link_secret` is the installation's own: links that acknowledge are made with it.
    """
    found: list[Provider] = [InboxProvider()]
    links = PageLinks(settings.public_url, link_secret)
    pager = credentials.events_account(settings, sop, installation, links)
    if pager:
        found.append(PagerDutyProvider(pager))
    rest = credentials.rest_account(settings, sop)
    if rest is not None and rest.from_email and (sop.pagerduty.notes or sop.pagerduty.responders):
        found.append(PagerDutyRestProvider(rest, installation))
    chat = credentials.slack_account(settings, sop, links)
    if chat:
        found.append(SlackProvider(chat))
    mail = credentials.email_account(settings, sop, installation, links)
    if mail:
        found.append(EmailProvider(mail))
    urls = {name: url for name, url in credentials.apprise_urls(settings, sop).items() if url}
    if urls and is_installed():
        found.append(AppriseProvider(apprise.AppriseAccount(urls, links)))
    if any(method.via == push.PROVIDER for person in sop.people.values() for method in person.contact):
        found.append(PushProvider(links))
    return tuple(found)


def _page(effect: AnyEffect) -> pagerduty.PagerDutyEffect:
    if not isinstance(effect, PageEffect | OfPageTest):
        raise TypeError(f"{type(effect).__name__} is not a page")
    return effect


def _counterpart(effect: AnyEffect) -> pagerduty_writing.Written:
    if not isinstance(effect, NoteThere | AskThere):
        raise TypeError(f"PagerDuty's REST API has nothing to do with {type(effect).__name__}")
    return effect


def _http(request: Outgoing) -> Request:
    if not isinstance(request, Request):
        raise TypeError(f"{type(request).__name__} is no HTTP request")
    return request


def _chat(effect: AnyEffect) -> slack.SlackEffect:
    if not isinstance(effect, ChannelEffect | SendPage | SendPageTest):
        raise TypeError(f"Slack has nothing to do with {type(effect).__name__}")
    return effect

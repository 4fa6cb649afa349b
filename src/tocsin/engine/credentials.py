"""As whom is each vendor asked? Accounts made of the settings, with their secrets, and of the SOP, which names those.

A stand-in on this machine (an address override that points at loopback) needs no credentials: it gets a made-up one.
"""

from tocsin.accounts.page_links import PageLinks
from tocsin.errors import InvalidSop
from tocsin.integrations.email.account import EmailAccount, post_from
from tocsin.integrations.pagerduty import outbound as pagerduty
from tocsin.integrations.pagerduty import rest as pagerduty_rest
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.slack.account import SlackAccount, api_url
from tocsin.integrations.slack.inbound.setup import setup_of
from tocsin.integrations.wire import Post
from tocsin.loopback import is_loopback
from tocsin.settings import Settings
from tocsin.sop.model import Sop

_STAND_IN_KEY = "0123456789abcdef0123456789abcdef"
_STAND_IN_TOKEN = "xoxb-stand-in"  # noqa: S105  # no secret: for a stand-in on this machine


def events_account(
    settings: Settings, sop: Sop, installation: str, links: PageLinks
) -> pagerduty.PagerDutyAccount | None:
    """Whose events PagerDuty takes; None where no routing key is set."""
    keys = routing_keys(settings, sop)
    if not keys:
        return None
    return pagerduty.PagerDutyAccount(
        events_url=pagerduty.events_url(settings.pagerduty_events_url, sop.pagerduty.region),
        keys=keys,
        default_key_name=sop.pagerduty.routing_key,
        installation=installation,
        public_url=settings.public_url,
        links=links,
    )


def routing_keys(settings: Settings, sop: Sop) -> dict[str, str]:
    """The PagerDuty routing keys that are set, by the names that the SOP gives them."""
    names = {sop.pagerduty.routing_key}
    names.update(it.routing_key for person in sop.people.values() for it in person.contact if it.routing_key)
    keys = {name: value for name in names if (value := settings.secret(name))}
    if is_loopback(settings.pagerduty_events_url):
        keys.setdefault(sop.pagerduty.routing_key, _STAND_IN_KEY)
    return keys


def rest_account(settings: Settings, sop: Sop) -> RestAccount | None:
    """Whom PagerDuty's REST API knows us as; None where no token is set."""
    stand_in = _STAND_IN_KEY if is_loopback(settings.pagerduty_api_url) else None
    token = settings.secret(sop.pagerduty.api_token) or stand_in
    if token is None:
        return None
    url = pagerduty_rest.api_url(settings.pagerduty_api_url, sop.pagerduty.region)
    return RestAccount(url, token, sop.pagerduty.from_email)


def slack_account(settings: Settings, sop: Sop, links: PageLinks | None = None) -> SlackAccount | None:
    """The bot's account in the workspace; None while its token is not set."""
    token = settings.secret(sop.slack.bot_token) or (_STAND_IN_TOKEN if is_loopback(settings.slack_api_url) else None)
    if not token:
        return None
    members = {id_: person.slack_user for id_, person in sop.people.items() if person.slack_user}
    is_heard = setup_of(sop.slack, settings.secret) is not None
    url = api_url(settings.slack_api_url)
    return SlackAccount(token, url, settings.public_url, members, links, is_interactive=is_heard)


def email_account(settings: Settings, sop: Sop, installation: str, links: PageLinks) -> EmailAccount | None:
    """The mail server, and as whom it is used; None where none is set. Raises InvalidSop as `mail_server` does."""
    found = mail_server(settings, sop)
    if found is None:
        return None
    addresses = {id_: person.email for id_, person in sop.people.items() if person.email}
    return EmailAccount(*found, addresses, installation, links)


def mail_server(settings: Settings, sop: Sop) -> tuple[Post, str] | None:
    """The mail server and the sender's address; None where none is set. Raises InvalidSop for what is no address."""
    url = settings.secret(sop.email.server)
    if url is None:
        return None
    try:
        return post_from(url, sop.email.sender)
    except ValueError as error:
        raise InvalidSop(sop.email.server, (str(error),)) from error


def apprise_urls(settings: Settings, sop: Sop) -> dict[str, str | None]:
    """The addresses for Apprise by the names that contact methods give them, sorted; None where one is not set."""
    names = {it.url for person in sop.people.values() for it in person.contact if it.via == "apprise" and it.url}
    return {name: settings.secret(name) for name in sorted(names)}

"""Is everything that is configured set up as it must be? Findings, each with its remedy; nobody is paged.

The running server is asked, which has the secrets; where there is none, what can be seen without it is.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tocsin.domain.text import clean_line
from tocsin.engine import credentials
from tocsin.engine.checkups import Ask, carry_out
from tocsin.engine.pagerduty.line import webhook_secrets
from tocsin.engine.providers import providers_for
from tocsin.engine.pushing import is_installed
from tocsin.errors import InvalidSop
from tocsin.integrations.apprise import checkup as apprise
from tocsin.integrations.checkup import Checkup, Finding, State, ago, broken, unused, well
from tocsin.integrations.email import checkup as email
from tocsin.integrations.pagerduty import checkup as pagerduty
from tocsin.integrations.push import checkup as push
from tocsin.integrations.push.outbound import PROVIDER as PUSH
from tocsin.integrations.slack import checkup as slack
from tocsin.loopback import is_loopback
from tocsin.oncall.overrides import Override
from tocsin.oncall.roster import INBOX, usable_methods, who_is_on_call
from tocsin.settings import Settings
from tocsin.sop.check import Level, check
from tocsin.sop.load import default_sop
from tocsin.sop.model import Email, Sop
from tocsin.sop.version import version_of
from tocsin.store.rows import PageTest

_NOT_SET = "env:"  # no variable has no name
_PATIENCE_SECONDS = 12.0  # with one vendor: the command line waits for fifteen
_MOST_PEOPLE = 100  # of whom each has a line; of more, those alone who can't be reached


class Situation(Struct, frozen=True, dict=True):
    """What is known of an installation beside its settings and its SOP.

    `tests` are the newest test pages of each person; None where no server runs that could tell. `faults` keep the
    server from its work.
    """

    settings: Settings
    sop: Sop
    now: datetime
    tests: Mapping[str, Sequence[PageTest]] | None = None
    faults: tuple[str, ...] = ()
    heard_at: datetime | None = None  # when a webhook of PagerDuty came last
    overrides: tuple[Override, ...] = ()
    browsers: Mapping[str, int] = {}  # how many ring for each person for whom any does

    @cached_property
    def methods(self) -> frozenset[str]:
        """The contact methods whose credentials are set; looked up once, as all providers are made for it."""
        return frozenset(it.name for it in providers_for(self.settings, self._with_usable_mail(), "doctor"))

    def _with_usable_mail(self) -> Sop:
        """The SOP; without its mail server where that is set and wrong, which is a finding of its own."""
        try:
            credentials.mail_server(self.settings, self.sop)
        except InvalidSop:
            return replace(self.sop, email=Email(server=_NOT_SET))
        return self.sop


async def examine(it: Situation, ask: Ask) -> list[Finding]:
    """Every finding, in the order in which somebody would set things up."""
    vendors = await asyncio.gather(*(_carried_out(name, one, ask) for name, one in _vendors(it).items()))
    return [_sop(it), *_server(it), _address(it), *(found for one in vendors for found in one), *_people(it)]


def _vendors(it: Situation) -> dict[str, Checkup]:
    """The vendors' checkups: one line each."""
    return {
        "PagerDuty": pagerduty.checkup(known_of_pagerduty(it)),
        "Slack": slack.checkup(credentials.slack_account(it.settings, it.sop), it.sop.slack),
        "E-mail": _email(it),
        "Apprise": apprise.checkup(credentials.apprise_urls(it.settings, it.sop), is_installed=is_installed()),
        "Push": push.checkup(it.settings.public_url, is_used=PUSH in it.methods),
    }


async def _carried_out(name: str, checkup: Checkup, ask: Ask) -> list[Finding]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await carry_out(checkup, ask)
    except TimeoutError:
        return [broken(name, f"it has not answered everything within {_PATIENCE_SECONDS:g} s", "try again")]


# --- Tocsin itself ---------------------------------------------------------------------------------------------------


def _sop(it: Situation) -> Finding:
    findings = check(it.sop)
    errors = [str(finding) for finding in findings if finding.level is Level.ERROR]
    if errors:
        return broken("SOP", f"{len(errors)} errors, the first: {errors[0]}", "see `tocsin sop check`")
    if it.sop == default_sop():
        told = "it is the sample organisation: nobody real is paged"
        return unused("SOP", told, "put your people into tocsin.toml, which `tocsin init` writes")
    warnings = f", {len(findings)} warnings (`tocsin sop check`)" if findings else ""
    return well("SOP", f"version {version_of(it.sop)}{warnings}")


def _server(it: Situation) -> list[Finding]:
    if it.tests is None:
        return [unused("server", "none runs on this database", "start `tocsin serve`")]
    if it.faults:
        return [broken("server", fault, "see its log, and `tocsin alarms`") for fault in it.faults]
    return [well("server", "it is ready, and its database takes what is written")]


def _address(it: Situation) -> Finding:
    what, url = "public address", it.settings.public_url
    if url and not is_loopback(url):
        return well(what, url)
    remedy = "set TOCSIN_PUBLIC_URL to how people reach this server"
    if not url:
        return unused(what, "it isn't set here", remedy)
    told = f"links in pages lead to {url}, which is this machine to whoever reads them"
    return broken(what, told, remedy) if it.methods - {INBOX} else unused(what, told, remedy)


# --- people ----------------------------------------------------------------------------------------------------------


def _people(it: Situation) -> list[Finding]:
    """How each person is reached, and whether a test showed that it works."""
    found = [_person(it, id_) for id_ in sorted(it.sop.people)]
    if len(found) <= _MOST_PEOPLE:
        return found
    wrong = [finding for finding in found if finding.state is State.BROKEN]
    return [*wrong, unused("people", f"{len(found) - len(wrong)} others are reachable")]


def _person(it: Situation, id_: str) -> Finding:
    person = it.sop.people[id_]
    meant = [method.id for method in person.contact]
    usable = [method.id for method in usable_methods(it.sop, id_, it.methods)]
    remedy = f"`tocsin test page {id_}` tries each"
    if not usable:
        ways = ", ".join(meant) or "no way"
        return broken(id_, f"can't be reached: {ways}", "set the credentials, or give another `contact`")
    missing = [way for way in meant if way not in usable]
    if missing and usable == [INBOX]:
        told = f"no phone would ring: {', '.join(missing)} is not set up"
        return broken(id_, told, "set the credentials, or give another `contact`")
    if it.tests is None:
        return unused(id_, f"by {', '.join(usable)}", remedy)
    if PUSH in usable and not it.browsers.get(id_):
        told = "paged by push, and no browser of theirs is subscribed"
        return broken(id_, told, f"{id_} opens /inbox on the phone, and has it ring")
    newest = {test.via: test for test in reversed(it.tests.get(id_, ()))}
    failed = [test for way, test in newest.items() if way in usable and test.status == "failed"]
    if failed:
        told = f"the last test by {failed[0].via} failed: {clean_line(failed[0].note)}"
        return broken(id_, told, f"see `tocsin people {id_}`")
    untested = [way for way in usable if way != INBOX and (way not in newest or newest[way].status != "done")]
    if untested:
        return unused(id_, f"by {', '.join(usable)}; {', '.join(untested)} was never tested", remedy)
    return well(id_, f"by {', '.join(usable)}{_tested(it.now, newest)}")


def _tested(now: datetime, newest: Mapping[str, PageTest]) -> str:
    tested = [test.settled_at for way, test in newest.items() if way != INBOX and test.settled_at]
    return f", tested {ago(now - min(tested))}" if tested else ""


# --- vendors ---------------------------------------------------------------------------------------------------------


def _email(it: Situation) -> Checkup:
    secret = it.sop.email.server
    try:
        found = credentials.mail_server(it.settings, it.sop)
    except InvalidSop as error:
        return email.checkup(None, secret, fault="; ".join(error.faults))
    return email.checkup(found[0] if found else None, secret)


def known_of_pagerduty(it: Situation) -> pagerduty.Known:
    """What the checkup of PagerDuty begins with."""
    rules, settings, keys = it.sop.pagerduty, it.settings, credentials.routing_keys(it.settings, it.sop)
    methods = [method for person in it.sop.people.values() for method in person.contact if method.via == "pagerduty"]
    names = dict.fromkeys(method.routing_key or rules.routing_key for method in methods)
    return pagerduty.Known(
        keys={name: keys.get(name) for name in names or (rules.routing_key,)},
        has_secret=bool(webhook_secrets(settings, it.sop)),
        secret_names=rules.webhook_secrets,
        account=credentials.rest_account(settings, it.sop),
        token_name=rules.api_token,
        webhook_url=f"{settings.public_url}/intake/pagerduty/",
        heard_at=it.heard_at,
        now=it.now,
        writes=rules.notes or rules.responders,
        expected={} if rules.responders else _shared(it),
    )


def _shared(it: Situation) -> dict[str, str]:
    """Who is on call first, and is paged through a service shared with others: their PagerDuty users."""
    first = {duty.primary for duty in who_is_on_call(it.sop, it.now, it.overrides)}
    people = {id_: it.sop.people[id_] for id_ in sorted(filter(None, first))}
    return {
        id_: person.pagerduty_user
        for id_, person in people.items()
        if person.pagerduty_user and any(way.via == "pagerduty" and way.routing_key is None for way in person.contact)
    }

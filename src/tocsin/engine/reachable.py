"""Which contact methods of the SOP can't work on this machine? Secrets that are not set, and what is not installed."""

from collections.abc import Iterator

from tocsin.engine.credentials import mail_server
from tocsin.engine.pushing import is_installed
from tocsin.errors import InvalidSop
from tocsin.settings import Settings
from tocsin.sop.finding import Finding, warning
from tocsin.sop.model import Sop


def unusable_here(settings: Settings, sop: Sop) -> tuple[Finding, ...]:
    """A finding for each, in the file's order; elsewhere, where the server runs, all of it may be in order."""
    return (*_apprise(settings, sop), *_email(settings, sop))


def _apprise(settings: Settings, sop: Sop) -> Iterator[Finding]:
    for id_, person in sop.people.items():
        for number, method in enumerate(person.contact, start=1):
            if method.via != "apprise" or method.url is None:
                continue
            place = f"people.{id_}.contact[{number}]"
            if not is_installed():
                yield warning(place, "needs Apprise, which is not installed here", "pip install 'tocsin[apprise]'")
            elif settings.secret(method.url) is None:
                remedy = "set it to an address in Apprise's words, such as ntfy://topic"
                yield warning(f"{place}.url", f"{method.url} is not set on this machine", remedy)


def _email(settings: Settings, sop: Sop) -> Iterator[Finding]:
    if not any(method.via == "email" for person in sop.people.values() for method in person.contact):
        return
    try:
        server = mail_server(settings, sop)
    except InvalidSop as error:
        problem, _, remedy = error.faults[0].partition(": ")
        yield warning("email.server", f"{sop.email.server} {problem}", remedy or "see docs/integrations")
        return
    if server is None:
        problem = f"{sop.email.server} is not set on this machine, so no page leaves it by e-mail"
        yield warning("email.server", problem, "set it to smtp+starttls://user:password@host:587?from=tocsin@host")

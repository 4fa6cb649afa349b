"""Can each person be reached as the file says? Contact methods: what each needs, and in which order they are tried."""

import re
from collections.abc import Iterator

from tocsin.sop.finding import Finding, error, unknown, warning
from tocsin.sop.model import ContactMethod, Person, Sop

CONTACT_METHODS = ("pagerduty", "slack", "email", "apprise", "push", "inbox")
# An address that every mail server takes: ASCII (RFC 5321, section 4.1.2; others need SMTPUTF8), and one line.
_ADDRESS = re.compile(r"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
# Which contact methods a key of theirs is for.
_ONLY_FOR = {"routing_key": "pagerduty", "address": "email", "url": "apprise", "name": "apprise"}


def check_contact(where: str, person: Person) -> Iterator[Finding]:
    """The findings of one person's contact methods; `where` is the array's place."""
    if not person.contact:
        yield warning(where, "is empty, so a page to this person reaches nobody", 'add { via = "inbox" } at least')
    seen: set[str] = set()
    for number, method in enumerate(person.contact, start=1):
        place = f"{where}[{number}]"
        if method.via not in CONTACT_METHODS:
            yield unknown(f"{place}.via", method.via, "contact method", CONTACT_METHODS)
            continue
        yield from _check_needs(place, person, method)
        yield from _check_strangers(place, method)
        if method.id in seen:
            yield warning(place, f"is {method.id} once more, and never tried", _remedy_for_twin(method))
        seen.add(method.id)
    yield from _check_delays(where, person)


def check_email(sop: Sop) -> Iterator[Finding]:
    """The finding of `[email]`: whom letters come from."""
    sender = sop.email.sender
    if sender is not None and not _ADDRESS.fullmatch(sender):
        yield error("email.sender", f"{sender!r} is no e-mail address", "write it as tocsin@example.com, in ASCII")


def can_work(person: Person, method: ContactMethod) -> bool:
    """Whether it is said where the contact method reaches the person; it works once its credentials are set."""
    return method.via in CONTACT_METHODS and _what_is_missing(person, method) is None


def _what_is_missing(person: Person, method: ContactMethod) -> tuple[str, str] | None:
    """What keeps the contact method from working, and what to do."""
    match method.via:
        case "slack" if person.slack_user is None:
            remedy = "add slack_user, the member id, which begins with U"
            return "can't work, since the person has no slack_user", remedy
        case "email" if not (method.address or person.email):
            return "can't work, since the person has no email", "add email to the person, or address here"
        case "apprise" if method.url is None:
            remedy = 'add url = "env:NAME", the secret that holds the address in Apprise\'s words'
            return "can't work without an address", remedy
    return None


def _check_needs(place: str, person: Person, method: ContactMethod) -> Iterator[Finding]:
    missing = _what_is_missing(person, method)
    if missing is not None:
        yield warning(place, *missing)
        return
    address = (method.address or person.email) if method.via == "email" else None
    if address is not None and not _ADDRESS.fullmatch(address):
        remedy = "write it as alice@example.com, in ASCII"
        yield error(place, f"sends to {address!r}, which is no e-mail address", remedy)


def _check_strangers(place: str, method: ContactMethod) -> Iterator[Finding]:
    for key, via in _ONLY_FOR.items():
        if getattr(method, key) is not None and method.via != via:
            yield warning(f"{place}.{key}", f"has no use for {method.via}", "leave it out")


def _remedy_for_twin(method: ContactMethod) -> str:
    return "give each its own name" if method.via == "apprise" else "leave it out"


def _check_delays(where: str, person: Person) -> Iterator[Finding]:
    """Delays stand in their order, after what leaves at once; the inbox, which wakes nobody, has none."""
    longest, longest_at = None, 0
    wakes = [method for method in person.contact if method.via != "inbox"]
    if wakes and all(method.after for method in wakes):
        yield warning(where, "leaves nothing at once, so the soonest is taken at once", "leave out the first `after`")
    for number, method in enumerate(person.contact, start=1):
        place = f"{where}[{number}].after"
        if method.after and method.via == "inbox":
            yield warning(place, "waits for what wakes nobody", "leave it out: the inbox is a last resort")
        elif method.after and longest and method.after < longest:
            problem = f"is before that of contact[{longest_at}], {longest}, got {method.after}"
            yield warning(place, problem, "put the contact methods in the order of their delays")
        elif method.after:
            longest, longest_at = method.after, number

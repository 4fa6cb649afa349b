"""Can Apprise be used, and read every address that the SOP names? Nothing is sent; no I/O, and no address is told.

Source: github.com/caronc/apprise/wiki, where each service's page says how its address is written.
"""

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from tocsin.domain.text import clean_line
from tocsin.integrations.checkup import Checkup, Finding, Probe, broken, unused, well
from tocsin.integrations.wire import Reading, Reply, json_in

WHAT = "Apprise"
_WORDS = "see github.com/caronc/apprise/wiki for how the service's address is written"
_INSTALL = "install it: pip install 'tocsin[apprise]'"


class _State(Struct, frozen=True):
    """What Apprise made of one address."""

    state: str
    service: str = ""
    needs: str = ""  # packages


def checkup(urls: Mapping[str, str | None], *, is_installed: bool) -> Checkup:
    """What there is to look at: the addresses by the names of their secrets, None where one isn't set."""
    if not any(urls.values()):
        if urls:
            return (unused(WHAT, "none of its addresses is set", f"set {', '.join(urls)}"),)
        remedy = "name an address in a contact method: docs/integrations/contact-methods.md"
        return (unused(WHAT, "nobody is reached by it", remedy),)
    if not is_installed:
        return (broken(WHAT, "the library is not installed", _INSTALL),)
    missing = [
        broken(_named(name), "it is not set", f"set {name} to an address in Apprise's words")
        for name, url in urls.items()
        if not url
    ]
    there = {name: url for name, url in urls.items() if url}
    return (*missing, Probe(WHAT, Reading(tuple(there.values())), partial(_judge, tuple(there))))


def _named(name: str) -> str:
    return f"{WHAT} ({name})"


def _judge(names: tuple[str, ...], reply: Reply) -> Checkup:
    states = json_in(reply, tuple[_State, ...]) or ()
    if len(states) != len(names):
        return (broken(WHAT, "it did not come to an end", "try again; if it stays so, install it anew"),)
    return tuple(_finding(name, state) for name, state in zip(names, states, strict=True))


def _finding(name: str, it: _State) -> Finding:
    what, service = _named(name), clean_line(it.service, 80)
    match it.state:
        case "read":
            return well(what, f"{service}: it can be read; only a test shows that it rings: `tocsin test page PERSON`")
        case "disabled" if it.needs:
            needs = clean_line(it.needs, 200)
            return broken(what, f"{service} needs what is not installed: {needs}", f"install it: pip install '{needs}'")
        case "disabled":
            return broken(what, f"{service} doesn't work on this machine", f"use another service; {_WORDS}")
        case "unreadable":
            return broken(what, f"{service}: something is missing in it, or wrong", f"correct {name}; {_WORDS}")
    return broken(what, "it begins as no service's address that this Apprise knows", f"correct {name}; {_WORDS}")

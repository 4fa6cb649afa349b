"""What does the doctor say of Apprise's addresses? Whether it can read them, and never a word of what they hold."""

import json

import pytest

from tocsin.integrations.apprise.checkup import checkup
from tocsin.integrations.checkup import Checkup, Finding, Probe, State
from tocsin.integrations.wire import Reading, Reply

URLS = {"env:ALICE_PUSH": "ntfy://canary", "env:BOB_SMS": None}


def findings(asked: Checkup, *states: dict[str, str]) -> list[Finding]:
    """What is found when Apprise makes that of the addresses."""
    found: list[Finding] = []
    for it in asked:
        if isinstance(it, Probe):
            found += findings(it.judge(Reply(0, {}, json.dumps(states).encode())))
        else:
            found.append(it)
    return found


@pytest.mark.parametrize(
    ("urls", "is_installed", "state", "told"),
    [
        ({}, True, State.UNUSED, "nobody is reached by it"),
        ({"env:BOB_SMS": None}, False, State.UNUSED, "none of its addresses is set"),
        (URLS, False, State.BROKEN, "the library is not installed"),
    ],
)
def test_without_an_address_or_the_library_nothing_is_read(
    urls: dict[str, str | None], is_installed: bool, state: State, told: str
) -> None:
    (found,) = findings(checkup(urls, is_installed=is_installed))
    assert (found.what, found.state, found.told) == ("Apprise", state, told)
    assert found.remedy


def test_each_address_has_a_line_by_the_name_of_its_secret() -> None:
    asked = checkup(URLS, is_installed=True)
    (probe,) = [it for it in asked if isinstance(it, Probe)]
    assert probe.request == Reading(("ntfy://canary",))
    assert "canary" not in repr(probe.request)
    missing, read = findings(asked, {"state": "read", "service": "ntfy"})
    assert (missing.what, missing.state, missing.told) == ("Apprise (env:BOB_SMS)", State.BROKEN, "it is not set")
    assert (read.what, read.state) == ("Apprise (env:ALICE_PUSH)", State.WELL)
    assert read.told == "ntfy: it can be read; only a test shows that it rings: `tocsin test page PERSON`"


@pytest.mark.parametrize(
    ("state", "told", "remedy"),
    [
        ({"state": "unknown"}, "it begins as no service's address that this Apprise knows", "correct env:ALICE_PUSH"),
        (
            {"state": "unreadable", "service": "Twilio"},
            "Twilio: something is missing in it, or wrong",
            "correct env:ALICE_PUSH; see github.com/caronc/apprise/wiki",
        ),
        (
            {"state": "disabled", "service": "XMPP", "needs": "slixmpp >= 1.16.0"},
            "XMPP needs what is not installed: slixmpp >= 1.16.0",
            "install it: pip install 'slixmpp >= 1.16.0'",
        ),
        ({"state": "disabled", "service": "Windows"}, "Windows doesn't work on this machine", "use another service"),
    ],
)
def test_address_that_can_not_be_used_is_told_with_what_helps(state: dict[str, str], told: str, remedy: str) -> None:
    (found,) = findings(checkup({"env:ALICE_PUSH": "x://canary"}, is_installed=True), state)
    assert (found.state, found.told) == (State.BROKEN, told)
    assert found.remedy.startswith(remedy)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"state": "hung"}', b"[" * 5_000])
def test_half_an_answer_is_told_as_none(body: bytes) -> None:
    (probe,) = checkup({"env:ALICE_PUSH": "ntfy://canary"}, is_installed=True)
    assert isinstance(probe, Probe)
    (found,) = probe.judge(Reply(0, {}, body))
    assert isinstance(found, Finding)
    assert (found.state, found.told) == (State.BROKEN, "it did not come to an end")

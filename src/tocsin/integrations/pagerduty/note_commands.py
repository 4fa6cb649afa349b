"""Which command does a note in PagerDuty give? What PagerDuty has no button for, said as in Slack; no I/O.

    /incident mitigate the change is rolled back
    /incident update external We are investigating.

A note is the one thing that people may write everywhere in PagerDuty, on the phone as well.
"""

from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.errors import InvalidInput
from tocsin.sop.words import ROLES_BY_WORD, Severity

BEGINS = "/incident"
_VERBS = ("assess", "role", "update", "mitigate", "resolve")


def is_command(text: str) -> bool:
    """Whether the note is meant as a command, be it one or not."""
    return _parted(text)[0].lower() == BEGINS


def command_in(text: str, by: str) -> c.Change:
    """The command that the note gives; raises InvalidInput where there is no such command, or not enough is said.

    `by` begins what is written down, where the timeline would not say who it was.
    """
    verb, said = _parted(_parted(text)[1])
    match verb.lower():
        case "assess":
            return _assess(said, by)
        case "role":
            return _role(said)
        case "update":
            return _update(said, by)
        case "mitigate":
            return c.Mitigate(note=_signed(said, by))
        case "resolve":
            return c.Resolve(note=_signed(said, by))
    raise InvalidInput(f"{BEGINS} {verb[:40]}: there is no such command in a note; it takes one of {', '.join(_VERBS)}")


def _assess(said: str, by: str) -> c.Assess:
    severity, reason = _parted(said)
    if severity.upper() not in Severity.__members__ or not reason:
        raise InvalidInput(f"{BEGINS} assess: must say a severity and why, `{BEGINS} assess SEV2 logins fail`")
    return c.Assess(severity=Severity(severity.upper()), reason=_signed(reason, by))


def _role(said: str) -> c.AssignRole:
    name, person = _parted(said)
    role = ROLES_BY_WORD.get(name.lower())
    if role is None or not person:
        raise InvalidInput(f"{BEGINS} role: must say ic, cl or tl, and a person's id, `{BEGINS} role ic alice`")
    return c.AssignRole(role=role, person=person.removeprefix("@").lower())


def _update(said: str, by: str) -> c.PostUpdate:
    """An update to the team, unless it says first whom else it is for."""
    first, rest = _parted(said)
    if first.lower() in set(Audience):
        return c.PostUpdate(text=_signed(rest, by), audience=Audience(first.lower()))
    return c.PostUpdate(text=_signed(said, by))


def _parted(text: str) -> tuple[str, str]:
    """The first word, and what follows it."""
    first, *rest = text.split(None, 1) or [""]
    return first, rest[0].strip() if rest else ""


def _signed(text: str, by: str) -> str:
    return f"{by}: {text}" if by and text else text or by

"""What does `/incident …` ask for? Its words: a verb, an incident where one is named, and the rest; no I/O."""

import re
from enum import StrEnum

from msgspec import Struct

from tocsin.errors import InvalidInput

_INCIDENT = re.compile(r"inc-\d{4}-\d{1,9}", re.IGNORECASE)


class Verb(StrEnum):
    """The first word after `/incident`."""

    DECLARE = "declare"
    ACK = "ack"
    ASSESS = "assess"
    ROLE = "role"
    UPDATE = "update"
    NOTE = "note"
    PAGE = "page"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    TIMELINE = "timeline"
    WHO = "who"
    HELP = "help"


_ALSO = {"": Verb.HELP, "acknowledge": Verb.ACK, "new": Verb.DECLARE, "open": Verb.DECLARE, "status": Verb.WHO}

HELP = (
    ("declare [title]", "open an incident"),
    ("ack", "confirm that you respond: the escalation stops"),
    ("assess [SEV2 reason]", "say how severe it is, or be asked the SOP's questions"),
    ("role [ic|cl|tl @person]", "give a role to somebody, or hand it over"),
    ("update [text]", "post a status update"),
    ("note [text]", "write something into the timeline"),
    ("page [target reason]", "page a person, or a target such as secondary"),
    ("mitigate [note]", "service is restored"),
    ("resolve [note]", "the fix is confirmed"),
    ("timeline", "what has happened"),
    ("who", "who does what, and who is on call"),
)


class Asked(Struct, frozen=True):
    """What was asked for; `incident` is empty where none was named, `rest` as it was typed."""

    verb: Verb
    incident: str
    rest: str


def asked(text: str) -> Asked:
    """What the words ask for; raises InvalidInput for a verb that there isn't."""
    word, _, rest = text.strip().partition(" ")
    name = word.lower()
    verb = _ALSO.get(name) or (Verb(name) if name in set(Verb) else None)
    if verb is None:
        raise InvalidInput(f"/incident {word[:40]}: there is no such command; it takes one of {', '.join(Verb)}")
    named, _, after = rest.strip().partition(" ")
    if _INCIDENT.fullmatch(named):
        return Asked(verb, named.upper(), after.strip())
    return Asked(verb, "", rest.strip())

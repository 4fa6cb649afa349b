"""What can PagerDuty say of one of its incidents? The same few values, whether a webhook tells or the REST API.

An incident of PagerDuty is one page of ours: its key is the page's `dedup_key`.
"""

from enum import Enum, auto

from msgspec import Struct

from tocsin.integrations.pagerduty.outbound import dedup_key


class Deed(Enum):
    """What was done in PagerDuty."""

    TRIGGERED = auto()
    ACKNOWLEDGED = auto()
    RESOLVED = auto()
    MERGED = auto()  # into another incident of PagerDuty, which ends it as a resolution does
    NOTED = auto()
    UPDATED = auto()  # a status update
    PRIORITY_SET = auto()
    ROLES_GIVEN = auto()  # or taken back
    ELSE = auto()  # worth a line in the timeline, no more


class Agent(Struct, frozen=True):
    """Who did it: a person, or PagerDuty itself, or an integration. `name` is a label, and proves nothing."""

    id: str = ""
    name: str = ""
    is_person: bool = False


NOBODY = Agent()


class RoleGiven(Struct, frozen=True):
    """A role of PagerDuty's, by its name there, and its holder from now on: NOBODY, where it was taken back."""

    role: str
    holder: Agent


class Word(Struct, frozen=True):
    """One thing that was done. `id` is the same whenever and however it is told, and different of all others.

    `incident` is PagerDuty's id, `key` the page's there, or empty where it isn't told; `text` what was written, `roles`
    what was given.
    """

    id: str
    deed: Deed
    incident: str
    key: str = ""
    url: str = ""
    agent: Agent = NOBODY
    text: str = ""
    roles: tuple[RoleGiven, ...] = ()
    is_ours: bool = False  # our own event, heard back


def resolution_id(incident: str) -> str:
    """What the end of PagerDuty's incident is known by, whoever tells of it."""
    return f"resolved/{incident}"


def note_id(id_: str) -> str:
    """What a note is known by, whoever tells of it: a webhook, or the REST API."""
    return f"note/{id_}"


def own_note(incident: str, installation: str, number: int, text: str) -> str:
    """What we write there: it says in its first words whose it is, and of which event, as it may come back cut."""
    return f"{incident} in Tocsin ({installation}-{number}): {text}"


def is_own_note(text: str, installation: str) -> bool:
    """Whether this installation has written it."""
    return f" in Tocsin ({installation}-" in text[:300]


def page_key_of(key: str, installation: str) -> str | None:
    """The key of the page whose `dedup_key` this is; None where it is no page of this installation."""
    prefix = dedup_key("", installation)
    return key.removeprefix(prefix) if key.startswith(prefix) and len(key) > len(prefix) else None

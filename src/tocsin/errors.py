"""What can go wrong, by whose fault it is?

TocsinError
├── InvalidInput      yours: HTTP 4xx, exit status 2
│   ├── Refused       a command that the rules don't allow now (HTTP 409)
│   ├── NotSignedIn   a wrong password, or a link that doesn't work (HTTP 401)
│   └── NotFound      no such incident, person, page… (HTTP 404)
├── InvalidSop        the SOP file or the settings: every fault with its place and its remedy, exit status 1
├── TooManyAttempts   signing in is slowed: try again later (HTTP 429)
├── Overloaded        more waits than can be written soon: try again shortly (HTTP 503)
├── Unreachable       theirs: the server, or a provider, did not answer as documented
└── StoreError        the database: full, read-only, damaged, or written by a newer Tocsin

Anything else that is raised is a bug, and says so. Texts are one sentence: where, what, got, wanted, do.
"""


class TocsinError(Exception):
    """Base of every expected failure. `code` is stable: clients may rely on it."""

    code = "error"


class InvalidInput(TocsinError):
    """The request can't be understood or breaks a rule that the caller can see."""

    code = "invalid_input"


class Refused(InvalidInput):
    """The command is understood, but not allowed in the incident's present state."""

    code = "refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = reason


class NotSignedIn(InvalidInput):
    """The password is wrong, or the link doesn't work; the text doesn't tell what of it is right."""

    code = "not_signed_in"


class NotFound(InvalidInput):
    """There is nothing of that name."""

    code = "not_found"


class InvalidSop(TocsinError):
    """The SOP file can't be used: `faults` names every place, what is wrong there and what would be right."""

    code = "invalid_sop"

    def __init__(self, where: str, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{where}: {fault}" for fault in faults))
        self.faults = faults


class TooManyAttempts(TocsinError):
    """Too many attempts have failed: the next one may be made in `seconds`."""

    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many attempts have failed: try again in {seconds} s")
        self.seconds = seconds


class Overloaded(TocsinError):
    """More is waiting than can be written soon; nothing was taken. Trying again shortly will help."""

    code = "overloaded"


class Unreachable(TocsinError):
    """Somebody else's server did not answer as documented; trying again later may help."""

    code = "unreachable"


class StoreError(TocsinError):
    """The database can't be used: full, read-only, damaged, or written by a newer Tocsin."""

    code = "store"

"""How does a vendor behave that is not well? One mood a fault of row 8 of the fault matrix, told in plain values.

A mood says which answer leaves and how its bytes leave. Whether the vendor did its work all the same is a matter of
its own (`is_processed`): an answer that gets lost leaves a page that rings.
"""

from enum import StrEnum

from msgspec import Struct, field

from tocsin.simulate.sandbox.recording import Response

NO_ANSWER = 0  # the status in the log of a request that gets no answer


class Manner(StrEnum):
    """How the answer's bytes leave."""

    WHOLE = "whole"  # at once
    TARDY = "tardy"  # after a fifth of a second: time enough for its server to die
    SLOW = "slow"  # after five and a half seconds: longer than a node's beat, and not yet too long for the sender
    LATE = "late"  # after 29 seconds
    DRIP = "drip"  # one byte a second
    HANG = "hang"  # never, and the connection stays open
    RESET = "reset"  # never: the connection is reset
    BABBLE = "babble"  # bytes that are no HTTP
    FLOOD = "flood"  # and 100 MB after it


# Nobody waits for such an answer to its end.
_UNHEARD = (Manner.LATE, Manner.DRIP, Manner.HANG, Manner.RESET, Manner.BABBLE)


class Mood(Struct, frozen=True):
    """`status` None: answers as it should; `times`: for so many requests, None: until it is told otherwise."""

    manner: Manner = Manner.WHOLE
    status: int | None = None
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_processed: bool = False
    times: int | None = None

    @property
    def script(self) -> Response | None:
        """What the sandbox is to answer and to write down; None: what it thinks right."""
        if self.manner in _UNHEARD:
            return Response(NO_ANSWER, self.body.encode(), is_processed=self.is_processed)
        if self.status is None:
            return None
        return Response(self.status, self.body.encode(), self.headers, is_processed=self.is_processed)


_TAKEN = '{"status": "success", "message": "Event processed", "dedup_key": "given"}'

WELL = Mood()
TOO_SLOW = (Manner.LATE, Manner.DRIP, Manner.HANG)  # ten seconds pass until the sender gives up
ROW_8 = {
    "29 seconds late": Mood(Manner.LATE, body=_TAKEN, is_processed=True),
    "a byte a second": Mood(Manner.DRIP, body=_TAKEN, is_processed=True),
    "500": Mood(status=500),
    "502": Mood(status=502, body="<html>bad gateway</html>"),
    "503": Mood(status=503, headers={"retry-after": "1"}),
    "429 without Retry-After": Mood(status=429),
    "429 with Retry-After": Mood(status=429, headers={"retry-after": "2"}),
    "429 with an absurd Retry-After": Mood(status=429, headers={"retry-after": "999999999999"}),
    "hangs": Mood(Manner.HANG),
    "resets the connection": Mood(Manner.RESET),
    "resets what it took": Mood(Manner.RESET, is_processed=True),
    "no HTTP": Mood(Manner.BABBLE),
    "HTML with 200": Mood(status=200, body="<html>please sign in</html>"),
    "half an answer": Mood(status=202, body=_TAKEN[:20]),
    "200 and not ok": Mood(status=200, body='{"ok": false, "error": "internal_error"}'),
    "202 and nothing": Mood(status=202),
    "redirected for ever": Mood(status=307, headers={"location": "/v2/enqueue"}),
    "100 MB": Mood(Manner.FLOOD, status=202, body=_TAKEN[:-1]),
}

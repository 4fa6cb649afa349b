"""What need not be asked of the database again? Alerts that only repeat themselves, and what changes no incident.

Only what has been committed is learnt, so that nothing is taken for known that a rollback has undone.
"""

from datetime import datetime
from typing import TypeVar

from msgspec import Struct, field

from tocsin.domain.alert import Alert, AlertStatus
from tocsin.domain.placement import Placement

_MOST_INCIDENTS = 10_000
_MOST_ALERTS = 50_000

T = TypeVar("T", datetime, int)


def moment(status: str, starts_at: T, ends_at: T | None) -> tuple[T, T, bool]:
    """The moment that an alert tells of: a firing of its start, a resolution of its end.

    Of all that arrives the latest moment is kept, so the order of arrival doesn't matter (invariant 4): what was
    delayed changes nothing. A firing that begins as another ends comes after that end, but an alert's end comes after
    its own beginning, however short it was.

    Prometheus repeats a firing alert every minute or so. Where somebody has resolved its incident all the same, and
    said so in the record, a repetition tells nothing later: another incident for each would page them again and again.
    """
    is_over = status == AlertStatus.RESOLVED
    return (ends_at if is_over and ends_at is not None else starts_at), starts_at, is_over


class Learnt(Struct):
    """What a batch has found out, which holds once it is committed.

    `repeated` are alerts that tell nothing new, each with its row. `no_news` are placements, alerts of which have
    changed nothing of an incident that stood at that event.
    """

    repeated: list[tuple[Alert, int]] = field(default_factory=list)
    no_news: list[tuple[str, int, frozenset[Placement]]] = field(default_factory=list)


class _Seen(Struct, frozen=True):
    """The row of an alert, and a moment that it tells of."""

    row: int
    moment: tuple[datetime, datetime, bool]


class Memory:
    """What this node has learnt. It may be behind the database, never ahead of it."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}  # by fingerprint
        self._no_news: dict[str, tuple[int, frozenset[Placement]]] = {}  # by incident

    def row_repeated_by(self, alert: Alert) -> int | None:
        """The row that tells of this moment, or of a later one, of the same alert; None where none is remembered.

        A moment that was told never becomes news again. Where another node has opened a further incident for the alert
        meanwhile, the row is not the newest; the repetition is counted there all the same.
        """
        seen = self._seen.get(alert.fingerprint)
        is_old = seen is not None and moment(alert.status, alert.starts_at, alert.ends_at) <= seen.moment
        return seen.row if seen is not None and is_old else None

    def is_no_news(self, incident: str, seq: int, placement: Placement) -> bool:
        """Whether such an alert changes nothing of the incident, which stands at that event.

        A decision depends on the incident and the command alone, so the same question has the same answer. What is due
        by time is the waker's.
        """
        seen_at, placements = self._no_news.get(incident, (0, frozenset()))
        return seen_at == seq and placement in placements

    def learn(self, learnt: Learnt) -> None:
        """Remember what a batch has found out; after its commit, and no sooner."""
        if len(self._seen) > _MOST_ALERTS:
            self._seen.clear()
        for alert, row in learnt.repeated:
            self._seen[alert.fingerprint] = _Seen(row, moment(alert.status, alert.starts_at, alert.ends_at))
        if len(self._no_news) > _MOST_INCIDENTS:
            self._no_news.clear()
        for incident, seq, placements in learnt.no_news:
            seen_at, known = self._no_news.get(incident, (0, frozenset()))
            self._no_news[incident] = (seq, known | placements if seen_at == seq else placements)

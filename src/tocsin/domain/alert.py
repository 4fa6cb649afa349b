"""What is an alert, and when are two the same? A signal from monitoring, identified by its labels' fingerprint."""

import hashlib
from datetime import datetime
from enum import StrEnum
from itertools import chain

from msgspec import Struct
from msgspec.structs import force_setattr


class AlertStatus(StrEnum):
    """Whether the condition holds."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Alert(Struct, frozen=True, gc=False):
    """One alert as its source tells it now. Instants are aware UTC; `ends_at` is set only once it has resolved.

    It holds text alone, so it is never garbage in a cycle, and isn't looked through for it (`gc`).
    `fingerprint` is that of its labels, and made where none is given: for other labels, give none.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    status: AlertStatus
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if not self.fingerprint:
            force_setattr(self, "fingerprint", fingerprint(self.labels))

    @property
    def name(self) -> str:
        """The `alertname` label, as Prometheus calls it; a stand-in where there is none."""
        return self.labels.get("alertname", "").strip() or "unnamed alert"

    @property
    def summary(self) -> str:
        """The line that tells a person what is wrong: summary, else description, else the name."""
        texts = (self.annotations.get("summary", ""), self.annotations.get("description", ""), self.name)
        return next(filter(None, (" ".join(text.split()) for text in texts)))[:300]


def fingerprint(labels: dict[str, str]) -> str:
    """The identity of the alert with these labels: 32 hex digits, the same whatever their order.

    128 bits, because two alerts that share a fingerprint would hide each other: a lost page.
    """
    # \xff can't occur in UTF-8, so no two label sets run together to the same bytes.
    parts = map(str.encode, chain.from_iterable(sorted(labels.items())))
    return hashlib.blake2b(b"\xff".join(parts) + b"\xff", digest_size=16).hexdigest()

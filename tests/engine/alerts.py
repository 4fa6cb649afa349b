"""Which alerts does monitoring send? Minutes count from the test's noon."""

from datetime import UTC, datetime, timedelta

from tocsin.domain.alert import Alert, AlertStatus

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday in a week in which alice is the platform team's primary


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def firing(name: str = "HighErrorRate", *, at: float = 0, severity: str = "critical", **labels: str) -> Alert:
    """The alert began to fire at that minute."""
    return Alert(
        labels={"alertname": name, "severity": severity, **labels},
        annotations={"summary": f"{name} on the website"},
        status=AlertStatus.FIRING,
        starts_at=minute(at),
    )


def resolved(
    name: str = "HighErrorRate", *, at: float, since: float = 0, severity: str = "critical", **labels: str
) -> Alert:
    """The alert, which began to fire at minute `since`, has ended at minute `at`."""
    return Alert(
        labels={"alertname": name, "severity": severity, **labels},
        annotations={"summary": f"{name} on the website"},
        status=AlertStatus.RESOLVED,
        starts_at=minute(since),
        ends_at=minute(at),
    )

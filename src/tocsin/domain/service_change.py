"""What is a change? Something that people did to a service, a deployment say: often what broke it."""

from datetime import datetime

from msgspec import Struct


class ServiceChange(Struct, frozen=True):
    """A change to a service: who told of it (`integration`), what it was, and where to look at it; `at` is UTC."""

    at: datetime
    service: str
    integration: str
    summary: str
    source: str
    link: str
    details: dict[str, str]

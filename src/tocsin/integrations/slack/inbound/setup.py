"""Is Slack's way in set up? The workspace and app that are listened to, and the secrets that open it; no I/O."""

from collections.abc import Callable

from msgspec import Struct

from tocsin.sop.model import Slack


class Setup(Struct, frozen=True):
    """Where people are heard: by HTTP with a `signing_secret`, over Socket Mode with an `app_token`, or both ways."""

    team: str
    app: str
    signing_secret: str = ""
    app_token: str = ""

    def __repr__(self) -> str:
        return f"Setup(team={self.team!r}, app={self.app!r})"  # the rest are secrets


def setup_of(slack: Slack, secret: Callable[[str], str | None]) -> Setup | None:
    """How the way in is set up; None while both secrets are missing, or the SOP names no workspace and app."""
    signing_secret, app_token = secret(slack.signing_secret) or "", secret(slack.app_token) or ""
    if not slack.team or not slack.app or not (signing_secret or app_token):
        return None
    return Setup(slack.team, slack.app, signing_secret, app_token)

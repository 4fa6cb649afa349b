"""Which pages are there? One list: every page in it is looked at in every way (`test_every_page.py`)."""

from msgspec import Struct


class Shown(Struct, frozen=True):
    """A page: its name, its path in the filled world (`{triggered}` is an incident of it), and a word that it shows."""

    name: str
    path: str
    shows: str


PAGES = (
    Shown("home", "/", "Open incidents"),
    Shown("incidents", "/incidents", "Payments fail"),
    Shown("ended incidents", "/incidents?state=ended", "It was only a test"),
    Shown("held incidents", "/incidents?state=held", "None yet"),
    Shown("declare", "/declare", "What happens?"),
    Shown("triggered incident", "/incidents/{triggered}", "Acknowledge"),
    Shown("incident worked on", "/incidents/{worked on}", "We see errors at login."),
    Shown("hostile incident", "/incidents/{hostile}", "<script>alert(1)</script>"),
    Shown("mitigated incident", "/incidents/{mitigated}", "Resolve"),
    Shown("resolved incident", "/incidents/{resolved}", "Postmortem"),
    Shown("cancelled incident", "/incidents/{cancelled}", "It was not an incident."),
    Shown("timeline", "/incidents/{worked on}/timeline?show=updates", "We see errors at login."),
    Shown("your account", "/account", "Where you are signed in"),
    Shown("accounts", "/admin/accounts", "Let somebody in"),
    Shown("nothing there", "/nothing/there", "There is nothing here"),
)

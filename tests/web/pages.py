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
    Shown("held incidents", "/incidents?state=held", "until somebody releases it"),
    Shown("declare", "/declare", "What happens?"),
    Shown("triggered incident", "/incidents/{triggered}", "Acknowledge"),
    Shown("incident worked on", "/incidents/{worked on}", "We see errors at login."),
    Shown("hostile incident", "/incidents/{hostile}", "<script>alert(1)</script>"),
    Shown("mitigated incident", "/incidents/{mitigated}", "Resolve"),
    Shown("resolved incident", "/incidents/{resolved}", "Postmortem"),
    Shown("cancelled incident", "/incidents/{cancelled}", "It was not an incident."),
    Shown("timeline", "/incidents/{worked on}/timeline?show=updates", "We see errors at login."),
    Shown("on call", "/oncall", "Take over a shift"),
    Shown("alerts", "/alerts", "DiskFull"),
    Shown("silences", "/silences?matchers=alertname%3D%22Backup%22", "moving disks"),
    Shown("people", "/people", "Dana Diaz"),
    Shown("person", "/people/dana", "Reached by, in this order"),
    Shown("services", "/services", "looks after it"),
    Shown("search", "/search?q=login", "We see errors at login."),
    Shown("procedure", "/sop", "Findings of the check"),
    Shown("procedure changed", "/sop/diff", "What has changed in the procedure"),
    Shown("postmortem", "/incidents/{resolved}/postmortem", "As it will look"),
    Shown("inbox", "/inbox?whose=all", "Payments fail"),
    Shown("activity", "/activity", "What people and tokens did"),
    Shown("activity of one", "/activity?actor=bob&target={worked on}", "Show all"),
    Shown("activity of nobody", "/activity?actor=nobody-at-all", "Nobody did such a thing"),
    Shown("your account", "/account", "Where you are signed in"),
    Shown("accounts", "/admin/accounts", "Let somebody in"),
    Shown("link of a page", "{link}", "You say that you respond"),
    Shown("link that was used", "{used link}", "Acknowledged"),
    Shown("nothing there", "/nothing/there", "There is nothing here"),
)

# What somebody sees who isn't signed in. The links are no real ones: their pages show the form all the same.
STRANGERS = (
    Shown("sign-in", "/signin", "Forgotten?"),
    Shown("welcome", "/welcome/tocsin_link_of_nobody", "first"),
    Shown("password link", "/password/tocsin_link_of_nobody", "New password"),
    Shown("nothing there for strangers", "/nothing/there", "There is nothing here"),
)

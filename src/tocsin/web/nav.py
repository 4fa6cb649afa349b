"""Where can people go from every page? The bar at its top; a page adds its line here."""

from msgspec import Struct

from tocsin.accounts.permissions import Permission


class Place(Struct, frozen=True):
    """A place of the bar: `within` is what the paths of its pages begin with; whoever has the permission sees it."""

    path: str
    title: str
    within: tuple[str, ...]
    permission: Permission = Permission.READ


NAV = (
    Place("/", "Home", ()),
    Place("/incidents", "Incidents", ("/incidents",)),
    Place("/inbox", "Inbox", ("/inbox",)),
    Place("/oncall", "On call", ("/oncall",)),
    Place("/alerts", "Alerts", ("/alerts", "/silences")),
    Place("/people", "People", ("/people", "/services")),
    Place("/sop", "Procedure", ("/sop",)),
    Place("/search", "Search", ("/search",)),
    Place("/activity", "Activity", ("/activity",), Permission.AUDIT_READ),
)

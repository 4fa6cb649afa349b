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
    Shown("nothing there", "/nothing/there", "There is nothing here"),
)

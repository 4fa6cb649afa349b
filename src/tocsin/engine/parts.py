"""What do the loops of a running node share? Its name, its store and who writes there, its rules, clock and figures."""

from msgspec import Struct

from tocsin.engine.clock import Clock
from tocsin.engine.desk import Desk
from tocsin.engine.meters import Meters
from tocsin.engine.writer import Writer
from tocsin.store.open import Store


class Parts(Struct, frozen=True):
    """The parts of one node; they live as long as it runs."""

    node: str
    store: Store
    writer: Writer
    desk: Desk
    clock: Clock
    meters: Meters

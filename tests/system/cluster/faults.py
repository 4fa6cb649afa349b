"""What may happen to a primary? Everything that makes another one take over, and how it is put right afterwards."""

from collections.abc import Callable

from msgspec import Struct

from tests.system.cluster.machine import Machine
from tests.system.cluster.patroni import Cluster

Deed = Callable[[Cluster, Machine], None]


class Fault(Struct, frozen=True):
    """A primary that `words` tells of; `mend` makes a standby of it, once another node is the primary."""

    words: str
    strike: Deed
    mend: Deed


def _leave(cluster: Cluster, node: Machine) -> None:
    """Patroni puts it right by itself."""


def _fence(cluster: Cluster, node: Machine) -> None:
    """What a watchdog does with a machine that stood still: it never goes on where it was.

    Patroni 3.0 on etcd 3 would let it take the lock back from its successor, and all that one has committed be lost
    (`Etcd3._update_leader` puts the key without looking whose it is). PostgreSQL's matter, and out of Tocsin's hands.
    """
    node.lose_power()
    cluster.revive(node)


FAULTS = (
    Fault("killed", lambda cluster, node: node.crash(), Cluster.revive),
    Fault("without power", lambda cluster, node: node.lose_power(), Cluster.revive),
    Fault("cut off", lambda cluster, node: node.unplug(), lambda cluster, node: node.plug_back()),
    Fault("deaf", lambda cluster, node: node.go_deaf(), lambda cluster, node: node.reconcile()),
    Fault("mute", lambda cluster, node: node.go_mute(), lambda cluster, node: node.reconcile()),
    Fault("frozen", lambda cluster, node: node.freeze(), _fence),
    Fault("without PostgreSQL", Cluster.crash_postgres, _leave),
    Fault("retired", Cluster.switch_over, _leave),
)

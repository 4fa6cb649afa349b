"""What if a node is cut off from its database? It says yes to nothing, sends nothing, and the other one goes on."""

from pathlib import Path

import pytest

from tests.system.cluster.conftest import needs
from tests.system.cluster.partitions import CUTS, PAST_LEASES_SECONDS, partition

pytestmark = pytest.mark.system


def test_node_that_is_cut_off_pages_nobody_twice_and_comes_back_by_itself(tmp_path: Path) -> None:
    needs("unshare", "nsenter", "setpriv", "ip", "nft", "patroni")
    outcome = partition(7, tmp_path, [(CUTS[0], PAST_LEASES_SECONDS)])
    assert outcome.broken == []
    assert (outcome.pages_lost, outcome.under_two_keys) == (0, 0)

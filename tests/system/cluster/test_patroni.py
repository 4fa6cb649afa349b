"""Is the PostgreSQL that Tocsin is tested on sound? It loses nothing that it acknowledged, whatever fails."""

import pytest

from tests.system.cluster.faults import FAULTS
from tests.system.cluster.ledger import Ledger
from tests.system.cluster.patroni import Cluster

pytestmark = pytest.mark.system


def test_what_a_primary_has_acknowledged_is_there_after_it(cluster: Cluster) -> None:
    fault = FAULTS[0]
    with Ledger(cluster.url) as ledger:
        ledger.wait_for_progress()
        primary = cluster.primary()
        fault.strike(cluster, primary)
        cluster.wait_for_writes(but=primary)
        ledger.wait_for_progress()
        fault.mend(cluster, primary)
        cluster.wait_until_whole()

        standbys = cluster.standbys()  # without one, nothing is acknowledged
        for standby in standbys:
            standby.freeze()
        with pytest.raises(AssertionError, match="the ledger is written"):
            ledger.wait_for_progress(within=2)
        for standby in standbys:
            standby.thaw()
        ledger.wait_for_progress()
    assert ledger.lost() == set()
    with cluster.session() as session:  # and the ledger would have noticed
        session.execute("DELETE FROM ledger WHERE number = %s", [min(ledger.acknowledged)])
    assert ledger.lost() == {min(ledger.acknowledged)}

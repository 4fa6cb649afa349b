"""Is the PostgreSQL that Tocsin is tested on sound? It loses nothing that it acknowledged, whatever fails."""

import random

import pytest

from tests.system.cluster.faults import FAULTS
from tests.system.cluster.ledger import Ledger
from tests.system.cluster.patroni import Cluster

pytestmark = pytest.mark.system


def test_primary_is_replaced_and_nothing_is_lost_that_it_acknowledged(cluster: Cluster) -> None:
    with Ledger(cluster.url) as ledger:
        for fault in random.Random(3).sample(FAULTS, 2):
            ledger.wait_for_progress()
            primary = cluster.primary()
            fault.strike(cluster, primary)
            cluster.wait_for_writes(but=primary)
            ledger.wait_for_progress()
            fault.mend(cluster, primary)
            cluster.wait_until_whole()
    assert ledger.lost() == set()
    with cluster.session() as session:  # and the ledger would have noticed
        session.execute("DELETE FROM ledger WHERE number = %s", [min(ledger.acknowledged)])
    assert ledger.lost() == {min(ledger.acknowledged)}


def test_nothing_is_acknowledged_while_there_is_no_standby(cluster: Cluster) -> None:
    with Ledger(cluster.url) as ledger:
        ledger.wait_for_progress()
        standbys = cluster.standbys()
        for standby in standbys:
            standby.freeze()
        with pytest.raises(AssertionError, match="the ledger is written"):
            ledger.wait_for_progress(within=3)
        for standby in standbys:
            standby.thaw()
        ledger.wait_for_progress()
    assert ledger.lost() == set()

"""What if the disk is full? Nobody is told yes, ladders go on climbing, and with space again all is as before."""

from pathlib import Path

import pytest

from tests.system.cluster.conftest import needs
from tests.system.cluster.full_disks import fill

pytestmark = pytest.mark.system


def test_ladder_climbs_on_a_full_disk_while_new_alerts_are_refused(tmp_path: Path) -> None:
    needs("unshare", "nsenter", "setpriv", "ip")
    assert fill(0, tmp_path, times=1).broken == []

"""What if the power fails? Whatever was answered with yes has reached the disk, and the file opens."""

from pathlib import Path

import pytest

from tests.system.cluster.conftest import needs
from tests.system.cluster.power_cuts import cut

pytestmark = pytest.mark.system


def test_what_is_answered_with_yes_outlives_a_power_cut(tmp_path: Path) -> None:
    needs("unshare", "nsenter", "setpriv", "ip", "losetup", "mkfs.ext4")
    assert cut(0, tmp_path, times=3).broken == []

"""What if somebody sets the clock? No step comes early, and none is late."""

from pathlib import Path

import pytest

from tests.system.cluster.clock_jumps import JUMPS, jump

pytestmark = pytest.mark.system


def test_steps_keep_their_distance_whatever_the_clock_is_set_to(tmp_path: Path) -> None:
    assert jump(0, tmp_path, [*JUMPS]).broken == []

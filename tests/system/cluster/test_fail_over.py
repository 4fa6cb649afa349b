"""What if PostgreSQL's primary fails? Nothing is lost that was answered with yes; the nodes go on with the next one."""

from pathlib import Path

import pytest

from tests.system.cluster.conftest import needs
from tests.system.cluster.fail_overs import fail_over
from tests.system.cluster.faults import FAULTS

pytestmark = pytest.mark.system

_GENEROUS = 30.0  # seconds: the promise is 10, on a machine that does nothing else


def test_nodes_go_on_with_the_next_primary_and_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs("unshare", "nsenter", "setpriv", "ip", "nft", "patroni", "etcd")
    faults = [fault for fault in FAULTS if fault.words == "frozen"]
    outcome = fail_over(11, tmp_path, faults, back_within=_GENEROUS)
    assert outcome.broken == []
    assert (outcome.pages_lost, outcome.under_two_keys, outcome.failovers) == (0, 0, 1)
    with capsys.disabled():
        print(f"\n{outcome.line}")  # noqa: T201  # the figures of the round

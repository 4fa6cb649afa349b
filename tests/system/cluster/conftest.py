"""Machines of its own for every test that asks for some: it needs root, and what tools/install-servers installs."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.system.cluster.machine import Network
from tests.system.cluster.patroni import Cluster


@pytest.fixture
def network() -> Iterator[Network]:
    needs("unshare", "nsenter", "setpriv", "ip", "nft")
    with Network() as network:
        yield network


@pytest.fixture
def cluster(network: Network) -> Iterator[Cluster]:
    needs("patroni", "etcd")
    with Cluster(network) as cluster:
        yield cluster


def needs(*programs: str) -> None:
    """Skip the test where a program is missing, or may not make namespaces."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; run tools/install-servers")
    if os.getuid() != 0:
        pytest.skip("only root may make machines")
    if subprocess.run(["unshare", "--net", "--pid", "--mount", "--fork", "true"], check=False).returncode:
        pytest.skip("this machine lets even root make none: a container needs CAP_SYS_ADMIN and CAP_NET_ADMIN")
    if "losetup" in programs and subprocess.run(["losetup", "--find"], capture_output=True, check=False).returncode:
        pytest.skip("there is no loop device")

"""The exported skill, and a vendor on loopback, for every test of this folder."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.skill.vendor import Vendor, serving
from tocsin.skill.export import export
from tocsin.sop.load import default_sop

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def skill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported folder, once a session: the tests only read it."""
    directory = tmp_path_factory.mktemp("skills")
    export(default_sop(), directory)
    return directory / "incident-response"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture(scope="session")
def run(skill: Path) -> Run:
    """Run one of the skill's scripts, `run("page-oncall.sh", "--help", NAME="value")`, in an environment of its own."""

    def run(script: str, *arguments: str | bytes, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [skill / "scripts" / script, *arguments],
            env={"PATH": os.environ["PATH"], "HOSTNAME": "web-1", "TOCSIN_RETRY_DELAY": "0", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run

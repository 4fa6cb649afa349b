"""An API for every test of this folder: one of its own, or one of the module's that a test leaves as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.harness import Api, running
from tests.system.crash.sop import patient_sop
from tocsin.sop.load import load_file


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running(tmp_path) as api:
        yield api


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """For requests that are refused: nothing they leave behind is seen by the next test, and nothing falls due."""
    directory = tmp_path_factory.mktemp("calm")
    with running(directory, sop=load_file(patient_sop(directory))) as api:
        yield api


@pytest.fixture(scope="module")
def incident(calm: Api) -> str:
    """An open incident, of which nothing changes by itself."""
    found = calm.declare(severity="SEV1")
    calm.settle()
    return found

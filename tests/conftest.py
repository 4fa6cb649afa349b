"""What holds for every test: how hard properties search (`searching.py`), and the PostgreSQL that the run shares."""

from collections.abc import Iterator

import pytest

from tests import searching
from tests.postgres import Cluster, cluster

searching.load_profile()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL for the whole run; each test takes a database of its own."""
    yield from cluster()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hand the number to Hypothesis before its own plugin asks for it."""
    if searching.seed() is not None and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(searching.seed())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the number where something was found."""
    if searching.seed() is not None and terminalreporter.stats.get("failed"):
        terminalreporter.write_line(
            f"the same search again: TOCSIN_SEED={searching.seed()} TOCSIN_HYPOTHESIS={searching.PROFILE}"
        )

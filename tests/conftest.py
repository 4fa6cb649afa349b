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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for PostgreSQL, by a fixture or as one of the databases that a test is played on."""
    for item in items:
        if isinstance(item, pytest.Function) and _is_on_postgresql(item):
            item.add_marker(pytest.mark.postgres)


def _is_on_postgresql(item: pytest.Function) -> bool:
    played_on = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgres" in item.fixturenames or "postgres" in played_on


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the number where something was found."""
    if searching.seed() is not None and terminalreporter.stats.get("failed"):
        terminalreporter.write_line(
            f"the same search again: TOCSIN_SEED={searching.seed()} TOCSIN_HYPOTHESIS={searching.PROFILE}"
        )

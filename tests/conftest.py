"""How hard do properties search? `make check` briefly, `make test` more, `TOCSIN_HYPOTHESIS=thorough` for minutes."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import Cluster, cluster

# No deadline: a busy machine is no fault of the code. Derandomised: what passes here passes there; the thorough search
# is the one that looks for what nobody has seen yet.
settings.register_profile("quick", max_examples=20, stateful_step_count=20, deadline=None, derandomize=True)
settings.register_profile("modest", max_examples=100, stateful_step_count=30, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=3_000, stateful_step_count=60, deadline=None)
settings.load_profile(os.environ.get("TOCSIN_HYPOTHESIS", "modest"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL for the whole run; each test takes a database of its own."""
    yield from cluster()

"""How hard do the properties search? `TOCSIN_HYPOTHESIS=thorough pytest tests/domain` searches for minutes."""

import os

from hypothesis import settings

# No deadline: a busy machine is no fault of the code. The modest profile has Hypothesis's own number of examples.
settings.register_profile("modest", max_examples=100, stateful_step_count=30, deadline=None)
settings.register_profile("thorough", max_examples=3_000, stateful_step_count=60, deadline=None)
settings.load_profile(os.environ.get("TOCSIN_HYPOTHESIS", "modest"))

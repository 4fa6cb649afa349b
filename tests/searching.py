"""How hard do properties search? `make check` briefly, `make test` more, `TOCSIN_HYPOTHESIS=thorough` for long.

What passes here passes there: but for the thorough search, which looks for what nobody has seen yet, the examples are
the same everywhere. It draws a number first, and tells it where something is found; with that number in `TOCSIN_SEED`,
any search is made once more exactly as it was.
"""

import os
import secrets

from hypothesis import Phase, settings

PROFILE = os.environ.get("TOCSIN_HYPOTHESIS", "modest")
# How many lives of incidents the machine of `tests/domain` lives through.
LIVES = {"quick": 60, "mutants": 600, "modest": 2_000, "thorough": 3_000}[PROFILE]
_SEED_LIMIT = 1_000_000_000


def load_profile() -> None:
    """Let every property of this process search as the environment says."""
    # No deadline: a busy machine is no fault of the code. No database: what it remembers would change the next search.
    replayable = settings(deadline=None, database=None, print_blob=True, derandomize=seed() is None)
    settings.register_profile("quick", replayable, max_examples=20, stateful_step_count=20)
    # For `make mutants` it is enough to find something; what is the least that fails, nobody asks.
    found = settings(replayable, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False)
    settings.register_profile("mutants", found, max_examples=20, stateful_step_count=20)
    settings.register_profile("modest", replayable, max_examples=100, stateful_step_count=30)
    settings.register_profile("thorough", replayable, max_examples=3_000, stateful_step_count=60)
    settings.load_profile(PROFILE)


def examples(count: int) -> int:
    """So many examples of what takes a server or a process each; a fifth of them in the fast loop."""
    return count // 5 if PROFILE == "quick" else count


def seed() -> int | None:
    """The number from which everything is drawn; None where the examples are always the same."""
    if PROFILE == "thorough":
        # Drawn once, and inherited by the processes that share the work.
        os.environ.setdefault("TOCSIN_SEED", str(secrets.randbelow(_SEED_LIMIT)))
    given = os.environ.get("TOCSIN_SEED")
    return int(given) if given else None

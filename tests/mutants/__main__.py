"""`make mutants`: try every mutant, print a line for each, and how many were caught; exit 1 unless all were.

Names of mutants as arguments try those alone.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import PRODUCT, ROOT, Mutant
from tests.mutants.trial import Outcome, Verdict, run, try_out

AT_ONCE = 2


def main(names: list[str]) -> int:
    """Try the mutants; the exit code."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    try:
        for mutant in chosen:
            mutant.applied_to(ROOT / PRODUCT)
    except LookupError as error:
        _say(str(error))
        return 1
    tests = tuple(dict.fromkeys(test for mutant in chosen for test in mutant.caught_by))
    sound = run(tests, ROOT / PRODUCT)
    if not chosen or sound.verdict is not Verdict.PASSED:
        _say(f"{sound.output}\nwithout a bug the tests must pass, or nothing is proved")
        return 1
    with ThreadPoolExecutor(AT_ONCE) as trials:
        caught = sum(_tell(*it) for it in zip(chosen, trials.map(try_out, chosen), strict=True))
    _say(f"{caught}/{len(chosen)} caught")
    return 0 if caught == len(chosen) else 1


def _tell(mutant: Mutant, outcomes: dict[str, Outcome]) -> bool:
    """Print what became of the mutant; whether every test that should has caught it."""
    escaped = {test: it for test, it in outcomes.items() if it.verdict is not Verdict.CAUGHT}
    _say(f"{'ESCAPED' if escaped else 'caught '} {mutant.invariant:>2} {mutant.name}")
    for test, outcome in escaped.items():
        _say(f"        {test}: {outcome.verdict}\n{outcome.output[-3000:]}")
    return not escaped


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Every mutant still applies to the product as it is; and a trial tells a bug that is caught from one that is not."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import PRODUCT, ROOT, Mutant
from tests.mutants.trial import Verdict, try_out

LATE = Mutant(
    name="the auditor never calls a deadline late",
    invariant=25,
    file="domain/audit.py",
    old="now - wake_at > LATE_BY:",
    new="now - wake_at > LATE_BY * 1_000_000:",
    caught_by=("tests/domain/test_audit.py",),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_applies(mutant: Mutant) -> None:
    assert mutant.applied_to(ROOT / PRODUCT)
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.caught_by)


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


@pytest.mark.parametrize(("text", "times"), [("a = 1\n", 0), ("b = 2\nb = 2\n", 2)])
def test_mutant_that_is_out_of_date_says_so(text: str, times: int, tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(text)
    with pytest.raises(LookupError, match=f"^two: file.py must contain the old text once, got {times} times;"):
        Mutant("two", 1, "file.py", "b = 2", "b = 3", ()).applied_to(tmp_path)


@pytest.mark.system
@pytest.mark.parametrize(
    ("mutant", "verdict"),
    [
        pytest.param(LATE, Verdict.CAUGHT, id="a bug"),
        pytest.param(replace(LATE, new="now - wake_at > 1 * LATE_BY:"), Verdict.PASSED, id="no bug at all"),
        pytest.param(replace(LATE, new="now - nothing > LATE_BY:"), Verdict.BROKEN, id="a bug that breaks everything"),
    ],
)
def test_trial_tells_what_is_caught(mutant: Mutant, verdict: Verdict) -> None:
    assert [it.verdict for it in try_out(mutant).values()] == [verdict]

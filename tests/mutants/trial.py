"""Is a mutant caught? Its tests run against a copy of the product with the bug in it, and must fail by an assertion.

A test that can't be collected, or breaks for another reason than a promise that isn't kept, proves nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

from msgspec import Struct

from tests.mutants.mutant import PRODUCT, ROOT, Mutant

TIME_LIMIT_SECONDS = 900  # a bug may hang; a busy machine is no bug
# What a broken promise says: an assertion, an exception that did not come, something that did not happen in time, and
# one thing expected where there are none or several, `(page,) = …`.
_BROKEN_PROMISE = re.compile(
    r"AssertionError|^(E +)?(assert |Failed: |TimeoutError|ValueError: (too many|not enough) values to unpack)",
    re.MULTILINE,
)


class Verdict(StrEnum):
    """How the tests took it."""

    PASSED = "passed"
    CAUGHT = "caught"
    BROKEN = "broken"  # failed, but not by an assertion
    HANGING = "hanging"  # not over within the time limit


class Outcome(Struct, frozen=True):
    """The verdict, and what the tests printed."""

    verdict: Verdict
    output: str


def try_out(mutant: Mutant) -> dict[str, Outcome]:
    """What each of the mutant's tests says of it."""
    with _copy() as product:
        (product / mutant.file).write_text(mutant.applied_to(product))
        return {test: run((test,), product) for test in mutant.caught_by}


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tocsin-mutant-") as directory:
        product = Path(directory) / PRODUCT.name
        shutil.copytree(ROOT / PRODUCT, product, ignore=shutil.ignore_patterns("__pycache__"))
        yield product


def run(tests: tuple[str, ...], product: Path) -> Outcome:
    """Run the tests against the product that lies there."""
    with tempfile.TemporaryDirectory(prefix="tocsin-trial-") as directory:
        return _run(tests, product, Path(directory) / "report.xml")


def _run(tests: tuple[str, ...], product: Path, report: Path) -> Outcome:
    environment = os.environ | {
        "PYTHONPATH": str(product.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TOCSIN_HYPOTHESIS": "mutants",
    }
    environment.pop("TOCSIN_SEED", None)
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:xdist", f"--junitxml={report}", *tests]
    try:
        ended = subprocess.run(  # the tests named in the catalogue
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        return Outcome(Verdict.HANGING, str(error))
    return Outcome(_verdict(ended.returncode, report), ended.stdout + ended.stderr)


def _verdict(code: int, report: Path) -> Verdict:
    if code == 0:
        return Verdict.PASSED
    failures = ElementTree.parse(report).iter("failure") if code == 1 else ()  # pytest wrote it
    is_caught = any(_BROKEN_PROMISE.search(f"{it.get('message')}\n{it.text}") for it in failures)
    return Verdict.CAUGHT if is_caught else Verdict.BROKEN

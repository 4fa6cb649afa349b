"""How does a test sit at a terminal? It runs `tocsin` as a process of its own, and reads what a person would read."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests import searching
from tests.cli import forked

COMMAND = [sys.executable, "-m", "tocsin"]
_PATIENCE_SECONDS = 60


class Run(Struct, frozen=True):
    """What came of a command: its exit status, what it printed, and what it said to the side."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, for programs."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong; click puts the usage before it."""
        lines = [line for line in self.err.splitlines() if line.startswith(("tocsin: ", "Error: "))]
        assert len(lines) == 1, self.err
        assert self.err.splitlines()[-1] == lines[0], self.err
        assert "Traceback" not in self.err
        return lines[0]


class Terminal:
    """A shell in `directory` with these environment variables."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self.directory = directory
        self.environ = environ

    def __call__(self, *arguments: str, typed: str = "", **environ: str) -> Run:
        """Run `tocsin` with `arguments`, and wait for its end."""
        begin = forked.run if searching.PROFILE == "quick" else _begun
        done = begin(arguments, typed, {**self.environ, **environ}, self.directory, _PATIENCE_SECONDS)
        return Run(done.returncode, done.stdout, done.stderr)

    def does(self, *arguments: str, typed: str = "", **environ: str) -> Run:
        """The same for a command that must succeed."""
        run = self(*arguments, typed=typed, **environ)
        assert run.status == 0, run.err
        return run


def _begun(
    arguments: Sequence[str], typed: str, environ: dict[str, str], directory: Path, within: float
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments],
        input=typed,
        env=environ,
        cwd=directory,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=within,
        check=False,
    )

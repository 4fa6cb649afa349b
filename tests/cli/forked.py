"""How does the fast loop run hundreds of commands? It forks each from a process that has imported them all.

What is forked is a process of its own, with its own directory, environment and streams: only the imports are shared,
and those are two thirds of what a command costs.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tocsin.cli import main as command_line

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        __name__,
        *{f"tocsin.cli.{module}" for module, _ in command_line.COMMANDS.values()},
        "tocsin.engine.restoring",  # and what else a command imports once it runs
        "tocsin.engine.sender",
        "tocsin.skill.export",
        "tocsin.sop.render",
        "tocsin.store.backup",
        "tocsin.store.upgrade",
        "tocsin.store.verify",
    ]
)


def run(
    arguments: Sequence[str], typed: str, environ: dict[str, str], directory: Path, within: float
) -> "subprocess.CompletedProcess[str]":
    """What comes of `tocsin` with these arguments, as `subprocess.run` tells it."""
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("in", "out", "err")]
        streams[0].write_text(typed, encoding="utf-8")
        process = _FORKS.Process(target=_become, args=(arguments, environ, directory, streams))
        process.start()
        process.join(within)
        assert process.exitcode is not None, f"not over within {within:g} seconds: tocsin {' '.join(arguments)}"
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _become(arguments: Sequence[str], environ: dict[str, str], directory: Path, streams: Sequence[Path]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(directory)
    with ExitStack() as opened:
        for number, (stream, mode) in enumerate(zip(streams, ("rb", "wb", "wb"), strict=True)):
            os.dup2(opened.enter_context(stream.open(mode)).fileno(), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")  # multiprocessing has put another one in its place
    command_line.main(arguments)

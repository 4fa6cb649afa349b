"""The shell scripts, in the source and as exported, have nothing that shellcheck objects to."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tocsin" / "skill" / "scripts"
TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["page-oncall.sh", "create-incident-channel.sh"])
def test_shellcheck_has_no_objection_to_the_exported_script(skill: Path, name: str) -> None:
    check(skill / "scripts" / name)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize(
    "path", [*sorted(SOURCE.glob("[!.]*")), TOOLS / "install-from-npm"], ids=lambda path: path.name
)
def test_shellcheck_has_no_objection_to_the_source(path: Path) -> None:
    check(path)


def check(path: Path) -> None:
    done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

"""What is in the Agent Skill folder, and how does it get onto the disk? Seven files, all of them from the SOP."""

import os
import tempfile
from importlib.resources import files
from pathlib import Path

from tocsin.errors import InvalidInput
from tocsin.skill.guide import NAME, skill_guide
from tocsin.sop.model import Sop
from tocsin.sop.render import documents

SCRIPTS = ("page-oncall.sh", "create-incident-channel.sh")
# In the source the scripts share a file; in the folder each of them has to stand alone.
_INCLUDE = '# shellcheck source=common.bash\nsource "$(dirname "${BASH_SOURCE[0]}")/common.bash"\n'
_EVENTS_HOSTS = {"us": "events.pagerduty.com", "eu": "events.eu.pagerduty.com"}  # PagerDuty's service regions


def skill_files(sop: Sop) -> dict[str, str]:
    """The folder's files: path within `incident-response/` to text."""
    pages = documents(sop)
    return {
        "SKILL.md": skill_guide(sop),
        **{f"references/{name}": text for name, text in pages.items() if name.endswith(".md")},
        **{f"scripts/{name}": _script(sop, name) for name in SCRIPTS},
        **{f"assets/{name}": text for name, text in pages.items() if name.endswith(".mermaid")},
    }


def export(sop: Sop, directory: Path) -> tuple[Path, ...]:
    """Write `incident-response/` into `directory` and return its files' paths; the scripts are executable.

    Each file is replaced at once or, where it is right already, left alone; other files are never touched. InvalidInput
    says why the folder can't be written.
    """
    folder = directory / NAME
    try:
        return tuple(_written(folder / name, text) for name, text in skill_files(sop).items())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidInput(
            f"{error.filename or folder}: can't be written ({reason}); name a folder that can"
        ) from error


def _script(sop: Sop, name: str) -> str:
    text = _packaged(name).replace(_INCLUDE, _packaged("common.bash"))
    return text.replace(_EVENTS_HOSTS["us"], _EVENTS_HOSTS[sop.pagerduty.region])


def _packaged(name: str) -> str:
    return files("tocsin.skill").joinpath("scripts", name).read_text(encoding="utf-8")


def _written(path: Path, text: str) -> Path:
    content = text.encode()
    mode = 0o755 if path.suffix == ".sh" else 0o644
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (path.is_file() and path.stat().st_mode & 0o777 == mode and path.read_bytes() == content):
        _replace(path, content, mode)
    return path


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Put the content under a name of its own first, so that a reader finds the old file or the new one, never half."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(draft).chmod(mode)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise

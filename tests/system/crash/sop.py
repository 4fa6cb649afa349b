"""How does a ladder climb while a round lasts? The default SOP with a second for each minute, and a minute for an hour.

Clocks run as they do everywhere: several nodes on one database have its clock, which nobody can hurry.
"""

import re
from importlib.resources import files
from pathlib import Path

_UNITS = {"m": "s", "h": "m"}


def hurried_sop(directory: Path) -> Path:
    """The default SOP's file, sixty times faster."""
    text = (files("tocsin.sop") / "default.toml").read_text(encoding="utf-8")
    path = directory / "hurried.toml"
    path.write_text(re.sub(r'"(\d+)([mh])"', lambda it: f'"{it[1]}{_UNITS[it[2]]}"', text), encoding="utf-8")
    return path

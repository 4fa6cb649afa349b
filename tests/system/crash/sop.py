"""How does a ladder climb while a round lasts? The default SOP with a second for each minute, and a minute for an hour.

Where it is not to climb at all, the default SOP has an hour for each minute.

Clocks run as they do everywhere: several nodes on one database have its clock, which nobody can hurry.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tests.rota import steady_text
from tocsin.domain import storm
from tocsin.engine import providers
from tocsin.engine.pace import Rate

_NAME = "hurried.toml"
_UNITS = {"m": "s", "h": "m"}
_FASTER = 60


def hurried_sop(directory: Path) -> Path:
    """The default SOP's file, sixty times faster."""
    text = (files("tocsin.sop") / "default.toml").read_text(encoding="utf-8")
    path = directory / _NAME
    path.write_text(re.sub(r'"(\d+)([mh])"', lambda it: f'"{it[1]}{_UNITS[it[2]]}"', text), encoding="utf-8")
    return path


def patient_sop(directory: Path) -> Path:
    """The default SOP's file, so slow that nobody is paged but by what happens; whoever is on call is so for ever."""
    path = directory / "patient.toml"
    slower = re.sub(r'"(\d+)m"', r'"\1h"', re.sub(r'"(\d+)h"', r'"\g<1>d"', steady_text()))
    path.write_text(slower, encoding="utf-8")
    return path


def hurry_rates(environ: Mapping[str, str]) -> None:
    """Let vendors and people take as much in a second as in a minute, where the SOP is hurried: else nothing ends."""
    if environ.get("TOCSIN_SOP", "").endswith(_NAME):
        rate = providers.PAGERDUTY_RATE
        providers.PagerDutyProvider.rate = Rate(rate.apart / _FASTER, rate.burst)
        providers._SLACK_MESSAGE_APART /= _FASTER
        storm.APART /= _FASTER

"""Who is on call, whatever the day? The sample organisation hands over each Monday, and a real clock goes on."""

import re

from msgspec.structs import replace

from tocsin.sop.load import default_sop, default_text
from tocsin.sop.model import Sop


def alice_always(sop: Sop | None = None) -> Sop:
    """The organisation with Alice the platform team's primary, and Bob its secondary, in every week."""
    sop = sop or default_sop()
    team = sop.teams["platform"]
    assert team.rotation is not None
    steady = replace(team, rotation=replace(team.rotation, primary=("alice",), secondary=("bob",)))
    return replace(sop, teams={**sop.teams, "platform": steady})


def steady_text() -> str:
    """The sample organisation's file, in which whoever comes first in a rotation has every week."""
    return re.sub(r'(?m)^(primary|secondary) = \["(\w+)".*\]$', r'\1 = ["\2"]', default_text())

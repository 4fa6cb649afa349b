"""What has changed between two versions of the SOP, key by key?"""

from msgspec.structs import replace

from tocsin.sop.changes import Change, changes
from tocsin.sop.load import default_sop
from tocsin.sop.model import Service
from tocsin.sop.words import Severity

SOP = default_sop()


def test_same_sop_has_not_changed() -> None:
    assert changes(SOP, SOP) == []


def test_value_that_differs_is_told_with_its_key() -> None:
    level = SOP.severities[Severity.SEV1]
    steps = (level.escalation[0], replace(level.escalation[1], page=("team_lead",)), *level.escalation[2:])
    after = replace(SOP, severities={**SOP.severities, Severity.SEV1: replace(level, name="Gravest", escalation=steps)})
    assert changes(SOP, after) == [
        Change("severities.SEV1.escalation[2].page", "secondary", "team_lead"),
        Change("severities.SEV1.name", "Critical", "Gravest"),
    ]


def test_what_is_new_and_what_is_gone_is_told_as_such() -> None:
    after = replace(SOP, services={**SOP.services, "shop": Service("Shop", "platform")})
    there = {it.key: (it.before, it.after) for it in changes(SOP, after)}
    assert there == {"services.shop.name": (None, "Shop"), "services.shop.team": (None, "platform")}
    assert {it.key: (it.after, it.before) for it in changes(after, SOP)} == there

"""Which SOP holds for an incident? The one it was opened under, as long as that can be read."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import NOON
from tests.engine.rehearsal import Rehearsal
from tests.store.file import rows_of
from tocsin.domain import events as e
from tocsin.engine.sops import Sops
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import EscalationStep, Sop
from tocsin.sop.version import encode, version_of
from tocsin.sop.words import Severity
from tocsin.store.sqlite import SqliteStore

SOP = default_sop()
SEV1 = SOP.severities[Severity.SEV1]
HASTY_STEPS = (
    EscalationStep(after=Duration(), page=("primary",)),
    EscalationStep(after=Duration(minutes=1), page=("cto",)),
)
HASTY = replace(SOP, severities={**SOP.severities, Severity.SEV1: replace(SEV1, escalation=HASTY_STEPS)})


def keep(store: SqliteStore, sop: Sop) -> str:
    """Store the SOP, and return its version."""
    with store.transaction() as tx:
        tx.facts.keep_sop(version_of(sop), encode(sop).decode(), NOON)
    return version_of(sop)


def test_running_sop_is_todays(store: SqliteStore) -> None:
    sops = Sops(SOP)
    assert sops.of(sops.version, store.queries) is SOP


def test_stored_sop_is_read_as_it_was_stored(store: SqliteStore) -> None:
    assert Sops(SOP).of(keep(store, HASTY), store.queries) == HASTY


def test_writers_thread_reads_within_its_transaction(store: SqliteStore) -> None:
    version = version_of(HASTY)
    with store.transaction() as tx:
        tx.facts.keep_sop(version, encode(HASTY).decode(), NOON)
        assert store.queries.sop_content(version) is None  # what the other connection sees
        assert Sops(SOP).of(version, tx.facts) == HASTY


def test_incident_keeps_its_sop_when_the_file_changes(path: Path) -> None:
    with Rehearsal(path, HASTY) as before:
        old = before.declare(Severity.SEV1).id
    with Rehearsal(path, SOP) as after:
        new = after.declare(Severity.SEV1).id
        after.at(4)
        steps = {id_: [it.targets for it in after.happened(id_, e.StepFired)] for id_ in (old, new)}
    assert steps == {old: [("primary",), ("cto",)], new: [("primary",)]}


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        pytest.param("UPDATE sop_versions SET content = '{'", "Input data was truncated", id="damaged"),
        pytest.param("DELETE FROM sop_versions", "Input data was truncated", id="lost"),
    ],
)
def test_incident_whose_sop_is_lost_has_todays(
    store: SqliteStore, caplog: pytest.LogCaptureFixture, damage: str, fault: str
) -> None:
    version = keep(store, HASTY)
    rows_of(store, damage)
    assert Sops(SOP).of(version, store.queries) is SOP
    assert f"SOP version {version} is lost, today's holds for its incidents: " in caplog.text
    assert fault in caplog.text

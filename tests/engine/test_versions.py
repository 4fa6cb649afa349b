"""Can an older and a newer Tocsin work side by side? What only the newer one knows is left to it; nothing is eaten."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.pagerduty import events
from tests.engine.server import ALICE, declare
from tests.engine.test_nodes import node_on
from tests.engine.waiting import eventually
from tests.postgres import Cluster, run_sql
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.errors import StoreError
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.words import Severity
from tocsin.store.migrate import POSTGRES, migrations

pytestmark = pytest.mark.anyio

NEWER = migrations(POSTGRES)[-1][0] + 1


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    url = postgres.migrated_database()
    yield url
    postgres.drop_database(url)


def migrate_to_a_newer_tocsin(database: str) -> None:
    """What a release to come adds: a column, a table, a fact in an old one."""
    run_sql(database, "ALTER TABLE incidents ADD COLUMN mood TEXT")
    run_sql(database, "ALTER TABLE outbox ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")
    run_sql(database, "CREATE TABLE moods (name TEXT PRIMARY KEY)")
    run_sql(database, "INSERT INTO schema_version (number) VALUES (?)", NEWER)


async def test_running_node_works_on_when_a_newer_tocsin_has_migrated(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with node_on(database, sandbox, tmp_path) as older:
        first = await declare(older)
        migrate_to_a_newer_tocsin(database)
        second = await declare(older)
        await eventually(lambda: len([it for it in events(sandbox) if it.action == "trigger"]) == 2)
        for incident in (first, second):
            await older.change(incident.id, c.Acknowledge(), ALICE)
        await eventually(lambda: len([it for it in events(sandbox) if it.action == "acknowledge"]) == 2)


async def test_older_node_does_not_start_and_touches_nothing(database: str, sandbox: Sandbox, tmp_path: Path) -> None:
    async with node_on(database, sandbox, tmp_path) as older:
        await declare(older, Severity.SEV1)
        await eventually(lambda: len(events(sandbox)) == 1)
    migrate_to_a_newer_tocsin(database)
    run_sql(database, "UPDATE outbox SET status = 'pending', due_at = 0, settled_at = NULL")
    run_sql(database, "UPDATE incidents SET wake_at = 0")
    everything = [
        "SELECT * FROM outbox ORDER BY id",
        "SELECT * FROM incidents ORDER BY id",
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM nodes",
    ]
    before = [run_sql(database, sql) for sql in everything]
    with pytest.raises(StoreError) as caught:
        async with node_on(database, sandbox, tmp_path):
            pass
    assert str(caught.value) == (
        f"the database has schema {NEWER}, this Tocsin knows {NEWER - 1}: start the newer Tocsin"
    )
    assert [run_sql(database, sql) for sql in everything] == before
    assert len(events(sandbox)) == 1


@pytest.mark.slow
async def test_state_that_only_a_newer_tocsin_can_read_is_left_to_it_and_the_others_are_woken(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with node_on(database, sandbox, tmp_path) as older:
        strange, known = await declare(older, Severity.SEV1), await declare(older, Severity.SEV1)
        unsettled = "SELECT count(*) FROM outbox WHERE status IN ('pending', 'leased')"
        await eventually(lambda: len(events(sandbox)) == 2 and run_sql(database, unsettled) == [(0,)])
        newer_state = 'replace(state, \'"status":"triggered"\', \'"status":"puzzled"\')'
        run_sql(database, f"UPDATE incidents SET state = {newer_state} WHERE id = ?", strange.id)
        run_sql(database, "UPDATE incidents SET wake_at = 1")
        before = run_sql(database, "SELECT state, seq, wake_at FROM incidents WHERE id = ?", strange.id)
        await eventually(lambda: run_sql(database, "SELECT wake_at FROM incidents WHERE id = ?", known.id) != [(1,)])
        assert run_sql(database, "SELECT state, seq, wake_at FROM incidents WHERE id = ?", strange.id) == before
        # The newer node reads it, and carries out what is due.
        run_sql(database, "UPDATE incidents SET state = replace(state, 'puzzled', 'triggered')")
        async with node_on(database, sandbox, tmp_path):
            await eventually(
                lambda: run_sql(database, "SELECT wake_at FROM incidents WHERE id = ?", strange.id) != [(1,)]
            )


async def test_state_with_something_new_in_it_is_not_written_back_without_that(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with node_on(database, sandbox, tmp_path) as older:
        incident = await declare(older)
        run_sql(database, """UPDATE incidents SET state = left(state, -1) || ',"mood":"calm"}'""")
        with pytest.raises(StoreError, match="a newer Tocsin has written it"):
            await older.change(incident.id, c.Acknowledge(), ALICE)
        assert run_sql(database, "SELECT right(state, 14) FROM incidents") == [(',"mood":"calm"}'[-14:],)]


async def test_effect_that_only_a_newer_tocsin_knows_is_given_back_and_the_others_leave(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    unknown = "position('CallByPhone' IN effect) > 0"
    async with node_on(database, sandbox, tmp_path) as older:
        first = await declare(older, Severity.SEV1)
        await eventually(lambda: len(events(sandbox)) == 1)
        row = "key, incident, provider, lane, rank, status, due_at, created_at"
        run_sql(
            database,
            f"""
            INSERT INTO outbox ({row}, effect)
            SELECT key || '-x', incident, provider, lane || '/x', 1, 'pending', 0, created_at, ?
            FROM outbox WHERE incident = ? AND page IS NOT NULL AND provider = 'pagerduty'
            """,
            '{"kind":"CallByPhone"}',
            first.id,
        )
        await declare(older, Severity.SEV1)
        await eventually(lambda: len(events(sandbox)) == 2)
        given_back = [("pending", "", 1)]
        kept = f"SELECT status, note, attempts FROM outbox WHERE {unknown}"
        await eventually(lambda: run_sql(database, kept) == given_back)
        for _ in range(20):  # and it isn't leased again and again
            assert run_sql(database, kept) == given_back
            await asyncio.sleep(0.02)


async def test_event_that_only_a_newer_tocsin_knows_hides_no_other_incident(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with node_on(database, sandbox, tmp_path) as older:
        strange, known = await declare(older), await declare(older)
        run_sql(database, 'UPDATE events SET event = \'{"kind":"Puzzled"}\' WHERE incident = ? AND seq = 2', strange.id)
        with pytest.raises(StoreError, match="it is damaged, or a newer Tocsin has written it"):
            await older.read(lambda queries: queries.timeline(strange.id))
        kinds = [type(it.event) for it in await older.read(lambda queries: queries.timeline(known.id))]
        assert e.IncidentOpened in kinds

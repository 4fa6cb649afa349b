"""Is every breach noticed and named? Each forged in both databases, by hand, as no code of ours would write it."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from tests.engine.alerts import NOON
from tests.store.file import rows_of
from tests.store.response import LOUD, SEV1, SOP, declared, from_alert, whole_responses
from tocsin.domain import commands as c
from tocsin.engine.sops import Sops
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.engine.watch.auditor import Auditor
from tocsin.engine.watch.onlooker import Onlooker
from tocsin.store.codec import to_column
from tocsin.store.connection import Reads
from tocsin.store.open import Store
from tocsin.store.storms import TOLD_LATER

T = TypeVar("T")

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


async def alarms_of(
    store: Store, forge: Callable[[], object] | None = None, *, after: timedelta = MINUTE / 4
) -> list[str]:
    """What an audit says, that long after noon, of what was forged."""
    onlooker = Onlooker(store)
    try:
        alarms = Alarms()
        auditor = Auditor(Sops(SOP), onlooker, alarms, lambda: NOON + after, 1.0, second_look_seconds=0)
        await auditor.audit()
        assert alarms.all == ()
        if forge is not None:
            forge()
            await auditor.audit()
        return [it.text for it in alarms.of(Trouble.AUDIT)]
    finally:
        onlooker.close()


async def test_whole_responses_break_nothing(store: Store) -> None:
    whole_responses(store)
    declared(store)
    assert await alarms_of(store) == []


async def test_two_open_incidents_of_one_group(store: Store) -> None:
    first = from_alert(store, LOUD)
    second = declared(store)

    def forge() -> None:
        rows_of(store, "DROP INDEX incidents_open_group")
        rows_of(store, "UPDATE incidents SET group_key = ?", LOUD.group_key)

    (text,) = await alarms_of(store, forge)
    assert text == f"{first.id}: {second.id} is open for the same alerts (invariant 3)"


async def test_deadline_that_was_lost(store: Store) -> None:
    response = declared(store)
    found = await alarms_of(store, lambda: rows_of(store, "UPDATE incidents SET wake_at = NULL"))
    due = "2026-11-25 12:05:00 UTC"
    assert (
        f"{response.id}: it is to be woken at no time, but what falls due next is due at {due} (invariant 5)" in found
    )
    assert (
        f"{response.id}: nothing is due although it is triggered, and there is no reason to wait (invariant 12)"
        in found
    )


async def test_deadline_that_is_not_carried_out(store: Store) -> None:
    response = declared(store)
    late = "UPDATE incidents SET wake_at = ?"
    found = await alarms_of(store, lambda: rows_of(store, late, to_column(NOON - 10 * MINUTE)))
    assert f"{response.id}: what was due at 2026-11-25 11:50:00 UTC has not been carried out (invariant 7)" in found


async def test_page_of_which_nothing_is_to_be_sent(store: Store) -> None:
    response = declared(store)
    (key,) = response.incident.open_pages
    (text,) = await alarms_of(store, lambda: rows_of(store, "DELETE FROM outbox WHERE page = ?", key))
    assert text == f"{response.id}: its page {key} is on its way, but nothing of it is to be sent (invariant 15)"


async def test_page_that_a_later_one_stands_for_is_in_order(store: Store) -> None:
    declared(store)
    left_out = "UPDATE outbox SET status = 'suppressed', settled_at = due_at, note = ? WHERE page IS NOT NULL"
    assert await alarms_of(store, lambda: rows_of(store, left_out, TOLD_LATER)) == []


async def test_delivery_without_an_outcome(store: Store) -> None:
    declared(store)
    keys = [key for (key,) in rows_of(store, "SELECT key FROM outbox WHERE status = 'pending'")]
    old = to_column(NOON - 25 * 60 * MINUTE)
    found = await alarms_of(store, lambda: rows_of(store, "UPDATE outbox SET created_at = ?", old))
    assert sorted(found) == sorted(
        f"{key}: it has waited for its outcome for more than 24 hours (invariant 15)" for key in keys
    )


async def test_state_that_is_not_what_the_events_say(store: Store) -> None:
    response = declared(store)
    forged = "UPDATE incidents SET state = replace(state, 'Checkout is down', 'All is well')"
    (text,) = await alarms_of(store, lambda: rows_of(store, forged))
    assert text == f"{response.id}: its state is not what its events say (invariant 17)"


async def test_event_that_is_missing(store: Store) -> None:
    response = declared(store).send(c.AddNote(text="looking"))
    (text,) = await alarms_of(store, lambda: rows_of(store, "DELETE FROM events WHERE seq = 2"))
    assert text == f"{response.id}: its state is not what its events say (invariant 17)"


class Mended(Onlooker):
    """What it sees is put right as soon as it has looked."""

    def __init__(self, store: Store, mend: Callable[[], object]) -> None:
        super().__init__(store)
        self.looks = 0
        self._mend = mend

    async def look(self, ask: Callable[[Reads], T]) -> T:
        answer = await super().look(ask)
        self.looks += 1
        self._mend()
        return answer


async def test_breach_that_a_second_look_does_not_show_is_none(store: Store) -> None:
    declared(store)
    right = rows_of(store, "SELECT wake_at FROM incidents")[0][0]
    rows_of(store, "UPDATE incidents SET wake_at = NULL")
    onlooker = Mended(store, lambda: rows_of(store, "UPDATE incidents SET wake_at = ?", right))
    alarms = Alarms()
    await Auditor(Sops(SOP), onlooker, alarms, lambda: NOON, 1.0, second_look_seconds=0).audit()
    onlooker.close()
    assert onlooker.looks == 2
    assert alarms.all == ()


async def test_breach_is_looked_at_again_until_it_is_in_order_though_others_have_their_turn(store: Store) -> None:
    first, *_ = [declared(store, SEV1) for _ in range(8)]
    onlooker, alarms = Onlooker(store), Alarms()
    auditor = Auditor(Sops(SOP), onlooker, alarms, lambda: NOON, 1.0, second_look_seconds=0, per_turn=3)
    rows_of(store, "UPDATE incidents SET state = replace(state, 'Checkout', 'Cart') WHERE id = ?", first.id)
    for _ in range(6):
        await auditor.audit()
        assert [it.subject for it in alarms.of(Trouble.AUDIT)] == [f"17 {first.id}"]
    rows_of(store, "UPDATE incidents SET state = replace(state, 'Cart', 'Checkout') WHERE id = ?", first.id)
    await auditor.audit()
    onlooker.close()
    assert alarms.all == ()


async def test_every_open_incident_has_its_turn(store: Store) -> None:
    responses = [declared(store, SEV1) for _ in range(8)]
    onlooker, alarms = Onlooker(store), Alarms()
    auditor = Auditor(Sops(SOP), onlooker, alarms, lambda: NOON, 1.0, second_look_seconds=0, per_turn=3)
    last = responses[-1].id
    rows_of(store, "UPDATE incidents SET state = replace(state, 'Checkout', 'Cart') WHERE id = ?", last)
    for _ in range(3):
        await auditor.audit()
    onlooker.close()
    assert [it.subject for it in alarms.of(Trouble.AUDIT)] == [f"17 {last}"]

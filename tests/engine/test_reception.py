"""What if an alert can't be taken? It is refused, or kept in quarantine, and keeps none of the others out.

Bugs are planted: a label makes a step of ours fail, as an unforeseen one would.
"""

import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_letters
from typing import Any

import anyio
import msgspec
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from msgspec.structs import replace

from tests.postgres import Cluster
from tests.system.hostile import strange_alerts
from tests.system.server import Json, firing
from tocsin.domain.alert import Alert
from tocsin.domain.placement import Placer
from tocsin.engine import reception
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound, Overloaded, Refused
from tocsin.integrations.forms import ALERTMANAGER_V2, ALERTMANAGER_WEBHOOK, Form
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.store.alerts import NewAlert
from tocsin.store.audit_log import Deed
from tocsin.store.rows import Quarantined

SEVERAL = [pytest.param(it, id=it.name) for it in (ALERTMANAGER_V2, ALERTMANAGER_WEBHOOK)]  # bring several at once
POISON = "poison"
_PLACE = Placer.place
STARTED_AT = datetime.now(UTC) - timedelta(minutes=1)


class Reception:
    """The reception of a real node."""

    def __init__(self, node: Node, portal: BlockingPortal) -> None:
        self.node = node
        self._portal = portal

    def receive(self, *alerts: Json, form: Form = ALERTMANAGER_V2) -> None:
        self._portal.call(reception.receive, self.node, form, body_of(*alerts, form=form))

    def receive_raw(self, body: bytes, form: Form = ALERTMANAGER_V2) -> None:
        self._portal.call(reception.receive, self.node, form, body)

    def retry(self, id_: int) -> None:
        self._portal.call(reception.retry, self.node, id_, Deed("tests", "api", "quarantine.retry", str(id_)))

    def taken(self) -> dict[str, int]:
        """The names of the alerts that are in, and how often each was received."""
        return {it.labels["alertname"]: it.received for it in self.node.queries.alerts()}

    def at_once(self, *bodies: bytes) -> None:
        async def receive_all() -> None:
            async with anyio.create_task_group() as group:
                for body in bodies:
                    group.start_soon(reception.receive, self.node, ALERTMANAGER_V2, body)

        self._portal.call(receive_all)

    def kept(self) -> list[Quarantined]:
        return self.node.queries.quarantined(limit=1_000)

    def body(self, kept: Quarantined) -> Any:
        return msgspec.json.decode(self.node.queries.quarantined_one(kept.id)[1])


def body_of(*alerts: Json, form: Form = ALERTMANAGER_V2) -> bytes:
    if form is ALERTMANAGER_V2:
        return json.dumps(alerts).encode()
    return json.dumps({"version": "4", "alerts": [{**alert, "status": "firing"} for alert in alerts]}).encode()


@contextmanager
def reception_of(database: str) -> Iterator[Reception]:
    with start_blocking_portal() as portal:
        node = Node(Settings(database=database), default_sop())
        with portal.wrap_async_context_manager(node):
            yield Reception(node, portal)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Reception]:
    with reception_of(f"sqlite:///{tmp_path / 'tocsin.db'}") as reception:
        yield reception


class Bug:
    """A bug of ours: what is labelled as poison makes the engine fail. `tries` counts how often it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tries = 0
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(Placer, "place", lambda placer, alert: self._fail(placer, alert))

    def _fail(self, placer: Placer, alert: Alert) -> Any:
        if POISON in alert.labels:
            self.tries += 1
            raise KeyError(alert.labels[POISON])
        return _PLACE(placer, alert)

    def mend(self) -> None:
        """An upgrade."""
        self._monkeypatch.setattr(Placer, "place", _PLACE)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> Bug:
    return Bug(monkeypatch)


def poison(name: str = "Poison", **labels: str) -> Json:
    return firing(name, started_at=STARTED_AT, poison="a surprise", **labels)


@pytest.mark.parametrize("form", SEVERAL)
def test_an_alert_on_which_a_bug_strikes_is_kept_as_it_came_and_the_others_are_taken(
    node: Reception, bug: Bug, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    node.receive(firing("Before"), poison(), firing("After"), form=form)
    assert node.taken() == {"Before": 1, "After": 1}
    assert bug.tries == 5  # with the others of its body, beside them, and three times by itself
    (kept,) = node.kept()
    assert (kept.source, kept.error, kept.times) == (form.name, "KeyError: 'a surprise'", 1)
    (alert,) = form.parse(node.node.queries.quarantined_one(kept.id)[1], node.node.clock.wall_now())
    assert alert.labels == poison()["labels"]
    told = [it.getMessage() for it in caplog.records if it.levelno == logging.CRITICAL]
    assert [it for it in told if it.startswith("a bug of Tocsin keeps")] == [
        f"a bug of Tocsin keeps an alert out: `tocsin quarantine show {kept.id}`; retry it after an upgrade"
    ]


def test_many_of_them_among_many_others(node: Reception, bug: Bug) -> None:
    alerts = [poison(f"Poison{it}") if it % 100 == 50 else firing(f"Fine{it}") for it in range(1_200)]
    node.receive(*alerts)
    assert len(node.node.queries.alerts(limit=5_000)) == 1_188
    assert len(node.kept()) == 12


def test_monitoring_repeats_itself_and_it_is_kept_once_as_it_came_last(node: Reception, bug: Bug) -> None:
    node.receive(poison())
    later = {**poison(), "endsAt": "2031-01-01T00:00:00Z"}
    node.receive(later)
    (kept,) = node.kept()
    assert kept.times == 2
    assert kept.last_at > kept.received_at
    assert node.body(kept) == [later]


def test_others_of_the_same_group_page_whoever_is_on_call(node: Reception, bug: Bug) -> None:
    node.receive(poison("CheckoutDown", instance="1"), firing("CheckoutDown", severity="critical", instance="2"))
    (incident,) = node.node.queries.incidents(is_open=True, limit=10)
    assert incident.title == "CheckoutDown is not well"


def test_after_an_upgrade_it_is_taken_and_has_left(node: Reception, bug: Bug) -> None:
    node.receive(poison())
    (kept,) = node.kept()
    bug.mend()
    node.retry(kept.id)
    assert node.taken() == {"Poison": 1}
    assert node.kept() == []
    with pytest.raises(NotFound, match=rf"^quarantine: there is no {kept.id}$"):
        node.retry(kept.id)


def test_before_an_upgrade_it_stays(node: Reception, bug: Bug) -> None:
    node.receive(poison())
    (kept,) = node.kept()
    with pytest.raises(Refused) as refusal:
        node.retry(kept.id)
    assert refusal.value.code == "still_quarantined"
    assert str(refusal.value) == (
        f"quarantine: Tocsin still fails on {kept.id} (KeyError: 'a surprise'); upgrade, then try again"
    )
    assert node.kept() == [kept]


def test_what_a_newer_version_has_kept_is_left_to_it(node: Reception, bug: Bug) -> None:
    newer = replace(ALERTMANAGER_V2, name="alertmanager/v9")
    node.receive_raw(body_of(poison()), newer)
    (kept,) = node.kept()
    with pytest.raises(NotFound, match=r"came as 'alertmanager/v9', which this version doesn't read$"):
        node.retry(kept.id)


def test_a_bug_in_reading_a_body_is_no_other_than_one_behind_it(node: Reception) -> None:
    def parse(body: bytes, now: Any) -> tuple[Alert, ...]:
        if POISON.encode() in body:
            raise RecursionError
        return ALERTMANAGER_V2.parse(body, now)

    node.receive_raw(body_of(firing("Before"), poison(), firing("After")), replace(ALERTMANAGER_V2, parse=parse))
    assert node.taken() == {"Before": 1, "After": 1}
    assert [node.body(kept) for kept in node.kept()] == [[poison()]]


def test_a_body_that_can_not_even_be_taken_apart_is_kept_whole(node: Reception, bug: Bug) -> None:
    def split(body: bytes) -> Any:
        raise AttributeError

    body = body_of(firing("Before"), poison())
    node.receive_raw(body, replace(ALERTMANAGER_V2, split=split))
    assert [node.body(kept) for kept in node.kept()] == [json.loads(body)]
    assert node.taken() == {}


def test_where_the_store_is_out_of_order_nothing_is_said_to_be_in(
    node: Reception, bug: Bug, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def quarantine(*_: object) -> int:
        raise Overloaded("too much waits")

    monkeypatch.setattr(node.node, "quarantine", quarantine)
    with pytest.raises(Overloaded):
        node.receive(firing("Before"), poison())
    assert node.taken() == {"Before": 1}


# -- alerts that are not as they should be -----------------------------------------------------------------------------

WRONG: Json = {"labels": {}}


@pytest.mark.parametrize("form", SEVERAL)
def test_an_alert_that_is_wrong_is_refused_with_its_place_and_the_others_are_taken(node: Reception, form: Form) -> None:
    with pytest.raises(InvalidInput) as refusal:
        node.receive(firing("Before"), WRONG, firing("After"), form=form)
    assert str(refusal.value) == "alerts[1].labels: must hold at least one label with a value; 2 others are in"
    assert node.taken() == {"Before": 1, "After": 1}
    assert node.kept() == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"labels": {"a": 5}}, id="a label that is a number"),
        pytest.param({"labels": "none"}, id="labels that are none"),
        pytest.param(5, id="no alert"),
        pytest.param({**firing("Late"), "startsAt": "yesterday"}, id="a time in words"),
        pytest.param({**firing("Long"), "annotations": {"a": "x" * 70_000}}, id="a novel"),
    ],
)
def test_whatever_is_wrong_with_it(node: Reception, wrong: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^alerts\[0\].*; 1 others are in$"):
        node.receive(wrong, firing("After"))
    assert node.taken() == {"After": 1}


def test_a_wrong_one_and_one_on_which_a_bug_strikes(node: Reception, bug: Bug) -> None:
    with pytest.raises(InvalidInput, match=r"; 2 others are in$"):
        node.receive(WRONG, poison(), firing("After"))
    assert node.taken() == {"After": 1}
    assert [node.body(kept) for kept in node.kept()] == [[poison()]]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[", id="the beginning of one"),
        pytest.param(body_of(firing("Before"))[:-1], id="one that breaks off"),
        pytest.param(b"{}", id="another form"),
        pytest.param(body_of(*[firing(f"Alert{it}") for it in range(10_001)]), id="too many"),
        pytest.param(body_of(WRONG), id="a wrong one alone"),
    ],
)
def test_a_body_that_is_wrong_as_a_whole_brings_nothing(node: Reception, body: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        node.receive_raw(body)
    assert "others are in" not in str(refusal.value)
    assert node.taken() == {}


def test_nothing_at_all_is_fine(node: Reception) -> None:
    node.receive()
    node.receive(form=ALERTMANAGER_WEBHOOK)
    assert node.taken() == {}


def test_two_deliveries_of_poison_at_once_are_kept_once(node: Reception, bug: Bug) -> None:
    node.at_once(body_of(poison()), body_of(poison()))
    assert [kept.times for kept in node.kept()] == [2]


# -- on PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture
def postgres_node(postgres: Cluster) -> Iterator[Reception]:
    database = postgres.migrated_database()
    with reception_of(database) as reception:
        yield reception
    postgres.drop_database(database)


def test_on_postgresql_as_well_one_is_kept_and_the_others_are_taken(postgres_node: Reception, bug: Bug) -> None:
    postgres_node.receive(firing("Before"), poison(), firing("After"))
    assert postgres_node.taken() == {"Before": 1, "After": 1}
    (kept,) = postgres_node.kept()
    bug.mend()
    postgres_node.retry(kept.id)
    assert postgres_node.taken() == {"Before": 1, "After": 1, "Poison": 1}


def test_what_postgresql_can_not_hold_keeps_no_other_out(
    postgres_node: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it refuses a value is a bug of ours, not a database that is away."""
    beyond_any_index = "".join(random.Random(1).choices(ascii_letters, k=20_000))

    def too_long(fingerprint: str, alert: Alert, incident: str | None, times: int) -> NewAlert:
        return NewAlert(beyond_any_index if POISON in alert.labels else fingerprint, alert, incident, times)

    monkeypatch.setattr("tocsin.engine.intake.NewAlert", too_long)
    postgres_node.receive(firing("Before"), poison(), firing("After"))
    assert postgres_node.taken() == {"Before": 1, "After": 1}
    assert [kept.error.partition(":")[0] for kept in postgres_node.kept()] == ["ProgramLimitExceeded"]


def test_hostile_text_is_taken_by_postgresql(postgres_node: Reception) -> None:
    alerts = list(strange_alerts())
    postgres_node.receive(*alerts)
    labels = sorted(it.labels["instance"] for it in postgres_node.node.queries.alerts())
    assert labels == sorted(alert["labels"]["instance"] for alert in alerts)
    assert postgres_node.kept() == []

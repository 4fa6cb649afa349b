"""Which incident does a chat channel belong to? Found by the channel's id, whole, in both databases."""

import pytest

from tests.store.response import SEV1, declared
from tocsin.domain import commands as c
from tocsin.store.open import Store


@pytest.fixture
def known(store: Store) -> Store:
    """Three incidents: the first two have the channels C04 and C042, the third has none."""
    for channel in ("C04", "C042"):
        declared(store, SEV1).send(c.ReportChannelOpened(channel=channel, name=f"inc-{channel.lower()}"))
    declared(store, SEV1)
    return store


@pytest.mark.parametrize(("channel", "number"), [("C04", 1), ("C042", 2)])
def test_a_channel_leads_to_its_incident(known: Store, channel: str, number: int) -> None:
    found = known.queries.incident_in_channel(channel)
    assert found is not None
    assert found.id == f"INC-2026-{number:04}"


@pytest.mark.parametrize("channel", ["", "C0", "C0421", "c04", 'C04","name":"', "C04%", "\\", "C04\u0000"])
def test_another_channel_leads_to_none(known: Store, channel: str) -> None:
    assert known.queries.incident_in_channel(channel) is None

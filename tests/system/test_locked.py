"""What if another program holds the database? Nobody is told yes, reading goes on, and afterwards so does the rest."""

import sqlite3
from contextlib import closing

import pytest

from tests.system.server import Server, firing
from tests.system.waiting import until

pytestmark = pytest.mark.system


def test_a_database_that_another_program_holds_is_waited_for_and_then_said(server: Server) -> None:
    known = server.post("incidents", title="Before")["id"]
    with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        until(lambda: takes_hold(other), "the server is between two transactions")
        refused = server.http.post("/api/v2/alerts", json=[firing("CheckoutDown")])
        assert (refused.status_code, refused.json()["code"]) == (503, "store")
        assert refused.headers["retry-after"] == "2"
        assert server.get(f"incidents/{known}")["title"] == "Before"
        other.execute("ROLLBACK")
    server.send_alerts(firing("CheckoutDown"))
    assert {it["title"] for it in server.get("incidents")} == {"Before", "CheckoutDown is not well"}
    assert server.end() == 0


def takes_hold(other: sqlite3.Connection) -> bool:
    """Whether it could begin to write, and keep the server from it."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True

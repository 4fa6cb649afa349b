"""What can be written? The statements of one transaction; the engine's writer begins and commits it.

Everything here runs on the writer's connection, in its thread. Decisions are one call, `save`: events, states, next
wake-ups and outbox rows stand or fall together.
"""

from contextlib import AbstractContextManager
from datetime import datetime

from tocsin.domain.context import Decision
from tocsin.store import codec
from tocsin.store.accounts import Accounts
from tocsin.store.alerts import Alerts
from tocsin.store.audit_log import AuditLog
from tocsin.store.changes import Changes
from tocsin.store.connection import Connection
from tocsin.store.counterparts import Counterparts
from tocsin.store.cries import Cries
from tocsin.store.drafts import Drafts
from tocsin.store.facts import Facts
from tocsin.store.heard import Heard
from tocsin.store.incidents import Incidents
from tocsin.store.monitors import Monitors
from tocsin.store.nodes import Nodes
from tocsin.store.once import Once
from tocsin.store.outbox import Outbox
from tocsin.store.overrides import Overrides
from tocsin.store.page_tests import PageTests
from tocsin.store.passkeys import Passkeys
from tocsin.store.push_browsers import PushBrowsers
from tocsin.store.quarantine import Quarantine
from tocsin.store.search import SearchIndex
from tocsin.store.sign_in import SignIn
from tocsin.store.silences import Silences
from tocsin.store.storms import Storms
from tocsin.store.waiting import Waiting


class Transaction:
    """The writing side of the store, between BEGIN and COMMIT; each part writes its own tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.incidents = Incidents(connection)
        self.outbox = Outbox(connection)
        self.waiting = Waiting(connection)
        self.storms = Storms(connection)
        self.alerts = Alerts(connection)
        self.facts = Facts(connection)
        self.nodes = Nodes(connection)
        self.quarantine = Quarantine(connection)
        self.monitors = Monitors(connection)
        self.cries = Cries(connection)
        self.heard = Heard(connection)
        self.changes = Changes(connection)
        self.counterparts = Counterparts(connection)
        self.once = Once(connection)
        self.accounts = Accounts(connection)
        self.passkeys = Passkeys(connection)
        self.sign_in = SignIn(connection)
        self.audit = AuditLog(connection)
        self.overrides = Overrides(connection)
        self.drafts = Drafts(connection)
        self.search_index = SearchIndex(connection)
        self.page_tests = PageTests(connection)
        self.push_browsers = PushBrowsers(connection)
        self.silences = Silences(connection)

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that can fail alone: undone when the block raises, and the rest goes on.

        Raises Stale where another node has done meanwhile what can be done only once.
        """
        return self._connection.savepoint()

    def refuse_if_undone(self) -> None:
        """Raise StoreError where the database has undone the whole transaction by itself."""
        self._connection.refuse_if_undone()

    def database_now(self) -> datetime:
        """What the database's clock shows."""
        return codec.from_column(self._connection.all(f"SELECT {self._connection.NOW}")[0][0])

    def save(self, *decisions: Decision) -> None:
        """Write decisions, at most one an incident.

        Raises Refused when the alerts of a reopened incident have another open one, Stale when another node has
        decided on an incident meanwhile.
        """
        self.incidents.save(decisions)
        self.outbox.withdraw(decisions)
        self.outbox.enqueue(decisions)
        self.outbox.rank(decisions)

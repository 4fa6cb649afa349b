"""How does a test ask the API? In process, of a real node on a database of its own; nothing in between is a stand-in.

The node runs in a thread with an event loop; a test is plain code that asks and waits for the answer.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import apsw
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from jsonschema import Draft202012Validator
from starlette.applications import Starlette

from tests.engine.disk import lay_ballast
from tests.system.waiting import until
from tocsin.accounts.forgery import token_for
from tocsin.accounts.permissions import GlobalRole
from tocsin.api.auth import ensure_tokens, token_file
from tocsin.api.openapi import describe
from tocsin.api.operations import Operation
from tocsin.api.v1 import OPERATIONS
from tocsin.domain import commands as c
from tocsin.engine.accounts import Person
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.engine.sign_in import Browser
from tocsin.integrations.wire import Single
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.web.app import build

Json = dict[str, Any]

_PATIENCE_SECONDS = 20
UNSENT = "SELECT count(*) FROM outbox WHERE status IN ('pending', 'leased', 'counted')"


class Api:
    """The API, and the database behind it. `admin` and `intake` are the two tokens of a new installation."""

    def __init__(self, node: Node, app: Starlette, portal: BlockingPortal, client: httpx2.AsyncClient) -> None:
        self.routes = app.routes
        self.database = node.settings.beside
        self.admin = token_file(node.settings.beside, "token").read_text().strip()
        self.intake = token_file(node.settings.beside, "intake-key").read_text().strip()
        self.done: set[str] = set()  # the operations that were carried out
        self.node = node
        self._seer = ""  # the session of whoever sees pages
        self._portal = portal
        self._client = client

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "",
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """The answer, whatever it is; signed in as admin unless `token` is another one, or None for nobody."""
        known = {} if token is None else {"Authorization": f"Bearer {token or self.admin}"}
        raw = {name.encode(): value.encode("latin-1") for name, value in {**known, **(headers or {})}.items()}

        async def send() -> httpx2.Response:
            with anyio.fail_after(_PATIENCE_SECONDS):
                return await self._client.request(method, path, content=content, headers=raw, **more)

        return self._portal.call(send)

    def do(self, name: str, incident: str = "", /, **body: object) -> Any:
        """What the operation of that name answers; it must succeed, and answer as it is described."""
        operation = operation_of(name)
        response = self.ask(
            operation.method, path_of(operation, incident), json=body if operation.body is not None else None
        )
        assert response.status_code == operation.status, response.text
        answer = response.json()
        assert faults_of(operation, answer) == []
        self.done.add(name)
        return answer

    def declare(self, title: str = "Checkout is down", severity: str | None = None, **body: object) -> str:
        """The id of a new incident; with a severity it has a reason."""
        reason = "stated by a test" if severity else ""
        return str(self.do("declare", "", title=title, severity=severity, reason=reason, **body)["id"])

    def session(self, role: GlobalRole = GlobalRole.ADMIN, person: str | None = None) -> str:
        """The secret of a session of a new account, of one of the SOP's people if one is named."""
        wanted = Person(f"{role}{self.count('SELECT count(*) FROM accounts')}@tests.example", role=role, person=person)

        async def begin() -> str:
            account, _ = await self.node.accounts.add(wanted, Actor("tests", "api"))
            return await self.node.sign_in.begin(account, Browser("127.0.0.1"), "password")

        return self._portal.call(begin)

    def see(self, path: str, *, content: bytes | None = None, headers: dict[str, str] | None = None) -> httpx2.Response:
        """A page, as an admin who is signed in sees it; with `content`, what becomes of a form of theirs."""
        self._seer = self._seer or self.session()
        known = {"Cookie": f"tocsin={self._seer}", "X-CSRF-Token": token_for(self._seer), **(headers or {})}
        return self.ask("GET" if content is None else "POST", path, token=None, content=content, headers=known)

    def begin(self, work: Callable[[], Awaitable[object]]) -> None:
        """Let the node do something while the test goes on."""
        self._portal.start_task_soon(work)

    def keep_aside(self, source: str, body: bytes) -> int:
        """Put a body into quarantine, as if a bug had struck; its number."""
        return self._portal.call(self.node.quarantine, source, Single(identity=body, body=body), "KeyError: 'a'")

    def hold(self, incident: str) -> None:
        """Let the incident come from a backup, as a restoration does."""
        command = c.Restore(taken_at=self.node.clock.now(), mark="r0a1b2c")
        self._portal.call(self.node.change, incident, command, Actor("tocsin", "restore"))

    def settle(self) -> None:
        """Wait until everything that is to be sent has been, so that nothing changes any more by itself."""
        until(lambda: self.count(UNSENT) == 0, "the outbox is empty")

    def count(self, sql: str) -> int:
        """A number that the database knows.

        Asked through the node's own SQLite library: a second one in the same process would undo the first one's locks.
        """
        with closing(apsw.Connection(str(self.database), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            return int(connection.execute(sql).get)

    def alter(self, sql: str) -> None:
        """Change the database behind the node's back, after whatever that is writing."""
        with closing(apsw.Connection(str(self.database))) as connection:
            connection.set_busy_timeout(_PATIENCE_SECONDS * 1000)
            connection.execute(sql)

    @property
    def traces(self) -> dict[str, int]:
        """How much is recorded of each kind: what a request that is refused must not change."""
        return {
            table: self.count(f"SELECT count(*) FROM {table}") for table in ("events", "incidents", "alerts", "outbox")
        }


@contextmanager
def running(
    directory: Path, *, sop: Sop | None = None, settings: Settings | None = None, tells_faults: bool = False
) -> Iterator[Api]:
    """The API of a new installation. A bug in it fails the test, unless that `tells_faults` as a caller sees them."""
    with start_blocking_portal() as portal:
        database = directory / "tocsin.db"
        lay_ballast(database)
        node = Node(settings or Settings(database=f"sqlite:///{database}"), sop or default_sop())
        with portal.wrap_async_context_manager(node):
            portal.call(ensure_tokens, node)
            app = build(node)
            transport = httpx2.ASGITransport(app, raise_app_exceptions=not tells_faults)
            client = httpx2.AsyncClient(transport=transport, base_url="http://tocsin")
            with portal.wrap_async_context_manager(client):
                yield Api(node, app, portal, client)


def operation_of(name: str) -> Operation:
    """The operation of that name."""
    return next(operation for operation in OPERATIONS if operation.name == name)


def path_of(operation: Operation, incident: str = "") -> str:
    """The operation's path, for that incident where it is about one."""
    return operation.path.replace("{id}", incident)


@cache
def description() -> Json:
    """The OpenAPI document."""
    found: Json = json.loads(json.dumps(describe()))
    return found


def faults_of(operation: Operation, answer: object) -> list[str]:
    """Where an answer is not as the OpenAPI document says."""
    described = description()["paths"][operation.path][operation.method.lower()]
    schema = described["responses"][str(operation.status)]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": description()["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]

"""Who is let in? Tokens and sessions, looked up at most once a second each, so that letting alerts in costs nothing.

What changes on this node holds at once, what changes on another one within a second. When something was used last is
noted once a minute, apart from any request.
"""

import time
from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from tocsin.accounts.credentials import hash_of
from tocsin.accounts.permissions import PERMISSIONS_OF, GlobalRole, Permission, Scope, granted, role_of_scopes
from tocsin.accounts.principal import Principal
from tocsin.accounts.sessions import is_alive
from tocsin.accounts.strangers import Strangers
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor
from tocsin.engine.loops import Every
from tocsin.engine.writer import Writer
from tocsin.errors import TooManyAttempts
from tocsin.store.open import Store
from tocsin.store.queries import Queries
from tocsin.store.rows import Account, Token
from tocsin.store.transaction import Transaction

FRESH_SECONDS = 0.9
_NOTED_EVERY_SECONDS = 60
_MOST_KNOWN = 4_096


class Guest(Struct, frozen=True):
    """Somebody who was let in: who they are, and the hash of the token or session that they came with."""

    principal: Principal
    hash: str
    is_session: bool


class Gate:
    """Lets in; `people` are those whom the SOP knows."""

    def __init__(self, store: Store, writer: Writer, clock: Clock, people: Collection[str]) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._people = frozenset(people)
        self._known: dict[tuple[bool, str], tuple[Guest, float]] = {}  # by whether it is a session, and its hash
        self._strangers = Strangers()
        self._used: dict[Guest, datetime] = {}  # as noted at a look, not at each request

    async def bearer(self, token: str) -> Guest | None:
        """Who bears the token; None where nobody is known by it."""
        return await self._guest(token, is_session=False)

    async def session(self, secret: str) -> Guest | None:
        """Who is signed in with that secret; None where nobody is, any more."""
        return await self._guest(secret, is_session=True)

    def changed(self) -> None:
        """Somebody's rights have changed: look again."""
        self._known.clear()

    def note_stranger(self, address: str) -> None:
        """A wrong token came from there; raises TooManyAttempts where that happens too often."""
        seconds = self._strangers.wait_after_another(address, time.monotonic())
        if seconds:
            raise TooManyAttempts(seconds)

    async def _guest(self, secret: str, *, is_session: bool) -> Guest | None:
        if not secret:
            return None
        hash_ = hash_of(secret)
        guest, until = self._known.get((is_session, hash_), (None, 0.0))
        if time.monotonic() >= until:
            asked, ask = time.monotonic(), self._of_session if is_session else self._of_token
            guest = await self._store.read(lambda queries: ask(queries, hash_))
            self._remember((is_session, hash_), guest, asked)
        return guest

    def _remember(self, key: tuple[bool, str], guest: Guest | None, asked: float) -> None:
        """Whom nobody knows is not remembered: strangers must not push out who belongs here."""
        self._known.pop(key, None)
        if guest is None:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = (guest, asked + FRESH_SECONDS)
        self._used[guest] = self._clock.real_now()

    def _of_token(self, queries: Queries, hash_: str) -> Guest | None:
        token = queries.accounts.token(hash_)
        if token is None or (token.expires_at is not None and token.expires_at <= self._clock.real_now()):
            return None
        owner = queries.accounts.account(token.owner) if token.owner is not None else None
        if owner is not None and owner.disabled_at is not None:
            return None
        return Guest(self._bearer(token, owner), hash_, is_session=False)

    def _of_session(self, queries: Queries, hash_: str) -> Guest | None:
        found = queries.accounts.session(hash_)
        if found is None:
            return None
        session, account = found
        if account.disabled_at is not None:
            return None
        if not is_alive(session.began_at, session.seen_at, self._clock.real_now()):
            return None
        return Guest(self.principal_of(account), hash_, is_session=True)

    def principal_of(self, account: Account) -> Principal:
        """Who asks when the account does."""
        role = GlobalRole(account.role)
        return Principal(
            account=account.id,
            name=self._apart(account.name, account.email),
            person=account.person if account.person in self._people else None,
            role=role,
            permissions=PERMISSIONS_OF[role],
            key=f"account:{account.id}",
        )

    def actor_of(self, account: Account, address: str) -> Actor:
        """Who acts when the account does something to itself on a page."""
        principal = self.principal_of(account)
        return Actor(principal.actor, "web", key=principal.key, address=address)

    def _bearer(self, token: Token, owner: Account | None) -> Principal:
        key = f"token:{token.name}"
        if token.created_by is None:
            return _of_file(token, key)
        scopes = [Scope(word) for word in token.scope.split()]
        if owner is None:
            role, name = role_of_scopes(scopes), self._apart(token.name, f"token {token.name}")
            return Principal(None, name, None, role, granted(scopes, None), key)
        mine = self.principal_of(owner)
        permissions = granted(scopes, mine.role)
        return Principal(mine.account, mine.name, mine.person, mine.role, permissions, f"{mine.key} {key}")

    def _apart(self, name: str, other: str) -> str:
        """The name, unless a person of the SOP goes by it: whoever isn't that person must not be taken for them."""
        return other if name in self._people else name

    async def run(self) -> None:
        """Note once a minute when sessions and tokens were used last, until cancelled."""
        failed = "when sessions and tokens were used last could not be noted"
        await Every(_NOTED_EVERY_SECONDS, self.note_use, failed, first_after=_NOTED_EVERY_SECONDS).run()

    async def note_use(self) -> None:
        """Note when sessions and tokens were used last."""
        used, self._used = self._used, {}
        if not used:
            return
        sessions = {guest.hash: at for guest, at in used.items() if guest.is_session}
        tokens = {guest.hash: at for guest, at in used.items() if not guest.is_session}

        def work(tx: Transaction, now: datetime) -> None:
            tx.sign_in.note_seen(list(sessions.items()))
            tx.accounts.note_tokens_used(list(tokens.items()))

        await self._writer.write(work)


def _of_file(token: Token, key: str) -> Principal:
    """The bearer of a token from the files beside the database: their owner, or monitoring."""
    if token.scope == Scope.ADMIN:
        everything = PERMISSIONS_OF[GlobalRole.ADMIN]
        return Principal(None, token.name, None, GlobalRole.ADMIN, everything, key, names_anyone=True)
    permissions = frozenset({Permission.INTAKE}) if token.scope == Scope.INTAKE else frozenset()
    return Principal(None, token.name, None, GlobalRole.VIEWER, permissions, key)

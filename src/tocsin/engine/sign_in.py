"""How does somebody sign in? By a password, by OpenID Connect, by a link that works once, or by a passkey.

One password is looked at at a time: hashing takes tens of milliseconds of a processor that pages need more, and nobody
tries two at once. Only so many wait for their turn, whatever it is for. A wrong address takes as long as a wrong
password.
"""

import asyncio
import functools
import math
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from msgspec import Struct
from msgspec.structs import replace

from tocsin.accounts.attempts import Subject, after_failure, wait
from tocsin.accounts.credentials import hash_of
from tocsin.accounts.names import email_of
from tocsin.engine.clock import Clock
from tocsin.engine.gate import Gate
from tocsin.engine.writer import Writer
from tocsin.errors import NotSignedIn, Overloaded, TooManyAttempts
from tocsin.store.audit_log import Deed
from tocsin.store.open import Store
from tocsin.store.queries import Queries
from tocsin.store.rows import Account, Passkey, Session
from tocsin.store.transaction import Transaction

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
T = TypeVar("T")
UsePasskey = Callable[[Transaction], Passkey]

_MOST_WAITING = 16
_WRONG = "the e-mail address or the password is wrong"
_LONGEST_AGENT = 200


class Browser(Struct, frozen=True):
    """What signs in: where from, and what it calls itself; `secret` is that of the session it has, if any."""

    address: str
    agent: str = ""
    secret: str = ""


class Attempt(Struct, frozen=True):
    """Somebody tries to sign in: as whom, from where, and what is told of it where it fails."""

    email: str
    address: str
    told: Mapping[str, str] = {}


class SignIn:
    """Lets people in, and out again."""

    def __init__(self, store: Store, writer: Writer, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._gate = gate
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="tocsin-passwords")

    def close(self) -> None:
        """End the thread that hashes."""
        self._hashing.shutdown(wait=False, cancel_futures=True)

    async def by_password(self, email: str, password: str, browser: Browser) -> str:
        """The secret of a new session; raises NotSignedIn, TooManyAttempts and Overloaded."""
        account = await self._checked(email, password, browser.address)
        return await self.begin(account, browser, "password")

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place among those who wait; raises Overloaded where none is free."""
        if self._waiting >= _MOST_WAITING:
            raise Overloaded("too many people sign in just now: try again in a few seconds")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def _checked(self, text: str, password: str, address: str) -> Account:
        """The account whose password it is, after those who came before have been told."""
        with self._place():
            async with self._turn:
                return await self._check(text, password, address)

    async def _check(self, text: str, password: str, address: str) -> Account:
        email = email_of(text) or ""
        subjects = {Subject.ACCOUNT: f"account:{email or '-'}", Subject.ADDRESS: f"address:{_network(address)}"}
        account, stored, pauses = await self._store.read(lambda queries: self._look(queries, email, subjects))
        if max(pauses) > timedelta():
            raise TooManyAttempts(math.ceil(max(pauses).total_seconds()))
        is_right = await self._is_right(stored if account and not account.disabled_at else None, password)
        if account is None or not is_right:
            attempt = Attempt(email, address)
            await self._writer.write(lambda tx, now: self.note_failure(tx, now, attempt, subjects))
            raise NotSignedIn(_WRONG)
        return account

    async def refuse_if_slowed(self, address: str) -> dict[Subject, str]:
        """Raise TooManyAttempts where too many failed from there; else what a failure would be counted for."""
        subjects = {Subject.ADDRESS: f"address:{_network(address)}"}
        _, _, pauses = await self._store.read(lambda queries: self._look(queries, "", subjects))
        if max(pauses) > timedelta():
            raise TooManyAttempts(math.ceil(max(pauses).total_seconds()))
        return subjects

    def _look(
        self, queries: Queries, email: str, subjects: dict[Subject, str]
    ) -> tuple[Account | None, str | None, list[timedelta]]:
        now, known = self._clock.real_now(), queries.accounts
        account = known.account_of(email)
        stored = known.password_of(account.id) if account else None
        pauses = [wait(known.attempts(subject), kind.limit, now) for kind, subject in subjects.items()]
        return account, stored, pauses

    def note_failure(self, tx: Transaction, now: datetime, attempt: Attempt, subjects: Mapping[Subject, str]) -> None:
        """Count a failure for each of the subjects, and tell of it."""
        at = self._clock.real_now()
        for subject in subjects.values():
            tx.sign_in.note_attempts(subject, after_failure(tx.accounts.attempts(subject), at), at)
        detail = {"address": attempt.address, **attempt.told}
        tx.audit.add(Deed("nobody", "web", "sign_in.failed", attempt.email, detail), now)

    async def _is_right(self, stored: str | None, password: str) -> bool:
        return await self._in_its_thread(functools.partial(_verify, stored, password))

    async def hash(self, password: str) -> str:
        """What is stored of a password; raises Overloaded."""
        return await self.apart(functools.partial(_HASHER.hash, password))

    async def apart(self, work: Callable[[], T]) -> T:
        """The value of what takes a processor for long: one at a time, while everything else goes on.

        Raises Overloaded where too many wait for it.
        """
        with self._place():
            return await self._in_its_thread(work)

    async def _in_its_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hashing, work)

    async def begin(self, account: Account, browser: Browser, how: str, *, by: UsePasskey | None = None) -> str:
        """The secret of a new session of the account; the browser's old one is over.

        `by` uses the passkey that it begins by, in the same transaction; what it raises is raised.
        """
        secret = secrets.token_urlsafe(32)
        at = self._clock.real_now()
        session = Session(
            hash=hash_of(secret),
            account=account.id,
            began_at=at,
            seen_at=at,
            address=browser.address,
            agent=browser.agent[:_LONGEST_AGENT],
            how=how,
        )

        def work(tx: Transaction, now: datetime) -> None:
            passkey = by(tx) if by else None
            if tx.accounts.account(account.id).disabled_at is not None:
                raise NotSignedIn(_WRONG)
            tx.sign_in.begin(replace(session, passkey=passkey.id) if passkey else session)
            if browser.secret:
                tx.sign_in.end(hash_of(browser.secret))
            tx.sign_in.forget_attempts(f"account:{account.email}")
            tx.accounts.note_sign_in(account.id, at)
            actor = self._gate.principal_of(account)
            label = passkey.label if passkey else ""
            detail = {"by": actor.key, "address": browser.address, "how": how, "passkey": label}
            tx.audit.add(Deed(actor.actor, "web", "sign_in", account.email, detail), now)

        await self._writer.write(work)
        self._gate.changed()
        return secret

    async def confirm(self, account: Account, password: str, address: str) -> None:
        """Raise NotSignedIn, TooManyAttempts or Overloaded unless it is the account's password: before it changes."""
        await self._checked(account.email, password, address)

    async def end_others(self, account: int, but: str, deed: Deed) -> None:
        """Every session of the account is over, but the one with that hash."""

        def work(tx: Transaction, now: datetime) -> None:
            tx.sign_in.end_all_of(account, but=but)
            tx.audit.add(deed, now)

        await self._writer.write(work)
        self._gate.changed()

    async def end(self, hash_: str, deed: Deed) -> None:
        """The session with that hash is over."""

        def work(tx: Transaction, now: datetime) -> None:
            tx.sign_in.end(hash_)
            tx.audit.add(deed, now)

        await self._writer.write(work)
        self._gate.changed()


def _verify(stored: str | None, password: str) -> bool:
    """Whether it is the password; where there is none to compare it with, it takes as long to say so."""
    nobody = _of_nobody()
    try:
        _HASHER.verify(stored or nobody, password)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


@functools.cache
def _of_nobody() -> str:
    """A hash that no password has: to look at it takes as long as at a real one."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _network(address: str) -> str:
    """Whose attempts are counted together: an IPv4 address, or the /64 that one customer gets of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)

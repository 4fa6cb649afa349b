"""What is done to accounts and tokens? Each change and its entry in the audit log in one transaction.

Whoever's password or role changes is signed out everywhere. One admin always remains.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from tocsin.accounts.claims import Vouched
from tocsin.accounts.credentials import TokenForm, hash_of, new_routing_key, new_token, start_of
from tocsin.accounts.names import email_of, is_token_name, name_of
from tocsin.accounts.passwords import fault_in_password
from tocsin.accounts.permissions import GlobalRole, Scope
from tocsin.accounts.sessions import LINK_LASTS
from tocsin.engine.browsers import drop_all_of
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor
from tocsin.engine.gate import Gate
from tocsin.engine.record import deed_of
from tocsin.engine.sign_in import SignIn
from tocsin.engine.vouching import account_for
from tocsin.engine.writer import Writer
from tocsin.errors import InvalidInput, NotFound, NotSignedIn, Refused
from tocsin.sop.durations import Duration
from tocsin.sop.model import Sop
from tocsin.store.account_queries import AccountQueries
from tocsin.store.accounts import NewAccount
from tocsin.store.audit_log import Deed
from tocsin.store.open import Store
from tocsin.store.rows import Account, Link, Token
from tocsin.store.transaction import Transaction

T = TypeVar("T")

MOST_DAYS = 3_650
TOKEN_LASTS = Duration(days=90)
_NO_SUCH_LINK = "this link doesn't work: it was used, is too old, or a newer one was made; ask for another"


class Person(Struct, frozen=True):
    """Somebody who is to have an account; without `person`, who has the address in the SOP is meant."""

    email: str
    name: str = ""
    role: GlobalRole = GlobalRole.RESPONDER
    person: str | None = None


class Wanted(Struct, frozen=True):
    """A token that is to be made; with an `owner` it opens no more than its owner may."""

    name: str
    scopes: tuple[Scope, ...]
    lasts: Duration = TOKEN_LASTS
    owner: int | None = None
    form: TokenForm = TokenForm.TOKEN


class Accounts:
    """Makes and changes accounts and tokens."""

    def __init__(self, store: Store, writer: Writer, clock: Clock, *, gate: Gate, sign_in: SignIn, sop: Sop) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._gate = gate
        self._sign_in = sign_in
        self._sop = sop

    # Accounts

    async def add(self, wanted: Person, actor: Actor) -> tuple[Account, str]:
        """A new account, and the secret of the link that sets its password; raises InvalidInput and Refused."""
        new = self.new_account(wanted)
        secret = new_token("tocsin_link")

        def work(tx: Transaction, now: datetime) -> Account:
            account = tx.accounts.add(new, now)
            self._keep_link(tx, secret, account.id)
            tx.audit.add(_deed(actor, "account.add", account, role=account.role, person=account.person), now)
            return account

        return await self._change(work), secret

    def new_account(self, wanted: Person) -> NewAccount:
        """The account as it will be kept; raises InvalidInput naming what is wrong."""
        email = email_of(wanted.email)
        if email is None:
            raise InvalidInput(f"email: must be an e-mail address, got {wanted.email!r}")
        if wanted.person is not None and wanted.person not in self._sop.people:
            known = ", ".join(sorted(self._sop.people))
            raise InvalidInput(f"person: {wanted.person!r} is not one of {known}")
        person = wanted.person or self.person_with(email)
        default = self._sop.people[person].name if person else email.partition("@")[0]
        name = name_of(wanted.name or default)
        if name is None:
            raise InvalidInput("name: must be a line of at most 200 characters")
        return NewAccount(email=email, name=name, role=wanted.role, person=person)

    def person_with(self, email: str) -> str | None:
        """The one person of the SOP who has this address."""
        found = [id_ for id_, person in self._sop.people.items() if email_of(person.email or "") == email]
        return found[0] if len(found) == 1 else None

    async def set_role(self, id_: int, role: GlobalRole, actor: Actor) -> Account:
        """Give the account a role; it is signed out everywhere. Raises NotFound, and Refused for the last admin."""

        def work(tx: Transaction, now: datetime) -> Account:
            before = tx.accounts.account(id_)
            if role is not GlobalRole.ADMIN:
                _refuse_for_last_admin(tx, before)
            tx.accounts.set_role(id_, role)
            tx.sign_in.end_all_of(id_)
            tx.audit.add(_deed(actor, "account.role", before, before=before.role, after=role.value), now)
            return tx.accounts.account(id_)

        return await self._change(work)

    async def set_disabled(self, id_: int, is_disabled: bool, actor: Actor) -> Account:
        """Keep the account out from now on, or let it in again; its sessions end, its tokens open nothing."""

        def work(tx: Transaction, now: datetime) -> Account:
            account = tx.accounts.account(id_)
            if is_disabled:
                _refuse_for_last_admin(tx, account)
            tx.accounts.set_disabled(id_, now if is_disabled else None)
            tx.sign_in.end_all_of(id_)
            tx.sign_in.drop_links_of(id_)
            if is_disabled:
                drop_all_of(tx, now, id_, actor)
            tx.audit.add(_deed(actor, "account.disable" if is_disabled else "account.enable", account), now)
            return tx.accounts.account(id_)

        return await self._change(work)

    async def reset_link(self, id_: int, actor: Actor) -> str:
        """The secret of a link that sets the account's password once; an older one works no more."""
        secret = new_token("tocsin_link")

        def work(tx: Transaction, now: datetime) -> None:
            account = tx.accounts.account(id_)
            if account.disabled_at is not None:
                raise Refused("account_disabled", f"{account.email}: is disabled: enable it first")
            self._keep_link(tx, secret, id_)
            tx.audit.add(_deed(actor, "account.reset_link", account), now)

        await self._change(work)
        return secret

    # Passwords

    async def set_password(self, id_: int, password: str, actor: Actor, *, keep: str = "") -> None:
        """Take a new password; every session ends but the one with the hash `keep`. Raises InvalidInput, Overloaded."""
        account = await self._store.read(lambda queries: queries.accounts.account(id_))
        hashed = await self._hashed(password, account.email)

        def work(tx: Transaction, now: datetime) -> None:
            tx.accounts.set_password(id_, hashed)
            tx.sign_in.end_all_of(id_, but=keep)
            tx.sign_in.drop_links_of(id_)
            tx.audit.add(_deed(actor, "account.password", account), now)

        await self._change(work)

    async def use_reset_link(self, secret: str, password: str, address: str) -> Account:
        """Set the password of the link's account; raises NotSignedIn for a bad link, InvalidInput and Overloaded."""
        account = await self._store.read(lambda queries: self._account_of(queries.accounts, secret))
        hashed = await self._hashed(password, account.email)

        def work(tx: Transaction, now: datetime) -> Account:
            self._use_link(tx, secret)
            tx.accounts.set_password(account.id, hashed)
            tx.sign_in.end_all_of(account.id)
            tx.sign_in.forget_attempts(f"account:{account.email}")
            actor = self._gate.actor_of(account, address)
            tx.audit.add(_deed(actor, "account.password", account, how="link"), now)
            return account

        return await self._change(work)

    def _account_of(self, known: AccountQueries, secret: str) -> Account:
        link = self._link(known, secret)
        if link.account is None:
            raise NotSignedIn(_NO_SUCH_LINK)
        account = known.account(link.account)
        if account.disabled_at is not None:
            raise NotSignedIn(_NO_SUCH_LINK)
        return account

    async def _hashed(self, password: str, email: str) -> str:
        fault = fault_in_password(password, email)
        if fault is not None:
            raise InvalidInput(fault)
        return await self._sign_in.hash(password)

    # The first admin

    async def first_link(self) -> str | None:
        """The secret of a link that makes the first admin; None where there are accounts."""
        secret = new_token("tocsin_link")

        def work(tx: Transaction, now: datetime) -> str | None:
            if tx.accounts.are_there_accounts():
                return None
            self._keep_link(tx, secret, None)
            return secret

        return await self._writer.write(work)

    async def make_first_admin(self, secret: str, person: Person, password: str, *, address: str) -> Account:
        """The first admin, by the link; raises NotSignedIn, InvalidInput, Refused and Overloaded."""
        # Whoever has no link is told so before anything is hashed: that takes the turn of those who sign in.
        await self._store.read(lambda queries: self._refuse_unless_first(queries.accounts, secret))
        new = self.new_account(person)
        hashed = await self._hashed(password, new.email)

        def work(tx: Transaction, now: datetime) -> Account:
            self._refuse_unless_first(tx.accounts, secret)
            self._use_link(tx, secret)
            account = tx.accounts.add(NewAccount(new.email, new.name, GlobalRole.ADMIN, new.person, hashed), now)
            actor = self._gate.actor_of(account, address)
            tx.audit.add(_deed(actor, "account.first_admin", account), now)
            return account

        return await self._change(work)

    def _keep_link(self, tx: Transaction, secret: str, account: int | None) -> None:
        at = self._clock.real_now()
        tx.sign_in.keep_link(hash_of(secret), account, at, at + LINK_LASTS)

    def _refuse_unless_first(self, known: AccountQueries, secret: str) -> None:
        if self._link(known, secret).account is not None or known.are_there_accounts():
            raise NotSignedIn(_NO_SUCH_LINK)

    def _link(self, known: AccountQueries, secret: str) -> Link:
        link = known.link(hash_of(secret))
        if link is None or link.expires_at <= self._clock.real_now():
            raise NotSignedIn(_NO_SUCH_LINK)
        return link

    def _use_link(self, tx: Transaction, secret: str) -> None:
        if not tx.sign_in.use_link(self._link(tx.accounts, secret).hash):
            raise NotSignedIn(_NO_SUCH_LINK)

    # Tokens

    async def add_token(self, wanted: Wanted, actor: Actor) -> str:
        """A new token, told this once; raises InvalidInput and Refused."""
        if not is_token_name(wanted.name) or wanted.name in self._sop.people:
            raise InvalidInput(
                "name: must be 1 to 63 lower-case letters, digits, `.`, `_` and `-`, no person's, and not begin with "
                f"admin- or intake-, got {wanted.name!r}"
            )
        if not wanted.scopes:
            raise InvalidInput(f"scopes: must be some of {', '.join(Scope)}")
        if not timedelta() < wanted.lasts <= timedelta(days=MOST_DAYS):
            raise InvalidInput(f"expires: must be more than 0s and at most {MOST_DAYS}d, got {wanted.lasts}")
        secret = _new_secret(wanted)
        token = Token(
            name=wanted.name,
            scope=" ".join(sorted(set(wanted.scopes))),
            hash=hash_of(secret),
            prefix=start_of(secret),
            owner=wanted.owner,
            created_by=actor.name,
            expires_at=self._clock.real_now() + wanted.lasts,
        )

        def work(tx: Transaction, now: datetime) -> None:
            tx.accounts.add_token(token, now)
            ends = str(token.expires_at)
            tx.audit.add(
                deed_of(actor, "token.add", token.name, scope=token.scope, owner=token.owner, expires_at=ends), now
            )

        await self._change(work)
        return secret

    async def revoke_token(self, name: str, actor: Actor, *, owner: int | None = None) -> str:
        """Its bearer is out; returns its hash. With an `owner`, only a token of theirs. Raises NotFound.

        One from a file beside the database is replaced there at the next start of that file's node.
        """

        def work(tx: Transaction, now: datetime) -> str:
            token = tx.accounts.token_named(name)
            if token is None or token.is_ended_of_file or owner not in (None, token.owner):
                raise NotFound(f"token: there is no {name!r} to revoke")
            if token.created_by is None:
                tx.accounts.end_token(token.hash, self._clock.real_now())
            else:
                tx.accounts.drop_token(token.hash)
            tx.audit.add(deed_of(actor, "token.revoke", name), now)
            return token.hash

        return await self._change(work)

    # Single sign-on

    async def of_vouched(self, who: Vouched) -> Account:
        """The account of somebody for whom a provider vouches; raises NotSignedIn."""
        return await self._change(lambda tx, now: account_for(tx, now, who, self.person_with))

    async def _change(self, work: Callable[[Transaction, datetime], T]) -> T:
        done = await self._writer.write(work)
        self._gate.changed()
        return done


def _new_secret(wanted: Wanted) -> str:
    if wanted.form is TokenForm.TOKEN:
        return new_token("tocsin")
    if set(wanted.scopes) != {Scope.INTAKE}:
        raise InvalidInput("scopes: a routing key opens the doors for alerts alone, so must be intake")
    return new_routing_key()


def _refuse_for_last_admin(tx: Transaction, account: Account) -> None:
    if account.role == GlobalRole.ADMIN and account.disabled_at is None and tx.accounts.admins() == 1:
        raise Refused("last_admin", f"{account.email}: is the last admin: make another one first")


def _deed(actor: Actor, action: str, account: Account, **detail: object) -> Deed:
    return deed_of(actor, action, account.email, account=account.id, **detail)

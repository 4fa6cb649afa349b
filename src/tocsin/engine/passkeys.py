"""How do people sign in with a passkey, and look after those that they have?

A passkey is added by somebody who has just signed in, or says the password once more. What a browser brings back
answers a challenge of ours, once; it is verified apart from what pages, and what is not true is counted as a wrong
password is.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from tocsin.accounts.challenges import Challenges, Purpose
from tocsin.accounts.credentials import hash_of
from tocsin.accounts.names import name_of
from tocsin.accounts.page_links import PageLinks
from tocsin.accounts.passkeys import MOST, RelyingParty, has_gone_back, is_fresh, relying_party
from tocsin.engine.desk import Actor
from tocsin.engine.gate import Gate
from tocsin.engine.parts import Parts
from tocsin.engine.record import deed_of
from tocsin.engine.sign_in import Attempt, Browser, SignIn
from tocsin.errors import InvalidInput, NotFound, NotSignedIn, Refused
from tocsin.integrations.passkeys import answers, asking
from tocsin.integrations.passkeys.answers import Answer, Made, Signed
from tocsin.store.audit_log import Deed
from tocsin.store.rows import Account, Passkey
from tocsin.store.transaction import Transaction

T = TypeVar("T")

_STALE = "this was not begun in this browser, was used already, or is older than five minutes: begin again"
_UNKNOWN = "this passkey opens nothing here: sign in another way, or ask an admin"
_COPIED = "this passkey has counted backwards, as a copy of it would: sign in another way, and tell an admin"
_LONGEST_LABEL = 60


class _Untrue(NotSignedIn):
    """Somebody has answered a challenge of ours, and is not let in; `why` is for the audit log."""

    code = "passkey_refused"

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


class Passkeys:
    """Lets people in by passkeys, and keeps them; `party` is whom they are for, None where `why_not` says why not."""

    def __init__(self, parts: Parts, gate: Gate, sign_in: SignIn, links: PageLinks) -> None:
        self._store = parts.store
        self._writer = parts.writer
        self._clock = parts.clock
        self._gate = gate
        self._sign_in = sign_in
        self._challenges = Challenges(links.secret)
        found = relying_party(links.public_url)
        self.party = found if isinstance(found, RelyingParty) else None
        self.why_not = "" if isinstance(found, RelyingParty) else found

    # Signing in

    def options_to_sign_in(self, visitor: str) -> dict[str, Any]:
        """What a browser is asked, that of this visitor; raises NotFound where there are no passkeys."""
        return asking.to_sign_in(self._party(), self._new_challenge(Purpose.SIGN_IN, visitor))

    async def sign_in(self, credential: str, visitor: str, browser: Browser) -> str:
        """The secret of a new session; raises InvalidInput, NotSignedIn and TooManyAttempts."""
        party, answer = self._party(), answers.read(credential)
        self._refuse_stale(answer, Purpose.SIGN_IN, visitor)
        subjects = await self._sign_in.refuse_if_slowed(browser.address)
        passkey, account = await self._store.read(
            lambda queries: (
                (found, queries.accounts.account(found.account))
                if (found := queries.passkeys.passkey(answer.id))
                else (None, None)
            )
        )
        try:
            if passkey is None or account is None:
                raise _Untrue("unknown", _UNKNOWN)
            signed = await self._signed(answer, passkey, party)
            use = functools.partial(self._use, answer, signed)
            return await self._sign_in.begin(account, browser, "passkey", by=use)
        except NotSignedIn as error:
            told = {"how": "passkey", "why": error.why if isinstance(error, _Untrue) else "untrue"}
            attempt = Attempt(account.email if account else "", browser.address, told)

            def work(tx: Transaction, now: datetime) -> None:
                self._spend(tx, answer)
                self._sign_in.note_failure(tx, now, attempt, subjects)

            await self._writer.write(work)
            raise

    async def _signed(self, answer: Answer, passkey: Passkey, party: RelyingParty) -> Signed:
        """What the authenticator has signed, by the passkey's key and for its account."""
        verify = functools.partial(answers.signed, answer, party, public_key=passkey.public_key)
        signed = await self._sign_in.apart(verify)
        if answer.handle != self._challenges.handle_of(passkey.account):
            raise _Untrue("another account's", _UNKNOWN)
        return signed

    def _use(self, answer: Answer, signed: Signed, tx: Transaction) -> Passkey:
        """The passkey as it is now, used; raises NotSignedIn where it may not be."""
        if not self._spend(tx, answer):
            raise _Untrue("replayed", _STALE)
        passkey = tx.passkeys.passkey(answer.id)
        if passkey is None:
            raise _Untrue("removed", _UNKNOWN)
        if tx.accounts.account(passkey.account).disabled_at is not None:
            raise _Untrue("disabled", _UNKNOWN)
        if has_gone_back(passkey.sign_count, signed.sign_count):
            raise _Untrue(f"counter went from {passkey.sign_count} to {signed.sign_count}", _COPIED)
        at = self._clock.real_now()
        tx.passkeys.note_used(passkey.id, sign_count=signed.sign_count, is_synced=signed.is_synced, at=at)
        return passkey

    # Adding

    async def needs_password(self, account: Account, session: str) -> bool:
        """Whether the session, by its hash, is too old to add a passkey without the password."""
        found = await self._store.read(lambda queries: queries.accounts.session(session))
        return found is None or not is_fresh(found[0].began_at, self._clock.real_now())

    async def options_to_add(self, id_: int, session: str, password: str, address: str) -> dict[str, Any]:
        """What a browser is asked; raises NotFound, Refused, NotSignedIn and TooManyAttempts."""
        party = self._party()
        account, known = await self._store.read(
            lambda queries: (queries.accounts.account(id_), queries.passkeys.of(id_))
        )
        _refuse_too_many(known)
        if await self.needs_password(account, session):
            if not account.has_password:
                raise NotSignedIn("you signed in more than ten minutes ago: sign out, sign in again, and add it then")
            await self._sign_in.confirm(account, password, address)
        user = asking.User(self._challenges.handle_of(id_), account.email, account.name)
        return asking.to_add(party, self._new_challenge(Purpose.ADD, session), user, [it.id for it in known])

    async def add(self, credential: str, label: str, actor: Actor, *, account: int, session: str) -> Passkey:
        """Keep a new passkey; raises InvalidInput, Refused and NotSignedIn."""
        party, answer = self._party(), answers.read(credential)
        self._refuse_stale(answer, Purpose.ADD, session)
        made = await self._sign_in.apart(functools.partial(answers.made, answer, party))
        passkey = self._new(made, account, label)

        def work(tx: Transaction, now: datetime) -> Passkey:
            if not self._spend(tx, answer):
                raise NotSignedIn(_STALE)
            _refuse_too_many(tx.passkeys.of(account))
            tx.passkeys.add(passkey)
            tx.audit.add(self._deed(tx, actor, "passkey.add", account, passkey=passkey.label), now)
            return passkey

        return await self._change(work)

    def _new(self, made: Made, account: int, label: str) -> Passkey:
        at = self._clock.real_now()
        return Passkey(
            id=made.id,
            account=account,
            public_key=made.public_key,
            sign_count=made.sign_count,
            label=_label(label or f"Passkey of {at:%Y-%m-%d}"),
            is_synced=made.is_synced,
            created_at=at,
        )

    # Looking after them

    async def rename(self, account: int, id_: str, label: str, actor: Actor) -> None:
        """Call one of the account's passkeys otherwise; raises InvalidInput and NotFound."""
        after = _label(label)

        def work(tx: Transaction, now: datetime) -> None:
            tx.passkeys.rename(account, id_, after)
            tx.audit.add(self._deed(tx, actor, "passkey.rename", account, passkey=after), now)

        await self._change(work)

    async def remove(self, account: int, id_: str, actor: Actor, *, keep: str) -> str:
        """Let nobody in by one of the account's passkeys any more; returns its label. Raises NotFound.

        The sessions that it began are over, but the one with the hash `keep`.
        """

        def work(tx: Transaction, now: datetime) -> str:
            label = tx.passkeys.remove(account, id_)
            tx.sign_in.end_all_by(id_, but=keep)
            tx.audit.add(self._deed(tx, actor, "passkey.remove", account, passkey=label), now)
            return label

        return await self._change(work)

    async def remove_all(self, account: int, actor: Actor) -> Account:
        """Let nobody in by any of the account's passkeys; the sessions that they began are over. Raises NotFound."""

        def work(tx: Transaction, now: datetime) -> Account:
            for it in tx.passkeys.of(account):
                tx.passkeys.remove(account, it.id)
                tx.sign_in.end_all_by(it.id)
                tx.audit.add(self._deed(tx, actor, "passkey.remove", account, passkey=it.label), now)
            return tx.accounts.account(account)

        return await self._change(work)

    # What all of them need

    def _party(self) -> RelyingParty:
        if self.party is None:
            raise NotFound(f"passkeys: {self.why_not}")
        return self.party

    def _new_challenge(self, purpose: Purpose, browser: str) -> bytes:
        return self._challenges.new(purpose, browser, self._clock.real_now())

    def _refuse_stale(self, answer: Answer, purpose: Purpose, browser: str) -> None:
        """Raise NotSignedIn unless it answers a challenge of ours; nothing is written of what doesn't."""
        if not self._challenges.is_good(answer.challenge, purpose, browser, self._clock.real_now()):
            raise NotSignedIn(_STALE)

    def _spend(self, tx: Transaction, answer: Answer) -> bool:
        """Whether the challenge has not been answered before; it has now."""
        hash_ = hash_of(answer.challenge.hex())
        return tx.passkeys.spend(hash_, self._clock.real_now(), self._challenges.ends_at(answer.challenge))

    def _deed(self, tx: Transaction, actor: Actor, action: str, id_: int, **detail: object) -> Deed:
        return deed_of(actor, action, tx.accounts.account(id_).email, account=id_, **detail)

    async def _change(self, work: Callable[[Transaction, datetime], T]) -> T:
        done = await self._writer.write(work)
        self._gate.changed()
        return done


def _refuse_too_many(known: list[Passkey]) -> None:
    if len(known) >= MOST:
        raise Refused("too_many_passkeys", f"passkeys: {MOST} are the most: remove one first")


def _label(text: str) -> str:
    label = name_of(text)
    if label is None or len(label) > _LONGEST_LABEL:
        raise InvalidInput(f"name: must be a line of at most {_LONGEST_LABEL} characters")
    return label

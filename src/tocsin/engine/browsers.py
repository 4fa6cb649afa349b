"""Which browsers ring by push, and who changes that? Each change and its entry in the audit log in one transaction.

A browser is subscribed by whoever is signed in there, for themself. It stays so when the session ends by itself: a
pager that falls silent after twelve hours would be none. Whoever signs out there ends it.
"""

import hmac
from datetime import datetime

from msgspec.structs import replace

from tocsin.accounts.credentials import hash_of, new_token
from tocsin.engine.desk import ENGINE, Actor
from tocsin.engine.record import deed_of
from tocsin.engine.writer import Writer
from tocsin.errors import InvalidInput, NotFound, NotSignedIn, Refused
from tocsin.integrations.push.services import Subscription, fault_in_endpoint, host_of
from tocsin.settings import Settings
from tocsin.store.open import Store
from tocsin.store.rows import PushBrowser
from tocsin.store.transaction import Transaction

MOST = 10  # of one account
_PREFIX = "tocsin_browser"
_KEY = "push_key"  # the fact: this installation's private key, made when the first browser asks for its public one


class Browsers:
    """The browsers that ring by push."""

    def __init__(self, store: Store, writer: Writer, settings: Settings) -> None:
        self._store = store
        self._writer = writer
        self._hosts = settings.push_hosts
        self._key: str | None = None

    async def key(self) -> str:
        """The private key by which push services know this installation; the same on every node."""
        if self._key is None:
            from tocsin.integrations.push.vapid import new_key  # noqa: PLC0415  # cryptography is heavy

            fresh = new_key()
            self._key = await self._writer.write(lambda tx, now: tx.facts.first_meta(_KEY, fresh))
        return self._key

    async def public_key(self) -> str:
        """What a browser has to be told when it subscribes, in base64url."""
        from tocsin.integrations.push.vapid import vapid_of  # noqa: PLC0415  # cryptography is heavy

        return vapid_of(await self.key(), "").public_key

    async def of_person(self, person: str) -> list[PushBrowser]:
        """The browsers that ring for a person and may be asked: an operator may have taken a push service away."""
        found = await self._store.read(lambda queries: queries.desk.browsers_of_person(person))
        return [it for it in found if fault_in_endpoint(it.endpoint, self._hosts) is None]

    async def known_by(self, secret: str, account: int | None) -> PushBrowser | None:
        """The browser that keeps the secret, where it is that account's."""
        if not secret or account is None:
            return None
        found = await self._store.read(lambda queries: queries.desk.browser_with(hash_of(secret)))
        return found if found is not None and found.account == account else None

    async def add(self, account: int, subscription: Subscription, label: str, actor: Actor) -> str:
        """Ring a browser for an account from now on; returns the secret that the browser is to keep.

        Raises InvalidInput for what is no subscription, and Refused for one too many, or that isn't theirs to give.
        """
        self._refuse_faulty(subscription)
        secret = new_token(_PREFIX)

        def work(tx: Transaction, now: datetime) -> None:
            if tx.accounts.account(account).person is None:
                raise Refused("not_one_of_the_people", "you are none of the SOP's people, so nobody pages you")
            mine = tx.push_browsers.of_account(account)
            new = PushBrowser(0, account, *_fields(subscription), hash_of(secret), label, now)
            known = tx.push_browsers.at(subscription.endpoint)
            if known is None and len(mine) >= MOST:
                raise Refused("too_many_browsers", f"{MOST} browsers ring for you already: remove one of them first")
            if known is None:
                with tx.savepoint():
                    tx.push_browsers.add(new)
            elif _is_same(known, subscription):
                tx.push_browsers.change(replace(new, id=known.id))
            else:
                raise Refused("browser_is_anothers", "this address is another browser's: subscribe this one anew")
            tx.audit.add(deed_of(actor, "browser.add", label, service=host_of(subscription.endpoint)), now)

        await self._writer.write(work)
        return secret

    async def renew(self, secret: str, subscription: Subscription, address: str) -> None:
        """The browser that keeps the secret is reached otherwise now; raises NotSignedIn where there is none."""
        self._refuse_faulty(subscription)

        def work(tx: Transaction, now: datetime) -> None:
            known = tx.push_browsers.with_hash(hash_of(secret)) if secret else None
            if known is None:
                raise NotSignedIn("this browser isn't rung by push: open the inbox, and have it ring again")
            other = tx.push_browsers.at(subscription.endpoint)
            if other is not None and other.id != known.id:
                raise Refused("browser_is_anothers", "this address is another browser's: subscribe this one anew")
            endpoint, p256dh, auth = _fields(subscription)
            tx.push_browsers.change(replace(known, endpoint=endpoint, p256dh=p256dh, auth=auth))
            owner = tx.accounts.account(known.account)
            actor = Actor(owner.person or owner.name, "web", key=f"account:{owner.id}", address=address)
            tx.audit.add(deed_of(actor, "browser.renew", known.label, service=host_of(endpoint)), now)

        await self._writer.write(work)

    async def remove(self, id_: int, actor: Actor, *, account: int) -> None:
        """Ring one of the account's browsers no more; raises NotFound where it isn't the account's."""

        def work(tx: Transaction, now: datetime) -> None:
            if id_ not in {it.id for it in tx.push_browsers.of_account(account)}:
                raise NotFound("browser: there is none of yours of that number")
            _drop(tx, now, [id_], actor)

        await self._writer.write(work)

    async def remove_all(self, account: int, actor: Actor) -> int:
        """Ring none of the account's browsers any more; returns how many there were."""

        def work(tx: Transaction, now: datetime) -> int:
            return _drop(tx, now, [it.id for it in tx.push_browsers.of_account(account)], actor)

        return await self._writer.write(work)

    async def signed_out(self, secret: str, account: int | None, actor: Actor) -> None:
        """The account has signed out in the browser that keeps the secret: it rings for them no more."""
        known = await self.known_by(secret, account)
        if known is not None:
            await self._writer.write(lambda tx, now: _drop(tx, now, [known.id], actor))

    async def heard(self, taken: list[int], gone: list[int]) -> None:
        """Note whose push service has taken something, and forget whom it doesn't know any more."""

        def work(tx: Transaction, now: datetime) -> None:
            tx.push_browsers.note_taken(taken, now)
            _drop(tx, now, gone, ENGINE, "browser.gone")

        if taken or gone:
            await self._writer.write(work)

    def _refuse_faulty(self, it: Subscription) -> None:
        from tocsin.integrations.push.encryption import keys_of  # noqa: PLC0415  # cryptography is heavy

        fault = fault_in_endpoint(it.endpoint, self._hosts)
        if fault is not None:
            raise InvalidInput(f"endpoint: {fault}")
        try:
            keys_of(it.p256dh, it.auth)
        except ValueError as error:
            raise InvalidInput(str(error)) from error


def drop_all_of(tx: Transaction, now: datetime, account: int, actor: Actor) -> None:
    """Ring none of the account's browsers any more: nobody is to be paged by it."""
    _drop(tx, now, [it.id for it in tx.push_browsers.of_account(account)], actor)


def _drop(tx: Transaction, now: datetime, ids: list[int], actor: Actor, action: str = "browser.remove") -> int:
    dropped = tx.push_browsers.drop(ids)
    for it in dropped:
        detail = {"account": it.account, "service": host_of(it.endpoint)}
        tx.audit.add(deed_of(actor, action, it.label, **detail), now)
    return len(dropped)


def _fields(it: Subscription) -> tuple[str, str, str]:
    return it.endpoint, it.p256dh, it.auth


def _is_same(known: PushBrowser, it: Subscription) -> bool:
    """Whether it is that browser that speaks: it alone knows its keys."""
    told, kept = f"{it.p256dh} {it.auth}", f"{known.p256dh} {known.auth}"
    return hmac.compare_digest(told.encode("utf-8", "replace"), kept.encode("utf-8", "replace"))

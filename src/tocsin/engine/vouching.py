"""Which account has somebody for whom a provider vouches? By issuer and subject, a verified address, or a new one."""

from collections.abc import Callable
from datetime import datetime

from tocsin.accounts.claims import Vouched
from tocsin.accounts.permissions import GlobalRole
from tocsin.errors import NotSignedIn
from tocsin.store.accounts import NewAccount
from tocsin.store.audit_log import Deed
from tocsin.store.rows import Account
from tocsin.store.transaction import Transaction

_VIA = "oidc"
PersonWith = Callable[[str], str | None]


def account_for(tx: Transaction, now: datetime, who: Vouched, person_with: PersonWith) -> Account:
    """Their account, with the role that their groups give; raises NotSignedIn where it is disabled, or another's."""
    account = tx.accounts.account_of_identity(who.issuer, who.subject) or _linked(tx, now, who)
    if account is None:
        account = _made(tx, now, who, person_with)
    if account.disabled_at is not None:
        raise NotSignedIn("this account is disabled: ask an admin")
    return _in_role(tx, now, account, who.role)


def _linked(tx: Transaction, now: datetime, who: Vouched) -> Account | None:
    account = tx.accounts.account_of(who.email) if who.email else None
    if account is None or account.disabled_at is not None:
        return account
    if account.issuer is not None:
        raise NotSignedIn(f"{account.email} belongs to another identity: ask an admin")
    tx.accounts.set_identity(account.id, who.issuer, who.subject)
    tx.audit.add(_deed("account.link", account, issuer=who.issuer, subject=who.subject), now)
    return account


def _made(tx: Transaction, now: datetime, who: Vouched, person_with: PersonWith) -> Account:
    email = who.email or f"{who.subject}@{who.issuer.partition('://')[2]}"
    if tx.accounts.account_of(email) is not None:
        raise NotSignedIn(f"{email} has an account already: ask an admin")
    account = tx.accounts.add(
        NewAccount(
            email=email,
            name=who.name,
            role=who.role or GlobalRole.VIEWER,
            person=person_with(who.email) if who.email else None,
            issuer=who.issuer,
            subject=who.subject,
        ),
        now,
    )
    tx.audit.add(_deed("account.add", account, issuer=who.issuer, role=account.role, person=account.person), now)
    return account


def _in_role(tx: Transaction, now: datetime, account: Account, role: GlobalRole | None) -> Account:
    """The account in the role of its groups; the last admin keeps theirs, so that somebody can mend a mistake."""
    if role is None or role == account.role:
        return account
    if account.role == GlobalRole.ADMIN and tx.accounts.admins() == 1:
        return account
    tx.accounts.set_role(account.id, role)
    tx.sign_in.end_all_of(account.id)
    tx.audit.add(_deed("account.role", account, before=account.role, after=role.value), now)
    return tx.accounts.account(account.id)


def _deed(action: str, account: Account, **detail: object) -> Deed:
    return Deed("tocsin", _VIA, action, account.email, {"account": account.id, **detail})

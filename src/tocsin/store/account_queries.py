"""Who may sign in, who is signed in, which tokens are there? Read from either side of the store."""

from typing import Any

from tocsin.accounts.attempts import Attempts
from tocsin.errors import NotFound
from tocsin.store import codec
from tocsin.store.connection import Reads
from tocsin.store.rows import Account, Link, Session, Token

_ACCOUNT = """id, email, name, person, role, password IS NOT NULL, issuer, subject, created_at, disabled_at,
    signed_in_at, (SELECT count(*) FROM passkeys WHERE account = accounts.id)"""
_SESSION = "hash, account, began_at, seen_at, address, agent, how, passkey"
_BEARER = "name, scope, hash, prefix, owner, created_by, created_at, expires_at, used_at"


class AccountQueries:
    """What can be asked of accounts, sessions, links and tokens."""

    def __init__(self, connection: Reads) -> None:
        self._reads = connection

    def account(self, id_: int) -> Account:
        """The account of that number; raises NotFound."""
        found = self._accounts("WHERE id = ?", id_)
        if not found:
            raise NotFound(f"account: there is no {id_}")
        return found[0]

    def account_of(self, email: str) -> Account | None:
        """The account with that address, in the form in which addresses are kept."""
        return next(iter(self._accounts("WHERE email = ?", email)), None)

    def account_of_identity(self, issuer: str, subject: str) -> Account | None:
        """The account of somebody whom an OpenID provider knows."""
        return next(iter(self._accounts("WHERE issuer = ? AND subject = ?", issuer, subject)), None)

    def accounts_of_person(self, person: str) -> list[Account]:
        """The accounts of somebody whom the SOP knows by that id, in the order in which they were made."""
        return self._accounts("WHERE person = ? ORDER BY id", person)

    def all_accounts(self, limit: int = 1_000) -> list[Account]:
        """The accounts, in the order in which they were made."""
        return self._accounts("ORDER BY id LIMIT ?", limit)

    def are_there_accounts(self) -> bool:
        """Whether anybody has an account."""
        return bool(self._reads.all("SELECT 1 FROM accounts LIMIT 1"))

    def _accounts(self, where: str, *values: Any) -> list[Account]:
        return [_account(row) for row in self._reads.all(f"SELECT {_ACCOUNT} FROM accounts {where}", *values)]

    def password_of(self, id_: int) -> str | None:
        """The hash of the account's password; None where it has none."""
        rows = self._reads.all("SELECT password FROM accounts WHERE id = ?", id_)
        return rows[0][0] if rows else None

    def session(self, hash_: str) -> tuple[Session, Account] | None:
        """The session with that hash, and whose it is; it may be over, and the account disabled."""
        rows = self._reads.all(f"SELECT {_SESSION} FROM sessions WHERE hash = ?", hash_)
        if not rows:
            return None
        session = _session(rows[0])
        account = self._accounts("WHERE id = ?", session.account)
        return (session, account[0]) if account else None

    def sessions_of(self, account: int) -> list[Session]:
        """The account's sessions, the last used first; some may be over."""
        sql = f"SELECT {_SESSION} FROM sessions WHERE account = ? ORDER BY seen_at DESC, hash"
        return [_session(row) for row in self._reads.all(sql, account)]

    def link(self, hash_: str) -> Link | None:
        """The one-time link with that hash; it may have expired."""
        rows = self._reads.all("SELECT hash, account, expires_at FROM links WHERE hash = ?", hash_)
        return Link(rows[0][0], rows[0][1], codec.from_column(rows[0][2])) if rows else None

    def attempts(self, subject: str) -> Attempts:
        """The attempts to sign in that failed."""
        rows = self._reads.all("SELECT failures, last_at FROM attempts WHERE subject = ?", subject)
        return Attempts(rows[0][0], codec.from_column(rows[0][1])) if rows else Attempts()

    def token(self, hash_: str) -> Token | None:
        """Who the bearer of a token is; it may have expired."""
        return next(iter(self._tokens("WHERE hash = ?", hash_)), None)

    def token_named(self, name: str) -> Token | None:
        """The token of that name; of the files' ones, whichever comes first."""
        return next(iter(self._tokens("WHERE name = ? ORDER BY hash", name)), None)

    def tokens(self, owner: int | None = None) -> list[Token]:
        """All tokens, or an account's own ones, by name."""
        if owner is None:
            return self._tokens("ORDER BY name, hash")
        return self._tokens("WHERE owner = ? ORDER BY name, hash", owner)

    def _tokens(self, where: str, *values: Any) -> list[Token]:
        return [_token(row) for row in self._reads.all(f"SELECT {_BEARER} FROM tokens {where}", *values)]


def _account(row: tuple[Any, ...]) -> Account:
    id_, email, name, person, role, has_password, issuer, subject, created, disabled, signed_in, passkeys = row
    return Account(
        id=id_,
        email=email,
        name=name,
        person=person,
        role=role,
        has_password=bool(has_password),
        issuer=issuer,
        subject=subject,
        created_at=codec.from_column(created),
        disabled_at=codec.optional_from_column(disabled),
        signed_in_at=codec.optional_from_column(signed_in),
        passkeys=passkeys,
    )


def _session(row: tuple[Any, ...]) -> Session:
    hash_, account, began, seen, address, agent, how, passkey = row
    return Session(
        hash=hash_,
        account=account,
        began_at=codec.from_column(began),
        seen_at=codec.from_column(seen),
        address=address,
        agent=agent,
        how=how or "",
        passkey=passkey,
    )


def _token(row: tuple[Any, ...]) -> Token:
    name, scope, hash_, prefix, owner, created_by, created, expires, used = row
    return Token(
        name=name,
        scope=scope,
        hash=hash_,
        prefix=prefix,
        owner=owner,
        created_by=created_by,
        created_at=codec.from_column(created),
        expires_at=codec.optional_from_column(expires),
        used_at=codec.optional_from_column(used),
    )

"""How are accounts and tokens kept? Never deleted, so that what the record says of them stays true."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.errors import Refused
from tocsin.store import codec
from tocsin.store.account_queries import AccountQueries
from tocsin.store.connection import Connection
from tocsin.store.rows import Account, Token


class NewAccount(Struct, frozen=True):
    """An account to be made; `password` is a hash."""

    email: str
    name: str
    role: str
    person: str | None = None
    password: str | None = None
    issuer: str | None = None
    subject: str | None = None


class Accounts(AccountQueries):
    """The accounts, and the tokens that people make."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def add(self, new: NewAccount, now: datetime) -> Account:
        """Make an account; raises Refused where the address has one."""
        if self.account_of(new.email) is not None:
            raise Refused("account_exists", f"email: {new.email} has an account already")
        columns = {**_columns(new), "created_at": codec.to_column(now)}
        sql = f"""
            INSERT INTO accounts ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))}) RETURNING id
        """
        return self.account(self._connection.all(sql, *columns.values())[0][0])

    def admins(self) -> int:
        """How many admins can sign in; no other node changes them until the end of the transaction."""
        sql = (
            f"SELECT id FROM accounts WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id{self._connection.LOCKED}"
        )
        return len(self._connection.all(sql))

    def set_role(self, id_: int, role: str) -> None:
        """What the account is to the installation from now on."""
        self._set(id_, role=role)

    def set_password(self, id_: int, hash_: str) -> None:
        """The hash of the account's password."""
        self._set(id_, password=hash_)

    def set_identity(self, id_: int, issuer: str, subject: str) -> None:
        """Who the account is to an OpenID provider."""
        self._set(id_, issuer=issuer, subject=subject)

    def set_disabled(self, id_: int, at: datetime | None) -> None:
        """Since when nobody signs in with it; None lets them in again."""
        self._set(id_, disabled_at=codec.optional_to_column(at))

    def note_sign_in(self, id_: int, at: datetime) -> None:
        """When somebody signed in with it last."""
        self._set(id_, signed_in_at=codec.to_column(at))

    def _set(self, id_: int, **columns: Any) -> None:
        sets = ", ".join(f"{name} = ?" for name in columns)
        self._connection.many(f"UPDATE accounts SET {sets} WHERE id = ?", [(*columns.values(), id_)])

    def add_token(self, token: Token, now: datetime) -> None:
        """Let its bearer in; raises Refused where another one has its name."""
        if self.token_named(token.name) is not None:
            raise Refused("token_exists", f"name: there is a token {token.name!r} already: revoke it, or take another")
        columns = {
            "hash": token.hash,
            "name": token.name,
            "scope": token.scope,
            "created_at": codec.to_column(now),
            "prefix": token.prefix,
            "owner": token.owner,
            "created_by": token.created_by,
            "expires_at": codec.optional_to_column(token.expires_at),
        }
        sql = f"INSERT INTO tokens ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        self._connection.many(sql, [tuple(columns.values())])

    def end_token(self, hash_: str, at: datetime) -> None:
        """Its bearer is out from then on. It stays known, so that its file doesn't let it in anew."""
        self._connection.many("UPDATE tokens SET expires_at = ? WHERE hash = ?", [(codec.to_column(at), hash_)])

    def drop_token(self, hash_: str) -> None:
        """Its bearer is out."""
        self._connection.many("DELETE FROM tokens WHERE hash = ?", [(hash_,)])

    def note_tokens_used(self, used: Collection[tuple[str, datetime]]) -> None:
        """When tokens were used last."""
        sql = "UPDATE tokens SET used_at = ? WHERE hash = ?"
        self._connection.many(sql, [(codec.to_column(at), hash_) for hash_, at in used])


def _columns(new: NewAccount) -> dict[str, Any]:
    return {name: getattr(new, name) for name in new.__struct_fields__}

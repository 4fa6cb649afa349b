"""How are accounts, tokens and the audit log looked after? The handlers of `/api/v1` for admins."""

from datetime import datetime

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.permissions import GlobalRole
from tocsin.api import requests as r
from tocsin.api.auth import note_revoked, token_file
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of
from tocsin.api.parameters import id_of, number_of
from tocsin.domain import wishes as w
from tocsin.engine.accounts import TOKEN_LASTS, Person, Wanted
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput
from tocsin.store.rows import Account, Entry, Token


class AccountView(Struct, frozen=True):
    """An account; `person` is who they are in the SOP, `disabled_at` since when it opens nothing.

    `passkeys` is how many it has.
    """

    id: int
    email: str
    name: str
    person: str | None
    role: GlobalRole
    has_password: bool
    has_single_sign_on: bool
    passkeys: int
    created_at: datetime
    disabled_at: datetime | None
    signed_in_at: datetime | None


class LinkView(Struct, frozen=True):
    """An account, and the link that sets its password once, within 24 hours."""

    account: AccountView
    link: str


class TokenView(Struct, frozen=True):
    """A token: `start` is what may be shown of it; without an owner it is a machine's."""

    name: str
    scopes: tuple[str, ...]
    start: str
    owner: int | None
    created_by: str | None
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None


class NewToken(Struct, frozen=True):
    """A token that was made: the secret is told this once."""

    name: str
    token: str


class Gone(Struct, frozen=True):
    """A token that opens nothing any more."""

    name: str


class EntryView(Struct, frozen=True):
    """An entry of the audit log; `hash` covers it and the entry before it in its lane."""

    lane: int
    seq: int
    at: datetime
    actor: str
    via: str
    action: str
    target: str
    detail: msgspec.Raw
    hash: str


async def list_accounts(node: Node, request: Request) -> Response:
    """The accounts, in the order in which they were made."""
    found = await node.read(lambda queries: queries.accounts.all_accounts())
    return answer([account_view(it) for it in found])


async def add_account(node: Node, request: Request) -> Response:
    """Make an account; its owner sets the password by the link."""
    body = decode_body(await read_body(request), r.AccountBody)
    wanted = Person(body.email, body.name, body.role, body.person)
    account, secret = await node.accounts.add(wanted, actor_of(node, request, body.by))
    return answer(LinkView(account_view(account), password_link(node, secret)), 201)


async def set_role(node: Node, request: Request) -> Response:
    """Give an account another role; it is signed out everywhere."""
    body = decode_body(await read_body(request), r.GlobalRoleBody)
    actor = actor_of(node, request, body.by)
    return answer(account_view(await node.accounts.set_role(id_of(request, "account"), body.role, actor)))


async def disable_account(node: Node, request: Request) -> Response:
    """Keep an account out from now on."""
    return await _disabled(node, request, is_disabled=True)


async def enable_account(node: Node, request: Request) -> Response:
    """Let an account in again."""
    return await _disabled(node, request, is_disabled=False)


async def _disabled(node: Node, request: Request, *, is_disabled: bool) -> Response:
    body = decode_body(await read_body(request), w.PlainBody)
    actor = actor_of(node, request, body.by)
    return answer(account_view(await node.accounts.set_disabled(id_of(request, "account"), is_disabled, actor)))


async def make_reset_link(node: Node, request: Request) -> Response:
    """A link that sets the account's password once."""
    body = decode_body(await read_body(request), w.PlainBody)
    actor = actor_of(node, request, body.by)
    id_ = id_of(request, "account")
    secret = await node.accounts.reset_link(id_, actor)
    account = await node.read(lambda queries: queries.accounts.account(id_))
    return answer(LinkView(account_view(account), password_link(node, secret)))


async def remove_passkeys(node: Node, request: Request) -> Response:
    """Let nobody in by any of the account's passkeys; the sessions that they began are over."""
    body = decode_body(await read_body(request), w.PlainBody)
    actor = actor_of(node, request, body.by)
    return answer(account_view(await node.passkeys.remove_all(id_of(request, "account"), actor)))


def password_link(node: Node, secret: str) -> str:
    """Where a password is set by a link."""
    return f"{node.settings.public_url}/password/{secret}"


async def list_tokens(node: Node, request: Request) -> Response:
    """The tokens, by name."""
    return answer([token_view(it) for it in await node.read(lambda queries: queries.accounts.tokens())])


async def add_token(node: Node, request: Request) -> Response:
    """Make a token of a machine's."""
    body = decode_body(await read_body(request), r.TokenBody)
    lasts = TOKEN_LASTS if body.expires is None else body.expires
    actor = actor_of(node, request, body.by)
    secret = await node.accounts.add_token(Wanted(body.name, body.scopes, lasts, form=body.form), actor)
    return answer(NewToken(body.name, secret), 201)


async def revoke_token(node: Node, request: Request) -> Response:
    """Its bearer is out, on every node within a second."""
    body = decode_body(await read_body(request), w.PlainBody)
    name = request.path_params["id"]
    await revoke(node, name, actor_of(node, request, body.by))
    return answer(Gone(name))


async def revoke(node: Node, name: str, actor: Actor, *, owner: int | None = None) -> None:
    """Put a token's bearer out, and remember outside the database that a backup must not let them in again."""
    hash_ = await node.accounts.revoke_token(name, actor, owner=owner)
    note_revoked(token_file(node.settings.beside, "revoked"), [hash_])


async def get_audit(node: Node, request: Request) -> Response:
    """What was done, the newest first."""
    limit = number_of(request, "limit", default=100, most=1_000)
    asked = request.query_params
    found = await node.read(
        lambda queries: queries.audit.entries(
            limit=limit, before=_instant(asked.get("before")), actor=asked.get("actor"), target=asked.get("target")
        )
    )
    return answer([entry_view(it) for it in found])


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(f"before: must be a time such as 2026-11-24T03:00:00Z, got {text!r}") from error
    if at is not None and at.tzinfo is None:
        raise InvalidInput(f"before: must name its time zone, such as Z, got {text!r}")
    return at


def account_view(it: Account) -> AccountView:
    """An account as the API tells it."""
    return AccountView(
        id=it.id,
        email=it.email,
        name=it.name,
        person=it.person,
        role=GlobalRole(it.role),
        has_password=it.has_password,
        has_single_sign_on=it.issuer is not None,
        passkeys=it.passkeys,
        created_at=it.created_at,
        disabled_at=it.disabled_at,
        signed_in_at=it.signed_in_at,
    )


def token_view(it: Token) -> TokenView:
    """A token as the API tells it; those of files have no start to be known by."""
    return TokenView(
        name=it.name,
        scopes=tuple(it.scope.split()),
        start=it.prefix or "",
        owner=it.owner,
        created_by=it.created_by,
        created_at=it.created_at,
        expires_at=it.expires_at,
        used_at=it.used_at,
    )


def entry_view(it: Entry) -> EntryView:
    """An entry as the API tells it."""
    return EntryView(
        it.lane, it.seq, it.at, it.actor, it.via, it.action, it.target, msgspec.Raw(it.detail.encode()), it.hash
    )

"""Which operations are there for admins? Accounts, tokens, and what the audit log tells."""

from tocsin.accounts.permissions import Permission
from tocsin.api import accounts
from tocsin.api import requests as r
from tocsin.api.operations import Operation
from tocsin.domain import wishes as w

_ACCOUNTS, _TOKENS, _AUDIT = Permission.ADMIN_ACCOUNTS, Permission.ADMIN_TOKENS, Permission.AUDIT_READ
_ALL = "/api/v1/accounts"
_ONE = f"{_ALL}/{{id}}"

ACCOUNT_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        _ALL,
        "list_accounts",
        "Who may sign in",
        accounts.list_accounts,
        list[accounts.AccountView],
        _ACCOUNTS,
    ),
    Operation(
        "POST",
        _ALL,
        "add_account",
        "Make an account, and the link that sets its password",
        accounts.add_account,
        accounts.LinkView,
        _ACCOUNTS,
        body=r.AccountBody,
        status=201,
    ),
    Operation(
        "POST",
        f"{_ONE}/role",
        "set_account_role",
        "Give an account another role",
        accounts.set_role,
        accounts.AccountView,
        _ACCOUNTS,
        body=r.GlobalRoleBody,
    ),
    *(
        Operation("POST", f"{_ONE}/{path}", name, summary, handler, accounts.AccountView, _ACCOUNTS, body=w.PlainBody)
        for path, name, summary, handler in (
            ("disable", "disable_account", "Keep an account out", accounts.disable_account),
            ("enable", "enable_account", "Let an account in again", accounts.enable_account),
        )
    ),
    Operation(
        "POST",
        f"{_ONE}/reset-link",
        "make_reset_link",
        "A link that sets an account's password once",
        accounts.make_reset_link,
        accounts.LinkView,
        _ACCOUNTS,
        body=w.PlainBody,
    ),
    Operation(
        "POST",
        f"{_ONE}/passkeys/remove",
        "remove_passkeys",
        "Let nobody in by an account's passkeys any more",
        accounts.remove_passkeys,
        accounts.AccountView,
        _ACCOUNTS,
        body=w.PlainBody,
    ),
    Operation(
        "GET",
        "/api/v1/tokens",
        "list_tokens",
        "The tokens, and when each was used last",
        accounts.list_tokens,
        list[accounts.TokenView],
        _TOKENS,
    ),
    Operation(
        "POST",
        "/api/v1/tokens",
        "add_token",
        "Make a token of a machine's",
        accounts.add_token,
        accounts.NewToken,
        _TOKENS,
        body=r.TokenBody,
        status=201,
    ),
    Operation(
        "POST",
        "/api/v1/tokens/{id}/revoke",
        "revoke_token",
        "Put a token's bearer out",
        accounts.revoke_token,
        accounts.Gone,
        _TOKENS,
        body=w.PlainBody,
    ),
    Operation(
        "GET",
        "/api/v1/audit",
        "get_audit",
        "Who did what, the newest first",
        accounts.get_audit,
        list[accounts.EntryView],
        _AUDIT,
        parameters=(
            ("actor", "only what they did"),
            ("target", "only what was done to it, such as INC-2026-0042"),
            ("before", "an RFC 3339 time"),
            ("limit", "at most 1000"),
        ),
    ),
)

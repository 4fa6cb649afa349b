"""What may be done, and who may do it? One table of roles, one of the scopes of tokens; the rest is refused."""

from collections.abc import Collection
from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may or may not do; every route names the one that it takes."""

    READ = "read"  # everything that responders see
    RESPOND = "respond"  # commands on incidents
    DECLARE = "declare"
    ONCALL_OVERRIDE = "oncall.override"
    SILENCE = "silence"
    TEST_PAGE = "test_page"
    ADMIN_ACCOUNTS = "admin.accounts"  # who may sign in, in which role
    ADMIN_TOKENS = "admin.tokens"  # tokens of machines
    ADMIN_MAINTAIN = "admin.maintain"  # quarantine, releasing what was restored
    INTAKE = "intake"  # deliver alerts
    AUDIT_READ = "audit.read"


class GlobalRole(StrEnum):
    """What an account is to this installation. What somebody does in one incident is another matter: IC, CL, TL."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """1 for the least."""
        return list(GlobalRole).index(self) + 1


class Scope(StrEnum):
    """What a token is for."""

    READ = "read"
    RESPOND = "respond"
    INTAKE = "intake"
    ADMIN = "admin"


_VIEWER = frozenset({Permission.READ})
_RESPONDER = _VIEWER | {
    Permission.RESPOND,
    Permission.DECLARE,
    Permission.ONCALL_OVERRIDE,
    Permission.SILENCE,
    Permission.TEST_PAGE,
}

PERMISSIONS_OF: dict[GlobalRole, frozenset[Permission]] = {
    GlobalRole.VIEWER: _VIEWER,
    GlobalRole.RESPONDER: _RESPONDER,
    GlobalRole.ADMIN: frozenset(Permission),
}

# Whoever holds a token can't make themselves another way in: these take a session, or the file beside the database.
_NEVER_BY_TOKEN = frozenset({Permission.ADMIN_ACCOUNTS, Permission.ADMIN_TOKENS})

_OF_SCOPE: dict[Scope, frozenset[Permission]] = {
    Scope.READ: _VIEWER,
    Scope.RESPOND: _RESPONDER,
    Scope.INTAKE: frozenset({Permission.INTAKE}),
    Scope.ADMIN: frozenset(Permission) - _NEVER_BY_TOKEN,
}


def granted(scopes: Collection[Scope], owner: GlobalRole | None) -> frozenset[Permission]:
    """What a token opens: its scopes, and of those no more than its owner may; one without owner is a machine's."""
    asked = frozenset(permission for scope in scopes for permission in _OF_SCOPE[scope])
    return asked if owner is None else asked & PERMISSIONS_OF[owner]


def role_of_scopes(scopes: Collection[Scope]) -> GlobalRole:
    """The role that comes nearest to what a machine's token may do; its permissions are what counts."""
    if Scope.ADMIN in scopes:
        return GlobalRole.ADMIN
    return GlobalRole.RESPONDER if Scope.RESPOND in scopes else GlobalRole.VIEWER

"""Who asks? An account that is signed in, or the bearer of a token; and what they may do."""

from msgspec import Struct

from tocsin.accounts.permissions import GlobalRole, Permission


class Principal(Struct, frozen=True):
    """Who asks: `account` is None for the token of a machine, `person` is who they are in the SOP.

    `key` names them in the audit log: `account:3`, `token:grafana`. `names_anyone` holds for the token in the file
    beside the database, whose owner acts for whomever they name.
    """

    account: int | None
    name: str
    person: str | None
    role: GlobalRole
    permissions: frozenset[Permission]
    key: str = ""
    names_anyone: bool = False

    @property
    def actor(self) -> str:
        """Who acts, as the timeline tells it."""
        return self.person or self.name


def may(principal: Principal, permission: Permission) -> bool:
    """Whether they may do it. There is no other way to ask."""
    return permission in principal.permissions

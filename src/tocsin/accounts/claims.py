"""Whom does an identity provider vouch for, and in which role? Pure rules over the claims of an ID token.

An account is known by issuer and subject and nothing else: an e-mail address can change hands. The address counts only
where the provider has verified it, and only of domains that are named.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tocsin.accounts.names import email_of, name_of
from tocsin.accounts.permissions import GlobalRole


class Rules(Struct, frozen=True):
    """Who is let in: members of these groups, in their role; and whoever has a verified address of these domains."""

    roles: Mapping[str, GlobalRole]
    email_domains: tuple[str, ...]
    groups_claim: str = "groups"


class Vouched(Struct, frozen=True):
    """Somebody for whom a provider vouches; `email` is verified, and of a domain that is named, else None.

    `role` is None where groups give none, and what an account has stays.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    role: GlobalRole | None


def vouched(claims: Mapping[str, Any], issuer: str, rules: Rules) -> Vouched | None:
    """Whom the claims are about; None where the rules let them not in."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        return None
    email = _verified_email(claims, rules.email_domains)
    role = _role(claims.get(rules.groups_claim), rules)
    if role is None and email is None:
        return None
    if role is None and rules.roles:
        role = GlobalRole.VIEWER  # groups decide, and none of theirs is named: the least
    name = name_of(str(claims.get("name") or claims.get("preferred_username") or email or subject))
    return Vouched(issuer, subject, email, name or subject[:200], role)


def _verified_email(claims: Mapping[str, Any], domains: tuple[str, ...]) -> str | None:
    email = email_of(str(claims.get("email") or ""))
    is_verified = claims.get("email_verified") is True
    known = {domain.lower() for domain in domains}
    return email if email and is_verified and email.rpartition("@")[2] in known else None


def _role(groups: object, rules: Rules) -> GlobalRole | None:
    """The highest role of the groups that are named."""
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    roles = [rules.roles[group] for group in named if isinstance(group, str) and group in rules.roles]
    return max(roles, key=lambda role: role.rank, default=None)

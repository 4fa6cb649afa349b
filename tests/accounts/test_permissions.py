"""Who may do what? The table of roles and scopes, and what no token ever opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.permissions import PERMISSIONS_OF, GlobalRole, Permission, Scope, granted, role_of_scopes

scopes = st.sets(st.sampled_from(Scope))


def test_each_role_may_do_what_the_one_below_it_may() -> None:
    viewer, responder, admin = (PERMISSIONS_OF[role] for role in GlobalRole)
    assert viewer < responder < admin == set(Permission)


def test_viewer_only_reads() -> None:
    assert PERMISSIONS_OF[GlobalRole.VIEWER] == {Permission.READ}


def test_responder_does_nothing_that_is_an_admins() -> None:
    assert not {it for it in PERMISSIONS_OF[GlobalRole.RESPONDER] if it.startswith(("admin.", "audit."))}


@given(scopes, st.none() | st.sampled_from(GlobalRole))
def test_no_token_makes_tokens_or_accounts(asked: set[Scope], owner: GlobalRole | None) -> None:
    assert not granted(asked, owner) & {Permission.ADMIN_TOKENS, Permission.ADMIN_ACCOUNTS}


@given(scopes, st.sampled_from(GlobalRole))
def test_token_of_a_person_opens_no_more_than_its_owner_may(asked: set[Scope], owner: GlobalRole) -> None:
    assert granted(asked, owner) <= PERMISSIONS_OF[owner] & granted(asked, None)


@given(scopes, scopes)
def test_more_scopes_never_open_less(some: set[Scope], more: set[Scope]) -> None:
    assert granted(some, None) <= granted(some | more, None)


def test_token_without_scopes_opens_nothing() -> None:
    assert granted((), None) == set()


@pytest.mark.parametrize(
    ("asked", "role"),
    [({Scope.READ}, "viewer"), ({Scope.INTAKE}, "viewer"), ({Scope.RESPOND}, "responder"), ({Scope.ADMIN}, "admin")],
)
def test_token_of_a_machine_has_the_role_that_comes_nearest(asked: set[Scope], role: str) -> None:
    assert role_of_scopes(asked) == role

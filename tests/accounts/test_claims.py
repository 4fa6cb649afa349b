"""For whom does a provider vouch? By groups and verified addresses; never by an address that anybody may claim."""

from typing import Any

import pytest

from tocsin.accounts.claims import Rules, Vouched, vouched
from tocsin.accounts.permissions import GlobalRole

ISSUER = "https://id.example"
GROUPS = Rules({"sre": GlobalRole.RESPONDER, "leads": GlobalRole.ADMIN}, ())
DOMAINS = Rules({}, ("example.com",))
BOTH = Rules(GROUPS.roles, DOMAINS.email_domains)
ALICE: dict[str, Any] = {"sub": "248289", "email": "Alice@Example.com", "email_verified": True, "name": "Alice A."}


def role(claims: dict[str, Any], rules: Rules) -> GlobalRole | None:
    found = vouched({**ALICE, **claims}, ISSUER, rules)
    return found.role if found else None


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param(["sre"], "responder", id="one group"),
        pytest.param(["sre", "leads", "x"], "admin", id="the highest of several"),
        pytest.param("sre", "responder", id="a single one as text"),
        pytest.param(["SRE"], None, id="in another case it is another group"),
        pytest.param(["x"], None, id="none that is named"),
        pytest.param([], None, id="none at all"),
        pytest.param(None, None, id="no such claim"),
        pytest.param({"sre": True}, None, id="something else"),
        pytest.param([["sre"], 1, None], None, id="a list of other things"),
    ],
)
def test_groups_give_the_role_and_nobody_else_gets_in(groups: object, expected: str | None) -> None:
    assert role({"groups": groups}, GROUPS) == expected


def test_verified_address_of_a_named_domain_gets_in_without_a_role() -> None:
    assert vouched(ALICE, ISSUER, DOMAINS) == Vouched(ISSUER, "248289", "alice@example.com", "Alice A.", None)


def test_where_groups_decide_somebody_in_none_of_them_is_a_viewer() -> None:
    assert role({"groups": ["x"]}, BOTH) == "viewer"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email_verified": False}, id="not verified"),
        pytest.param({"email_verified": "true"}, id="verified in words"),
        pytest.param({"email_verified": None}, id="nothing said"),
        pytest.param({"email": "alice@example.com.evil.example"}, id="another domain"),
        pytest.param({"email": "alice@sub.example.com"}, id="a domain below"),
        pytest.param({"email": "mallory@evil.example, alice@example.com"}, id="two addresses"),
        pytest.param({"email": ["alice@example.com"]}, id="a list"),
    ],
)
def test_address_that_is_not_proven_counts_for_nothing(claims: dict[str, Any]) -> None:
    assert vouched({**ALICE, **claims}, ISSUER, DOMAINS) is None
    found = vouched({**ALICE, **claims, "groups": ["sre"]}, ISSUER, BOTH)
    assert found is not None
    assert found.email is None


@pytest.mark.parametrize("subject", [None, "", 7, ["a"]])
def test_without_a_subject_nobody_is_vouched_for(subject: object) -> None:
    assert vouched({**ALICE, "sub": subject, "groups": ["leads"]}, ISSUER, BOTH) is None

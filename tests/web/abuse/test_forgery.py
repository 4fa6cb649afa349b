"""What if another site sends a form in somebody's name? Nothing happens; and no GET ever changes anything."""

import pytest
from markupsafe import escape

from tests.system.server import Server
from tests.web.abuse.conftest import Knows
from tests.web.people import Person, email_of
from tocsin.accounts.forgery import token_for

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling host"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port of this machine"),
    ],
)
def test_form_of_another_site_does_nothing_even_with_the_token(
    server: Server, person: Knows, headers: dict[str, str]
) -> None:
    someone = person("forged")
    someone.get("/account")
    assert someone.send("/account/tokens", headers=headers, name="forged", scope="read", days="30").status_code == 403
    assert "forged" not in {it["name"] for it in server.get("tokens")}


@pytest.mark.parametrize("token", ["", "0" * 48, "x", "é"])
def test_form_without_the_token_of_the_session_does_nothing(server: Server, person: Knows, token: str) -> None:
    someone = person("tokenless")
    before = len(server.get("tokens"))
    assert someone.send("/account/tokens", csrf=token, name="tokenless", scope="read", days="30").status_code == 403
    assert len(server.get("tokens")) == before


def test_token_of_somebody_elses_session_is_worth_nothing(server: Server, person: Knows) -> None:
    mine, theirs = person("mine"), person("theirs")
    assert theirs.send("/signout", csrf=token_for(mine.session)).status_code == 403
    assert theirs.get("/account").status_code == 200


def test_token_of_before_the_sign_in_is_worth_nothing_after_it(server: Server, person: Knows) -> None:
    person("before")
    someone = Person(server.url)
    someone.get("/signin")
    stale = someone.csrf
    assert someone.sign_in(email_of("before")).status_code == 303
    assert someone.send("/signout", csrf=stale).status_code == 403


def test_nobody_is_signed_in_by_another_sites_form(server: Server, person: Knows) -> None:
    """Otherwise a victim would work in the attacker's account."""
    person("attacker")
    victim = Person(server.url)
    victim.get("/signin")
    answer = victim.send("/signin", headers=EVIL, email=email_of("attacker"), password="a lantern over the harbour")
    assert answer.status_code == 403
    assert not victim.session


def test_token_counts_in_the_header_of_our_own_scripts(server: Server, person: Knows) -> None:
    someone = person("script")
    headers = {"X-CSRF-Token": token_for(someone.session), "Sec-Fetch-Site": "same-origin"}
    assert someone.send("/account/sessions/end-others", csrf="", headers=headers).status_code == 200


def test_no_action_answers_to_get(server: Server, person: Knows) -> None:
    someone = person("getter")
    before = server.get("audit", limit=1)
    for path in (
        "/signout",
        "/account/tokens",
        "/account/password",
        "/admin/accounts/1/disable",
        "/account/tokens/revoke",
    ):
        assert someone.get(f"{path}?csrf={token_for(someone.session)}&name=x").status_code == 405
    assert server.get("audit", limit=1) == before


def test_page_can_be_framed_by_nobody_and_runs_nothing_of_others(server: Server, person: Knows) -> None:
    for response in (
        person("framed").get("/account"),
        Person(server.url).get("/signin"),
        server.http.get("/api/v1/sop"),
    ):
        policy = response.headers["content-security-policy"]
        for part in (
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ):
            assert part in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] in ("same-origin", "no-referrer")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", '"><b>'])
def test_names_of_people_are_text(server: Server, person: Knows, text: str) -> None:
    made = server.http.post("/api/v1/accounts", json={"email": f"x{abs(hash(text))}@tests.example", "name": text})
    assert made.status_code == 201
    page = person("reader").get("/admin/accounts").text
    assert str(escape(text)) in page
    assert "<" not in text or text not in page

"""Does single sign-on let in whom the provider vouches for, and nobody else, however the way there and back is bent?"""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.system.server import Server
from tests.web.abuse.identity import Identity, comes_back, identity, way_there
from tests.web.people import Person, account


@pytest.fixture(scope="module")
def provider() -> Iterator[Identity]:
    with identity() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(provider: Identity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("sso")
    provider.settings(directory)
    with Server(directory, OIDC_CLIENT_SECRET="a secret") as server:
        yield server


def account_of(server: Server, email: str) -> dict[str, object] | None:
    return next((it for it in server.get("accounts") if it["email"] == email), None)


def test_member_of_a_group_gets_an_account_in_its_role_and_goes_on(server: Server, provider: Identity) -> None:
    provider.knows("alice-1", email="alice@example.com", email_verified=True, name="Alice A.", groups=["sre"])
    alice = Person(server.url)
    assert "Sign in with Example ID" in alice.get("/signin").text
    back = provider.vouch(way_there(alice, "/incidents?state=ended"), "alice-1")
    answer = comes_back(alice, back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents?state=ended")
    assert alice.get("/account").status_code == 200
    made = account_of(server, "alice@example.com")
    assert made is not None
    assert (made["role"], made["person"], made["has_single_sign_on"]) == ("responder", "alice", True)


def test_request_has_state_nonce_and_a_challenge(server: Server) -> None:
    asked = [parse_qs(urlsplit(way_there(Person(server.url))).query) for _ in range(2)]
    for query in asked:
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
        assert query["redirect_uri"] == [f"{server.url}/signin/oidc/return"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 32


def test_role_follows_the_groups_at_the_next_sign_in_and_the_old_session_ends(
    server: Server, provider: Identity
) -> None:
    provider.knows("moved", email="moved@example.com", email_verified=True, groups=["leads"])
    before = Person(server.url)
    comes_back(before, provider.vouch(way_there(before), "moved"))
    assert before.get("/admin/accounts").status_code == 200
    account(server.url, server.token, "another-admin")  # so that it isn't the last one
    provider.knows("moved", email="moved@example.com", email_verified=True, groups=[])
    after = Person(server.url)
    comes_back(after, provider.vouch(way_there(after), "moved"))
    assert after.get("/admin/accounts").status_code == 403
    assert before.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        pytest.param("outsider", {"email": "o@evil.example", "email_verified": True}, id="another domain"),
        pytest.param("unverified", {"email": "u@example.com", "email_verified": False}, id="an address not verified"),
        pytest.param("wordy", {"email": "w@example.com", "email_verified": "true"}, id="verified by a word"),
        pytest.param("nobody", {}, id="nothing said"),
    ],
)
def test_whoever_is_in_no_group_and_no_domain_gets_nothing(
    server: Server, provider: Identity, subject: str, claims: dict[str, object]
) -> None:
    provider.knows(subject, **claims)
    before = server.get("accounts")
    someone = Person(server.url)
    answer = comes_back(someone, provider.vouch(way_there(someone), subject))
    assert answer.status_code == 401
    assert "ask an admin" in answer.text
    assert not someone.session
    assert server.get("accounts") == before


def test_account_is_taken_over_by_a_verified_address_only(server: Server, provider: Identity) -> None:
    id_ = server.post("accounts", email="linked@example.com", role="viewer")["account"]["id"]
    provider.knows("mallory", email="linked@example.com", email_verified=False, groups=["sre"])
    mallory = Person(server.url)
    comes_back(mallory, provider.vouch(way_there(mallory), "mallory"))
    assert account_of(server, "linked@example.com")["has_single_sign_on"] is False  # type: ignore[index]
    provider.knows("linda", email="linked@example.com", email_verified=True)
    linda = Person(server.url)
    assert comes_back(linda, provider.vouch(way_there(linda), "linda")).status_code == 303
    assert account_of(server, "linked@example.com") == {
        **account_of(server, "linked@example.com"),  # type: ignore[dict-item]
        "id": id_,
        "has_single_sign_on": True,
    }


def test_second_identity_never_gets_an_account_that_has_one(server: Server, provider: Identity) -> None:
    for subject in ("first", "second"):
        provider.knows(subject, email="shared@example.com", email_verified=True)
    first, second = Person(server.url), Person(server.url)
    assert comes_back(first, provider.vouch(way_there(first), "first")).status_code == 303
    assert comes_back(second, provider.vouch(way_there(second), "second")).status_code == 401


def test_disabled_account_stays_out(server: Server, provider: Identity) -> None:
    provider.knows("fired", email="fired@example.com", email_verified=True)
    someone = Person(server.url)
    comes_back(someone, provider.vouch(way_there(someone), "fired"))
    server.post(f"accounts/{account_of(server, 'fired@example.com')['id']}/disable")  # type: ignore[index]
    again = Person(server.url)
    assert comes_back(again, provider.vouch(way_there(again), "fired")).status_code == 401
    assert again.get("/account").status_code == 303


def bent(server: Server, provider: Identity, subject: str) -> tuple[Person, str]:
    """Somebody on the way back, and the address that the provider sends them to."""
    provider.knows(subject, email=f"{subject}@example.com", email_verified=True)
    someone = Person(server.url)
    return someone, provider.vouch(way_there(someone), subject)


def test_answer_to_another_browser_is_refused(server: Server, provider: Identity) -> None:
    """Otherwise a victim would be signed in as the attacker."""
    _, back = bent(server, provider, "login-csrf")
    victim = Person(server.url)
    assert comes_back(victim, back).status_code == 401
    way_there(victim)  # one of the victim's own is on its way
    assert comes_back(victim, back).status_code == 401
    assert not victim.session


@pytest.mark.parametrize(
    ("what", "to"),
    [("state", "x"), ("state", ""), ("code", "x"), ("code", ""), ("iss", "https://evil.example")],
)
def test_answer_that_was_changed_on_the_way_is_refused(server: Server, provider: Identity, what: str, to: str) -> None:
    someone, back = bent(server, provider, f"changed-{what}{len(to)}")
    parts = urlsplit(back)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {what: to}
    answer = someone.http.get(parts.path, params=query)
    assert answer.status_code == 401
    assert not someone.session


def test_code_works_once(server: Server, provider: Identity) -> None:
    someone, back = bent(server, provider, "replayed")
    assert comes_back(someone, back).status_code == 303
    someone.http.cookies.delete("tocsin")
    assert comes_back(someone, back).status_code == 401


def test_provider_that_says_no_is_told_in_plain_words(server: Server) -> None:
    someone = Person(server.url)
    state = parse_qs(urlsplit(way_there(someone)).query)["state"][0]
    answer = someone.get(f"/signin/oidc/return?error=access_denied&error_description=<b>x&state={state}")
    assert answer.status_code == 401
    assert "has not let you in" in answer.text
    assert "<b>x" not in answer.text


def test_way_on_never_leads_elsewhere(server: Server, provider: Identity) -> None:
    provider.knows("led", email="led@example.com", email_verified=True)
    someone = Person(server.url)
    back = provider.vouch(way_there(someone, "//evil.example"), "led")
    assert comes_back(someone, back).headers["location"] == "/"


def test_password_lets_the_admin_in_while_the_provider_is_down(tmp_path: object, fresh: Server) -> None:
    account(fresh.url, fresh.token, "break-glass")
    Identity("http://127.0.0.1:9").settings(fresh.directory)
    fresh.environ["OIDC_CLIENT_SECRET"] = "a secret"
    fresh.end()
    fresh.start()
    someone = Person(fresh.url)
    answer = someone.http.get("/signin/oidc")
    assert answer.status_code == 503
    assert "127.0.0.1: the connection was refused" in answer.text
    assert someone.sign_in("break-glass@tests.example").status_code == 303

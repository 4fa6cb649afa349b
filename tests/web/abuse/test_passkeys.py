"""What if an answer of an authenticator is stolen, bent or made up? It lets nobody in, and the audit log says why."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from markupsafe import escape

from tests.fakes.authenticator import MAY_BE_SYNCED, PRESENT, SYNCED, VERIFIED, Authenticator, Options, text_of
from tests.system.server import Server
from tests.web.abuse.conftest import change
from tests.web.people import PASSWORD, Person, account, email_of, signed_in
from tests.web.world import named_server
from tocsin.accounts.forgery import token_for

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
JSON = {"Accept": "application/json"}
Bend = Callable[[Authenticator], object]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with named_server(tmp_path_factory.mktemp("passkeys")) as server:
        account(server.url, server.token, "keeper")
        yield server


def known(server: Server, name: str, *, role: str = "responder") -> Person:
    return signed_in(server.url, server.token, name, role=role)


def to_add(person: Person, **fields: str) -> httpx2.Response:
    """What the server would have the browser asked for."""
    person.get("/account")
    return person.send("/account/passkeys/options", headers=JSON, **fields)


def sent(person: Person, credential: str, label: str = "Laptop", **more: Any) -> httpx2.Response:
    return person.send("/account/passkeys", credential=credential, label=label, **more)


def with_passkey(server: Server, name: str, bend: Bend = lambda it: None) -> tuple[Person, Authenticator]:
    """Somebody with an account and a passkey."""
    person, device = known(server, name), Authenticator(server.url)
    bend(device)
    added = sent(person, device.create(to_add(person).json()))
    assert (added.status_code, "Laptop signs you in from now on." in added.text) == (200, True), added.text
    return person, device


def asked(visitor: Person) -> Options:
    """What a stranger's browser is asked for on the sign-in page."""
    visitor.get("/signin")
    options: Options = visitor.http.get("/signin/passkey").json()
    return options


def tried(visitor: Person, credential: str, onward: str = "/", **more: Any) -> httpx2.Response:
    return visitor.send("/signin/passkey", credential=credential, next=onward, **more)


def stranger(server: Server, address: str = "127.0.0.1") -> Person:
    return Person(server.url, address=address)


def last_failure(server: Server) -> dict[str, Any]:
    return next(it for it in server.get("audit", limit=20) if it["action"] == "sign_in.failed")


# Signing in


def test_passkey_signs_its_owner_in_as_a_password_does(named: Server) -> None:
    _, device = with_passkey(named, "happy")
    visitor = stranger(named)
    answer = tried(visitor, device.get(asked(visitor)), "/incidents?state=ended")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents?state=ended")
    (kept,) = [it for it in answer.headers.get_list("set-cookie") if it.startswith("tocsin=")]
    assert {"httponly", "samesite=lax", "path=/"} <= {it.strip().lower() for it in kept.split(";")}
    page = visitor.get("/account").text
    assert "by passkey" in page
    assert "last used" in page
    entry = next(it for it in named.get("audit", limit=20) if it["action"] == "sign_in")
    assert (entry["target"], entry["detail"]["how"], entry["detail"]["passkey"]) == (
        email_of("happy"),
        "passkey",
        "Laptop",
    )


def test_signing_in_by_passkey_ends_the_browsers_old_session(named: Server) -> None:
    person, device = with_passkey(named, "rotates")
    before = person.session
    person.http.cookies.delete("tocsin")
    options = asked(person)
    person.http.cookies.set("tocsin", before)
    assert tried(person, device.get(options)).status_code == 303
    thief = stranger(named)
    thief.http.cookies.set("tocsin", before)
    assert thief.get("/account").status_code == 303


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_way_on_never_leaves_the_server(named: Server, onward: str) -> None:
    _, device = with_passkey(named, f"onward{abs(hash(onward))}")
    visitor = stranger(named)
    assert tried(visitor, device.get(asked(visitor)), onward).headers["location"] == "/"


def test_answer_is_good_once_even_for_its_own_browser(named: Server) -> None:
    _, device = with_passkey(named, "replayed")
    visitor = stranger(named)
    options = asked(visitor)
    cookies = dict(visitor.http.cookies)
    credential = device.get(options)
    assert tried(visitor, credential).status_code == 303
    again = stranger(named)
    for name, value in cookies.items():
        again.http.cookies.set(name, value)
    again.get("/signin")
    answer = tried(again, credential)
    assert (answer.status_code, again.session) == (401, "")
    assert "was used already" in answer.text
    assert (last_failure(named)["detail"]["why"], last_failure(named)["target"]) == ("replayed", email_of("replayed"))


def test_answer_stolen_on_its_way_is_worth_nothing_in_another_browser(named: Server) -> None:
    _, device = with_passkey(named, "stolen")
    visitor, thief = stranger(named), stranger(named)
    credential = device.get(asked(visitor))
    thief.get("/signin")
    answer = tried(thief, credential)
    assert (answer.status_code, thief.session) == (401, "")
    assert "not begun in this browser" in answer.text


@pytest.mark.parametrize("challenge", ["", "x", "AAAA", text_of(b"\0" * 56), text_of(b"\xff" * 4_000)])
def test_challenge_that_we_never_gave_is_worth_nothing_and_costs_nothing(named: Server, challenge: str) -> None:
    _, device = with_passkey(named, f"foreign{abs(hash(challenge))}")
    visitor = stranger(named)
    options = asked(visitor)
    before = named.get("audit", limit=1)
    answer = tried(visitor, device.get({**options, "challenge": challenge}))
    assert answer.status_code in (401, 422), answer.text
    assert not visitor.session
    assert named.get("audit", limit=1) == before


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda it: setattr(it, "origin", "https://evil.example"), id="another origin"),
        pytest.param(lambda it: setattr(it, "origin", "http://localhost"), id="another port"),
        pytest.param(lambda it: setattr(it, "rp_id", "evil.example"), id="another RP ID"),
        pytest.param(lambda it: setattr(it, "flags", PRESENT), id="not verified who it is"),
        pytest.param(lambda it: setattr(it, "flags", VERIFIED), id="nobody there"),
        pytest.param(lambda it: setattr(it, "flags", 0), id="no flags"),
        pytest.param(lambda it: setattr(it, "client", {"type": "webauthn.create"}), id="an answer to something else"),
        pytest.param(lambda it: setattr(it, "client", {"crossOrigin": True}), id="in another's frame"),
        pytest.param(lambda it: setattr(it, "key", Authenticator("").key), id="another key"),
    ],
)
def test_bent_answer_lets_nobody_in(named: Server, bend: Bend, request: pytest.FixtureRequest) -> None:
    name = f"bent{abs(hash(request.node.nodeid))}"
    _, device = with_passkey(named, name)
    bend(device)
    visitor = stranger(named, "203.0.113.20")
    answer = tried(visitor, device.get(asked(visitor)))
    assert (answer.status_code, visitor.session) == (401, ""), answer.text
    assert "could not be verified: begin again" in answer.text
    failure = last_failure(named)
    assert (failure["target"], failure["detail"]["why"]) == (email_of(name), "untrue")


def test_passkey_says_whose_it_is_and_must_be_right(named: Server) -> None:
    _, mine = with_passkey(named, "mine")
    _, theirs = with_passkey(named, "theirs")
    mine.handle = theirs.handle
    visitor = stranger(named)
    assert tried(visitor, mine.get(asked(visitor))).status_code == 401
    assert last_failure(named)["detail"]["why"] == "another account's"
    theirs.key = mine.key  # theirs by id, signed by mine
    visitor = stranger(named)
    assert tried(visitor, theirs.get(asked(visitor))).status_code == 401


def test_passkey_that_nobody_has_added_opens_nothing(named: Server) -> None:
    visitor, device = stranger(named), Authenticator(named.url)
    answer = tried(visitor, device.get(asked(visitor)))
    assert answer.status_code == 401
    assert "This passkey opens nothing here" in answer.text
    assert last_failure(named)["detail"]["why"] == "unknown"


def test_counter_that_goes_back_refuses_and_is_told(named: Server) -> None:
    def counts(it: Authenticator) -> None:
        it.counter = 7

    _, device = with_passkey(named, "counter", counts)
    for counter, status in ((8, 303), (8, 401), (3, 401), (0, 401), (9, 303)):
        device.counter = counter
        visitor = stranger(named)
        answer = tried(visitor, device.get(asked(visitor)))
        assert answer.status_code == status, counter
    assert last_failure(named)["detail"]["why"] == "counter went from 8 to 0"
    forger = Authenticator(named.url)  # knows the id, and not the key: it can't raise that alarm
    forger.id, forger.handle = device.id, device.handle
    visitor = stranger(named)
    tried(visitor, forger.get(asked(visitor)))
    assert last_failure(named)["detail"]["why"] == "untrue"


def test_whoever_is_disabled_stays_out(named: Server) -> None:
    _, device = with_passkey(named, "disabled")
    id_ = next(it["id"] for it in named.get("accounts") if it["email"] == email_of("disabled"))
    named.post(f"accounts/{id_}/disable")
    visitor = stranger(named)
    assert tried(visitor, device.get(asked(visitor))).status_code == 401
    assert last_failure(named)["detail"]["why"] == "disabled"


def test_whoever_tries_too_often_waits(named: Server) -> None:
    _, device = with_passkey(named, "slowed")
    device.key = Authenticator("").key
    statuses = []
    for _ in range(24):
        visitor = stranger(named, "203.0.113.21")
        statuses.append(tried(visitor, device.get(asked(visitor))).status_code)
    assert statuses[:20] == [401] * 20
    assert 429 in statuses[20:]
    assert stranger(named, "203.0.113.22").sign_in(email_of("slowed")).status_code == 303  # its owner isn't slowed


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "null",
        "[]",
        "{}",
        "{",
        "\x00",
        '{"id": 1}',
        '{"id": "x", "type": "public-key", "response": {}}',
        '{"id": "x", "type": "public-key", "response": {"clientDataJSON": "é"}}',
        '{"id": "x", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
        '{"id": "", "type": "public-key", "response": {"clientDataJSON": "eyJjaGFsbGVuZ2UiOiIifQ"}}',
        "[" * 2_000,
    ],
)
def test_what_is_no_answer_is_told_so(named: Server, credential: str) -> None:
    visitor, person = stranger(named), known(named, "garbage")
    visitor.get("/signin")
    person.get("/account")
    for answer in (tried(visitor, credential), sent(person, credential)):
        assert answer.status_code == 422, answer.text
        assert "Credential: " in answer.text


def test_answer_that_is_too_large_is_refused_before_it_is_read(named: Server) -> None:
    visitor, person = stranger(named), known(named, "large")
    visitor.get("/signin")
    person.get("/account")
    assert tried(visitor, "x" * 9_000).status_code == 413
    answer = sent(person, "x" * 20_000)
    assert (answer.status_code, "at most 16384 characters long" in answer.text) == (422, True)


def test_every_part_of_an_answer_may_be_garbage(named: Server) -> None:
    _, device = with_passkey(named, "parts")
    for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        values: tuple[Any, ...] = ("", "AAAA", text_of(b"\xff" * 500), "!", None, 7, {})
        for value in values:
            visitor = stranger(named, f"203.0.113.{100 + len(name)}")
            told = json.loads(device.get(asked(visitor)))
            told["response"][name] = value
            answer = tried(visitor, json.dumps(told))
            assert answer.status_code in (401, 422, 429), (name, value)
            assert not visitor.session


def test_form_of_another_site_signs_nobody_in(named: Server) -> None:
    _, device = with_passkey(named, "attacker")
    victim = stranger(named)
    credential = device.get(asked(victim))
    assert tried(victim, credential, headers=EVIL).status_code == 403
    assert tried(victim, credential, csrf="").status_code == 403
    assert not victim.session


def test_name_comes_from_the_setting_never_from_the_request(named: Server) -> None:
    visitor = stranger(named)
    options = visitor.http.get("/signin/passkey", headers={"Host": "evil.example"})
    assert options.status_code == 200
    assert options.json()["rpId"] == "localhost"
    assert options.json()["allowCredentials"] == []
    assert options.headers["cache-control"] == "no-store"


# Adding


def test_adding_tells_where_the_passkey_lies(named: Server) -> None:
    def synced(it: Authenticator) -> None:
        it.flags |= MAY_BE_SYNCED | SYNCED

    person, _ = with_passkey(named, "synced", synced)
    assert "synced between your devices" in person.get("/account").text
    entry = next(it for it in named.get("audit", limit=20) if it["action"] == "passkey.add")
    assert (entry["target"], entry["detail"]["passkey"]) == (email_of("synced"), "Laptop")
    assert next(it["passkeys"] for it in named.get("accounts") if it["email"] == email_of("synced")) == 1


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda it: setattr(it, "origin", "https://evil.example"), id="another origin"),
        pytest.param(lambda it: setattr(it, "rp_id", "evil.example"), id="another RP ID"),
        pytest.param(lambda it: setattr(it, "flags", PRESENT), id="not verified who it is"),
        pytest.param(lambda it: setattr(it, "algorithm", 0), id="algorithm none"),
        pytest.param(lambda it: setattr(it, "algorithm", -65_535), id="SHA-1"),
        pytest.param(lambda it: setattr(it, "algorithm", -257), id="RSA with a key of a curve"),
        pytest.param(lambda it: setattr(it, "algorithm", "none"), id="an algorithm that is no number"),
        pytest.param(lambda it: setattr(it, "client", {"type": "webauthn.get"}), id="an answer to something else"),
        pytest.param(lambda it: setattr(it, "client", {"crossOrigin": True}), id="in another's frame"),
    ],
)
def test_bent_passkey_is_not_added(named: Server, bend: Bend) -> None:
    person, device = known(named, "bender"), Authenticator(named.url)
    bend(device)
    answer = sent(person, device.create(to_add(person).json()))
    assert (answer.status_code, "could not be verified" in answer.text) == (422, True)
    assert "Remove Laptop" not in person.get("/account").text


def test_challenge_for_adding_is_good_once_and_in_its_session_alone(named: Server) -> None:
    person, other = known(named, "adds"), known(named, "adds-not")
    options = to_add(person).json()
    other.get("/account")
    assert sent(other, Authenticator(named.url).create(options)).status_code == 422
    assert sent(person, Authenticator(named.url).create(options)).status_code == 200
    assert "was used already" in sent(person, Authenticator(named.url).create(options)).text


def test_challenge_for_signing_in_adds_nothing(named: Server) -> None:
    person, device = known(named, "mixes"), Authenticator(named.url)
    options = to_add(person).json()
    mixed = {**options, "challenge": asked(stranger(named))["challenge"]}
    person.get("/account")
    assert sent(person, device.create(mixed)).status_code == 422
    visitor = stranger(named)
    asked_for = asked(visitor)
    assert tried(visitor, device.get({**asked_for, "challenge": options["challenge"]})).status_code == 401


def test_whoever_signed_in_a_while_ago_says_the_password_once_more(named: Server) -> None:
    person = known(named, "a-while-ago")
    eleven_minutes = 11 * 60 * 1_000_000
    sql = "UPDATE sessions SET began_at = began_at - ? WHERE account = (SELECT id FROM accounts WHERE email = ?)"
    change(named, sql, eleven_minutes, email_of("a-while-ago"))
    assert "Your password, to be sure that it is you" in person.get("/account").text
    assert to_add(person).status_code == 401
    assert to_add(person, present="not the password").status_code == 401
    options = to_add(person, present=PASSWORD)
    assert options.status_code == 200
    assert sent(person, Authenticator(named.url).create(options.json())).status_code == 200


@pytest.mark.parametrize("path", ["/account/passkeys", "/account/passkeys/options", "/account/passkeys/remove"])
def test_form_of_another_site_adds_and_removes_nothing(named: Server, path: str) -> None:
    person, device = with_passkey(named, "forged" + path.replace("/", ""))
    fields = {"credential": device.create(to_add(person).json()), "passkey": text_of(device.id)}
    for more in ({"headers": EVIL}, {"csrf": ""}, {"csrf": token_for("another")}):
        assert person.send(path, **fields, **more).status_code == 403  # type: ignore[arg-type]
    assert person.get("/account").text.count('aria-label="Remove ') == 1


def test_passkey_of_somebody_else_is_not_taken_over(named: Server) -> None:
    """Whoever registers another's id would otherwise have them sign in to a stranger's account."""
    _, device = with_passkey(named, "first")
    person, copy = known(named, "second"), Authenticator(named.url)
    copy.id = device.id
    answer = sent(person, copy.create(to_add(person).json()))
    assert (answer.status_code, "it is there already" in answer.text) == (422, True)
    visitor = stranger(named)
    tried(visitor, device.get(asked(visitor)))
    assert email_of("first") in visitor.get("/account").text


def test_account_has_twenty_at_most(named: Server) -> None:
    person = known(named, "collector")
    for number in range(19):
        options = to_add(person).json()
        assert sent(person, Authenticator(named.url).create(options), f"Key {number}").status_code == 200
    last, one_too_many = to_add(person).json(), to_add(person).json()
    assert len(last["excludeCredentials"]) == 19
    assert sent(person, Authenticator(named.url).create(last)).status_code == 200
    assert sent(person, Authenticator(named.url).create(one_too_many)).status_code == 422
    refused = to_add(person)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_passkeys")
    assert "the most that an account may have" in person.get("/account").text


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_names_of_passkeys_are_text(named: Server, label: str) -> None:
    person = known(named, "named")
    sent(person, Authenticator(named.url).create(to_add(person).json()), label)
    assert f"<strong>{escape(label)}</strong>" in person.get("/account").text


# Removing


def test_nobody_renames_or_removes_what_is_somebody_elses(named: Server) -> None:
    _, device = with_passkey(named, "owner")
    other = known(named, "other", role="admin")
    for path in ("/account/passkeys/remove", "/account/passkeys/rename"):
        other.get("/account")
        assert other.send(path, passkey=text_of(device.id), label="taken").status_code == 404
    visitor = stranger(named)
    assert tried(visitor, device.get(asked(visitor))).status_code == 303
    assert "taken" not in visitor.get("/account").text


def test_sessions_that_a_removed_passkey_began_are_over_and_others_go_on(named: Server) -> None:
    person, device = with_passkey(named, "lost-phone")
    thief = stranger(named)
    assert tried(thief, device.get(asked(thief))).status_code == 303
    assert thief.get("/account").status_code == 200
    person.get("/account")
    assert person.send("/account/passkeys/remove", passkey=text_of(device.id)).status_code == 200
    assert (thief.get("/account").status_code, person.get("/account").status_code) == (303, 200)
    visitor = stranger(named)
    assert tried(visitor, device.get(asked(visitor))).status_code == 401


def test_admin_removes_somebodys_passkeys_and_nobody_else_does(named: Server) -> None:
    person, device = with_passkey(named, "removed-from")
    id_ = next(it["id"] for it in named.get("accounts") if it["email"] == email_of("removed-from"))
    path = f"/admin/accounts/{id_}/remove-passkeys"
    for role in ("viewer", "responder"):
        nobody = known(named, f"no-admin-{role}", role=role)
        nobody.get("/account")
        assert nobody.send(path).status_code == 403
    admin = known(named, "an-admin", role="admin")
    page = admin.get("/admin/accounts").text
    assert f"Remove the passkeys of {email_of('removed-from')}" in page
    assert "its passkeys let nobody in any more" in admin.send(path).text
    entry = next(it for it in named.get("audit", limit=20) if it["action"] == "passkey.remove")
    assert (entry["actor"], entry["target"]) == ("An-Admin", email_of("removed-from"))
    visitor = stranger(named)
    assert tried(visitor, device.get(asked(visitor))).status_code == 401
    assert person.get("/account").status_code == 200  # by password


# Where there are none


def test_on_an_address_passkeys_are_not_offered_and_the_page_says_why(server: Server) -> None:
    person = signed_in(server.url, server.token, "by-address")
    page = person.get("/account").text
    assert "Not offered here: passkeys belong to a name" in page
    assert "set TOCSIN_PUBLIC_URL to a name" in page
    assert "passkeys.js" not in page
    sign_in = Person(server.url).get("/signin").text
    assert "passkeys.js" not in sign_in
    assert "passkey" not in sign_in
    assert Person(server.url).http.get("/signin/passkey", headers=JSON).status_code == 404

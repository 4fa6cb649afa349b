"""What if somebody guesses passwords, plants a session, or bends the way back? They get nowhere, and learn nothing."""

import os
import re
from pathlib import Path

import httpx2
import pytest

from tests.system.server import Server
from tests.web.abuse.conftest import Knows, change
from tests.web.people import PASSWORD, Person, account, email_of, signed_in


def words(response: httpx2.Response) -> str:
    """What a page says, without what differs by itself: tokens, times, and what was typed."""
    return re.sub(r'value="[^"]*"|content="[^"]*"|autofocus', "", response.text)


def work_of(server: Server) -> float:
    """Processor seconds that the server has used, as proc(5) counts them: the same however busy the machine is."""
    state = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(state[11]) + int(state[12])) / os.sysconf("SC_CLK_TCK")


def test_wrong_password_and_unknown_address_get_the_same_answer(server: Server, person: Knows) -> None:
    person("known")
    stranger = Person(server.url)
    wrong = stranger.sign_in(email_of("known"), "not the password")
    unknown = stranger.sign_in(email_of("unknown"), "not the password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert words(wrong) == words(unknown)
    assert "The e-mail address or the password is wrong." in wrong.text


def test_unknown_address_takes_as_long_as_a_wrong_password(server: Server) -> None:
    account(server.url, server.token, "timed")
    stranger = Person(server.url, address="203.0.113.1")
    took = {"timed": 0.0, "unheard-of": 0.0}
    stranger.sign_in(email_of("warm-up"), "x")
    for round_ in range(4):
        for name in took:
            stranger.get("/signin")
            before = work_of(server)
            stranger.send("/signin", email=email_of(name if name == "timed" else f"{name}{round_}"), password="x")
            took[name] += work_of(server) - before
    assert took["unheard-of"] > took["timed"] / 3, took  # without the hash it would be a twentieth


def test_guesses_are_slowed_even_for_the_right_password(server: Server) -> None:
    account(server.url, server.token, "victim")
    guesser = Person(server.url, address="203.0.113.2")
    statuses = [guesser.sign_in(email_of("victim"), f"guess {number}").status_code for number in range(5)]
    assert statuses == [401] * 5
    change(server, "UPDATE attempts SET failures = failures + 6 WHERE subject = ?", f"account:{email_of('victim')}")
    slowed = guesser.sign_in(email_of("victim"), "one guess too many")
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 60
    assert "too many attempts" in slowed.text.lower()
    assert guesser.sign_in(email_of("victim"), PASSWORD).status_code == 429


def test_guesses_at_one_account_keep_nobody_else_out(server: Server) -> None:
    account(server.url, server.token, "guessed-at")
    account(server.url, server.token, "bystander")
    for number in range(7):
        Person(server.url, address="203.0.113.3").sign_in(email_of("guessed-at"), f"guess {number}")
    assert Person(server.url, address="203.0.113.3").sign_in(email_of("bystander")).status_code == 303


def test_session_that_was_planted_is_not_taken_over(server: Server, person: Knows) -> None:
    person("planted")
    victim = Person(server.url)
    victim.http.cookies.set("tocsin", "chosen-by-somebody-else", domain="127.0.0.1")
    assert victim.sign_in(email_of("planted")).status_code == 303
    assert victim.session != "chosen-by-somebody-else"
    thief = Person(server.url)
    thief.http.cookies.set("tocsin", "chosen-by-somebody-else")
    assert thief.get("/").status_code == 303


def test_session_is_new_at_every_sign_in_and_the_old_one_ends(server: Server, person: Knows) -> None:
    someone = person("rotates")
    before = someone.session
    someone.http.cookies.delete("tocsin")
    someone.get("/signin")
    someone.http.cookies.set("tocsin", before)
    assert someone.send("/signin", email=email_of("rotates"), password=PASSWORD).status_code == 303
    thief = Person(server.url)
    thief.http.cookies.set("tocsin", before)
    assert thief.get("/").status_code == 303


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "%0d%0aSet-Cookie:x=y",
    ],
)
def test_way_on_after_signing_in_never_leads_elsewhere(server: Server, person: Knows, onward: str) -> None:
    person("led")
    response = Person(server.url).sign_in(email_of("led"), onward=onward)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    page = Person(server.url).http.get("/signin", params={"next": onward})
    assert 'name="next" value="/"' in page.text


def test_way_on_is_text_and_no_markup(server: Server) -> None:
    page = Person(server.url).http.get("/signin", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


def test_link_that_works_once_works_once_and_opening_it_changes_nothing(server: Server) -> None:
    made = server.post("accounts", email="once@tests.example", name="Once", role="viewer")
    path = "/" + made["link"].partition("://")[2].partition("/")[2]
    visitor = Person(server.url)
    assert [visitor.get(path).status_code for _ in range(3)] == [200, 200, 200]
    assert visitor.send(path, password=PASSWORD, again=PASSWORD).status_code == 303
    visitor.get(path)
    again = visitor.send(path, password="another password of mine", again="another password of mine")
    assert again.status_code == 401
    assert Person(server.url).sign_in("once@tests.example").status_code == 303


def test_new_link_ends_the_older_one(server: Server) -> None:
    made = server.post("accounts", email="twice@tests.example", role="viewer")
    server.post(f"accounts/{made['account']['id']}/reset-link")
    path = "/" + made["link"].partition("://")[2].partition("/")[2]
    visitor = Person(server.url)
    visitor.get(path)
    assert visitor.send(path, password=PASSWORD, again=PASSWORD).status_code == 401


@pytest.mark.parametrize("secret", ["", "x", "tocsin_link_" + "A" * 43, "%00", "..%2f..%2fetc"])
def test_link_that_was_never_made_makes_nobody_an_admin(server: Server, secret: str) -> None:
    visitor = Person(server.url)
    visitor.get("/signin")
    answer = visitor.send(f"/welcome/{secret}", email="evil@evil.example", password=PASSWORD, again=PASSWORD)
    assert answer.status_code in (401, 404)
    assert "evil@evil.example" not in {it["email"] for it in server.get("accounts")}


def test_welcome_works_for_the_first_account_alone(fresh: Server) -> None:
    welcome = re.search(r"(/welcome/\S+)", fresh.log.read_text())
    assert welcome
    first = Person(fresh.url)
    first.get(welcome[1])
    assert first.send(welcome[1], email="bob@example.com", password=PASSWORD, again=PASSWORD).status_code == 303
    assert first.get("/admin/accounts").status_code == 200
    second = Person(fresh.url)
    second.get(welcome[1])
    assert second.send(welcome[1], email="eve@evil.example", password=PASSWORD, again=PASSWORD).status_code == 401
    assert [it["email"] for it in fresh.get("accounts")] == ["bob@example.com"]


@pytest.mark.parametrize("password", ["short", "password123456", "x" * 300])
def test_weak_password_is_refused_and_not_repeated(server: Server, password: str) -> None:
    made = server.post("accounts", email=f"weak{len(password)}@tests.example", role="viewer")
    path = "/" + made["link"].partition("://")[2].partition("/")[2]
    visitor = Person(server.url)
    visitor.get(path)
    answer = visitor.send(path, password=password, again=password)
    assert answer.status_code == 422
    assert password not in answer.text


def test_plain_http_to_another_machine_takes_no_password(server: Server, person: Knows) -> None:
    person("remote")
    visitor = Person(server.url)
    visitor.get("/signin")
    elsewhere = {"Host": "tocsin.example", "Cookie": f"tocsin-visitor={visitor.http.cookies['tocsin-visitor']}"}
    answer = visitor.send("/signin", headers=elsewhere, email=email_of("remote"), password=PASSWORD)
    assert answer.status_code == 403
    assert "takes https" in answer.text
    assert not visitor.session


@pytest.mark.parametrize("path", ["/signin", "/welcome/x", "/password/x"])
def test_stranger_sends_a_few_kilobytes_and_no_more(server: Server, path: str) -> None:
    visitor = Person(server.url)
    visitor.get("/signin")
    answer = visitor.send(path, email="e@tests.example", password="x" * 9_000)
    assert answer.status_code == 413
    assert "body: must be at most 8192 bytes" in answer.text


def test_secrets_are_in_no_log_and_in_no_database(server: Server) -> None:
    someone = signed_in(server.url, server.token, "logged")
    files = [
        it.read_bytes()
        for it in server.directory.iterdir()
        if it.name.startswith("tocsin.db") and "token" not in it.name
    ]
    for text in (*files, server.log.read_bytes()):
        assert someone.session.encode() not in text
        assert PASSWORD.encode() not in text

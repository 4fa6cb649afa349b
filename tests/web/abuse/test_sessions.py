"""What if a session is stolen, forged, or outlives what it stood for? It ends, everywhere and at once."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

import httpx2
import pytest

from tests.system.server import Server
from tests.web.abuse.conftest import Knows
from tests.web.people import PASSWORD, Person, email_of, signed_in
from tocsin.accounts.credentials import hash_of

NEW = "quite another lantern"


def thief_with(session: str, server: Server) -> Person:
    """Somebody who has got hold of a session."""
    thief = Person(server.url)
    thief.http.cookies.set("tocsin", session)
    return thief


def is_in(person: Person) -> bool:
    return person.get("/account").status_code == 200


def id_of(server: Server, name: str) -> int:
    return next(int(it["id"]) for it in server.get("accounts") if it["email"] == email_of(name))


def token_in(page: httpx2.Response) -> str:
    """The token that a page shows once."""
    found = re.search(r'class="secret">([^<]+)<', page.text)
    assert found, page.text
    return found[1]


def test_cookie_is_seen_by_no_script_and_sent_to_no_other_site(server: Server, person: Knows) -> None:
    person("cookie")
    (kept,) = [
        it for it in Person(server.url).sign_in(email_of("cookie")).headers.get_list("set-cookie") if "tocsin=" in it
    ]
    attributes = {it.strip().lower() for it in kept.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= attributes
    assert not any(it.startswith("domain") for it in attributes)


def test_signing_out_ends_the_session_for_whoever_has_it(server: Server, person: Knows) -> None:
    someone = person("leaver")
    thief = thief_with(someone.session, server)
    assert is_in(thief)
    someone.get("/account")
    assert someone.send("/signout").status_code == 303
    assert not is_in(thief)


def test_all_other_sessions_end_with_a_new_password(server: Server, person: Knows) -> None:
    someone = person("changer")
    other = signed_in(server.url, server.token, "changer")
    someone.get("/account")
    assert someone.send("/account/password", present=PASSWORD, password=NEW, again=NEW).status_code == 200
    assert is_in(someone)
    assert not is_in(other)
    assert Person(server.url).sign_in(email_of("changer")).status_code == 401
    assert Person(server.url).sign_in(email_of("changer"), NEW).status_code == 303


def test_password_changes_only_for_who_knows_the_present_one(server: Server, person: Knows) -> None:
    someone = person("robbed")
    someone.get("/account")
    assert someone.send("/account/password", present="guess", password=NEW, again=NEW).status_code == 422
    assert someone.send("/account/password", password=NEW, again=NEW).status_code == 422
    assert Person(server.url).sign_in(email_of("robbed")).status_code == 303


@pytest.mark.parametrize("change", ["role", "disable", "reset"])
def test_sessions_end_when_an_admin_changes_the_account(server: Server, person: Knows, change: str) -> None:
    name = f"changed{change}"
    someone = person(name)
    assert is_in(someone)
    id_ = id_of(server, name)
    if change == "role":
        server.post(f"accounts/{id_}/role", role="viewer")
    elif change == "disable":
        server.post(f"accounts/{id_}/disable")
    else:
        link = server.post(f"accounts/{id_}/reset-link")["link"]
        path = "/" + link.partition("://")[2].partition("/")[2]
        visitor = Person(server.url)
        visitor.get(path)
        assert visitor.send(path, password=NEW, again=NEW).status_code == 303
    assert not is_in(someone)


@contextmanager
def live(person: Person, path: str) -> Iterator[Iterator[str]]:
    """The lines of an open stream, after its first beat; the next beat is 15 seconds away."""
    with person.http.stream("GET", path, headers={"Accept": "text/event-stream"}) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert "event: beat" in lines
        yield lines


def test_open_stream_ends_before_its_next_beat_with_the_right_to_it(server: Server, person: Knows) -> None:
    with live(person("streamer"), "/live") as lines:
        server.post(f"accounts/{id_of(server, 'streamer')}/disable")
        assert next(line for line in lines if line in ("event: ended", "event: beat")) == "event: ended"


def test_news_is_not_told_to_somebody_who_is_out(server: Server, person: Knows) -> None:
    incident = server.post("incidents", title="Something is slow")["id"]
    with live(person("busy-streamer"), f"/incidents/{incident}/live") as lines:
        server.post(f"accounts/{id_of(server, 'busy-streamer')}/disable")
        server.post(f"incidents/{incident}/notes", text="Told to nobody who is out")
        (note,) = server.events(incident, "note_added")
        told = list(takewhile(lambda line: line not in ("event: ended", "event: beat"), lines))
    news = [json.loads(line.removeprefix("data: ")) for line in told if line.startswith("data: ")]
    assert all(it.get("seq", 0) < note["seq"] for it in news)


def test_session_of_somebody_else_cannot_be_ended(server: Server, person: Knows) -> None:
    mine, theirs = person("meddler"), person("meddled")
    mine.get("/account")
    assert mine.send("/account/sessions/end", session=hash_of(theirs.session)).status_code == 404
    assert is_in(theirs)


def test_token_of_somebody_else_cannot_be_revoked(server: Server, person: Knows) -> None:
    mine, theirs = person("grabber"), person("grabbed")
    theirs.get("/account")
    assert theirs.send("/account/tokens", name="theirs", scope="read", days="30").status_code == 200
    mine.get("/account")
    assert mine.send("/account/tokens/revoke", name="theirs").status_code == 404
    assert "theirs" in {it["name"] for it in server.get("tokens")}


@pytest.mark.parametrize("cookie", ["", "x", "../../etc/passwd", "' OR 1=1 --", "A" * 4_000])
def test_forged_session_is_nobodys(server: Server, cookie: str) -> None:
    forger = Person(server.url)
    response = forger.http.get("/account", headers={"Cookie": f"tocsin={cookie}"})
    assert response.status_code == 303
    assert response.headers["location"].startswith("/signin")


def test_viewer_may_not_make_a_token_that_does_more_than_a_viewer(server: Server, person: Knows) -> None:
    viewer = person("viewer-token", role="viewer")
    viewer.get("/account")
    made = viewer.send("/account/tokens", name="viewers", scope="respond", days="30")
    assert made.status_code == 200
    token = token_in(made)
    api = {"Authorization": f"Bearer {token}"}
    assert viewer.http.get("/api/v1/incidents", headers=api).status_code == 200
    assert viewer.http.post("/api/v1/incidents", headers=api, json={"title": "x"}).status_code == 403
    assert viewer.send("/account/tokens", name="admins", scope="admin", days="30").status_code == 422


def test_tokens_of_an_account_that_is_disabled_open_nothing(server: Server, person: Knows) -> None:
    someone = person("tokened")
    someone.get("/account")
    made = someone.send("/account/tokens", name="of-the-disabled", scope="read", days="30")
    api = {"Authorization": f"Bearer {token_in(made)}"}
    assert someone.http.get("/api/v1/incidents", headers=api).status_code == 200
    server.post(f"accounts/{id_of(server, 'tokened')}/disable")
    assert someone.http.get("/api/v1/incidents", headers=api).status_code == 401


def test_last_admin_stays_one(fresh: Server) -> None:
    signed_in(fresh.url, fresh.token, "only")
    id_ = id_of(fresh, "only")
    for path, body in ((f"accounts/{id_}/disable", {}), (f"accounts/{id_}/role", {"role": "viewer"})):
        refused = fresh.http.post(f"/api/v1/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")

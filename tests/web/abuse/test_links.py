"""The link in a page is a right that needs no sign-in: what can be done with it by others than whom it is for?"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.server import Server
from tests.web.people import Person
from tests.web.world import link_of

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
PRIMARIES = {"alice": "Alice Adams", "bob": "Bob Brown"}  # in one week the one, in the next the other


def declared(server: Server, title: str = "Checkout is down") -> tuple[str, str]:
    """A new incident, and the path of the link in its page."""
    incident = str(server.post("incidents", title=title, severity="SEV2", reason="r", by="bob")["id"])
    return incident, link_of(server, incident)


def acknowledgements(server: Server, incident: str) -> list[tuple[str, str]]:
    return [(it["actor"], it["via"]) for it in server.events(incident, "acknowledged")]


def test_opening_it_never_acknowledges_however_it_is_opened(server: Server) -> None:
    incident, path = declared(server)
    scanner = Person(server.url)
    for _ in range(3):
        assert "Acknowledge" in scanner.get(path).text
    assert scanner.http.head(path).status_code == 200
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert scanner.http.request(method, path).status_code == 405
    assert acknowledgements(server, incident) == []


def test_button_acknowledges_once_and_then_tells_who(server: Server) -> None:
    incident, path = declared(server)
    someone = Person(server.url)
    someone.get(path)
    assert someone.send(path).status_code == 303
    ((who, through),) = acknowledgements(server, incident)
    assert (who in PRIMARIES, through) == (True, "link")
    page = someone.get(path).text
    assert f"Acknowledged</strong> by {PRIMARIES[who]}" in page
    assert 'class="big"' not in page
    assert someone.send(path, csrf=someone.csrf).status_code == 303
    assert acknowledgements(server, incident) == [(who, through)]


def test_many_at_once_give_one_acknowledgement(server: Server) -> None:
    incident, path = declared(server)
    people = [Person(server.url) for _ in range(8)]
    for someone in people:
        someone.get(path)
    with ThreadPoolExecutor(8) as pool:
        assert {it.status_code for it in pool.map(lambda someone: someone.send(path), people)} == {303}
    assert len(acknowledgements(server, incident)) == 1


def test_page_tells_nobody_where_it_was_and_is_kept_nowhere(server: Server) -> None:
    _, path = declared(server)
    headers = Person(server.url).get(path).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path[:-1], id="cut short"),
        pytest.param(lambda path: f"{path}x", id="grown"),
        pytest.param(lambda path: path.replace("-0.", "-1."), id="another page"),
        pytest.param(lambda path: path.rpartition(".")[0], id="without its signature"),
        pytest.param(lambda path: "/a/.", id="empty"),
        pytest.param(lambda path: "/a/%00%ff.%ff", id="bytes that are no text"),
        pytest.param(lambda path: f"/a/{'x' * 4_000}", id="long"),
    ],
)
def test_spoilt_link_finds_nothing(server: Server, spoil: object) -> None:
    incident, path = declared(server)
    assert callable(spoil)
    someone = Person(server.url)
    someone.get(path)
    assert someone.get(spoil(path)).status_code == 404
    assert someone.send(spoil(path)).status_code == 404
    assert acknowledgements(server, incident) == []


def test_another_site_can_not_press_the_button(server: Server) -> None:
    incident, path = declared(server)
    someone = Person(server.url)
    someone.get(path)
    assert someone.send(path, headers=EVIL).status_code == 403
    assert someone.send(path, csrf="x").status_code == 403
    assert acknowledgements(server, incident) == []


def test_link_is_no_sign_in(server: Server) -> None:
    incident, path = declared(server)
    someone = Person(server.url)
    someone.get(path)
    someone.send(path)
    assert someone.get(f"/incidents/{incident}").status_code == 303
    assert someone.http.get("/api/v1/incidents").status_code == 401


def test_title_is_text(server: Server) -> None:
    _, path = declared(server, "<script>alert(1)</script>")
    page = Person(server.url).get(path).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_secret_is_in_no_answer_and_in_no_log(server: Server) -> None:
    incident, path = declared(server)
    token = path.removeprefix("/a/")
    Person(server.url).get(path)
    told = [server.http.get(f"/api/v1/incidents/{incident}{part}").text for part in ("", "/timeline")]
    assert not any(token in text for text in (*told, server.log.read_text()))

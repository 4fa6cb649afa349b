"""What can be done from outside by the doors that speak other products' protocols, by /activity, silences and keys?"""

from typing import Any

import httpx2
import pytest

from tests.system.server import Server
from tests.web.abuse.conftest import Knows
from tests.web.people import Person, signed_in

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
SILENCE: dict[str, Any] = {"matchers": 'alertname="Everything"', "comment": "quiet, please", "lasts": "1h"}
_EVENT = {
    "event_action": "trigger",
    "dedup_key": "srv01/disk",
    "payload": {"summary": "DISK at 99%", "source": "srv01", "severity": "critical"},
}


def ask(server: Server, method: str, path: str, *, bearer: str = "", **more: Any) -> httpx2.Response:
    """The answer to a stranger, or to whoever bears that token."""
    headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **more.pop("headers", {})}
    return httpx2.request(method, f"{server.url}{path}", headers=headers, trust_env=False, timeout=30, **more)


def routing_key(server: Server, name: str) -> str:
    """A new key for PagerDuty's door, as it stands in a monitoring tool's configuration."""
    return str(server.post("tokens", name=name, scopes=["intake"], form="routing_key")["token"])


def enqueue(server: Server, key: str, **more: object) -> httpx2.Response:
    """The answer to an event."""
    return ask(server, "POST", "/v2/enqueue", json={"routing_key": key, **_EVENT, **more})


def token(server: Server, name: str, *scopes: str) -> str:
    return str(server.post("tokens", name=name, scopes=list(scopes))["token"])


def silences(server: Server) -> list[str]:
    return [it["id"] for it in server.get("silences", state="all")]


# /v2/enqueue, /v2/change/enqueue


@pytest.mark.parametrize("path", ["/v2/enqueue", "/v2/change/enqueue"])
def test_no_key_but_a_door_s_own_opens_the_door_of_events(fresh: Server, path: str) -> None:
    reading = token(fresh, "reader", "read")
    for key in ("", "x" * 32, "R" * 32, fresh.token, reading, f"{fresh.intake_key}x", "' OR 1=1 --", "\u202e"):
        response = ask(fresh, "POST", path, json={"routing_key": key, **_EVENT})
        assert response.status_code in (400, 403), (key, response.status_code)
        assert not key or key not in response.text
    assert fresh.get("incidents") == []
    assert fresh.get("changes") == []


def test_routing_key_opens_nothing_else(fresh: Server) -> None:
    key = routing_key(fresh, "website")
    assert enqueue(fresh, key).status_code == 202
    for method, path in (
        ("GET", "/api/v1/incidents"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/tokens"),
        ("POST", "/api/v1/incidents"),
        ("POST", "/api/v1/silences"),
        ("POST", "/api/v1/tokens"),
    ):
        assert ask(fresh, method, path, bearer=key, json={}).status_code == 403, path
    thief = Person(fresh.url)
    thief.http.cookies.set("tocsin", key)
    for path in ("/", "/activity", "/silences", "/account"):
        assert thief.get(path).status_code == 303, path


def test_revoked_routing_key_is_worth_no_more_than_one_that_was_never_made(fresh: Server) -> None:
    key = routing_key(fresh, "website")
    fresh.post("tokens/website/revoke")
    gone, never = enqueue(fresh, key), enqueue(fresh, "R" * 32)
    assert (gone.status_code, gone.json()) == (never.status_code, never.json())
    assert fresh.get("incidents") == []


def test_one_integration_ends_nothing_of_another_s(fresh: Server) -> None:
    mine, theirs = routing_key(fresh, "website"), routing_key(fresh, "database")
    assert enqueue(fresh, mine).status_code == 202
    for action in ("acknowledge", "resolve"):
        assert enqueue(fresh, theirs, event_action=action).status_code == 202
    (incident,) = fresh.get("incidents")
    assert incident["status"] == "triggered"
    assert [it["status"] for it in fresh.get("alerts") if it["incident"]] == ["firing"]


def test_event_chooses_neither_who_is_paged_nor_a_link_that_runs(fresh: Server, person: Knows) -> None:
    key = routing_key(fresh, "website")
    payload = {**_EVENT["payload"], "person": "carla", "team": "frontend", "custom_details": {"page": ["cto"]}}  # type: ignore[dict-item]
    links = [{"href": "javascript:alert(1)", "text": "run me"}]
    told = enqueue(fresh, key, payload=payload, links=links, client_url="javascript:alert(2)")
    assert told.status_code in (202, 400)
    change = {"routing_key": key, "payload": {"summary": "Deployed", "source": "ci"}, "links": links}
    assert ask(fresh, "POST", "/v2/change/enqueue", json=change).status_code in (202, 400)
    for incident in fresh.get("incidents"):
        reached = {it["person"] for it in fresh.get(f"incidents/{incident['id']}")["paged"]}
        assert "carla" not in reached


# /slack/*


@pytest.mark.parametrize("path", ["/slack/commands", "/slack/interactions", "/slack/events"])
def test_slack_s_doors_are_shut_where_no_workspace_is_named(server: Server, path: str) -> None:
    before = server.get("audit", limit=1)
    forged = {"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": "1"}
    for headers in ({}, forged, {"Authorization": f"Bearer {server.token}"}):
        response = ask(server, "POST", path, content=b"command=%2Fincident&text=declare", headers=headers)
        assert response.status_code in (401, 403, 404), response.text
        assert server.token not in response.text
    assert ask(server, "GET", path).status_code == 405
    assert server.get("audit", limit=1) == before


# /activity


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("responder", 403), ("admin", 200)])
def test_activity_is_seen_by_whom_the_table_lets(server: Server, person: Knows, role: str, status: int) -> None:
    someone = person(role=role)
    assert someone.get("/activity").status_code == status
    for path in ("/activity?actor=x", "/activity?target=INC-2026-0001", "/activity?before=1"):
        assert (someone.get(path).status_code == 403) is (status == 403)
    assert ("/activity" in someone.get("/").text) is (status == 200)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' OR '1'='1", "%00"])
def test_what_is_asked_of_the_activity_is_text(server: Server, person: Knows, text: str) -> None:
    someone = person("sifter")
    for field in ("actor", "target", "day"):
        response = someone.http.get("/activity", params={field: text})
        assert response.status_code in (200, 422)
        assert "<script>alert" not in response.text
        assert "<img src=x" not in response.text
        assert "sqlite" not in response.text.lower()


# Silences, overrides and test pages


def test_whoever_may_only_look_silences_nobody(server: Server, person: Knows) -> None:
    made = server.post("silences", matchers=['alertname="Kept"'], comment="kept", lasts="1h", by="bob")["id"]
    before = silences(server)
    viewer = person("onlooker", role="viewer")
    viewer.get("/silences")
    for path, fields in (
        ("/silences", SILENCE),
        (f"/silences/{made}/expire", {}),
        ("/oncall/overrides", {"team": "platform", "person": "dana"}),
        ("/oncall/overrides/1/cancel", {}),
        ("/people/dana/test-page", {}),
    ):
        assert viewer.send(path, **fields).status_code == 403, path
    assert silences(server) == before
    assert [it["state"] for it in server.get("silences") if it["id"] == made] == ["active"]


def test_another_site_silences_nobody(server: Server, person: Knows) -> None:
    someone = person("lured")
    someone.get("/silences")
    before = silences(server)
    assert someone.send("/silences", headers=EVIL, **SILENCE).status_code == 403
    assert someone.send("/silences", csrf="0" * 48, **SILENCE).status_code == 403
    assert someone.get(f"/silences?matchers={SILENCE['matchers']}").status_code == 200  # a filled form is no silence
    assert silences(server) == before


@pytest.mark.parametrize("id_", ["0", "..%2f..%2fetc", "' OR 1=1 --", "00000000-0000-0000-0000-000000000000"])
def test_silence_that_there_is_not_is_not_ended(server: Server, person: Knows, id_: str) -> None:
    someone = person("ender")
    someone.get("/silences")
    assert someone.send(f"/silences/{id_}/expire").status_code == 404


def test_key_of_a_form_is_its_sender_s_own_and_tells_nobody_else_of_theirs(fresh: Server) -> None:
    """A key that somebody else has used, or guessed, neither hides what one does nor shows what they did."""
    first, second = (signed_in(fresh.url, fresh.token, name, person=name) for name in ("bob", "emma"))
    for someone in (first, second):
        someone.get("/silences")
        assert someone.send("/silences", once="the-same-key", **SILENCE).status_code == 303
    assert len(silences(fresh)) == 2
    other = second.send("/silences", once="the-same-key", **{**SILENCE, "lasts": "4h"})
    assert other.status_code == 409
    mine = {it["id"] for it in fresh.get("silences") if it["author"] == "emma"}
    theirs = {it["id"] for it in fresh.get("silences") if it["author"] == "bob"}
    assert any(id_ in other.text for id_ in mine)
    assert not any(f"{id_} took them" in other.text for id_ in theirs)


def test_idempotency_key_of_one_token_is_nothing_to_another(fresh: Server) -> None:
    keys = [token(fresh, name, "respond") for name in ("one", "two")]
    made = [
        ask(
            fresh,
            "POST",
            "/api/v1/incidents",
            bearer=it,
            headers={"Idempotency-Key": "k1"},
            json={"title": "Same words"},
        )
        for it in keys
    ]
    assert [it.status_code for it in made] == [201, 201]
    assert len({it.json()["id"] for it in made}) == 2
    reading = token(fresh, "reader", "read")
    for path in ("incidents", "silences", "overrides"):
        refused = ask(fresh, "POST", f"/api/v1/{path}", bearer=reading, headers={"Idempotency-Key": "k1"}, json={})
        assert refused.status_code == 403
        assert made[0].json()["id"] not in refused.text

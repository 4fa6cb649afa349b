"""Where do the links in pages lead? To the incident, for those who have the token."""

import base64

from tests.api.harness import Api


def basic(api: Api) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{api.admin}".encode()).decode()}


def test_link_of_a_page_leads_to_the_incident_and_its_timeline(calm: Api, incident: str) -> None:
    response = calm.ask("GET", f"/incidents/{incident}", token=None, headers=basic(calm))
    assert response.status_code == 200
    assert response.text.startswith(f"{incident}: ")
    assert "Paged primary on-call" in response.text


def test_browser_is_asked_for_the_token(calm: Api, incident: str) -> None:
    response = calm.ask("GET", f"/incidents/{incident}", token=None)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Basic realm="tocsin"'
    assert incident not in response.text


def test_link_to_nothing_says_so(calm: Api) -> None:
    response = calm.ask("GET", "/incidents/INC-2026-9999", token=None, headers=basic(calm))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")

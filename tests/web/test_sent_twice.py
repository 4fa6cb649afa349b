"""Is a form that is sent twice done once? A double click, a repeat, an answer that was lost on its way."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.api.harness import Api, running
from tests.web.browser import until_held
from tests.web.conftest import Looks
from tests.web.world import World

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
KEY = re.compile(r'name="once" value="([^"]+)"')


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running(tmp_path_factory.mktemp("twice")) as api:
        yield api


def test_declaration_sent_twice_opens_one_incident_and_leads_to_it_both_times(api: Api) -> None:
    (key,) = KEY.findall(api.see("/declare").text)
    answers = [
        api.see("/declare", headers=FORM, content=f"title=Search+is+empty&severity=unsure&once={key}".encode())
        for _ in range(2)
    ]
    assert [it.status_code for it in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]


def test_form_sent_again_with_other_words_says_what_came_of_the_first_and_has_a_new_key(api: Api) -> None:
    (key,) = KEY.findall(api.see("/declare").text)
    first = api.see("/declare", headers=FORM, content=f"title=One&once={key}".encode()).headers["location"]
    again = api.see("/declare", headers=FORM, content=f"title=Two&once={key}".encode())
    assert again.status_code == 409
    assert f"and {first.rpartition('/')[2]} took them" in again.text
    assert 'value="Two"' in again.text
    (fresh,) = KEY.findall(again.text)
    assert api.see("/declare", headers=FORM, content=f"title=Two&once={fresh}".encode()).status_code == 303


def test_every_form_of_the_cockpit_has_a_key_of_its_own(api: Api) -> None:
    page = api.see(f"/incidents/{api.declare()}").text
    keys = KEY.findall(page)
    assert len(keys) == page.count('name="seen"') > 5
    assert len(set(keys)) == len(keys)


SILENCE = "matchers=alertname%3D%22Backup%22&comment=moving+disks&lasts=1h"
OVERRIDE = "team=platform&person=dana&layer=primary&instead_of=&from={0}T09%3A00&until={0}T17%3A00"


@pytest.mark.parametrize(
    ("page", "action", "words", "other"),
    [
        pytest.param("/silences", "/silences", SILENCE, SILENCE.replace("1h", "4h"), id="a silence"),
        pytest.param("/oncall", "/oncall/overrides", OVERRIDE, OVERRIDE.replace("dana", "bob"), id="an override"),
    ],
)
def test_what_is_arranged_twice_under_one_key_is_there_once(
    api: Api, page: str, action: str, words: str, other: str
) -> None:
    next_week = f"{api.node.clock.now() + timedelta(weeks=1):%Y-%m-%d}"
    words, other = words.format(next_week), other.format(next_week)
    (key,) = KEY.findall(api.see(page).text)
    sent = [api.see(action, headers=FORM, content=f"{words}&once={key}".encode()) for _ in range(3)]
    assert [it.status_code for it in sent] == [303, 303, 303]
    changed = api.see(action, headers=FORM, content=f"{other}&once={key}".encode())
    assert changed.status_code == 409
    assert "this was sent before with other words" in changed.text.lower()
    table = "silences" if page == "/silences" else "overrides"
    assert api.count(f"SELECT count(*) FROM {table}") == 1
    assert api.count(f"SELECT count(*) FROM audit_log WHERE action = '{table[:-1]}.make'") == 1


def updates(world: World, incident: str) -> list[str]:
    timeline = world.server.get(f"incidents/{incident}/timeline")
    return [it["event"]["text"] for it in timeline if it["event"]["kind"] == "update_posted"]


def test_update_whose_answer_was_lost_is_posted_once_when_sent_again(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    viewer.expected += ["ERR_FAILED", "Failed to fetch"]
    page = viewer.go(f"/incidents/{incident}")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.get_by_label("What is known, and what is being done").fill("We roll back.")
    page.route("**/updates*", lose, times=1)
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#notice")).to_contain_text("what was done already is not done twice")
    world.do(incident, "notes", text="meanwhile the page hears of something")
    expect(page.locator("#timeline")).to_contain_text("meanwhile")
    expect(page.get_by_label("What is known, and what is being done")).to_have_value("We roll back.")
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#notice")).to_contain_text("The update is out")
    assert updates(world, incident) == ["We roll back."]

    page.get_by_label("What is known, and what is being done").fill("It is rolled back.")
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#timeline")).to_contain_text("Update: It is rolled back.")
    assert updates(world, incident) == ["We roll back.", "It is rolled back."]


def test_what_is_written_while_the_answer_is_late_stays(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    viewer = looks(world)
    page = viewer.go(f"/incidents/{incident}")
    viewer.streams()
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/updates*", lambda route: late.append((route, route.fetch())), times=1)
    text = page.get_by_label("What is known, and what is being done")
    text.fill("We roll back.")
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#timeline")).to_contain_text("Update: We roll back.")
    text.fill("It is rolled back.")
    until_held(page, late)
    ((route, answer),) = late
    route.fulfill(response=answer)
    expect(page.locator("#notice")).to_contain_text("The update is out")
    expect(text).to_have_value("It is rolled back.")
    page.get_by_role("button", name="Post the update").click()
    expect(page.locator("#timeline")).to_contain_text("Update: It is rolled back.")
    assert updates(world, incident) == ["We roll back.", "It is rolled back."]


def test_double_click_without_scripts_posts_one_update(world: World, looks: Looks) -> None:
    incident = world.declare(severity="SEV2", reason="some users")
    page = looks(world, java_script_enabled=False).go(f"/incidents/{incident}")
    page.get_by_label("What is known, and what is being done").fill("We roll back.")
    page.get_by_role("button", name="Post the update").dblclick(no_wait_after=True)
    expect(page.locator("#timeline")).to_contain_text("Update: We roll back.")
    assert updates(world, incident) == ["We roll back."]

"""Who did what, on its page: who may read it, how it is sifted, and whether the log is whole."""

import re
from collections.abc import Iterator

import pytest

from tests.api.harness import Api, running
from tests.system.waiting import until
from tocsin.web.activity import what_of

FORM = {"content-type": "application/x-www-form-urlencoded"}
SEEN = re.compile(r'<span class="done">([^<]+)</span>')


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running(tmp_path_factory.mktemp("activity")) as api:
        yield api


def deeds(api: Api, query: str) -> list[str]:
    return SEEN.findall(api.see(f"/activity?{query}").text)


def test_what_was_done_to_an_incident_is_told_with_who_through_what_and_from_where(api: Api) -> None:
    incident = api.declare()
    page = api.see(f"/activity?target={incident}").text
    assert "Incident: declare" in page
    assert f'href="/incidents/{incident}"' in page
    assert "by api" in page
    assert "from 127.0.0.1" in page


def test_nothing_of_others_is_shown_where_one_is_asked_for(api: Api) -> None:
    api.declare(by="bob")
    assert deeds(api, "actor=bob") != []
    assert deeds(api, "actor=nobody-of-that-name") == []


def test_older_entries_lie_on_pages_of_a_hundred_and_none_is_lost(api: Api) -> None:
    incident = api.declare()
    for number in range(120):
        api.ask("POST", f"/api/v1/incidents/{incident}/notes", json={"text": f"note {number}", "by": "bob"})
    first = api.see(f"/activity?target={incident}").text
    older = re.search(r'href="(/activity\?[^"]*before=[^"]+)"', first)
    assert older is not None
    second = api.see(older[1].replace("&amp;", "&")).text
    assert (len(SEEN.findall(first)), len(SEEN.findall(second))) == (100, 21)
    assert "Newest" in second


def test_day_ends_what_is_shown(api: Api) -> None:
    api.declare()
    assert deeds(api, "day=1999-12-31") == []
    assert deeds(api, "day=2999-12-31") != []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("before=x", "before: must be the lane and number of an entry, such as 0:4711"),
        ("before=0:1:2", "before: must be the lane and number of an entry"),
        ("day=yesterday", "day: must be a date such as 2026-11-24"),
        ("day=9999-12-31", "day: must be a date"),
    ],
)
def test_wrong_question_is_told_what_would_be_right(api: Api, query: str, told: str) -> None:
    response = api.see(f"/activity?{query}", headers={"accept": "text/html"})
    assert response.status_code == 422
    assert told in response.text


def test_page_says_that_the_log_is_whole_and_since_when_it_is_known(api: Api) -> None:
    until(lambda: "Proved" in api.see("/activity").text, "the log is proved")
    assert "stand as they were written" in api.see("/activity").text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("incident.page_by_hand", "Incident: page by hand"),
        ("sign_in", "Sign in"),
        ("account.reset_link", "Account: reset link"),
    ],
)
def test_actions_are_told_in_words(action: str, words: str) -> None:
    assert what_of(action) == words

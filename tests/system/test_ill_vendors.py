"""Does a page arrive whatever ails a vendor? Row 8 of the fault matrix, on the real process."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.fakes.moods import ROW_8, TOO_SLOW, Mood
from tests.system.checker.check import faults_in
from tests.system.checker.evidence import Json, Sent, gather, requests_in
from tests.system.crash.databases import SqliteFile
from tests.system.crash.installation import Installation
from tests.system.outside import Outside
from tests.system.waiting import until

pytestmark = pytest.mark.system

WITHIN_SECONDS = 60.0  # of engine time: a page goes by the next contact method
_LESS_THAN_SLACK_IS_WAITED_FOR = 9.0  # seconds: the sender gives up after ten
ASKED_FOR_AN_HOUR = "429 with an absurd Retry-After"


class House:
    """A server, its vendors, and people who ask things of it."""

    def __init__(self, directory: Path, mood: Mood) -> None:
        self.speed = 2.0 if mood.manner in TOO_SLOW else 3.0  # engine seconds a second
        self.database = SqliteFile(directory)
        self.installation = Installation(directory, self.database, TOCSIN_CLOCK_SPEED=str(self.speed))
        self.outside = Outside(self.installation.urls, self.installation.token, self.installation.mend)

    def declare(self) -> str:
        """A grave incident; its id."""
        self.outside.declare(title="Checkout is down", severity="SEV1", reason="all users", by="alice")
        return str(self.outside.get("incidents")[0]["id"])

    def events(self, incident: str, kind: str) -> list[Json]:
        return [it for it in self.outside.get(f"incidents/{incident}/timeline") if it["event"]["kind"] == kind]

    def faults(self) -> list[str]:
        """What the checker finds once everything is sent."""
        settled = self.installation.come_to_rest()
        sent, promises = self.installation.sent, self.outside.promises
        return faults_in(gather(self.database.ask, sent, promises, settled=settled, crashes=0, speed=self.speed))


@pytest.fixture
def mood(request: pytest.FixtureRequest) -> Mood:
    return ROW_8[request.param]


@pytest.fixture
def house(tmp_path: Path, mood: Mood) -> Iterator[House]:
    house = House(tmp_path, mood)
    with house.installation, closing(house.outside):
        yield house


every_illness = pytest.mark.parametrize("mood", list(ROW_8), indirect=True)


@every_illness
def test_a_page_goes_another_way_in_time_whatever_ails_pagerduty(house: House, mood: Mood) -> None:
    house.installation.feel({"pagerduty": [mood]})
    incident = house.declare()
    until(lambda: house.events(incident, "channel_opened"), "Slack is not held up")
    (failed, *_) = until(lambda: house.events(incident, "page_failed"), "the page goes another way", within=60)
    assert failed["event"]["next_method"] == {"via": "inbox"}
    (page, *_) = house.events(incident, "step_fired")
    assert seconds_between(page, failed) <= WITHIN_SECONDS
    until(lambda: house.events(incident, "page_accepted"), "the inbox has it")
    assert {it["event"]["via"] for it in house.events(incident, "page_accepted")} == {"inbox"}
    assert house.database.ask("SELECT id FROM outbox WHERE provider = 'pagerduty' AND status = 'done'") == [[]]

    house.installation.feel({"pagerduty": []})
    if mood != ROW_8[ASKED_FOR_AN_HOUR]:
        assert house.faults() == []


@every_illness
def test_a_page_is_sent_at_once_whatever_ails_slack(house: House, mood: Mood) -> None:
    house.installation.feel({"slack": [mood]})
    incident = house.declare()
    until(lambda: house.events(incident, "page_accepted"), "PagerDuty has it", within=_LESS_THAN_SLACK_IS_WAITED_FOR)
    assert house.events(incident, "channel_opened") == []

    house.installation.feel({"slack": []})
    if mood != ROW_8[ASKED_FOR_AN_HOUR] and mood.manner not in TOO_SLOW:
        until(lambda: house.events(incident, "channel_opened"), "the channel opens after all")
        assert house.faults() == []


@pytest.mark.parametrize("mood", ["429 with Retry-After"], indirect=True)
def test_a_page_that_waits_for_its_vendor_is_called_back_by_the_answer(house: House) -> None:
    house.installation.feel({"pagerduty": [Mood(status=429, headers={"retry-after": "45"})]})  # engine seconds
    incident = house.declare()
    until(lambda: triggers(house), "PagerDuty was asked once")
    house.outside.act(incident, "acknowledge", by="alice")
    house.installation.feel({"pagerduty": []})
    assert house.faults() == []
    assert not any(it.is_taken for it in triggers(house))


def triggers(house: House) -> list[Sent]:
    """The requests to page somebody."""
    return [it for it in requests_in(house.installation.sent) if it.event.get("event_action") == "trigger"]


def seconds_between(before: Json, after: Json) -> float:
    return (datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"])).total_seconds()

"""Are the vendors' stand-ins to be relied on? What they were told is on the disk, and they feel as they are told."""

import smtplib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.fakes.moods import Manner, Mood
from tests.system.checker.evidence import requests_in
from tests.system.crash.databases import SqliteFile
from tests.system.crash.installation import Installation

pytestmark = pytest.mark.system

EVENT = {"routing_key": "0" * 32, "event_action": "resolve", "dedup_key": "k"}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, SqliteFile(tmp_path))
    with installation:
        yield installation


def enqueue(installation: Installation) -> int:
    return httpx2.post(f"{installation.vendors_url}/v2/enqueue", json=EVENT, trust_env=False).status_code


def test_moods_follow_one_another_and_then_it_is_well(installation: Installation) -> None:
    installation.feel({"pagerduty": [Mood(status=503, times=2), Mood(status=429, times=1)]})
    assert [enqueue(installation) for _ in range(5)] == [503, 503, 429, 202, 202]
    assert [it.status for it in requests_in(installation.sent)] == [503, 503, 429, 202, 202]


def test_a_request_that_gets_no_answer_is_in_the_log(installation: Installation) -> None:
    installation.feel({"pagerduty": [Mood(Manner.RESET, times=1), Mood(Manner.BABBLE, times=1)]})
    for _ in range(2):
        with pytest.raises(httpx2.TransportError):
            enqueue(installation)
    assert [(it.status, it.is_taken) for it in requests_in(installation.sent)] == [(0, False), (0, False)]


def test_any_other_address_is_a_webhook(installation: Installation) -> None:
    answer = httpx2.post(f"{installation.vendors_url}/heartbeat/1", content=b"alive", trust_env=False)
    assert answer.status_code == 200
    assert [(it.path, it.body) for it in requests_in(installation.sent)] == [("/heartbeat/1", "alive")]


def test_a_letter_is_in_the_log_and_may_be_put_off(installation: Installation) -> None:
    installation.feel({"mail": [Mood(status=451, times=1)]})
    host, _, port = installation.mail_server.partition(":")
    with smtplib.SMTP(host, int(port)) as post:
        with pytest.raises(smtplib.SMTPDataError, match="not now"):
            post.sendmail("tocsin@example.com", "ops@example.com", "Subject: help\n\nnobody can be paged")
        post.sendmail("tocsin@example.com", "ops@example.com", "Subject: help\n\nnobody can be paged")
    letters = requests_in(installation.sent)
    assert [(it.path, it.status) for it in letters] == [("/mail/ops@example.com", 451), ("/mail/ops@example.com", 250)]
    assert "nobody can be paged" in letters[0].body

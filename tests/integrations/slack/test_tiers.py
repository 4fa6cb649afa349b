"""Does each call of Slack's count against the tier that Slack documents for its method?"""

import pytest

from tests.system.rates import A_MINUTE
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.tiers import limit_of
from tocsin.integrations.wire import Limit
from tocsin.simulate.sandbox.slack_call import METHODS

ACCOUNT = SlackAccount("xoxb-1", "https://slack.com/api/", "https://tocsin.example", {})
# A rate by channel; for people who wait at a dialog; asked for by hand.
OTHERWISE = {
    "chat.postMessage",
    "chat.getPermalink",
    "apps.connections.open",
    "auth.test",
    "views.open",
    "views.update",
}
ASKED_BY_HAND = {"conversations.info", "conversations.replies"}


@pytest.mark.parametrize("method", sorted(METHODS.keys() - OTHERWISE - ASKED_BY_HAND))
def test_method_has_its_tier(method: str) -> None:
    assert limit_of(method) == Limit(method, A_MINUTE[method])


@pytest.mark.parametrize("method", sorted(OTHERWISE | ASKED_BY_HAND))
def test_method_has_a_rate_of_its_own_or_is_asked_by_people(method: str) -> None:
    assert limit_of(method) is None


def test_request_says_what_it_counts_against_whether_it_reads_or_writes() -> None:
    assert ACCOUNT.post("pins.add", {}).limit == Limit("pins.add", 20)
    assert ACCOUNT.get("conversations.list", {}).limit == Limit("conversations.list", 20)

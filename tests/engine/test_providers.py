"""Who can deliver here? What the settings and the SOP make usable, and as whom."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fakes.effects import FIRST, page
from tocsin.domain.effects import OpenChannel
from tocsin.engine.deliveries import Provider
from tocsin.engine.providers import providers_for
from tocsin.integrations.wire import Never, Reply, Request, Rung
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, PagerDuty, Sop

SOP = default_sop()
ROUTING_KEY = "e93facc04764012d7bfb002500d5d1a6"
OTHER_KEY = "0123456789abcdef0123456789abcdef"
SECRETS = {"PAGERDUTY_ROUTING_KEY": ROUTING_KEY, "SLACK_BOT_TOKEN": "xoxb-1"}
CHANNEL = OpenChannel(incident="INC-2026-0042", name="inc-2026-0042")


def providers(
    environ: Mapping[str, str] | None = None, sop: Sop = SOP, *, pagerduty: str = "", slack: str = ""
) -> dict[str, Provider]:
    settings = Settings(
        database="",
        public_url="https://tocsin.example.org",
        pagerduty_events_url=pagerduty,
        slack_api_url=slack,
        environ=environ or {},
    )
    return {provider.name: provider for provider in providers_for(settings, sop, "k3x9")}


def request(provider: Provider, via: str = "pagerduty", routing_key: str | None = None) -> Request:
    made = provider.request_for(page(via, routing_key=routing_key), FIRST)
    assert isinstance(made, Request)
    return made


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        pytest.param({}, {"inbox"}, id="without any secret there is the inbox"),
        pytest.param({"PAGERDUTY_ROUTING_KEY": ROUTING_KEY}, {"inbox", "pagerduty"}, id="a routing key"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1"}, {"inbox", "slack"}, id="a bot token"),
        pytest.param(SECRETS, {"inbox", "pagerduty", "slack"}, id="both"),
        pytest.param({"PAGERDUTY_ROUTING_KEY": "", "SLACK_BOT_TOKEN": ""}, {"inbox"}, id="empty is not set"),
    ],
)
def test_provider_is_usable_once_its_secret_is_set(environ: Mapping[str, str], names: set[str]) -> None:
    assert set(providers(environ)) == names


def test_stand_in_on_this_machine_needs_no_secret() -> None:
    assert set(providers(pagerduty="http://127.0.0.1:9", slack="http://localhost:9")) == {"inbox", "pagerduty", "slack"}


def test_address_elsewhere_needs_its_secret() -> None:
    assert set(providers(pagerduty="https://pd.example.org", slack="https://slack.example.org")) == {"inbox"}


def test_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{ROUTING_KEY}\n")
    sop = replace(SOP, pagerduty=PagerDuty(routing_key=f"file:{tmp_path}/key"))
    assert ROUTING_KEY.encode() in request(providers({}, sop)["pagerduty"]).body


def test_person_may_have_a_routing_key_of_their_own() -> None:
    own = ContactMethod(via="pagerduty", routing_key="env:DATABASE_KEY")
    sop = replace(SOP, people={**SOP.people, "alice": replace(SOP.people["alice"], contact=(own,))})
    provider = providers({"DATABASE_KEY": OTHER_KEY}, sop)["pagerduty"]
    assert OTHER_KEY.encode() in request(provider, routing_key="env:DATABASE_KEY").body
    assert isinstance(provider.request_for(page("pagerduty"), FIRST), Never)  # the organisation's key is not set


def test_requests_go_where_the_settings_say() -> None:
    found = providers(SECRETS, pagerduty="http://127.0.0.1:9", slack="http://127.0.0.1:8")
    assert request(found["pagerduty"]).url == "http://127.0.0.1:9/v2/enqueue"
    opening = found["slack"].request_for(CHANNEL, FIRST)
    assert isinstance(opening, Request)
    assert opening.url == "http://127.0.0.1:8/api/conversations.create"


def test_inbox_takes_everything_and_sends_no_requests(caplog: pytest.LogCaptureFixture) -> None:
    inbox = providers()["inbox"]
    rung = inbox.request_for(page("inbox"), FIRST)
    assert isinstance(rung, Rung)
    assert rung.line == "PAGE alice: SEV1 INC-2026-0042 checkout: Checkout is down (Paged primary on-call)"
    assert caplog.text == ""  # it rings after the last look
    with pytest.raises(TypeError, match="the inbox sends no requests"):
        inbox.classify(page("inbox"), Request("GET", "http://127.0.0.1:9"), Reply(200, {}, b""))


def test_slack_alone_has_a_pace_and_only_in_channels() -> None:
    found = providers(SECRETS)
    pace = found["slack"].pace(CHANNEL)
    assert pace is not None
    assert (pace[0], pace[1].total_seconds()) == ("INC-2026-0042/slack", 1)
    assert [found[name].pace(page(name)) for name in ("pagerduty", "slack", "inbox")] == [None, None, None]


def test_effect_that_a_provider_knows_nothing_of_is_a_bug() -> None:
    found = providers(SECRETS)
    with pytest.raises(TypeError, match="OpenChannel is not a page"):
        found["pagerduty"].request_for(CHANNEL, FIRST)

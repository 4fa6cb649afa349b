from tests.fakes.effects import INCIDENT, channel_effects, page
from tests.fakes.sending import send_to_slack
from tocsin.domain import effects as f
from tocsin.domain.commands import ReportChannelOpened, ReportPageAccepted, ReportSummaryPosted
from tocsin.integrations.wire import Again, Done, Never
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_rules import BOT

NAME = "inc-2026-0042-checkout-is-down"
OPEN = f.OpenChannel(incident=INCIDENT, name=NAME)


def test_a_channel_is_opened_furnished_and_kept_current() -> None:
    sandbox = Sandbox()
    assert send_to_slack(OPEN, sandbox) == Done(receipts=(ReportChannelOpened(channel="C0000000001", name=NAME),))
    posted = send_to_slack(f.PostSummary(incident=INCIDENT, channel="C0000000001", text="Status: triggered"), sandbox)
    message = sandbox.slack.named(NAME).messages[0].ts
    assert posted == Done(receipts=(ReportSummaryPosted(message=message),))
    for effect in channel_effects("C0000000001", message):
        assert send_to_slack(effect, sandbox) == Done()
    channel = sandbox.slack.named(NAME)
    assert channel.topic == "SEV1 · triggered · IC: none yet"
    assert channel.members == (BOT, "U0ALICE01", "U0BOB0002")
    assert channel.bookmarks == (
        f"https://tocsin.example.org/incidents/{INCIDENT}",
        "https://runbooks.example.com/website",
    )
    assert channel.pins == (message,)
    assert [one.text for one in channel.messages] == ["Status: acknowledged", "Severity SEV2 → SEV1: all users"]


def test_a_channel_whose_answer_was_lost_is_found_again_among_many() -> None:
    sandbox = Sandbox()
    for number in range(250):
        sandbox.slack.add(f"team-{number}")
    sandbox.script = lambda request: Response(status=504, is_processed=True)
    assert isinstance(send_to_slack(OPEN, sandbox), Again)
    sandbox.script = None
    channel = sandbox.slack.named(NAME)
    assert send_to_slack(OPEN, sandbox) == Done(receipts=(ReportChannelOpened(channel=channel.id, name=NAME),))
    paths = [request.path for request in sandbox.requests]
    assert paths == ["/api/conversations.create"] * 2 + ["/api/conversations.list"] * 3


def test_a_name_that_an_archived_channel_holds_is_given_up() -> None:
    sandbox = Sandbox()
    sandbox.slack.add(NAME, is_archived=True)
    assert isinstance(send_to_slack(OPEN, sandbox), Never)


def test_a_name_that_somebody_elses_channel_holds_is_shared() -> None:
    sandbox = Sandbox()
    channel = sandbox.slack.add(NAME, members=("U0BOB0002",))
    assert send_to_slack(OPEN, sandbox) == Done(receipts=(ReportChannelOpened(channel=channel.id, name=NAME),))
    assert BOT in sandbox.slack.named(NAME).members


def test_repeating_what_was_done_does_no_harm() -> None:
    sandbox = Sandbox()
    channel = sandbox.slack.add(NAME)
    send_to_slack(f.PostSummary(incident=INCIDENT, channel=channel.id, text="Status: triggered"), sandbox)
    pin = f.PinSummary(incident=INCIDENT, channel=channel.id, message=sandbox.slack.named(NAME).messages[0].ts)
    invite = f.InviteToChannel(incident=INCIDENT, channel=channel.id, people=("alice", "bob"))
    for effect in (pin, pin, invite, invite):
        assert send_to_slack(effect, sandbox) == Done()


def test_those_who_can_be_invited_are_although_others_are_in_or_gone() -> None:
    sandbox = Sandbox()
    sandbox.slack.strangers.add("U0BOB0002")
    channel = sandbox.slack.add(NAME, members=(BOT, "U0ALICE01"))
    invite = f.InviteToChannel(incident=INCIDENT, channel=channel.id, people=("alice", "bob", "carol"))
    assert send_to_slack(invite, sandbox) == Done()
    assert sandbox.slack.named(NAME).members == (BOT, "U0ALICE01", "U0CAROL03")


def test_a_page_reaches_the_person_directly() -> None:
    sandbox = Sandbox()
    for _ in range(2):
        assert send_to_slack(page("slack"), sandbox) == Done(
            receipts=(ReportPageAccepted(key=f"{INCIDENT}-3-0", via="slack"),)
        )
    direct = sandbox.slack.named("U0ALICE01")
    assert direct.is_direct
    assert len(direct.messages) == 2


def test_a_busy_slack_is_asked_again_later() -> None:
    answers: list[Response | None] = [Response(status=429, headers={"retry-after": "1"}), None]

    def busy_once(request: RecordedRequest) -> Response | None:
        return answers.pop(0)

    sandbox = Sandbox(script=busy_once)
    assert isinstance(send_to_slack(OPEN, sandbox), Again)
    assert isinstance(send_to_slack(OPEN, sandbox), Done)

"""What comes of an effect when it is really sent? The sender's part, in process: request, reply, and what follows."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from tests.fakes.effects import FIRST, PAGERDUTY, SLACK
from tocsin.integrations.pagerduty import outbound as pagerduty
from tocsin.integrations.slack import outbound as slack
from tocsin.integrations.wire import Attempt, Never, Outgoing, Reply, Request, Then, Verdict
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
_LONGEST = 50  # calls for one effect


def recorded(request: Outgoing) -> RecordedRequest:
    assert isinstance(request, Request)
    parts = urlsplit(request.url)
    return RecordedRequest(NOW, request.method, parts.path, parts.query, request.headers, request.body)


def reply(response: Response) -> Reply:
    return Reply(status=response.status, headers=response.headers, body=response.body)


def send_to_pagerduty(effect: pagerduty.PagerDutyEffect, sandbox: Sandbox) -> Verdict:
    request = pagerduty.request_for(effect, PAGERDUTY)
    return request if isinstance(request, Never) else pagerduty.classify(effect, ask(sandbox, request))


def send_to_slack(effect: slack.SlackEffect, sandbox: Sandbox, attempt: Attempt = FIRST) -> Verdict:
    request = slack.request_for(effect, SLACK, attempt)
    for _ in range(_LONGEST):
        if not isinstance(request, Request):
            return request
        verdict = slack.classify(effect, request, ask(sandbox, request), SLACK)
        if not isinstance(verdict, Then):
            return verdict
        request = verdict.request
    raise AssertionError(f"{effect} never comes to an end")


def ask(sandbox: Sandbox, request: Outgoing) -> Reply:
    return reply(sandbox.answer(recorded(request)))

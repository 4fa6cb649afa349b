"""Does the checker notice? A true response, and for every check a forgery of its evidence that must not pass."""

from contextlib import closing
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.system.checker import deadlines, pages, promises, slack, timelines
from tests.system.checker.check import CHECKS, Check, faults_in, figures_of
from tests.system.checker.evidence import Evidence, gather
from tests.system.crash.databases import SqliteFile
from tests.system.crash.installation import Installation
from tests.system.forgery import (
    ANSWERED,
    EARLY,
    LATER,
    OPEN,
    QUIET,
    RECEIPT,
    Forge,
    again,
    backwards,
    counted_in_another,
    id_of,
    later,
    log,
    one_more,
    outbox,
    page_after_the_answer,
    regraded_under_way,
    replaced,
    reworded,
    row,
    state,
    step,
    taken_twice,
    telling,
    timeline,
    triggers,
    two_open_ones,
    two_storms,
    unanswered,
    without_step,
    words_swapped,
)
from tests.system.outside import Outside
from tests.system.server import firing

pytestmark = pytest.mark.system

SPEED = 20.0


@pytest.fixture(scope="module")
def true_evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A response without a crash: one incident that is answered and resolved, one that rings, one that is quiet."""
    directory = tmp_path_factory.mktemp("true")
    database = SqliteFile(directory)
    installation = Installation(directory, database, TOCSIN_CLOCK_SPEED=str(SPEED))
    with installation, closing(Outside(installation.urls, installation.token, installation.mend)) as outside:
        respond(outside, installation)
        settled = installation.come_to_rest()
        return gather(database.ask, installation.sent, outside.promises, settled=settled, crashes=0, speed=SPEED)


def respond(outside: Outside, installation: Installation) -> None:
    outside.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    (answered,) = [it["id"] for it in outside.get("incidents")]
    installation.settle()
    outside.act(answered, "acknowledge", by="alice")
    outside.act(answered, "assess", by="alice", severity="SEV1", reason="nobody can pay")
    outside.act(answered, "roles", by="alice", role="incident_commander", person="alice")
    installation.settle()
    outside.act(answered, "updates", by="alice", text="we are looking")
    outside.act(answered, "notes", by="bob", text="it began at noon")
    outside.act(answered, "mitigate", by="alice")
    outside.act(answered, "resolve", by="alice", note="confirmed")
    outside.declare(title="Search is down", severity="SEV2", reason="no results", service="website", by="bob")
    outside.send_alerts(firing("Watchdog", severity="info", service="api"))
    installation.settle()


class Case(NamedTuple):
    check: Check
    name: str
    forge: Forge
    fault: str


CASES = (
    Case(promises.promises_are_kept, "an alert is lost", lambda e: replace(e, alerts=[]), "[1] the alert"),
    Case(
        promises.promises_are_kept,
        "a declared incident is lost",
        lambda e: replace(e, events={id_: it for id_, it in e.events.items() if id_ != id_of(e, OPEN)}),
        "was declared, and is lost",
    ),
    Case(
        promises.promises_are_kept,
        "a note is lost",
        timeline(ANSWERED, lambda events: [event for event in events if event.kind != "note_added"]),
        "1 times note_added by bob was promised, 0 are in the record",
    ),
    Case(
        promises.nobody_is_paged_after_the_answer,
        "a page after the answer",
        page_after_the_answer,
        "was told to resolve",
    ),
    Case(timelines.one_open_incident_a_group, "two incidents of a group", two_open_ones, "2 open incidents"),
    Case(timelines.timelines_are_dense, "a gap", timeline(ANSWERED, lambda events: events[1:]), "has gaps"),
    Case(
        timelines.timelines_are_dense,
        "an event more",
        one_more(QUIET, "note_added", text="x"),
        "but its state is after",
    ),
    Case(timelines.timelines_are_dense, "back in time", timeline(ANSWERED, backwards), "[21]"),
    Case(timelines.hashes_are_chained, "a word changed", timeline(ANSWERED, reworded), "does not fit"),
    Case(timelines.states_are_the_fold, "another status", one_more(OPEN, "acknowledged"), "[17]"),
    Case(timelines.states_are_the_fold, "another column", state(OPEN, severity="SEV4"), "severity in its column"),
    Case(timelines.states_are_the_fold, "open for ever", state(ANSWERED, is_open=True), "being open"),
    Case(timelines.events_are_lawful, "a step twice", step(), "[8]"),
    Case(timelines.events_are_lawful, "a round left out", step(slots=[], round=99), "[11]"),
    Case(timelines.events_are_lawful, "a step too early", step(due_at=EARLY), "[13]"),
    Case(timelines.events_are_lawful, "a step for nobody", step(slots=[], reached=[], unreachable=[]), "[14]"),
    Case(timelines.events_are_lawful, "resolved twice", one_more(ANSWERED, "resolved"), "[18] "),
    Case(timelines.events_are_lawful, "a needless answer", one_more(ANSWERED, "acknowledged"), "[18] "),
    Case(
        timelines.events_are_lawful,
        "a step after the end",
        one_more(
            ANSWERED,
            "step_fired",
            urgency="page",
            targets=["cto"],
            slots=["page:cto"],
            reached=[{"person": "carla", "method": {"via": "inbox"}}],
        ),
        "[10]",
    ),
    Case(timelines.events_are_lawful, "a receipt twice", timeline(OPEN, taken_twice), "[15]"),
    Case(timelines.events_are_lawful, "a ghost's receipt", one_more(OPEN, "page_accepted", **RECEIPT), "[15]"),
    Case(
        timelines.events_are_lawful,
        "two Incident Commanders",
        one_more(ANSWERED, "role_assigned", role="incident_commander", person="bob"),
        "[24]",
    ),
    Case(
        timelines.events_are_lawful,
        "anybody tells customers",
        one_more(ANSWERED, "update_posted", text="x", audience="external"),
        "[24]",
    ),
    Case(deadlines.due_steps_have_fired, "an overdue wake-up", state(OPEN, wake_at=0.0), "its wake-up is"),
    Case(
        deadlines.due_steps_have_fired, "a step left out", timeline(OPEN, lambda it: later(without_step(it))), "overdue"
    ),
    Case(deadlines.somebody_wakes, "nobody wakes", state(OPEN, wake_at=None), "nobody will look at it again"),
    Case(deadlines.somebody_wakes, "a needless wake-up", state(QUIET, wake_at=LATER), "for no reason"),
    Case(deadlines.somebody_wakes, "a late wake-up", state(OPEN, wake_at=1e11), "after its next step is due"),
    Case(deadlines.nobody_falls_silent, "silence", state(OPEN, wake_at=None), "[12]"),
    Case(pages.due_pages_are_in_the_outbox, "a page not sent", outbox(lambda rows: []), "not in the outbox"),
    Case(pages.due_pages_are_in_the_outbox, "a page twice", outbox(lambda rows: [*rows, *rows]), "in the outbox for"),
    Case(
        pages.due_pages_are_in_the_outbox,
        "a page of nobody",
        row("SendPage", page="INC-1-1-0"),
        "nothing has caused it",
    ),
    Case(pages.rows_come_to_an_end, "a lease left", row("SendPage", status="leased"), "nobody sends it"),
    Case(pages.rows_come_to_an_end, "a row left", row("SendPage", status="pending"), "has not left"),
    Case(pages.lost_pages, "sent, but not taken", unanswered("/v2/enqueue"), "PagerDuty never said so"),
    Case(pages.lost_pages, "failed in silence", row("SendPage", status="failed"), "doesn't say why"),
    Case(
        pages.receipts_arrive,
        "a receipt lost",
        timeline(OPEN, lambda events: [event for event in events if event.kind != "page_accepted"]),
        "its incident doesn't know",
    ),
    Case(pages.keys_are_stable, "two keys", log(lambda sent: replaced(sent, "tocsin-", "other-")), "under 2 keys"),
    Case(
        pages.keys_are_stable,
        "a key for two pages",
        log(lambda sent: replaced(sent, '"page_key":"INC', '"page_key":"OTHER')),
        "stands for 2 pages",
    ),
    Case(
        pages.ends_come_after_their_pages,
        "the page after its end",
        log(lambda sent: [*sent, triggers(sent)[0]]),
        "trigger was sent after resolve",
    ),
    Case(pages.lanes_keep_their_order, "a lane overtaken", row("SendPage", status="pending"), "has ended before"),
    Case(pages.requests_have_their_lease, "a request without a lease", again("/v2/enqueue"), "[9]"),
    Case(pages.repeats_have_a_reason, "a page sent again", again("/v2/enqueue"), "in 0 crashes"),
    Case(pages.rows_come_to_an_end, "a row left counted", row("SendPage", status="counted"), "nobody says what"),
    Case(pages.lost_pages, "counted, and not named", counted_in_another, "does not name it"),
    Case(pages.one_storm_page_a_minute, "two storms in a minute", two_storms, "of a storm 20.0 s after"),
    Case(
        pages.lists_name_what_is_counted,
        "a count without names",
        log(lambda sent: [telling(triggers(sent)[0], more=7)]),
        "counts 7, and names others",
    ),
    Case(slack.words_arrive_in_order, "a word not said", unanswered("/api/chat.postMessage"), "Slack never said so"),
    Case(slack.words_arrive_in_order, "words in disorder", log(words_swapped), "was said before"),
    Case(slack.words_are_said_once, "a word said again", again("/api/chat.postMessage"), "was said 4 times"),
    Case(slack.incidents_have_one_channel, "two channels", again("/api/conversations.create"), "was created 4 times"),
)


def test_a_response_without_a_crash_is_faultless(true_evidence: Evidence) -> None:
    assert faults_in(true_evidence) == []
    figures = figures_of(true_evidence)
    assert (figures.lost, figures.repeated, figures.under_two_keys) == (0, 0, 0)
    assert figures.due >= 2


def test_a_storm_that_was_of_another_severity_as_it_left_is_no_second_one(true_evidence: Evidence) -> None:
    assert list(pages.one_storm_page_a_minute(regraded_under_way(two_storms(true_evidence)))) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_checker_notices(true_evidence: Evidence, case: Case) -> None:
    found = list(case.check(case.forge(true_evidence)))
    assert any(case.fault in fault for fault in found), found


def test_every_check_has_been_turned_against_a_forgery() -> None:
    assert {case.check for case in CASES} == set(CHECKS)


def test_word_that_slack_took_without_a_word_was_said(true_evidence: Evidence) -> None:
    lost = [replace(it, status=0, answer="", lost=(it.status, it.answer)) for it in true_evidence.sent]
    assert [*slack.words_arrive_in_order(replace(true_evidence, sent=lost))] == []


def test_page_is_sent_again_with_reason_until_its_sender_hears_an_answer(true_evidence: Evidence) -> None:
    (taken, *_) = (it for it in true_evidence.sent if it.path == "/v2/enqueue")
    unheard = replace(taken, status=0, answer="", lost=(taken.status, taken.answer))
    # Taken, and not written down by a node that was cut off; another's answers are lost on their way, but for the last.
    cut_off = replace(true_evidence, sent=[taken, unheard, unheard, taken])
    assert pages.repeats(cut_off).total() == 1
    assert [*pages.repeats_have_a_reason(replace(cut_off, crashes=1))] == []
    assert "was sent again 1 times once taken, in 0 crashes" in "".join(pages.repeats_have_a_reason(cut_off))

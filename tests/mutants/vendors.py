"""Bugs of the ways in from Slack and PagerDuty, and of what keeps from saying a thing there twice."""

from tests.mutants.mutant import Mutant

SLACK = "tests/api/test_slack.py"
STRANGERS = "tests/api/test_slack_strangers.py"
SIGNATURE = "tests/integrations/slack/test_signature.py"
CALLS = "tests/engine/test_crash_calls.py"
HEARING = "tests/engine/test_pagerduty_hearing.py"
WEBHOOKS = "tests/integrations/pagerduty/test_webhooks.py"
WRITING = "tests/engine/test_pagerduty_writing.py"

MUTANTS = (
    Mutant(
        name="Slack is believed whatever the signature",
        invariant=18,
        file="integrations/slack/inbound/signature.py",
        old='not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode(errors="replace"))',
        new="not signature",
        caught_by=(f"{SIGNATURE}::test_anything_else_is_not", f"{STRANGERS}::test_a_wrong_signature_opens_no_door"),
    ),
    Mutant(
        name="a request of Slack's is believed for days",
        invariant=2,
        file="integrations/slack/inbound/signature.py",
        old="_YOUNG_SECONDS = 5 * 60",
        new="_YOUNG_SECONDS = 5 * 60 * 1_000",
        caught_by=(f"{STRANGERS}::test_an_old_request_is_not_taken_though_it_is_signed",),
    ),
    Mutant(
        name="what Slack tells twice is done twice",
        invariant=2,
        file="engine/slack/deeds.py",
        old="            if not tx.heard.is_new(SOURCE, once, now):\n                return None\n"
        "            incident = desk.change(",
        new="            incident = desk.change(",
        caught_by=(
            f"{SLACK}::test_a_thing_that_slack_tells_twice_is_done_once",
            f"{STRANGERS}::test_a_replayed_request_does_nothing_again",
        ),
    ),
    Mutant(
        name="a dialog that Slack tells twice declares twice",
        invariant=2,
        file="engine/slack/deeds.py",
        old="            if not tx.heard.is_new(SOURCE, once, now):\n                return None\n"
        "            incident = desk.open(",
        new="            incident = desk.open(",
        caught_by=(f"{SLACK}::test_a_declaration_that_slack_tells_twice_opens_one_incident",),
    ),
    Mutant(
        name="a member who is linked to nobody acts all the same",
        invariant=18,
        file="engine/slack/members.py",
        old="self.people.get(origin.user)",
        new="self.people.get(origin.user, origin.user)",
        caught_by=(f"{STRANGERS}::test_who_is_linked_to_nobody_is_told_how_to_be",),
    ),
    Mutant(
        name="whose account is disabled acts in Slack",
        invariant=22,
        file="engine/slack/members.py",
        old="able = [it for it in accounts if it.disabled_at is None]",
        new="able = list(accounts)",
        caught_by=(f"{STRANGERS}::test_an_account_bars_its_person_once_it_is_disabled_or_may_only_look",),
    ),
    Mutant(
        name="another workspace is heard",
        invariant=18,
        file="engine/slack/way_in.py",
        old="        if not is_ours or origin.user_team",
        new="        if origin.user_team",
        caught_by=(f"{STRANGERS}::test_another_workspace_or_app_is_not_heard",),
    ),
    Mutant(
        name="a guest of a shared channel is heard",
        invariant=18,
        file="engine/slack/way_in.py",
        old='        if not is_ours or origin.user_team not in ("", self.setup.team):',
        new="        if not is_ours:",
        caught_by=(f"{STRANGERS}::test_a_guest_of_a_shared_channel_is_not_heard",),
    ),
    Mutant(
        name="a dialog overwrites what somebody else has done meanwhile",
        invariant=18,
        file="engine/slack/way_in.py",
        old="msgspec.structs.replace(actor, seen=carried.seq)",
        new="actor",
        caught_by=(f"{SLACK}::test_nobody_overwrites_what_somebody_else_has_done_meanwhile",),
    ),
    Mutant(
        name="an answer goes to whatever address came with a press",
        invariant=23,
        file="engine/slack/calls.py",
        old="        if not self._is_slacks(answer_to):",
        new="        if not answer_to:",
        caught_by=(f"{STRANGERS}::test_answers_go_to_slack_alone",),
    ),
    Mutant(
        name="after a crash a message is posted without a look whether it is there",
        invariant=16,
        file="integrations/slack/outbound.py",
        old="    return look_first(step, account) if attempt.is_repeat and isinstance(step, Request) else step",
        new="    return step",
        caught_by=(f"{CALLS}::test_nothing_is_seen_twice_where_the_server_dies_at_a_call",),
    ),
    Mutant(
        name="a webhook of PagerDuty's is believed whatever its signature",
        invariant=18,
        file="integrations/pagerduty/inbound.py",
        old="    return any(hmac.compare_digest(mine.encode(), theirs.encode()) for mine, theirs in pairs)",
        new="    return any(pairs)",
        caught_by=(f"{WEBHOOKS}::test_published_mismatch_is_not_signed", f"{WEBHOOKS}::test_what_is_not_signed"),
    ),
    Mutant(
        name="a webhook that comes again is carried out again",
        invariant=2,
        file="engine/pagerduty/hearing.py",
        old="        if tx.heard.is_new(SOURCE, word.id, now) and not",
        new="        if not",
        caught_by=(f"{HEARING}::test_webhook_that_comes_again_is_carried_out_once",),
    ),
    Mutant(
        name="what we have done in PagerDuty comes back as somebody's deed",
        invariant=18,
        file="integrations/pagerduty/inbound.py",
        old="is_ours=is_client and not agent.is_person,",
        new="is_ours=False,",
        caught_by=(f"{WEBHOOKS}::test_our_own_event_is_known_by_its_client_and_a_persons_deed_never_is",),
    ),
    Mutant(
        name="our own note in PagerDuty comes back as a note here",
        invariant=18,
        file="engine/pagerduty/hearing.py",
        old=" and not is_own_note(word.text, self.installation)",
        new="",
        caught_by=(f"{WRITING}::test_own_note_comes_back_and_is_not_written_down_here",),
    ),
    Mutant(
        name="a note is taken as written whatever PagerDuty answers",
        invariant=15,
        file="integrations/pagerduty/rest.py",
        old="    if not (made.note and made.note.id) and made.responder_request is None:",
        new="    if made is None:",
        caught_by=("tests/engine/test_row_8.py::test_no_fault_passes_for_a_positive_answer_of_any_vendors",),
    ),
    Mutant(
        name="an event that looks worse leaves its incident as it is",
        invariant=4,
        file="engine/intake.py",
        old="        self._join_again()\n",
        new="",
        caught_by=(
            "tests/api/test_events_in.py"
            "::test_trigger_that_looks_worse_makes_the_open_incident_worse_and_a_milder_one_changes_nothing",
        ),
    ),
)

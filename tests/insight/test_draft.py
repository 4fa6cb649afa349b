"""A drafted postmortem tells what the record knows, in the template's sections, and blames nobody."""

from datetime import timedelta
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from tests.domain.harness import CL, IC, SEV1, SEV2, SEV3, SEV4, TL, WEDNESDAY_NOON, Story, with_rotation
from tests.insight.documents import (
    EVERYTHING,
    P0,
    drafted,
    item,
    place_to_write,
    record_of,
    resolved_story,
    section_of,
)
from tocsin.insight.postmortem import AlertFact
from tocsin.insight.record import MAX_ALERTS
from tocsin.sop.load import default_sop
from tocsin.sop.render.postmortem import IDENTITY_FIELDS, Section, postmortem_template

MARKDOWN = MarkdownIt("commonmark").enable("table")


def headings(document: str) -> list[str]:
    tokens = MARKDOWN.parse(document)
    return [title.content for opening, title in pairwise(tokens) if (opening.tag, opening.nesting) == ("h2", 1)]


def rows(markdown: str) -> list[list[str]]:
    """The cells of every table row, as a reader sees them."""
    found: list[list[str]] = []
    for token in MARKDOWN.parse(markdown):
        if token.type == "tr_open":
            found.append([])
        elif token.type == "inline" and found:
            found[-1].append("".join(part.content for part in token.children or ()))
    return found


def identity(story: Story) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(record_of(drafted(story), "Identity"))}


def measures(story: Story) -> list[str]:
    """The sentences under `Measured against the SOP`."""
    part = record_of(drafted(story), "Timeline").split("### Measured against the SOP")[1].split("###")[0]
    return [line.removeprefix("- ").replace("\\", "") for line in part.strip().split("\n")]


def under(story: Story, heading: str, *alerts: AlertFact) -> str:
    return record_of(drafted(story, *alerts), "Timeline").split(f"### {heading}\n")[1].split("\n### ")[0].strip()


def alert(name: str = "CheckoutDown", minute: int = 0, **labels: str) -> AlertFact:
    starts_at = WEDNESDAY_NOON + timedelta(minutes=minute)
    return AlertFact(name, "resolved", starts_at, starts_at + timedelta(minutes=9), {"alertname": name, **labels}, 3)


def test_draft_has_the_templates_sections_in_the_templates_order() -> None:
    template = postmortem_template(default_sop())
    assert headings(drafted(resolved_story())) == headings(template) == [section.title for section in Section]


def test_draft_fills_in_every_identity_field_of_the_template() -> None:
    fields = list(identity(resolved_story()))
    assert [field for field in fields if field in IDENTITY_FIELDS] == list(IDENTITY_FIELDS)


def test_identity_says_what_the_record_knows() -> None:
    story = resolved_story().assign(IC, "erin").assign(TL, "bob")
    assert identity(story) == {
        "Field": "Value",
        "Incident": "INC-2026-0042, Checkout is down",
        "Date": "2026-11-25",
        "Severity": "SEV1 Critical: stated at declaration",
        "Duration": "30 min from the opening to the resolution",
        "Time to acknowledge": "4 min",
        "Time to assess": "0 min",
        "Time to mitigate": "20 min",
        "Time to resolve": "30 min",
        "Incident Commander": "Erin Engel",
        "Communications Lead": "nobody",
        "Technical Lead": "Bob Brown",
        "Status": "resolved; the postmortem is a draft",
        "Service": "Website",
        "Teams": "Platform",
        "Trigger": "a production service is degraded or unavailable for users",
        "SOP version": story.incident.sop_version,
    }


@pytest.mark.parametrize(
    ("story", "field", "value"),
    [
        pytest.param(Story().declare(), "Severity", "not assessed", id="unassessed"),
        pytest.param(Story().declare().at(9), "Duration", "9 min so far", id="open"),
        pytest.param(Story().declare().at(9), "Time to mitigate", "not on record", id="not mitigated"),
        pytest.param(
            Story().declare().at(9).cancel(), "Duration", "9 min from the opening to the cancellation", id="cancelled"
        ),
        pytest.param(
            resolved_story().at(90).reopen().at(100),
            "Duration",
            "1 hour 40 min so far; reopened once, open for 40 min of it",
            id="reopened",
        ),
        pytest.param(
            resolved_story().at(40).reopen().at(41).resolve().at(50).reopen().at(51).resolve(),
            "Duration",
            "51 min from the opening to the resolution; reopened 2 times, open for 32 min of it",
            id="reopened twice",
        ),
        pytest.param(Story().declare(SEV1, teams=("backend",)), "Teams", "Platform and Backend", id="two teams"),
        pytest.param(Story().declare(SEV4).resolve(), "Status", "resolved; no postmortem is due", id="no postmortem"),
        pytest.param(
            resolved_story().save_postmortem(EVERYTHING).complete_postmortem(),
            "Status",
            "closed; the postmortem is completed",
            id="closed",
        ),
    ],
)
def test_identity_follows_the_incident(story: Story, field: str, value: str) -> None:
    assert identity(story)[field] == value


def test_service_and_team_that_the_sop_lost_keep_their_ids() -> None:
    story = resolved_story()
    story.sop = replace(story.sop, services={}, teams={})
    assert (identity(story)["Service"], identity(story)["Teams"]) == ("website", "platform")


def test_timeline_is_told_in_utc_with_who_did_it() -> None:
    story = Story().declare(SEV2).at(4).acknowledge().at(5).note("tried a restart").at(9).resolve("rolled back")
    timeline = rows(record_of(drafted(story), "Timeline").split("###")[0])
    assert timeline[0] == ["Time (UTC)", "What happened"]
    assert timeline[-3:] == [
        ["2026-11-25 12:04:00", "Acknowledged (Alice Adams)"],
        ["2026-11-25 12:05:00", "Note: tried a restart (Alice Adams)"],
        ["2026-11-25 12:09:00", "Resolved: rolled back (Alice Adams)"],
    ]


def test_timeline_leaves_out_that_the_machinery_ran() -> None:
    story = Story().declare(SEV1).channel_opens().summary_appears().accept("alice").acknowledge().at(14).resolve()
    story.save_postmortem({"summary": "first words"}).at(days=3)
    timeline = record_of(drafted(story), "Timeline")
    for noise in ("accepted by the provider", "Summary posted", "Status update due", "Postmortem"):
        assert noise not in timeline.split("###")[0]


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "<script>alert(1)</script>",
        "first line\n## Root cause\n\n- [ ] box",
        "```\nunclosed",
        "<!-- /tocsin:record -->",
        "<!--",
        "[link](javascript:alert(1)) *b* `c`",
    ],
)
def test_note_is_shown_in_its_cell_as_it_was_written(text: str) -> None:
    story = Story().declare(SEV1).note(text).resolve()
    document = drafted(story)
    cells = [cell for row in rows(document) for cell in row]
    assert f"Note: {' '.join(text.split())} (Alice Adams)" in cells
    assert headings(document) == [section.title for section in Section]


def test_roles_are_listed_with_their_hand_overs_and_what_nobody_took() -> None:
    story = Story().declare(SEV1).assign(IC, "erin").assign(CL, "bob").at(10).assign(IC, "dana")
    assert rows(under(story, "Roles"))[1:] == [
        ["Incident Commander", "Erin Engel", "2026-11-25 12:00:00", ""],
        ["Communications Lead", "Bob Brown", "2026-11-25 12:00:00", ""],
        ["Incident Commander", "Dana Diaz", "2026-11-25 12:10:00", "Erin Engel"],
        ["Technical Lead", "nobody", "", ""],
    ]


def test_status_updates_are_listed_with_their_audience() -> None:
    story = Story().declare(SEV1).assign(CL, "bob").at(5).update("We look").at(8).tell_customers("We are on it", "bob")
    assert rows(under(story, "Status updates"))[1:] == [
        ["2026-11-25 12:05:00", "internal", "Alice Adams", "We look"],
        ["2026-11-25 12:08:00", "customers", "Bob Brown", "We are on it"],
    ]


def test_alerts_are_listed_by_their_start() -> None:
    shown = under(resolved_story(), "Alerts", alert("Slow", 5, job="web|1"), alert("Down", 0, zone="b", job="web"))
    assert rows(shown)[1:] == [
        ["Down", "resolved", "2026-11-25 12:00:00", "2026-11-25 12:09:00", "3", "job=web, zone=b"],
        ["Slow", "resolved", "2026-11-25 12:05:00", "2026-11-25 12:14:00", "3", "job=web|1"],
    ]


def test_alert_that_still_fires_has_no_end() -> None:
    firing = replace(alert(), status="firing", ends_at=None)
    assert rows(under(resolved_story(), "Alerts", firing))[1][1:4] == ["firing", "2026-11-25 12:00:00", ""]


def test_storm_lists_its_first_alerts_and_counts_the_rest() -> None:
    storm = [alert(f"Alert{number:03}") for number in range(MAX_ALERTS + 7)]
    shown = under(resolved_story(), "Alerts", *storm)
    assert len(rows(shown)) == 1 + MAX_ALERTS
    assert shown.endswith("and 7 more, not listed here")


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Roles", "No role was assigned."),
        ("Status updates", "No status update was posted."),
        ("Alerts", "No alert belongs to the incident."),
    ],
)
def test_what_there_is_none_of_is_said_in_words(heading: str, words: str) -> None:
    assert under(Story().declare(), heading) == words


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        pytest.param(
            Story().declare(SEV1).at(4.2).acknowledge(),
            "Acknowledged after 4 min 12 s, within the 15 min that SEV1 asks for.",
            id="in time",
        ),
        pytest.param(
            Story().declare(SEV1).at(20).acknowledge(),
            "Acknowledged after 20 min, 5 min later than the 15 min that SEV1 asks for.",
            id="late",
        ),
        pytest.param(
            Story().declare(SEV3).at(hours=3).acknowledge(),
            "Acknowledged after 3 hours, within the 4 business hours that SEV3 asks for.",
            id="business hours",
        ),
        pytest.param(
            Story().declare(SEV1).at(4),
            "Not acknowledged yet; the 15 min that SEV1 asks for are over at 2026-11-25 12:15 UTC.",
            id="awaited",
        ),
        pytest.param(
            Story().declare(SEV1).at(40),
            "No acknowledgement is on record; the 15 min that SEV1 asks for were over at 2026-11-25 12:15 UTC.",
            id="awaited too long",
        ),
        pytest.param(
            Story().declare(SEV1).at(4).resolve(),
            "Resolved, without an acknowledgement on record, after 4 min, within the 15 min that SEV1 asks for.",
            id="resolved at once",
        ),
        pytest.param(
            Story().declare().at(4).acknowledge(),
            "The severity was not assessed, so no response time was asked for.",
            id="unassessed",
        ),
        pytest.param(Story().declare(SEV4), "SEV4 asks for no response time.", id="planned work"),
    ],
)
def test_response_time_is_put_into_words(story: Story, sentence: str) -> None:
    assert measures(story)[0] == sentence


def test_response_time_after_a_reopening_is_told_apart() -> None:
    story = resolved_story().at(60).reopen().at(62).acknowledge()
    assert measures(story)[:2] == [
        "Acknowledged after 4 min, within the 15 min that SEV1 asks for.",
        "After the reopening on 2026-11-25 13:00 UTC: acknowledged after 2 min, within the 15 min that SEV1 asks for.",
    ]


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        pytest.param(Story().declare(), "No status updates at a fixed interval were asked for.", id="no cadence"),
        pytest.param(Story().declare(SEV1).at(9).resolve(), "No status update fell due.", id="over before"),
        pytest.param(
            Story().declare(SEV1).at(9).update().resolve(),
            "Status updates asked for: 1, in time: 1; the longest stretch without one was 9 min.",
            id="in time",
        ),
        pytest.param(
            Story().declare(SEV1).at(9).update().at(29).update().resolve(),
            "Status updates asked for: 2, in time: 1; one was overdue for 5 min in all, "
            "and the longest stretch without one was 20 min.",
            id="one late",
        ),
    ],
)
def test_cadence_is_put_into_words(story: Story, sentence: str) -> None:
    assert measures(story)[1] == sentence


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        pytest.param(Story().declare(SEV4), "Nobody was paged.", id="nobody"),
        pytest.param(Story().declare(SEV1), "1 person was paged.", id="one"),
        pytest.param(Story().declare(SEV1).at(5), "2 people were paged.", id="two"),
        pytest.param(
            Story().declare(SEV1).fail_every_way("alice"),
            "2 people were paged; 1 page was taken by no contact method.",
            id="one out of reach",
        ),
    ],
)
def test_paging_is_put_into_words(story: Story, sentence: str) -> None:
    assert measures(story)[2] == sentence


def test_triage_steps_without_a_record_are_named() -> None:
    assert measures(resolved_story())[3] == "Triage steps on record: 6 of 7; not on record: postmortem."
    assert measures(Story().declare(SEV4).resolve())[3].endswith(
        "not on record: acknowledge, communicate and mitigate."
    )


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        pytest.param(Story().declare(SEV1), "Due 48 hours after the resolution.", id="not resolved"),
        pytest.param(resolved_story(), "Due by 2026-11-27 12:30 UTC, 48 hours after the resolution.", id="resolved"),
        pytest.param(
            resolved_story().at(days=3),
            "Due by 2026-11-27 12:30 UTC, 48 hours after the resolution; overdue.",
            id="overdue",
        ),
        pytest.param(
            resolved_story().at(days=1).save_postmortem(EVERYTHING).complete_postmortem(),
            "Due by 2026-11-27 12:30 UTC, 48 hours after the resolution; completed on 2026-11-26 12:00 UTC.",
            id="completed",
        ),
        pytest.param(
            Story().declare(),
            "Whether a postmortem is due depends on the severity, which is not assessed yet.",
            id="unassessed",
        ),
        pytest.param(Story().declare(SEV3), "SEV3: no postmortem is due unless somebody asks for one.", id="SEV3"),
        pytest.param(Story().declare(SEV4), "SEV4: no postmortem is due.", id="SEV4"),
        pytest.param(Story().declare(SEV1).cancel(), "Cancelled: no postmortem is due.", id="cancelled"),
    ],
)
def test_due_time_stands_at_the_top(story: Story, sentence: str) -> None:
    assert drafted(story).split("\n\n")[2] == sentence


def test_impact_starts_with_the_known_facts_and_leaves_the_rest_to_people() -> None:
    document = drafted(resolved_story())
    assert record_of(document, "Impact") == (
        "- Duration: 30 min from the opening to the resolution\n"
        "- Service: Website\n"
        "- Declared because: a production service is degraded or unavailable for users"
    )
    aspects = [row[0] for row in rows(place_to_write(document, "impact"))]
    assert aspects == ["Aspect", "Users", "Revenue", "Data", "SLA"]


def test_unwritten_section_says_what_to_write_there() -> None:
    document = drafted(resolved_story())
    for section in (Section.SUMMARY, Section.ROOT_CAUSE, Section.WENT_WELL, Section.WENT_POORLY, Section.LESSONS):
        assert place_to_write(document, section.key) == f"_{section.guidance}_"


def test_saved_text_and_items_stand_in_their_places() -> None:
    story = resolved_story().save_postmortem({"root_cause": "The pool.\n\n## Why\nToo small."}, item(priority=P0))
    document = drafted(story)
    assert place_to_write(document, "root_cause") == "The pool.\n\n## Why\nToo small."
    assert rows(section_of(document, "Action items"))[1:] == [["Alert on the pool", "bob", "P0", "2026-12-01", "open"]]


def test_follow_up_offers_the_checklist_until_somebody_ticks() -> None:
    assert "- [ ] The review meeting is scheduled" in section_of(drafted(resolved_story()), "Follow-up")
    story = resolved_story().save_postmortem({"follow_up": "- [x] The review meeting is scheduled"})
    assert "- [x] The review" in section_of(drafted(story), "Follow-up")


def test_draft_speaks_of_systems_and_not_of_culprits() -> None:
    sop = with_rotation(default_sop(), "platform", primary=("alice",), secondary=())
    story = Story(sop).declare(SEV1).fail_every_way("alice").at(45).acknowledge().at(90).resolve().at(days=4)
    document = drafted(story).lower()
    assert "this postmortem is blameless" in document
    for word in ("fault", "mistake", "guilt", "negligen", "should have", "human error", "failed to", "forgot"):
        assert word not in document

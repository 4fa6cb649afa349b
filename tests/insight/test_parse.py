"""What people wrote is found again in an edited document; what would be lost is refused with its place."""

import pytest

from tests.insight.documents import P0, P2, drafted, item, resolved_story, written_into
from tocsin.domain.incident import ActionItem
from tocsin.errors import InvalidInput
from tocsin.insight.postmortem import Written, parse
from tocsin.sop.load import default_sop
from tocsin.sop.render.postmortem import postmortem_template

DRAFT = drafted(resolved_story())
ITEM_ROW = "| Alert on the pool | bob | P1 | 2026-12-01 | open |"
BLANK_ROW = "|  |  | P0 | YYYY-MM-DD | open |"


END = DRAFT.count("\n") + 1


def at(text: str) -> int:
    """The line of the untouched draft on which `text` stands first."""
    return DRAFT[: DRAFT.index(text)].count("\n") + 1


def with_items(*rows: str, header: str = "| Action | Owner | Priority | Due date | Status |") -> str:
    rule = "| --- | --- | --- | --- | --- |"
    return written_into(DRAFT, "action_items", "\n".join((header, rule, *rows)))


def test_untouched_draft_says_nothing() -> None:
    assert parse(DRAFT) == Written({}, ())


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(DRAFT.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(DRAFT.replace("## Root cause", "## Root cause  \t"), id="spaces after a heading"),
        pytest.param(DRAFT.replace("## Root cause", "## root CAUSE ##"), id="a heading in other letters"),
        pytest.param(DRAFT.replace("-->\n\n", "-->\n"), id="blank lines taken out"),
        pytest.param(DRAFT.replace("<!-- ", "<!--").replace(" -->", "-->"), id="spaces in marks taken out"),
        pytest.param(DRAFT.replace("| Users |  |", "| Users    |        |"), id="table lined up"),
        pytest.param(DRAFT.replace("| --- | --- |", "| ------ | :----- |".replace(":", "-")), id="rule lined up"),
        pytest.param("Reviewed on Monday.\n\n" + DRAFT, id="words before the first section"),
    ],
)
def test_what_editors_do_to_a_document_is_tolerated(edited: str) -> None:
    assert parse(edited) == Written({}, ())


@pytest.mark.parametrize(
    ("edited", "text"),
    [
        pytest.param(written_into(DRAFT, "root_cause", "The pool."), "The pool.", id="instead of the placeholder"),
        pytest.param(
            DRAFT.replace("can be changed._\n", "can be changed._\n\nThe pool.\n"), "The pool.", id="below it"
        ),
        pytest.param(
            DRAFT.replace("<!-- /tocsin:root_cause -->", "<!-- /tocsin:root_cause -->\n\nThe pool."),
            "The pool.",
            id="below the mark",
        ),
        pytest.param(
            DRAFT.replace("## Root cause\n", "## Root cause\nThe pool.\n"), "The pool.", id="right below the heading"
        ),
        pytest.param(
            written_into(DRAFT, "root_cause", "The pool.").replace(
                "<!-- /tocsin:root_cause -->", "<!-- /tocsin:root_cause -->\n\nAnd the load."
            ),
            "The pool.\n\nAnd the load.",
            id="in two places",
        ),
        pytest.param(
            written_into(DRAFT, "root_cause", "The pool.")
            .replace("<!-- tocsin:root_cause (to be written) -->\n", "")
            .replace("<!-- /tocsin:root_cause -->\n", ""),
            "The pool.",
            id="the marks deleted",
        ),
        pytest.param(
            DRAFT.replace("## Root cause\n", "## Root cause\n<!-- tocsin:x --> The pool. <!-- y -->\n"),
            "<!-- tocsin:x --> The pool. <!-- y -->",
            id="between comments on one line",
        ),
        pytest.param(written_into(DRAFT, "root_cause", "a\u2028b\x0cc"), "a\u2028b\x0cc", id="over exotic line breaks"),
        pytest.param(
            written_into(DRAFT, "root_cause", "Here:\n\n```\n## Impact\n```\n\n## Root cause\n\n### Why"),
            "Here:\n\n```\n## Impact\n```\n\n## Root cause\n\n### Why",
            id="headings of our own inside",
        ),
    ],
)
def test_text_is_found_wherever_it_was_written_in_its_section(edited: str, text: str) -> None:
    assert parse(edited).sections == {"root_cause": text}


def test_placeholder_that_was_saved_on_purpose_is_text() -> None:
    saved = {"summary": "_What it cost, in figures where there are any._", "follow_up": "- [ ] The review"}
    assert parse(drafted(resolved_story().save_postmortem(saved))).sections == saved


def test_ticked_box_makes_the_checklist_text() -> None:
    edited = DRAFT.replace("- [ ] The action items", "- [x] The action items")
    assert parse(edited).sections == {
        "follow_up": "- [ ] The review meeting is scheduled\n"
        "- [x] The action items are in the tracker\n"
        "- [ ] The stakeholders have been told"
    }


def test_aspect_that_was_filled_in_makes_the_table_text() -> None:
    edited = DRAFT.replace("| Users |  |", "| Users | 312 could not pay |")
    assert parse(edited).sections == {
        "impact": "| Aspect | Impact |\n| --- | --- |\n"
        "| Users | 312 could not pay |\n| Revenue |  |\n| Data |  |\n| SLA |  |"
    }


def test_changes_inside_the_record_are_not_taken() -> None:
    assert parse(DRAFT.replace("Duration: 30 min", "Duration: 5 min")) == Written({}, ())


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        pytest.param(
            DRAFT.replace("## Root cause\n", ""),
            "the section `Root cause` is missing; restore its heading `## Root cause`",
            id="a heading deleted",
        ),
        pytest.param(
            DRAFT[: DRAFT.index("## Follow-up")],
            "the section `Follow-up` is missing; restore its heading `## Follow-up`",
            id="a section deleted",
        ),
        pytest.param(
            "", "the section `Identity` is missing; restore its heading `## Identity`", id="an empty document"
        ),
        pytest.param(
            DRAFT + "\n## Impact\n",
            f"line {END + 1}: the section `Impact` is there twice; keep one of them",
            id="a section twice",
        ),
        pytest.param(
            DRAFT + "\n## Appendix\n",
            f"line {END + 1}: `Appendix` is not a section of a postmortem; write it inside one of Identity, Summary, "
            "Timeline, Root cause, Impact, What went well, What went poorly, Action items, Lessons learned, Follow-up, "
            "as a heading of level 3",
            id="a section of one's own",
        ),
        pytest.param(
            DRAFT.replace("## Summary", "The 25th.\n\n## Summary"),
            f"line {at('## Summary')}: `The 25th.` would be lost: `Identity` is drafted from the record; "
            "write it into another section, or add a note to the incident",
            id="text in the identity",
        ),
        pytest.param(
            DRAFT.replace("## Root cause", "13:02 the disk was full\n\n## Root cause"),
            f"line {at('## Root cause')}: `13:02 the disk was full` would be lost: "
            "`Timeline` is drafted from the record; write it into another section, or add a note to the incident",
            id="text below the timeline",
        ),
        pytest.param(
            DRAFT.replace("<!-- /tocsin:impact -->\n", ""),
            f"line {at('tocsin:went_well') - 1}: <!-- tocsin:went_well --> stands inside <!-- tocsin:impact -->; "
            "restore <!-- /tocsin:impact --> before it",
            id="an end mark deleted",
        ),
        pytest.param(
            DRAFT.replace("<!-- /tocsin:follow_up -->\n", ""),
            f"line {at('tocsin:follow_up')}: <!-- tocsin:follow_up --> has no end; "
            "restore <!-- /tocsin:follow_up --> after it",
            id="the last end mark deleted",
        ),
        pytest.param(
            DRAFT.replace("<!-- tocsin:summary (to be written) -->\n", ""),
            f"line {at('/tocsin:summary') - 1}: <!-- /tocsin:summary --> has no beginning; "
            "restore <!-- tocsin:summary --> before it",
            id="a beginning mark deleted",
        ),
        pytest.param(
            DRAFT.replace("tocsin:summary", "tocsin:lessons"),
            f"line {at('tocsin:summary')}: <!-- tocsin:lessons --> stands in the section `Summary`; "
            "put it below `## Lessons learned`",
            id="another section's marks",
        ),
        pytest.param(
            DRAFT.replace("tocsin:summary", "tocsin:anything"),
            f"line {at('tocsin:summary')}: <!-- tocsin:anything --> stands in the section `Summary`; remove it",
            id="marks that we don't know",
        ),
    ],
)
def test_document_that_can_not_be_read_is_refused_with_its_place(edited: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(edited)
    assert str(refused.value) == message


def test_filled_in_template_is_refused_rather_than_read_by_half() -> None:
    with pytest.raises(InvalidInput, match="would be lost: `Identity` is drafted from the record"):
        parse(postmortem_template(default_sop()))


@pytest.mark.parametrize(
    ("rows", "items"),
    [
        pytest.param((BLANK_ROW, BLANK_ROW), (), id="empty rows of the template"),
        pytest.param(("|  |  |  |  |  |",), (), id="an empty row"),
        pytest.param((), (), id="no rows"),
        pytest.param((BLANK_ROW, ITEM_ROW, BLANK_ROW), (item(),), id="a row among empty ones"),
        pytest.param(("Alert on the pool | bob | P1 | 2026-12-01 | open",), (item(),), id="without outer pipes"),
        pytest.param((f"   {ITEM_ROW}   ",), (item(),), id="with spaces around"),
        pytest.param(("| Alert | bob | p2 |  |  |",), (item("Alert", priority=P2, due_on=""),), id="small letters"),
        pytest.param(
            ("| Alert | bob | P0 | YYYY-MM-DD | done |",),
            (item("Alert", priority=P0, due_on="", status="done"),),
            id="the due date left to be filled in",
        ),
        pytest.param(
            (r"| `a \| b` \\ \*c* | bob | P1 | 2026-12-01 | open |",), (item(r"`a | b` \ *c*"),), id="escaped"
        ),
    ],
)
def test_action_items_are_read_from_their_table(rows: tuple[str, ...], items: tuple[ActionItem, ...]) -> None:
    assert parse(with_items(*rows)).action_items == items


def test_deleted_table_has_no_action_items() -> None:
    assert parse(written_into(DRAFT, "action_items", "")).action_items == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("| A | bob | high |  |  |", "priority must be P0, P1 or P2, got `high`"),
        ("| A | bob |  |  |  |", "priority must be P0, P1 or P2, got ``"),
        ("| A |  | P1 |  |  |", "owner must be filled in, got nothing"),
        ("|  | bob | P1 |  |  |", "action must be filled in, got nothing"),
        ("|  |  | P1 | 2026-12-01 |  |", "action must be filled in, got nothing"),
        ("|  |  | P1 |  | done |", "action must be filled in, got nothing"),
        ("| A | bob | P1 | soon |  |", "due date must be a date such as 2026-11-30, or empty, got `soon`"),
        ("| A | bob | P1 | 20261201 |  |", "due date must be a date such as 2026-11-30, or empty, got `20261201`"),
        ("| A | bob | P1 | 2026-02-30 |  |", "due date must be a date such as 2026-11-30, or empty, got `2026-02-30`"),
        ("| A | B | bob | P1 |  |  |", "must have 5 cells, got 6: `A | B | bob | P1 | |`"),
        ("| A | bob | P1 |", "must have 5 cells, got 3: `A | bob | P1`"),
        ("see the tracker", "must have 5 cells, got 1: `see the tracker`"),
    ],
)
def test_action_item_that_can_not_be_read_is_refused_with_its_row(row: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(with_items(ITEM_ROW, row))
    assert str(refused.value) == f"action items, row 2: {message}"


@pytest.mark.parametrize(
    ("edited", "got"),
    [
        (with_items(ITEM_ROW, header="| What | Owner | Priority | Due date | Status |"), "| What | Owner | Prio"),
        (written_into(DRAFT, "action_items", "See the tracker."), "See the tracker."),
        (DRAFT.replace("## Action items", "## Action items\n\nSee the tracker."), "See the tracker."),
    ],
)
def test_action_items_without_their_table_are_refused(edited: str, got: str) -> None:
    wanted = "action items: must be a table with the columns Action, Owner, Priority, Due date, Status, got `"
    with pytest.raises(InvalidInput) as refused:
        parse(edited)
    assert str(refused.value).startswith(wanted + got)

"""What is to be done so that it doesn't happen again? Action items as a Markdown table, and back."""

import re
from datetime import date

from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.sop.render.markdown import table
from tocsin.sop.render.postmortem import ACTION_ITEM_COLUMNS, PRIORITIES

_DATE_HINT = "YYYY-MM-DD"
_OPEN = "open"
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")  # CommonMark: ASCII punctuation after a backslash stands for itself
_CELL = re.compile(r"((?:[^|\\]++|\\.|\\$)*+)(?:\||$)")
_RULE = re.compile(r":?-+:?")


def items_table(items: tuple[ActionItem, ...]) -> str:
    """The items as the table that `read_items` reads back; cells are escaped and on one line."""
    rows = [(item.text, item.owner, item.priority, item.due_on, item.status) for item in items]
    return table(ACTION_ITEM_COLUMNS, rows)


def blank_table() -> str:
    """The table to fill in: one row a priority."""
    return table(ACTION_ITEM_COLUMNS, [("", "", priority, _DATE_HINT, _OPEN) for priority in PRIORITIES])


def read_items(markdown: str) -> tuple[ActionItem, ...]:
    """The items of the table, in its order; rows that nobody filled in are left out.

    Rows are counted from 1 below the header. Raises InvalidInput that names the row, for text around the table too.
    """
    lines = [line for line in markdown.split("\n") if line.strip()]
    if not lines:
        return ()
    header, *rows = (_cells(line) for line in lines)
    if [cell.casefold() for cell in header] != [column.casefold() for column in ACTION_ITEM_COLUMNS]:
        wanted = ", ".join(ACTION_ITEM_COLUMNS)
        raise InvalidInput(f"action items: must be a table with the columns {wanted}, got `{_start(lines[0])}`")
    if rows and all(_RULE.fullmatch(cell) for cell in rows[0]):
        rows = rows[1:]
    items = (_item(f"action items, row {number}", cells) for number, cells in enumerate(rows, start=1))
    return tuple(item for item in items if item)


def _cells(line: str) -> list[str]:
    """The cells of a row, with or without outer pipes; an escaped pipe doesn't separate."""
    row = line.strip().removeprefix("|")
    *cells, _ = (found[1] for found in _CELL.finditer(row))  # the last match is the nothing at the end
    return [_ESCAPED.sub(r"\1", cell.strip()) for cell in cells]


def _start(text: str) -> str:
    return clean_line(text, 60)


def _item(where: str, cells: list[str]) -> ActionItem | None:
    if len(cells) != len(ACTION_ITEM_COLUMNS):
        shown = _start(" | ".join(cells))
        raise InvalidInput(f"{where}: must have {len(ACTION_ITEM_COLUMNS)} cells, got {len(cells)}: `{shown}`")
    text, owner, priority, due_on, status = cells
    due_on = "" if due_on == _DATE_HINT else due_on
    if not (text or owner or due_on) and status in ("", _OPEN):
        return None
    return ActionItem(
        text=_filled(where, "action", text),
        owner=_filled(where, "owner", owner),
        priority=_priority(where, priority),
        due_on=_due_on(where, due_on),
        status=status or _OPEN,
    )


def _filled(where: str, column: str, text: str) -> str:
    if not text:
        raise InvalidInput(f"{where}: {column} must be filled in, got nothing")
    return text


def _priority(where: str, text: str) -> ActionItemPriority:
    try:
        return ActionItemPriority(text.upper())
    except ValueError:
        raise InvalidInput(f"{where}: priority must be P0, P1 or P2, got `{_start(text)}`") from None


def _due_on(where: str, text: str) -> str:
    if text and not _is_date(text):
        raise InvalidInput(f"{where}: due date must be a date such as 2026-11-30, or empty, got `{_start(text)}`")
    return text


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # fromisoformat also takes 20261130 and 2026-W48-1
    except ValueError:
        return False

"""Which checks are there, and what do they find? All of them, and the figures of a run."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from tests.system.checker import deadlines, pages, promises, slack, timelines
from tests.system.checker.evidence import Evidence

Check = Callable[[Evidence], Iterator[str]]

CHECKS: tuple[Check, ...] = (
    promises.promises_are_kept,
    promises.nobody_is_paged_after_the_answer,
    timelines.one_open_incident_a_group,
    timelines.timelines_are_dense,
    timelines.hashes_are_chained,
    timelines.states_are_the_fold,
    timelines.events_are_lawful,
    deadlines.due_steps_have_fired,
    deadlines.somebody_wakes,
    deadlines.nobody_falls_silent,
    pages.due_pages_are_in_the_outbox,
    pages.rows_come_to_an_end,
    pages.lost_pages,
    pages.receipts_arrive,
    pages.keys_are_stable,
    pages.ends_come_after_their_pages,
    pages.lanes_keep_their_order,
    pages.requests_have_their_lease,
    pages.repeats_have_a_reason,
    pages.one_storm_page_a_minute,
    pages.lists_name_what_is_counted,
    slack.words_arrive_in_order,
    slack.words_are_said_once,
    slack.incidents_have_one_channel,
)
_LOST = (pages.due_pages_are_in_the_outbox, pages.rows_come_to_an_end, pages.lost_pages)


class Figures(Struct, frozen=True):
    """The figures of a run: pages due, those that were lost, those sent again under their key or under another one."""

    due: int
    lost: int
    repeated: int
    under_two_keys: int


def faults_in(evidence: Evidence) -> list[str]:
    """Everything that the checks find, in words that begin with the invariant's number."""
    return [fault for check in CHECKS for fault in check(evidence)]


def figures_of(evidence: Evidence) -> Figures:
    """The figures of the run."""
    return Figures(
        due=len({key for key, _ in pages.due_pages(evidence)}),
        lost=sum(1 for check in _LOST for _ in check(evidence)),
        repeated=pages.repeats(evidence).total(),
        under_two_keys=sum(1 for _ in pages.keys_are_stable(evidence)),
    )

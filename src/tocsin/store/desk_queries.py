"""What can be read beside incidents? Overrides, silences, test pages, drafts, and what is found by its words."""

from collections.abc import Collection, Sequence
from datetime import datetime

from tocsin.domain.service_change import ServiceChange
from tocsin.store import codec
from tocsin.store.changes import changes_of
from tocsin.store.connection import Reads
from tocsin.store.drafts import draft_of
from tocsin.store.overrides import newest_overrides, overrides_between
from tocsin.store.page_tests import page_tests_by_person, page_tests_of
from tocsin.store.push_browsers import (
    browser_counts,
    browser_with,
    browsers_of_account,
    browsers_of_person,
    people_with_browsers,
)
from tocsin.store.rows import Draft, KeptOverride, KeptSilence, PageTest, PushBrowser, SearchHit
from tocsin.store.search import found_in
from tocsin.store.silences import muted_counts, next_unmuting_at, silence_of, silences_after


class DeskQueries:
    """The part of the reading side that is about what people arrange."""

    def __init__(self, connection: Reads) -> None:
        self._connection = connection

    def overrides(self, start: datetime, end: datetime) -> list[KeptOverride]:
        """The overrides that hold at some time in [start, end), in the order in which they were made."""
        return overrides_between(self._connection, start, end)

    def newest_overrides(self, limit: int) -> list[KeptOverride]:
        """The overrides that were made last, whether or not they are over, the newest first."""
        return newest_overrides(self._connection, limit)

    def silence(self, id_: str) -> KeptSilence:
        """The silence of that id; raises NotFound."""
        return silence_of(self._connection, id_)

    def silences(self, *, after: datetime, limit: int) -> list[KeptSilence]:
        """The silences that end after that instant, the one that ends first first."""
        return silences_after(self._connection, after, limit)

    def muted_counts(self) -> dict[str, int]:
        """How many alerts each silence mutes, by its id; those that mute none are left out."""
        return muted_counts(self._connection)

    def next_unmuting_at(self, but: Collection[int] = ()) -> datetime | None:
        """When the first silence ends that mutes something; `but` are alerts that don't count."""
        return next_unmuting_at(self._connection, but)

    def sop_versions(self, limit: int) -> list[tuple[str, datetime]]:
        """The SOP versions that are kept, and since when, the newest first."""
        sql = "SELECT version, stored_at FROM sop_versions ORDER BY stored_at DESC, version LIMIT ?"
        return [(version, codec.from_column(at)) for version, at in self._connection.all(sql, limit)]

    def changes(
        self, *, since: datetime, limit: int, service: str | None = None, before: datetime | None = None
    ) -> list[ServiceChange]:
        """What people have changed of a service since then and before another instant, or of all, the newest first."""
        return changes_of(self._connection, service, since, limit, before=before)

    def page_tests(self, person: str) -> list[PageTest]:
        """The test pages to a person, the newest first."""
        return page_tests_of(self._connection, person)

    def page_tests_by_person(self) -> dict[str, list[PageTest]]:
        """The test pages to each person who was sent any, the newest first."""
        return page_tests_by_person(self._connection)

    def search(self, words: Sequence[str], limit: int) -> list[SearchHit]:
        """Where all of these words stand, the newest first; `words` are as `domain.search.words_of` gives them."""
        return found_in(self._connection, words, limit)

    def postmortem_draft(self, incident: str) -> Draft | None:
        """What somebody is writing on the incident's postmortem; None where nobody has ever saved a draft."""
        return draft_of(self._connection, incident)

    def browsers_of_person(self, person: str) -> list[PushBrowser]:
        """The browsers that ring for somebody whom the SOP knows by that id, in the order in which they came."""
        return browsers_of_person(self._connection, person)

    def browsers_of_account(self, account: int) -> list[PushBrowser]:
        """The account's browsers that are rung by push, in the order in which they came."""
        return browsers_of_account(self._connection, account)

    def browser_with(self, hash_: str) -> PushBrowser | None:
        """The browser that keeps the secret of that hash."""
        return browser_with(self._connection, hash_)

    def people_with_browsers(self) -> dict[str, int]:
        """How many browsers ring for each person for whom any does."""
        return people_with_browsers(self._connection)

    def browser_counts(self) -> dict[int, int]:
        """How many browsers ring for each account for which any does."""
        return browser_counts(self._connection)

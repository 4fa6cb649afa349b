"""Did every page go out that was due, and none that was not? The record against the outbox and the vendors' logs."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tests.system.checker.account import Account
from tests.system.checker.evidence import Event, Evidence, Row
from tests.system.checker.pagerduty import Knock, knocks_in

_ORDER = {"trigger": 0, "acknowledge": 1, "resolve": 2}
_ANSWERS = ("acknowledged", "mitigated", "resolved", "cancelled")
_ON_ITS_WAY_SECONDS = 0.5  # from the lease, between which the minute is kept, to the vendor's log
_ACTIONS = {"SendPage": "trigger", "AcknowledgePage": "acknowledge", "ResolvePage": "resolve"}


def due_pages(evidence: Evidence) -> set[tuple[str, str]]:
    """Every page that the record says is due, with each way on which it is."""
    accounts = [Account(timeline) for timeline in evidence.events.values()]
    return {(key, via) for account in accounts for key, page in account.pages.items() for via in page.vias}


def sending(evidence: Evidence) -> list[Row]:
    """The rows of the outbox that send a page."""
    return [row for row in evidence.outbox if row.kind == "SendPage"]


def due_pages_are_in_the_outbox(evidence: Evidence) -> Iterator[str]:
    """6: each page that is due has its row, one for each way, and no row has no cause."""
    rows = Counter((str(row.page), row.way) for row in sending(evidence))
    due = due_pages(evidence)
    yield from (f"[6] {key}: is due by {via} and not in the outbox" for key, via in due - rows.keys())
    yield from (f"[6] {key}: is in the outbox for {via}, and nothing has caused it" for key, via in rows.keys() - due)
    yield from (f"[6] {key}: is in the outbox for {via} {n} times" for (key, via), n in rows.items() if n > 1)


def rows_come_to_an_end(evidence: Evidence) -> Iterator[str]:
    """15: each row has ended, or is due in the future; no lease is left."""
    for row in evidence.outbox:
        if row.id > evidence.settled:
            continue
        if row.status == "leased":
            yield f"[15] {row.key}: is leased, and nobody sends it"
        if row.status == "counted":
            yield f"[15] {row.key}: is counted in a page, and nobody says what has become of it"
        if row.status == "pending" and row.due_at <= evidence.newest_at:
            yield f"[15] {row.key}: is due and has not left"


def lost_pages(evidence: Evidence) -> Iterator[str]:
    """15: a page was taken, or its end is written down. "Sent" needs a positive reply in the vendor's own log."""
    knocks = [knock for knock in knocks_in(evidence.sent) if knock.is_taken]
    taken = {(knock.page, knock.action) for knock in knocks}
    told = {(incident, knock.person, knock.page) for knock in knocks for incident in _told_by(knock)}
    rows = {row.id: row for row in evidence.outbox}
    accounts = {id_: Account(timeline) for id_, timeline in evidence.events.items()}
    for row in evidence.outbox:
        account = accounts.get(row.incident)
        page = row.effect.get("key", "")
        if row.kind not in _ACTIONS or account is None or page not in account.pages:
            continue
        if row.provider == "pagerduty" and row.status == "done":
            if row.counted_in is None and (page, _ACTIONS[row.kind]) not in taken:
                yield f"[15] {page}: {row.kind} counts as done, and PagerDuty never said so"
            lead = rows.get(row.counted_in or 0)
            told_it = (row.incident, row.effect["reach"]["person"], str(lead.page) if lead else "")
            if row.counted_in is not None and told_it not in told:
                yield f"[15] {page}: counts as told in the page {told_it[2]}, which does not name it"
        if row.kind == "SendPage" and row.status != "done" and row.is_ended and not _says_why(row, account, evidence):
            yield f"[15] {page}: not sent by {row.way} ({row.status}: {row.note}), and the record doesn't say why"


def _told_by(knock: Knock) -> set[str]:
    """The incidents that a page tells of: its own, and those in its list."""
    return {knock.page.rsplit("-", 2)[0], *knock.more}


def one_storm_page_a_minute(evidence: Evidence) -> Iterator[str]:
    """23: nobody is sent two pages that each tell of several incidents within a minute; a SEV1 has a minute of its own.

    Measured between their arrivals, on the vendor's clock: engine time may be faster, or stand still for a node.
    A page whose incident became a SEV1 while it was under way may have left as either, and is left out.
    """
    rows = {str(row.page): row for row in sending(evidence) if row.provider == "pagerduty" and row.status == "done"}
    taken = [knock for knock in knocks_in(evidence.sent) if knock.action == "trigger" and knock.is_taken and knock.more]
    calls: dict[tuple[str, str, str], dict[str, float]] = {}
    for knock in taken:
        row = rows.get(knock.page)
        if row is None or row.counted_in is not None:
            continue
        kinds = _kinds_of(row, evidence.events[row.incident])
        if len(kinds) == 1:
            calls.setdefault((knock.person, knock.urgency, kinds.pop()), {}).setdefault(knock.page, knock.at)
    for (person, _, _), found in calls.items():
        for (_, left), (page, after) in pairwise(sorted(found.items(), key=lambda it: it[1])):
            apart = (after - left) * evidence.speed
            if apart < evidence.minute - _ON_ITS_WAY_SECONDS * evidence.speed:
                yield f"[23] {page}: told {person} of a storm {apart:.1f} s after the one before"


def _kinds_of(row: Row, timeline: list[Event]) -> set[str]:
    """As what a page may have left: of a SEV1 or a lesser one, as its incident was from its decision to its end."""
    kinds, severity, looks = [""], None, None
    for event in timeline:
        if event.at > (row.settled_at or row.created_at):
            break
        match event.kind:
            case "incident_opened" | "alert_worsened":
                looks = event.body.get("provisional")
            case "assessed" | "severity_changed":
                severity = event.body["severity"]
        kind = "SEV1" if (severity or looks) == "SEV1" else "lesser"
        kinds = [kind] if event.at <= row.created_at else [*kinds, kind]
    return set(kinds)


def lists_name_what_is_counted(evidence: Evidence) -> Iterator[str]:
    """23: a page says how many it counts, and names as many."""
    for request in evidence.sent:
        details = request.event.get("payload", {}).get("custom_details", {})
        if details.get("more", 0) != len(set(details.get("more_incidents", []))):
            yield f"[23] {details['page_key']}: counts {details.get('more')}, and names others"


def _says_why(row: Row, account: Account, evidence: Evidence) -> bool:
    """Whether the record tells why a page did not leave: a failure, somebody who answered first, or a later page."""
    failures = [it for it in evidence.events[row.incident] if it.kind == "page_failed" and it.body["key"] == row.page]
    if row.status == "failed":
        was_told = any(it.body.get("via", "") in ("", row.way) for it in failures)
        return was_told or _is_answered_before(row, evidence)
    return account.pages[str(row.page)].status == "answered" or _is_told_later(row, evidence)


def _is_answered_before(row: Row, evidence: Evidence) -> bool:
    """Whether somebody had answered by the time at which a page under way was refused."""
    timeline = evidence.events[row.incident]
    return any(it.kind in _ANSWERS and it.at <= (row.settled_at or 0.0) for it in timeline)


def _is_told_later(row: Row, evidence: Evidence) -> bool:
    """Whether the person was sent another page of the incident since, the same way: one stands for all."""
    person = row.effect["reach"]["person"]
    others = (it for it in sending(evidence) if (it.incident, it.way) == (row.incident, row.way))
    since = [it for it in others if it.id > row.id or (it.status == "done" and (it.settled_at or 0) > row.created_at)]
    return any(it.effect["reach"]["person"] == person for it in since)


def receipts_arrive(evidence: Evidence) -> Iterator[str]:
    """15: of a page that was sent, the incident knows."""
    done = {str(row.page) for row in sending(evidence) if row.status == "done"}
    for timeline in evidence.events.values():
        for key, page in Account(timeline).pages.items():
            if key in done and page.status == "pending":
                yield f"[15] {key}: was taken, and its incident doesn't know"


def keys_are_stable(evidence: Evidence) -> Iterator[str]:
    """16: one page, one key; one key, one page."""
    knocks = [knock for knock in knocks_in(evidence.sent) if knock.action == "trigger"]
    pairs = {(knock.page, knock.key) for knock in knocks}
    for page, count in Counter(page for page, _ in pairs).items():
        if count > 1:
            yield f"[16] {page}: went out under {count} keys"
    for key, count in Counter(key for _, key in pairs).items():
        if count > 1:
            yield f"[16] {key}: stands for {count} pages"
    known = {key for key, _ in due_pages(evidence)}
    yield from (
        f"[16] {knock.page}: went out, and nothing has caused it" for knock in knocks if knock.page not in known
    )


def ends_come_after_their_pages(evidence: Evidence) -> Iterator[str]:
    """16: of one key, the trigger comes before the acknowledgement, and that before the resolution."""
    for key, knocks in _by_key(knocks_in(evidence.sent)).items():
        for before, after in pairwise(knocks):
            if _ORDER[after.action] < _ORDER[before.action]:
                yield f"[16] {key}: {after.action} was sent after {before.action}"


def lanes_keep_their_order(evidence: Evidence) -> Iterator[str]:
    """16: nothing has left, or was given up, before what comes before it in its lane."""
    lanes: dict[str, list[Row]] = {}
    for row in evidence.outbox:
        if row.status != "suppressed" and row.counted_in is None:  # these end with another, or at once
            lanes.setdefault(row.lane, []).append(row)
    for lane, rows in lanes.items():
        for before, after in pairwise(sorted(rows, key=lambda row: row.id)):
            if after.is_ended and not before.is_ended:
                yield f"[16] {lane}: {after.key} has ended before {before.key}"


def requests_have_their_lease(evidence: Evidence) -> Iterator[str]:
    """9: each request was a counted attempt of a row; whoever had lost its lease sent nothing."""
    attempts: Counter[tuple[str, str]] = Counter()
    for row in evidence.outbox:
        if row.provider == "pagerduty" and row.kind in _ACTIONS:
            attempts[(row.effect["key"], _ACTIONS[row.kind])] += row.attempts
    for (page, action), count in Counter((it.page, it.action) for it in knocks_in(evidence.sent)).items():
        if count > attempts[(page, action)]:
            yield f"[9] {page}: {count} requests to {action}, but {attempts[(page, action)]} attempts"


def repeats_have_a_reason(evidence: Evidence) -> Iterator[str]:
    """Figure F3: what was said to be taken is sent again only by a crash, and at most once by each."""
    for (page, action), count in repeats(evidence).items():
        if count > evidence.crashes:
            yield f"[F3] {page}: {action} was sent again {count} times once taken, in {evidence.crashes} crashes"


def repeats(evidence: Evidence) -> Counter[tuple[str, str]]:
    """How often a page was sent again, under its key, though PagerDuty's last answer was that it has it.

    Whoever has had no such answer sends again with reason, also where another node was told so before it was cut off.
    """
    found: Counter[tuple[str, str]] = Counter()
    was_taken: dict[tuple[str, str], bool] = {}
    for knock in knocks_in(evidence.sent):
        what = (knock.page, knock.action)
        found[what] += was_taken.get(what, False)
        was_taken[what] = knock.is_taken
    return +found


def _by_key(knocks: list[Knock]) -> dict[str, list[Knock]]:
    found: dict[str, list[Knock]] = {}
    for knock in knocks:
        found.setdefault(knock.key, []).append(knock)
    return found

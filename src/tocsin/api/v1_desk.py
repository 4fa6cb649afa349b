"""Which operations are there beside incidents? Who is on call instead, people, silences, search, drafts."""

from tocsin.accounts.permissions import Permission
from tocsin.api import drafts, overrides, people, search, silences
from tocsin.api import requests as r
from tocsin.api.operations import Operation
from tocsin.domain import wishes as w

_READ, _OVERRIDE, _SILENCE = Permission.READ, Permission.ONCALL_OVERRIDE, Permission.SILENCE
_DRAFT = "/api/v1/incidents/{id}/postmortem/draft"
_OVERRIDES = "/api/v1/overrides"
_PEOPLE = "/api/v1/people"
_SILENCES = "/api/v1/silences"

DESK_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/v1/oncall/calendar",
        "get_calendar",
        "Who is on call in every team over a span, overrides included, and when nobody is",
        overrides.get_calendar,
        list[overrides.CalendarView],
        _READ,
        parameters=(
            ("from", "an RFC 3339 time; now if left out"),
            ("until", "an RFC 3339 time, within 366 days of the start; four weeks after it if left out"),
        ),
    ),
    Operation(
        "GET",
        _OVERRIDES,
        "list_overrides",
        "The overrides that are not over, in the order they were made; or all, the newest first",
        overrides.list_overrides,
        list[overrides.OverrideView],
        _READ,
        parameters=(("state", "current (default) or all"), ("limit", "at most 500")),
    ),
    Operation(
        "POST",
        _OVERRIDES,
        "make_override",
        "Take over a shift, or have somebody take it over",
        overrides.make_override,
        overrides.OverrideView,
        _OVERRIDE,
        body=r.OverrideBody,
        status=201,
    ),
    Operation(
        "POST",
        f"{_OVERRIDES}/{{id}}/cancel",
        "cancel_override",
        "End an override at once, or before it begins",
        overrides.cancel_override,
        overrides.OverrideView,
        _OVERRIDE,
        body=w.PlainBody,
    ),
    Operation("GET", _PEOPLE, "list_people", "The people, by id", people.list_people, list[people.PersonLine], _READ),
    Operation(
        "GET",
        f"{_PEOPLE}/{{id}}",
        "get_person",
        "One person, how they are reached, and whether a test by each way was taken",
        people.get_person,
        people.PersonView,
        _READ,
    ),
    Operation(
        "POST",
        f"{_PEOPLE}/{{id}}/test-page",
        "send_test_page",
        "Send the person a marked test page by each of their contact methods",
        people.send_test_page,
        people.PersonView,
        Permission.TEST_PAGE,
        body=w.PlainBody,
    ),
    Operation(
        "GET",
        "/api/v1/services",
        "list_services",
        "The services, by id",
        people.list_services,
        list[people.ServiceView],
        _READ,
    ),
    Operation(
        "GET",
        _SILENCES,
        "list_silences",
        "The silences that are not over, the one that ends first first; or also those that ended lately",
        silences.list_silences,
        list[silences.SilenceView],
        _READ,
        parameters=(("state", "current (default) or all"),),
    ),
    Operation(
        "POST",
        _SILENCES,
        "make_silence",
        "Silence alerts for a while",
        silences.make_silence,
        silences.SilenceView,
        _SILENCE,
        body=r.SilenceBody,
        status=201,
    ),
    Operation(
        "POST",
        f"{_SILENCES}/{{id}}/expire",
        "expire_silence",
        "End a silence at once",
        silences.expire_silence,
        silences.SilenceView,
        _SILENCE,
        body=w.PlainBody,
    ),
    Operation(
        "GET",
        "/api/v1/search",
        "search",
        "Where all of the words stand, in titles, notes, updates and postmortems: the newest first",
        search.get_found,
        list[search.HitView],
        _READ,
        parameters=(("q", "1 to 10 words; each may be the beginning of one"), ("limit", "at most 200")),
    ),
    Operation(
        "GET",
        _DRAFT,
        "get_postmortem_draft",
        "What is being written and not yet on record",
        drafts.get_draft,
        drafts.DraftView,
        _READ,
    ),
    Operation(
        "PUT",
        _DRAFT,
        "save_postmortem_draft",
        "Keep what is being written; refused where somebody else has saved meanwhile",
        drafts.put_draft,
        drafts.DraftView,
        Permission.RESPOND,
        body=r.DraftBody,
    ),
)

"""What can be done over the API? Every operation, in the order in which people need them.

Each answer is held against the OpenAPI document (`Api.do`).
"""

from datetime import UTC, datetime, timedelta

from tests.api.harness import Api, faults_of, operation_of
from tests.system.server import firing
from tests.system.waiting import until
from tocsin.accounts.credentials import hash_of
from tocsin.api.v1 import OPERATIONS

_WRITTEN = {
    "summary": "Nobody could pay for half an hour.",
    "root_cause": "A configuration change reached all servers at once.",
    "impact": "One order in five was lost.",
    "went_well": "The roll-back took two minutes.",
    "went_poorly": "The first page was not heard.",
    "lessons": "Configuration deserves a staged roll-out.",
}
_ALL_IN_VAIN = {"scope": "all", "workaround": "no"}


def test_an_incident_from_its_first_alert_to_its_postmortem(api: Api) -> None:
    incident = alert_opens_one(api)
    people_respond(api, incident)
    it_is_communicated(api, incident)
    it_ends_comes_back_and_ends_again(api, incident)
    it_is_learnt_from(api, incident)
    one_is_declared_and_was_none(api)
    one_comes_from_a_backup(api)
    the_organisation_can_be_looked_at(api)
    somebody_takes_over_a_shift(api)
    alerts_are_silenced(api)
    pagers_are_tested(api)
    what_was_written_is_found(api)
    what_a_bug_has_kept_out_can_be_looked_after(api)
    accounts_and_tokens_are_looked_after(api)
    assert {operation.name for operation in OPERATIONS} - api.done == set()


def alert_opens_one(api: Api) -> str:
    assert api.do("list_incidents") == []
    api.ask("POST", "/api/v2/alerts", json=[firing("CheckoutDown", severity="critical", service="website")])
    (line,) = api.do("list_incidents")
    assert (line["title"], line["status"]) == ("CheckoutDown is not well", "triggered")
    assert line["next_deadline"]["what"] == "page: secondary on-call"
    (alert,) = api.do("get_incident_alerts", line["id"])
    assert (alert["name"], alert["status"], alert["incident"]) == ("CheckoutDown", "firing", line["id"])
    assert api.do("get_alerts") == [alert]
    assert api.do("get_changes") == []
    return str(line["id"])


def people_respond(api: Api, incident: str) -> None:
    it = api.do("acknowledge", incident, by="bob")
    assert (it["status"], it["acknowledged_by"]) == ("acknowledged", "bob")
    assert api.do("classify", answers=_ALL_IN_VAIN)["severity"] == "SEV1"
    it = api.do("assess", incident, answers=_ALL_IN_VAIN, by="bob")
    assert (it["severity"], it["severity_reason"]) == ("SEV1", "all users are affected and there is no workaround")
    assert it["missing_roles"] == ["incident_commander", "communications_lead", "technical_lead"]
    for role, person in (("incident_commander", "bob"), ("communications_lead", "emma"), ("technical_lead", "alice")):
        it = api.do("assign_role", incident, role=role, person=person, by="bob")
    assert it["missing_roles"] == []
    assert api.do("add_team", incident, team="backend", by="bob")["teams"] == ["platform", "backend"]
    api.do("page", incident, target="cto", reason="a decision is needed", by="bob")
    assert api.do("get_inbox")[0]["person"] == "carla"


def it_is_communicated(api: Api, incident: str) -> None:
    api.do("add_note", incident, text="The deploy at 03:12 is suspected.", by="alice")
    api.do("post_update", incident, text="Payments fail; we roll back.", next_within="10m", by="emma")
    it = api.do("post_update", incident, text="We are looking into it.", audience="external", by="emma")
    assert [(update["audience"], update["by"]) for update in it["updates"]] == [
        ("internal", "emma"),
        ("external", "emma"),
    ]


def it_ends_comes_back_and_ends_again(api: Api, incident: str) -> None:
    assert api.do("mitigate", incident, note="rolled back", by="alice")["status"] == "mitigated"
    assert api.do("resolve", incident, by="bob")["status"] == "resolved"
    assert api.do("reopen", incident, reason="errors again", by="bob")["status"] == "triggered"
    api.do("acknowledge", incident, by="bob")
    api.do("mitigate", incident, by="bob")
    assert api.do("resolve", incident, note="confirmed by the probe", by="bob")["status"] == "resolved"


def it_is_learnt_from(api: Api, incident: str) -> None:
    api.do("request_postmortem", incident, by="bob")
    draft = api.do("save_postmortem_draft", incident, version=0, sections={"summary": "Nob"}, by="bob")
    assert api.do("get_postmortem_draft", incident) == draft
    item = {"text": "Stage configuration", "owner": "bob", "priority": "P0", "due_on": "2026-12-24", "status": "open"}
    api.do("save_postmortem", incident, sections=_WRITTEN, action_items=[item], by="bob")
    saved = api.do("get_postmortem_draft", incident)
    assert (saved["version"], saved["sections"], saved["saved_at"]) == (2, _WRITTEN, None)
    drafted = api.do("get_postmortem", incident)
    assert (drafted["written"]["sections"], drafted["written"]["action_items"]) == (_WRITTEN, [item])
    edited = drafted["document"].replace("One order in five", "One order in four")
    api.do("save_postmortem_document", incident, document=edited, by="bob")
    written = api.do("get_postmortem", incident)["written"]
    assert written["sections"] == {**_WRITTEN, "impact": "One order in four was lost."}
    assert written["action_items"] == [item]
    assert api.do("complete_postmortem", incident, by="bob")["status"] == "closed"
    timeline = api.do("get_timeline", incident)
    assert [entry["seq"] for entry in timeline] == list(range(1, len(timeline) + 1))
    assert timeline[-1]["event"] == {"kind": "postmortem_completed"}
    assert [step["is_done"] for step in api.do("get_incident", incident)["checklist"]] == [True] * 7


def one_is_declared_and_was_none(api: Api) -> None:
    it = api.do("declare", title="Search is slow", service="api", teams=["frontend"], by="chris")
    assert (it["teams"], it["severity"]) == (["backend", "frontend"], None)
    assert api.do("cancel", it["id"], reason="a load test", by="chris")["status"] == "cancelled"


def one_comes_from_a_backup(api: Api) -> None:
    incident = api.declare("Search is slow", severity="SEV1")
    api.hold(incident)
    (line,) = api.ask("GET", "/api/v1/incidents?state=held").json()
    assert (line["id"], line["held_since"] is None, line["next_deadline"]) == (incident, False, None)
    it = api.do("release", incident, reason="it goes on", by="bob")
    assert (it["held_since"], it["deadlines"][0]["what"]) == (None, "page: secondary on-call")
    assert api.ask("GET", "/api/v1/incidents?state=held").json() == []
    api.do("cancel", incident, reason="a drill", by="bob")


def the_organisation_can_be_looked_at(api: Api) -> None:
    assert [team["team"] for team in api.do("get_oncall")] == ["backend", "frontend", "platform"]
    until(lambda: api.do("get_alarms") == [], "nobody is told any more of what came from a backup")
    assert api.do("get_heartbeats") == []
    assert {it["what"]: it["state"] for it in api.do("get_checkup")}["server"] == "well"
    until(lambda: api.do("get_nodes"), "the node has told of itself")
    running = api.do("get_sop")
    assert running["sop"]["severities"]["SEV1"]["respond_within"] == "15m"
    assert api.do("list_incidents") == []


def somebody_takes_over_a_shift(api: Api) -> None:
    before = api.do("get_oncall")[2]
    left = datetime.fromisoformat(before["until"]) - datetime.now(UTC)
    minutes = min(timedelta(hours=8), left / 2) // timedelta(minutes=1)  # over before the rotation's own handover
    it = api.do("make_override", team="platform", person="dana", lasts=f"{minutes}m", by="dana")
    assert (it["state"], it["layer"], it["person_name"], it["made_by"]) == ("holds", "primary", "Dana Diaz", "dana")
    now = api.do("get_oncall")[2]
    assert (now["primary"], now["until"], now["next_primary"]) == ("dana", it["ends_at"], before["primary"])
    (shift, *_) = api.do("get_calendar")[2]["shifts"]
    assert (shift["primary"], shift["starts_at"], shift["ends_at"]) == ("dana", it["starts_at"], it["ends_at"])
    incident = api.declare("Search is slow", severity="SEV1")
    assert {page["person"] for page in api.do("get_incident", incident)["paged"] if page["demands_answer"]} == {"dana"}
    api.do("cancel", incident, reason="a drill", by="bob")
    assert [found["id"] for found in api.do("list_overrides")] == [it["id"]]
    ended = api.do("cancel_override", str(it["id"]), by="bob")
    assert (ended["state"], ended["cancelled_by"]) == ("cancelled", "bob")
    assert api.do("list_overrides") == []
    assert api.do("get_oncall")[2] == before
    assert [found["state"] for found in api.ask("GET", "/api/v1/overrides?state=all").json()] == ["cancelled"]


def alerts_are_silenced(api: Api) -> None:
    it = api.do("make_silence", matchers=['alertname="Backup"'], comment="moving disks", lasts="2h", by="bob")
    assert (it["state"], it["matchers"], it["author"], it["mutes"]) == ("active", ['alertname="Backup"'], "bob", 0)
    assert api.do("list_silences") == [it]
    assert api.do("expire_silence", it["id"], by="dana")["changed_by"] == "dana"
    assert api.do("list_silences") == []
    assert [found["state"] for found in api.ask("GET", "/api/v1/silences?state=all").json()] == ["expired"]


def pagers_are_tested(api: Api) -> None:
    assert "alice" in [it["id"] for it in api.do("list_people")]
    assert {it["team_name"] for it in api.do("list_services")} == {"Backend", "Frontend", "Platform"}
    sent = api.do("send_test_page", "dana", by="bob")
    (inbox,) = [it for it in sent["contact"] if it["is_usable"]]
    assert (inbox["via"], inbox["last_test"]["asked_by"]) == ("inbox", "bob")
    api.settle()
    (inbox,) = [it for it in api.do("get_person", "dana")["contact"] if it["is_usable"]]
    assert (inbox["last_test"]["status"], inbox["works_at"]) == ("done", inbox["last_test"]["settled_at"])


def what_was_written_is_found(api: Api) -> None:
    def notes() -> list[str]:
        found = api.ask("GET", "/api/v1/search?q=deploy+suspect").json()
        return [it["excerpt"] for it in found if it["kind"] == "note"]

    until(notes, "the index is up to date")
    assert notes() == ["The deploy at 03:12 is suspected."]
    assert api.ask("GET", "/api/v1/search?q=nowhere").json() == []
    operation = operation_of("search")
    assert faults_of(operation, api.ask("GET", "/api/v1/search?q=checkout").json()) == []
    api.done.add("search")


def accounts_and_tokens_are_looked_after(api: Api) -> None:
    made = api.do("add_account", email="Alice@Example.com", role="admin")
    assert (made["account"]["person"], made["account"]["role"]) == ("alice", "admin")
    api.do("add_account", email="viv@example.org", name="Viv", role="viewer")
    assert [it["email"] for it in api.do("list_accounts")] == ["alice@example.com", "viv@example.org"]
    assert api.do("set_account_role", "2", role="responder")["role"] == "responder"
    assert api.do("disable_account", "2")["disabled_at"] is not None
    assert api.do("enable_account", "2")["disabled_at"] is None
    assert "/password/tocsin_link_" in api.do("make_reset_link", "2")["link"]
    assert api.do("remove_passkeys", "2")["passkeys"] == 0
    token = api.do("add_token", name="chat", scopes=["read"], expires="30d")["token"]
    assert api.ask("GET", "/api/v1/incidents", token=token).status_code == 200
    assert [it["name"] for it in api.do("list_tokens")] == ["admin", "chat", f"intake-{hash_of(api.intake)[:8]}"]
    api.do("revoke_token", "chat")
    assert api.ask("GET", "/api/v1/incidents", token=token).status_code == 401
    (last, *_) = api.do("get_audit")
    assert (last["actor"], last["action"], last["target"]) == ("admin", "token.revoke", "chat")


def test_a_summary_of_each_list_pages_through_it(api: Api) -> None:
    incidents = [api.declare(f"Number {number}") for number in range(3)]
    by_page = [api.ask("GET", f"/api/v1/incidents?state=all&limit=2&offset={offset}").json() for offset in (0, 2)]
    assert [[it["id"] for it in page] for page in by_page] == [[incidents[2], incidents[1]], [incidents[0]]]


def test_open_incidents_come_with_the_gravest_first(api: Api) -> None:
    unassessed = api.declare("Nobody knows")
    grave = api.declare("All is down", severity="SEV1")
    mild = api.declare("A typo", severity="SEV4")
    assert [it["id"] for it in api.do("list_incidents")] == [grave, mild, unassessed]


def test_the_inbox_of_one_person_is_not_cut_by_what_went_to_others(api: Api) -> None:
    api.declare("For the platform team", severity="SEV1")
    for _ in range(3):
        api.declare("For the backend team", service="api", severity="SEV1")
    (primary,) = [team["primary"] for team in api.do("get_oncall") if team["team"] == "platform"]
    pages = api.ask("GET", f"/api/v1/inbox?person={primary}&limit=1").json()
    assert [(page["person"], page["title"]) for page in pages] == [(primary, "For the platform team")]


def test_page_that_nobody_has_answered_is_in_the_inbox_and_rings_however_much_is_sent_to_others(api: Api) -> None:
    incident = api.declare("For the platform team", severity="SEV1")
    (primary,) = [team["primary"] for team in api.do("get_oncall") if team["team"] == "platform"]
    api.settle()
    columns = "incident, provider, page, recipient, rank, effect, status, due_at, attempts, created_at, settled_at"
    api.alter(f"""
        WITH RECURSIVE storm (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM storm WHERE number < 1000)
        INSERT INTO outbox (key, lane, {columns}) SELECT key || number, lane || number, {columns} FROM outbox, storm
        WHERE recipient = '1 notify dana'
    """)
    found = api.ask("GET", f"/api/v1/inbox?person={primary}").json()
    assert [page["incident"] for page in found] == [incident]
    theirs = {"Cookie": f"tocsin={api.session(person=primary)}"}
    for whose in ("mine", "all"):
        page = api.ask("GET", f"/inbox?whose={whose}", token=None, headers=theirs).text
        assert "<strong>You are paged:</strong> For the platform team" in page
    api.do("acknowledge", incident)
    assert "You are paged" not in api.ask("GET", "/inbox", token=None, headers=theirs).text


def test_who_is_on_call_can_be_asked_for_another_time(api: Api) -> None:
    weeks = [api.ask("GET", f"/api/v1/oncall?at=2026-11-{day}T12:00:00Z").json() for day in (17, 24)]
    platform = [next(team for team in week if team["team"] == "platform") for week in weeks]
    assert [team["primary"] for team in platform] == ["bob", "alice"]
    assert (platform[0]["next_primary"], platform[0]["until"]) == ("alice", "2026-11-23T09:00:00Z")


def test_an_incident_without_people_is_acted_on_by_the_token_itself(api: Api) -> None:
    incident = api.declare()
    api.do("acknowledge", incident)
    acknowledged = [it for it in api.do("get_timeline", incident) if it["event"]["kind"] == "acknowledged"]
    assert [(it["actor"], it["via"]) for it in acknowledged] == [("admin", "api")]


def what_a_bug_has_kept_out_can_be_looked_after(api: Api) -> None:
    broken, mended = b'[{"labels":"\xff\x1b[2J', b'[{"labels":{"alertname":"Kept"}}]'
    ids = [api.keep_aside("alertmanager/v2", body) for body in (broken, mended)]
    assert {it["id"] for it in api.do("list_quarantine")} == set(ids)
    kept = api.do("get_quarantined", str(ids[0]))
    assert (kept["source"], kept["times"], kept["size"]) == ("alertmanager/v2", 1, len(broken))
    assert kept["body"] == '[{"labels":"\\xff\x1b[2J'
    assert api.do("drop_quarantined", str(ids[0])) == {"id": ids[0], "is_taken": False}
    assert api.do("retry_quarantined", str(ids[1])) == {"id": ids[1], "is_taken": True}
    assert api.do("list_quarantine") == []
    assert "Kept" in {it["name"] for it in api.do("get_alerts")}

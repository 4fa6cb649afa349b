"""What is there to see? A server whose incidents are made over its API, as other surfaces would."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.ports import own_port
from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.accounts.page_links import PageLinks


def link_of(server: Server, incident: str) -> str:
    """The path of the link in the incident's first page, as whoever was paged finds it there."""
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        (secret,) = database.execute("SELECT value FROM meta WHERE name = 'link_secret'").fetchone()
        sql = "SELECT page FROM outbox WHERE incident = ? AND recipient LIKE '% page %' ORDER BY id"
        (page,) = database.execute(sql, (incident,)).fetchone()
    database.close()
    return f"/a/{PageLinks('', secret).token(page)}"


def steady_server(directory: Path) -> Server:
    """A server that is at the same address after each start; not started yet."""
    server = Server(directory)
    server.arguments = ["--port", str(own_port())]
    return server


def named_server(directory: Path) -> Server:
    """A server that people reach by a name, as passkeys want it; not started yet."""
    server = steady_server(directory)
    server.environ["TOCSIN_PUBLIC_URL"] = f"http://localhost:{server.arguments[-1]}"
    return server


class World:
    """A running server. `filled` puts incidents of every status in; `ids` names them by what they are."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ids: dict[str, str] = {}

    def restart(self, meanwhile: Callable[[], object]) -> None:
        """Kill the server, do something while it is away, and start it again."""
        self.server.kill()
        meanwhile()
        self.server.start()

    def declare(self, title: str = "Checkout is down", **body: object) -> str:
        """The id of a new incident."""
        return str(self.server.post("incidents", title=title, by="bob", **body)["id"])

    def do(self, incident: str, action: str, by: str = "bob", **body: object) -> Json:
        """Carry out a command over the API."""
        answer: Json = self.server.post(f"incidents/{incident}/{action}", by=by, **body)
        return answer

    def alert(self, name: str, service: str, severity: str = "warning") -> None:
        """An alert fires."""
        body = [firing(name, service=service, severity=severity)]
        response = self.server.http.post("/api/v2/alerts", json=body)
        assert response.status_code == 200, response.text

    def filled(self) -> "World":
        """With one incident in every status, and hostile text in some."""
        self.ids["triggered"] = self.declare("Payments fail for every customer", severity="SEV1", reason="all payments")
        self.ids["worked on"] = self._worked_on()
        self.ids["hostile"] = self.declare("<script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} 'q\" &amp;")
        self.ids["mitigated"] = self._until("mitigate", "Search returns nothing", "SEV2")
        self.ids["resolved"] = self._until("resolve", "Export of large data times out", "SEV2")
        cancelled = self.declare("It was only a test")
        self.do(cancelled, "cancel", reason="<b>no</b> incident")
        self.ids["cancelled"] = cancelled
        self.ids["link"] = link_of(self.server, self.ids["triggered"])
        self.ids["used link"] = link_of(self.server, self.ids["worked on"])
        self.alert("DiskFull", "api")
        self._arranged()
        return self

    def _arranged(self) -> None:
        """A shift taken over, alerts silenced, a pager tested, a postmortem begun; and all of it can be found."""
        post = self.server.post
        post("overrides", team="platform", person="dana", lasts="20h", by="dana")
        post("overrides", team="backend", person="chris", layer="secondary", lasts="2d", by="bob")
        post(
            "silences",
            matchers=['alertname="Backup"', 'instance=~"db.*"'],
            comment="moving disks",
            lasts="2h",
            by="bob",
        )
        post("people/dana/test-page", by="bob")
        sections = {
            "summary": "Exports *timed out* for <b>an hour</b>.",
            "root_cause": "| a | b |\n|---|---|\n| 1 | 2 |",
        }
        body = {"version": 0, "sections": sections, "by": "bob"}
        self.server.http.put(f"/api/v1/incidents/{self.ids['resolved']}/postmortem/draft", json=body).raise_for_status()
        until(lambda: self.server.get("search", q="errors at login"), "what was written can be found")

    def _worked_on(self) -> str:
        incident = self.declare("Login fails for a third of the users", severity="SEV1", reason="many users")
        self.do(incident, "acknowledge")
        self.do(incident, "roles", role="incident_commander", person="bob")
        self.do(incident, "roles", role="communications_lead", person="emma")
        self.do(incident, "updates", by="emma", text="We see errors at login.\nA change is being rolled back.")
        self.do(incident, "notes", text="The error rate began to rise at 02:58 <b>exactly</b>.")
        self.do(incident, "pages", target="engineering_manager", reason="we need a decision")
        return incident

    def _until(self, last: str, title: str, severity: str) -> str:
        incident = self.declare(title, severity=severity, reason="as the SOP says")
        for action in ("acknowledge", "mitigate", "resolve")[: ("mitigate", "resolve").index(last) + 2]:
            self.do(incident, action)
        return incident

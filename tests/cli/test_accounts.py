"""Can accounts, tokens and the audit log be looked after from a terminal?"""

from tests.cli.terminal import Terminal
from tests.system.server import Server


def test_account_is_made_changed_and_kept_out(tocsin: Terminal, server: Server) -> None:
    made = tocsin.does("accounts", "add", "Chris@Example.com", "--role", "viewer")
    told, link = made.out.splitlines()
    assert told == "chris@example.com: viewer, acts as chris; within 24 hours:"
    assert link.startswith(f"{server.url}/password/tocsin_link_")
    assert tocsin.does("accounts", "role", "chris@example.com", "admin").out == "chris@example.com: admin now\n"
    line = next(it for it in tocsin.does("accounts", "list").out.splitlines() if it.startswith("chris@"))
    assert line.split("  ")[0] == "chris@example.com"
    assert "nothing yet" in line
    assert tocsin.does("accounts", "reset-link", "chris@example.com").out.startswith(f"{server.url}/password/")
    removed = tocsin.does("accounts", "remove-passkeys", "chris@example.com")
    assert removed.out == "chris@example.com: has no passkeys any more\n"
    again = tocsin("accounts", "add", "chris@example.com")
    assert (again.status, again.complaint) == (2, "tocsin: email: chris@example.com has an account already")
    last = tocsin("accounts", "disable", "chris@example.com")
    assert "is the last admin: make another one first" in last.complaint


def test_account_that_there_is_not_is_named(tocsin: Terminal) -> None:
    run = tocsin("accounts", "disable", "nobody@example.com")
    assert run.status == 2
    assert run.complaint == (
        "tocsin: account: there is none with the address 'nobody@example.com'; `tocsin accounts list`"
    )


def test_token_is_shown_once_and_opens_what_its_scope_says(tocsin: Terminal) -> None:
    secret = tocsin.does("tokens", "add", "dashboard", "--scope", "read", "--expires", "30d").out.strip()
    assert tocsin.does("list", TOCSIN_TOKEN=secret).status == 0
    refused = tocsin("declare", "x", TOCSIN_TOKEN=secret)
    assert (refused.status, "lacks the permission declare" in refused.complaint) == (2, True)
    assert secret not in tocsin.does("tokens", "list").out
    assert tocsin.does("tokens", "revoke", "dashboard").out == "dashboard: revoked\n"
    assert tocsin("list", TOCSIN_TOKEN=secret).status == 2


def test_token_of_a_file_is_revoked_and_one_has_to_know_where_the_next_one_is(tocsin: Terminal) -> None:
    (name,) = [it["name"] for it in tocsin.does("tokens", "list", "--json").json if it["name"].startswith("intake-")]
    told = tocsin.does("tokens", "revoke", name).out
    assert told == f"{name}: revoked; its file has a new one once the server has been restarted\n"


def test_audit_log_tells_what_was_done_and_is_whole(tocsin: Terminal, incident: str) -> None:
    tocsin.does("ack", incident, "--as", "bob")
    (entry, *_) = tocsin.does("audit", "list", "--target", incident, "--json").json
    assert (entry["actor"], entry["via"], entry["action"]) == ("bob", "cli", "incident.acknowledge")
    assert entry["detail"]["by"] == "token:admin"
    verified = tocsin.does("audit", "verify").out.splitlines()
    head = next(line.removeprefix("head ") for line in verified if line.startswith("head "))
    assert verified[-1].startswith("whole: ")
    assert tocsin.does("audit", "verify", "--head", head).status == 0
    lane, seq, _ = head.split(":")
    cut = tocsin("audit", "verify", "--head", f"{lane}:{int(seq) + 1000}:{'0' * 64}")
    assert (cut.status, "the end was cut off" in cut.out) == (1, True)
    assert tocsin("audit", "verify", "--head", "x").status == 2

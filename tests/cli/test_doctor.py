"""Does the doctor say what to do, with a server and without one, and does his exit status tell?"""

from tests.cli.terminal import Terminal


def test_doctor_asks_the_running_server(tocsin: Terminal) -> None:
    findings = tocsin("doctor", "--json").json
    assert {"what": "server", "state": "well"}.items() <= findings[1].items()
    out = tocsin("doctor").out
    assert "✓ server: it is ready, and its database takes what is written" in out
    assert "– SOP: it is the sample organisation: nobody real is paged\n    → put your people into tocsin.toml" in out


def test_doctor_sees_what_can_be_seen_without_a_server(alone: Terminal) -> None:
    run = alone("doctor")
    assert "– server: none runs on this database\n    → start `tocsin serve`" in run.out

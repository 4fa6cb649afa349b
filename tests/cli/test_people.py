"""Can it be seen from a terminal who is there, and tried whether their pager works?"""

import re

from tests.cli.terminal import Terminal
from tests.system.waiting import until


def test_people_and_services_are_listed(tocsin: Terminal) -> None:
    lines = [re.split(r"  +", line) for line in tocsin.does("people").out.splitlines()]
    assert ["dana", "Dana Diaz"] in [line[:2] for line in lines]
    assert any("on call: platform primary" in line[-1] for line in lines)
    assert any(line.startswith("website") for line in tocsin.does("services").out.splitlines())


def test_a_pager_is_tested_and_what_was_taken_is_shown(tocsin: Terminal) -> None:
    assert "never tested" in tocsin.does("people", "victor").out
    out = tocsin.does("test", "page", "victor").out
    assert out == "sent to Victor Voss by inbox; `tocsin people victor` shows what was taken\n"
    until(lambda: "works: a test was taken" in tocsin.does("people", "victor").out, "the test was taken")
    run = tocsin("test", "page", "victor")
    assert "wait a minute" in run.complaint
    assert tocsin("people", "nobody").complaint == "tocsin: person: there is no 'nobody'"

import pytest

from tests.sop.files import changed, findings
from tocsin.errors import InvalidSop

CATCH_ALL = '[[classification.rules]]\nseverity = "SEV4"\nreason = "no user-facing impact"\n'

ONE_DEFECT = [
    pytest.param(
        CATCH_ALL,
        CATCH_ALL + 'when = { workaround = ["no"] }\n',
        "error: classification.rules: no rule holds for "
        "scope = none, data = intact, security = none, workaround = yes, sla = safe; "
        "end with a rule that has no `when`",
        id="classification_without_a_last_resort",
    ),
    pytest.param(
        CATCH_ALL,
        f"{CATCH_ALL}{CATCH_ALL}",
        "error: classification.rules[12]: can never hold: rule 11 holds whenever this one would; "
        "move it up, or remove it",
        id="rule_after_the_last_resort",
    ),
    pytest.param(
        'when = { sla = ["violated"] }',
        'when = { security = ["suspected"], sla = ["violated"] }',
        "error: classification.rules[6]: can never hold: rule 4 holds whenever this one would; "
        "move it up, or remove it",
        id="rule_in_the_shadow_of_a_wider_one",
    ),
    pytest.param(
        'when = { scope = ["few"] }',
        'when = { scope = ["all", "many"] }',
        "error: classification.rules[9]: can never hold: rule 7 holds whenever this one would; "
        "move it up, or remove it",
        id="rule_that_repeats_another",
    ),
    pytest.param(
        'severity = "SEV4"\nreason = "no user',
        'severity = "SEV3"\nreason = "no user',
        "warning: classification.rules: no rule gives SEV4; add one, if it is meant to be given",
        id="severity_that_no_rule_gives",
    ),
    pytest.param(
        'default_service = "website"',
        'default_service = "websit"',
        'error: alerts.default_service: there is no service "websit"; use one of website, api, database, app, '
        "did you mean `website`?",
        id="unknown_default_service",
    ),
    pytest.param(
        "[[routes]]",
        "[[routes]]\nservice = 'shop'",
        'error: routes[1].service: there is no service "shop"; use one of website, api, database, app',
        id="route_to_an_unknown_service",
    ),
    pytest.param(
        """match = ['severity=~"error|high|major"']""",
        """match = ['team="a"', 'severity=~"error|(high"']""",
        "error: routes[3].match[2]: must be a regular expression, got 'error|(high': "
        "missing ), unterminated subpattern at position 6; correct the matcher",
        id="matcher_that_is_no_regular_expression",
    ),
    pytest.param(
        """match = ['severity=~"error|high|major"']""",
        """match = ['team=a', 'severity=~"critical|page|emergency|fatal"']""",
        "warning: routes[3]: never decides: route 2 matches all that it matches; move it above route 2, or remove it",
        id="route_in_the_shadow_of_a_wider_one",
    ),
]


@pytest.mark.parametrize(("old", "new", "finding"), ONE_DEFECT)
def test_one_defect_of_the_rules_is_one_finding(old: str, new: str, finding: str) -> None:
    assert findings(changed(old, new)) == [finding]


def test_a_rule_that_several_rules_shadow_together_can_never_hold() -> None:
    rules = "".join(
        f'[[classification.rules]]\nseverity = "{severity}"\nreason = "r"\n{when}\n'
        for severity, when in (
            ("SEV1", 'when = { workaround = ["no"] }'),
            ("SEV2", 'when = { workaround = ["yes"] }'),
            ("SEV3", 'when = { scope = ["few"] }'),
            ("SEV4", 'when = { scope = ["none"] }'),
        )
    )
    told = "can never hold: one of the rules before it holds whenever this one would; move it up, or remove it"
    assert findings(rules) == [f"error: classification.rules[{number}]: {told}" for number in (3, 4)]


def test_a_route_that_matches_everything_leaves_nothing_to_the_next() -> None:
    assert findings("[[routes]]\nmatch = []\n[[routes]]\nmatch = ['a=b']\n") == [
        "warning: routes[2]: never decides: route 1 matches all that it matches; move it above route 1, or remove it"
    ]


def test_a_last_route_that_matches_everything_is_no_finding() -> None:
    assert findings("[[routes]]\nmatch = ['a=b']\n[[routes]]\nmatch = []\n") == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            '[[heartbeats]]\nname = "a"\nevery = "5m"\n[[heartbeats]]\nname = "a"\nevery = "5m"\n',
            """error: heartbeats[2].name: "a" is another heartbeat's name; choose another name""",
        ),
        (
            '[[heartbeats]]\nname = "a"\nevery = "0m"\n',
            "error: heartbeats[1].every: must be longer than 0m, got 0m; write 5m, say",
        ),
        (
            '[[heartbeats]]\nname = "a"\nevery = "5m"\nservice = "x"\n',
            'error: heartbeats[1].service: there is no service "x"; use one of website, api, database, app',
        ),
        ('[heartbeat]\nevery = "0m"\n', "error: heartbeat.every: must be longer than 0m, got 0m; write 1m, say"),
    ],
)
def test_one_defect_of_the_heartbeats_is_one_finding(text: str, finding: str) -> None:
    assert findings(text) == [finding]


def test_heartbeat_is_named_by_an_id_since_it_stands_in_an_address() -> None:
    with pytest.raises(InvalidSop, match=r"heartbeats\[1\]\.name: must be a text that matches"):
        findings('[[heartbeats]]\nname = "a/../b"\nevery = "5m"\n')

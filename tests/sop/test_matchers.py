import re
import time
from contextlib import suppress

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.sop.matchers import LONGEST_TESTED, Matcher, parse_matcher


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ('severity="critical"', {"severity": "critical"}, True),
        ('severity="critical"', {"severity": "Critical"}, False),
        ("severity=critical", {"severity": "critical"}, True),
        (' severity = "critical" ', {"severity": "critical"}, True),
        ('severity!="critical"', {"severity": "page"}, True),
        ('severity!="critical"', {}, True),
        ('severity=""', {}, True),
        ('severity=~"high|critical"', {"severity": "high"}, True),
        ('severity=~"high|critical"', {"severity": "higher"}, False),
        ('severity=~"high|critical"', {"severity": "very high"}, False),
        ("severity=~high|critical", {"severity": "critical"}, True),
        ('severity!~"high|critical"', {"severity": "low"}, True),
        ('severity!~".+"', {}, True),
        ('team=~".*"', {}, True),
        (r'path="C:\\temp \"x\"\n"', {"path": 'C:\\temp "x"\n'}, True),
        (r'host=~"web\d+\.example"', {"host": "web12.example"}, True),
        (r'address=~"(\d{1,3}\.){3}\d{1,3}"', {"address": "10.0.0.1"}, True),
        ("name=a=b", {"name": "a=b"}, True),
    ],
)
def test_matcher_holds_for_labels(text: str, labels: dict[str, str], holds: bool) -> None:
    assert parse_matcher(text).matches(labels) is holds


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "critical",
            'must be a matcher such as severity="critical" or severity=~"high|critical", got \'critical\'',
            id="no_operator",
        ),
        pytest.param(
            "{a=b}", "must begin with a label's name (letters, digits, _ and :), got '{a'", id="braces_around_it"
        ),
        pytest.param('="b"', "must begin with a label's name (letters, digits, _ and :), got ''", id="no_name"),
        pytest.param(
            'a="b', 'must have its value in one pair of double quotes or in none, got "b', id="quote_left_open"
        ),
        pytest.param(
            'a="b"c"',
            'must have its value in one pair of double quotes or in none, got "b"c"',
            id="quote_inside_the_quotes",
        ),
        pytest.param(
            'a=~"("',
            "must be a regular expression, got '(': missing ), unterminated subpattern at position 0",
            id="group_left_open",
        ),
        pytest.param(
            'a=~"(?=b)b"',
            "must do without lookarounds and back-references, as in Alertmanager, got '(?=b)b'",
            id="lookahead",
        ),
        pytest.param(
            'a=~"[[:alpha:]]+"',
            "must write character classes out, [a-z] and not [[:lower:]], got '[[:alpha:]]+'",
            id="posix_class",
        ),
        pytest.param(
            f'a=~"{"b" * 5000}"',
            f"must be at most 4096 characters long, got '{'b' * 80}'",
            id="expression_of_5000_characters",
        ),
    ],
)
def test_what_is_no_matcher_is_refused_with_what_would_be_right(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=r"^must") as raised:
        parse_matcher(text)
    assert str(raised.value) == fault


@pytest.mark.parametrize(
    "expression",
    ["(a+)+b", "(a*)*b", "(?:a|a)*b", "((ab?)c)+d", "(?P<x>a{2,})+b", "(a+){10}", "((a+)b){2,3}", "(a{1,3}){1,20}"],
)
def test_an_expression_that_may_take_for_ever_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"^must not repeat a group that repeats or has alternatives"):
        parse_matcher(f'a=~"{expression}"')


@pytest.mark.parametrize(
    "expression",
    ["(a|b)c*", "(?i)high|critical", "(abc)+", r"\(a+\)+", "[(a+)+]*", "(a|b)?", "((a|b)(c|d))e", "x.*y.*"],
)
def test_an_expression_that_cannot_explode_is_taken(expression: str) -> None:
    assert parse_matcher(f'a=~"{expression}"').value.endswith(expression[-1])


def test_a_label_of_a_megabyte_is_tested_as_far_as_the_limit() -> None:
    begun = time.perf_counter()
    assert not parse_matcher('a=~".*x.*y"').matches({"a": "x" * 2**20 + "y"})
    assert time.perf_counter() - begun < 2
    assert parse_matcher('a=~"x*"').matches({"a": "x" * LONGEST_TESTED + "y"})


@pytest.mark.parametrize(
    "expression", [".*a.*a.*a.*a.*b", ".+a.+a.+a.+b", ".*aaa.*aaaa.*aaa.*b.*", "(?i).*A.*A.*A.*b", "x|.*a.*a.*a.*b"]
)
def test_texts_that_are_sought_one_after_the_other_are_found_in_one_pass(expression: str) -> None:
    begun = time.process_time()
    assert not parse_matcher(f'a=~"{expression}"').matches({"a": "a" * LONGEST_TESTED})
    assert time.process_time() - begun < 2


_TOKENS = [".*", ".+", ".", ".*?", "a", "b", "ab", r"\.", r"\d", "[ab]", "[.*a.*]", "(a|b)", "(?:a.*b)", "(c.*a.*b|c)"]
_MORE_TOKENS = ["|", "a?", "b*", "\n", "^", "$", " ", r"\\", "(?i:A)"]


@given(
    st.lists(st.sampled_from(_TOKENS + _MORE_TOKENS), min_size=2, max_size=9).map("".join),
    st.lists(st.text(alphabet="abcA.\n \\1", max_size=9), max_size=20),
)
@example(".*a.*b.*", ["ab", "ba", "a\nb"])
def test_an_expression_means_what_it_means_to_python(expression: str, labels: list[str]) -> None:
    try:
        matcher = Matcher(name="a", value=expression, is_regex=True)
    except ValueError:
        return
    plain = re.compile(expression)
    for label in labels:
        assert matcher.matches({"a": label}) == (plain.fullmatch(label) is not None)


def test_a_matcher_of_the_api_is_checked_as_well() -> None:
    with pytest.raises(msgspec.ValidationError, match="must be a regular expression"):
        msgspec.json.decode(b'{"name":"a","value":"(","is_regex":true}', type=Matcher)


@given(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.text(), st.booleans())
def test_a_matcher_as_text_reads_back_as_itself(name: str, value: str, is_equal: bool) -> None:
    matcher = Matcher(name=name, value=value, is_equal=is_equal)
    assert parse_matcher(str(matcher)) == matcher


@given(st.text())
def test_any_text_is_a_matcher_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_matcher(text).matches({}), bool)

"""Does a label fit? Alertmanager's matchers: `name="x"`, `!=`, `=~` and `!~`, expressions anchored at both ends.

A label that is missing counts as empty. Expressions are Python's, less what Alertmanager's engine (RE2) lacks, and
less what could take for ever: RE2's time grows with the label's length alone, that of Python's engine may explode.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

LONGEST_TESTED = 4096  # characters; an expression sees no more of a label, and may not be longer itself
_OPERATORS = {"=": (True, False), "!=": (False, False), "=~": (True, True), "!~": (False, True)}
_MATCHER = re.compile(r"([^=!~\s]*)\s*(=~|!~|!=|=)\s*(.*)", re.DOTALL)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^"\\]|\\.)*\\?)', re.DOTALL)
_ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}
_BEYOND_RE2 = re.compile(r"\(\?(?:=|!|<[=!]|P=|>|\()|\\[1-9]")  # lookarounds, references, atomic groups, conditions
_OPAQUE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # an escaped character, or a set of characters
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|[a-zA-Z-]*:))?([^()]*)\)([*+]|\{\d*,?\d*\})?")
_ENDLESS = re.compile(r"[*+]|\{\d*,\}|\{(?:\d*,)?\d{2,}\}")  # ten times is as good as endless
_VARIABLE = re.compile(r"[*+?|]|\{\d*,")
_GAP = r"\.[*+]"
_TEXT = r"(?:[^\\.\[\](){}*+?|^$\n]|\\[^\w\s]|\.(?![*+?{]))+"  # of one length, and without an end of line
_SOUGHT = re.compile(rf"{_OPAQUE.pattern}|({_GAP})({_TEXT})(?={_GAP})", re.DOTALL)  # `.*text` before another `.*`


class Matcher(Struct, frozen=True):
    """One condition on a label, with the fields of Alertmanager's API. One that can't be tested raises ValueError."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"must begin with a label's name (letters, digits, _ and :), got {self.name!r}")
        if self.is_regex:
            _compiled(self.value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the condition holds for `labels`."""
        label = labels.get(self.name, "")
        if self.is_regex:
            return (_compiled(self.value).fullmatch(label[:LONGEST_TESTED]) is not None) is self.is_equal
        return (label == self.value) is self.is_equal

    def __str__(self) -> str:
        """The matcher as `parse_matcher` reads it back."""
        operator = next(text for text, sense in _OPERATORS.items() if sense == (self.is_equal, self.is_regex))
        value = self.value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        return f'{self.name}{operator}"{value}"'


@lru_cache(maxsize=4096)
def parse_matcher(text: str) -> Matcher:
    """The matcher that `text` writes; ValueError, whose text begins with "must", when it writes none."""
    parts = _MATCHER.fullmatch(text.strip())
    if parts is None:
        raise ValueError(f'must be a matcher such as severity="critical" or severity=~"high|critical", got {text!r}')
    name, operator, value = parts.groups()
    is_equal, is_regex = _OPERATORS[operator]
    return Matcher(name=name, value=_unquoted(value), is_regex=is_regex, is_equal=is_equal)


def _unquoted(written: str) -> str:
    value = _VALUE.fullmatch(written)
    if value is None:
        raise ValueError(f"must have its value in one pair of double quotes or in none, got {written}")
    # Alertmanager's three escapes; any other backslash stands, as regular expressions need it.
    return re.sub(r'\\[n"\\]', lambda escape: _ESCAPES[escape[0]], value[1] if value[1] is not None else value[2])


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> re.Pattern[str]:
    fault = _why_refused(expression)
    if fault is not None:
        raise ValueError(f"{fault}, got {expression[:80]!r}")
    try:
        return re.compile(_SOUGHT.sub(_found_once, expression))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression, got {expression[:80]!r}: {error}") from None


def _found_once(sought: re.Match[str]) -> str:
    """`.*text` written so that it is found where it comes first, and nowhere else is tried.

    No other place could help: the `.*` that follows takes the rest of the line from any. Else k of these would take
    nᵏ steps on n characters, and one label hold up the server for hours.
    """
    return f"(?>{sought[1]}?{sought[2]})" if sought[1] else sought[0]


def _why_refused(expression: str) -> str | None:
    if len(expression) > LONGEST_TESTED:
        return f"must be at most {LONGEST_TESTED} characters long"
    if _BEYOND_RE2.search(expression.replace(r"\\", "")):
        return "must do without lookarounds and back-references, as in Alertmanager"
    if "[[:" in expression:
        return "must write character classes out, [a-z] and not [[:lower:]]"
    if _may_take_for_ever(expression):
        return "must not repeat a group that repeats or has alternatives, as [a-z.]* need not be ([a-z]+\\.)*"
    return None


def _may_take_for_ever(expression: str) -> bool:
    """Whether a repetition holds another, or alternatives: `(a+)+` fails on n characters in 2ⁿ steps only.

    Stricter than need be: whether the repetitions can share a text in several ways is not looked at.
    """
    left = _OPAQUE.sub("x", expression)
    while group := _GROUP.search(left):
        body, repeated = group[1], group[2] or ""
        is_endless, is_variable = _ENDLESS.search(body), _VARIABLE.search(body)
        if (repeated and is_endless) or (_ENDLESS.search(repeated) and is_variable):
            return True
        rest = "x*" if is_endless else "x?" if is_variable else "x"
        left = left[: group.start()] + rest + repeated + left[group.end() :]
    return False

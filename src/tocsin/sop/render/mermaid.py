"""How does an incident go, from trigger to postmortem? The flowchart as Mermaid text.

Names from the SOP file are shown as they are: a quote, a bracket, `#` or the word `end` can't break the chart.
"""

import re
from collections.abc import Iterator

from tocsin.sop.model import EscalationStep, Ladder, SeverityLevel, Sop
from tocsin.sop.render import phrases
from tocsin.sop.render.text import one_line
from tocsin.sop.words import Severity, TriageStep, Trigger, Urgency

_UNSAFE = re.compile(r"[^\w ,.()/-]|_")
# Pairs that Mermaid interprets even where they are written as references: a line break, a formula, its own marks of a
# reference. A word joiner, which nobody sees, keeps the two apart.
_PAIRS = re.compile(r"\\(?=n)|\$(?=\$)|ﬂ(?=°)|¶(?=ß)")
_WORD_JOINER = "\u2060"
_STYLES = """\
    classDef milestone fill:#e8eef7,stroke:#35507a,color:#14233a
    classDef ladder fill:#ffffff,stroke:#7a869a,color:#14233a
    classDef page fill:#fbdcdc,stroke:#a32020,color:#4a0d0d
    classDef notify fill:#fdf1cf,stroke:#8a6500,color:#3d2d00
    classDef assign fill:#e6f3e6,stroke:#2f6b2f,color:#143314"""


def flowchart(sop: Sop) -> str:
    """The text of `escalation-flowchart.mermaid`: trigger, triage steps, and every ladder with its minutes."""
    lines = [
        "flowchart TD",
        "    accTitle: Incident response from trigger to postmortem",
        f"    accDescr: {_description(sop)}",
        *_beginning(sop),
    ]
    for severity, level in phrases.levels(sop):
        lines += _branch(sop, severity, level)
    groups = ",".join(["unassessed", *(severity.lower() for severity in sorted(sop.severities))])
    return "\n".join([*lines, *_ending(sop), _STYLES, f"    class {groups} ladder"]) + "\n"


def _beginning(sop: Sop) -> Iterator[str]:
    for trigger in Trigger:
        yield f"    {trigger}({_label('Trigger', trigger.meaning)}):::milestone"
        yield f"    {trigger} --> unassessed"
    yield from _ladder(sop, "unassessed", _label("Until somebody assesses"), sop.unassessed.ladder)
    yield _milestone(TriageStep.ACKNOWLEDGE, "say that you respond")
    yield f"    assess{{{_label('2 Assess', 'Which severity?')}}}:::milestone"
    yield "    unassessed --> acknowledge --> assess"


def _branch(sop: Sop, severity: Severity, level: SeverityLevel) -> Iterator[str]:
    name = severity.lower()
    title = phrases.heading(severity, level)
    says = (phrases.channel(level), f"status updates ({phrases.update_cadence(level)})")
    yield f"    {name}_says[{_label(f'3 Communicate, {severity}', *says)}]:::milestone"
    yield f"    assess -->|{_label(title)}| {name}_says"
    yield from _ladder(sop, name, _label(f"4 Escalate, {title}"), level.ladder)
    yield f"    {name}_says --> {name} --> mitigate"


def _ladder(sop: Sop, name: str, title: str, ladder: Ladder) -> Iterator[str]:
    """A subgraph of one node a step, and a last one for what repeats."""
    yield f"    subgraph {name}[{title}]"
    yield from (f"    {line}" for line in _steps(sop, name, ladder))
    yield "    end"


def _steps(sop: Sop, name: str, ladder: Ladder) -> Iterator[str]:
    silent = () if phrases.escalates(ladder) else ("no escalation",)
    if not ladder.steps:
        yield f"    {name}_0[{_label(*silent)}]:::assign"
    for number, step in enumerate(ladder.steps):
        yield f"    {name}_{number}[{_label(_moment(step), phrases.deed(sop, step), *silent)}]:::{step.urgency}"
        if number:
            yield f"    {name}_{number - 1} --> {name}_{number}"
    again = phrases.repetition(sop, ladder)
    if again:
        last_page = max(n for n, step in enumerate(ladder.steps) if step.urgency is Urgency.PAGE)
        yield f"    {name}_again[{_label(f'every {again[0]} while unacknowledged', f'{again[1]} again')}]:::page"
        yield f"    {name}_{last_page} -.-> {name}_again"


def _ending(sop: Sop) -> Iterator[str]:
    duties = [f"{severities} {duty}" for severities, duty in phrases.by_severity(sop, phrases.postmortem_duty)]
    yield _milestone(TriageStep.MITIGATE, "restore the service")
    yield _milestone(TriageStep.RESOLVE, "fix confirmed and monitoring clean")
    yield _milestone(TriageStep.POSTMORTEM, "blameless, counted from the resolution", *duties)
    yield "    mitigate --> resolve --> postmortem"


def _milestone(step: TriageStep, *lines: str) -> str:
    number = list(TriageStep).index(step) + 1
    return f"    {step}[{_label(f'{number} {step.title()}', *lines)}]:::milestone"


def _moment(step: EscalationStep) -> str:
    return ", ".join(part for part in (step.after.words, phrases.condition(step)) if part)


def _label(*lines: str) -> str:
    """A quoted label that shows the lines as they are."""
    return '"' + "<br/>".join(_escape(line) for line in lines) + '"'


def _escape(text: str) -> str:
    apart = _PAIRS.sub(rf"\g<0>{_WORD_JOINER}", one_line(text))
    return _UNSAFE.sub(lambda match: f"#{ord(match[0])};", apart)


def _description(sop: Sop) -> str:
    """The chart in words for people who don't see it; only letters, digits and marks that Mermaid leaves alone."""
    told = [f"{name}, {phrases.ladder_line(sop, ladder)}." for name, ladder in phrases.ladders(sop)]
    steps = ", ".join(TriageStep)
    text = f"A trigger leads through the steps {steps}. The ladder depends on the severity. {' '.join(told)}"
    return _UNSAFE.sub(" ", one_line(text))

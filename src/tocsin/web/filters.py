"""How do pages say things? Times, spans and counts as words; pure functions of values."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from tocsin.domain.narrate import target_words
from tocsin.sop.words import TriageStep

STEP_WORDS = {
    TriageStep.ACKNOWLEDGE: "Acknowledge",
    TriageStep.ASSESS: "Assess",
    TriageStep.COMMUNICATE: "Communicate",
    TriageStep.ESCALATE: "Escalate",
    TriageStep.MITIGATE: "Mitigate",
    TriageStep.RESOLVE: "Resolve",
    TriageStep.POSTMORTEM: "Postmortem",
}
VIA_WORDS = {
    "pagerduty": "PagerDuty",
    "email": "e-mail",
    "slack": "Slack",
    "apprise": "Apprise",
    "push": "browser push",
}
WAY_WORDS = {
    "password": "by password",
    "passkey": "by passkey",
    "oidc": "by single sign-on",
    "link": "by a link that works once",
}

DELIVERY_WORDS = {
    "pending": "waits to be sent",
    "leased": "being sent",
    "counted": "counted in another page",
    "done": "delivered",
    "suppressed": "not needed any more",
}


def span(seconds: float) -> str:
    """A span in its two largest units: `4 min 12 s`, `2 h 5 min`, `3 d 1 h`; the sign is left out."""
    whole = abs(int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count or first == 3) or "0 s"


def moment(at: datetime, form: str = "time") -> Markup:
    """An instant: in UTC as it is sent, in the reader's own zone where scripts run.

    `form` is time, full, day, ago, elapsed or count (down to it).
    """
    shown = {"time": f"{at:%H:%M:%S}", "day": f"{at:%Y-%m-%d}"}.get(form, f"{at:%Y-%m-%d %H:%M}")
    zone = "" if form == "day" else " UTC"
    text = f"{shown}{zone}"
    stamp = at.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}" data-form="{}" title="{}">{}</time>').format(
        stamp, form, f"{at:%Y-%m-%d %H:%M:%S} UTC", text
    )


def paragraphs(text: str) -> Markup:
    """Text of several lines, escaped, its line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def count(number: int, one: str, many: str = "") -> str:
    """`1 alert`, `3 alerts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "span": span,
    "moment": moment,
    "paragraphs": paragraphs,
    "count_of": count,
    "step_words": STEP_WORDS.__getitem__,
    "sentence": lambda text: f"{text[:1].upper()}{text[1:]}",
    "target_words": target_words,
    "delivery_words": lambda status: DELIVERY_WORDS.get(status, status),
    "way_words": lambda how: WAY_WORDS.get(how, how),
    "via_words": lambda via: VIA_WORDS.get(via, via),
}

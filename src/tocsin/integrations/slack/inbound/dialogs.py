"""What is asked in a dialog? Views of Block Kit, each with an incident and what its opener had seen of it; no I/O.

Sources: docs.slack.dev/reference/views/modal-views and …/reference/block-kit, also of every limit.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from tocsin.domain.forms import UNSURE
from tocsin.domain.incident import Audience, Incident
from tocsin.errors import InvalidInput
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.mrkdwn import escape, fit
from tocsin.sop.classify import QUESTIONS
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity, Trigger

Block = dict[str, object]
View = dict[str, object]
Choice = tuple[str, str]  # the value, and what it is called

_REASON = "Needed where you name it; the answers have a reason"
_MAX_TITLE = 24
_MAX_LABEL = 75  # of an option; a label may have 2,000
_MAX_OPTIONS = 100
_MAX_INITIAL = 3_000
_TITLES = {
    Action.DECLARE: ("Declare an incident", "Declare"),
    Action.ASSESS: ("Assess", "Assess"),
    Action.ROLE: ("Give a role", "Give"),
    Action.UPDATE: ("Status update", "Post"),
    Action.NOTE: ("Note", "Write down"),
    Action.PAGE: ("Page somebody", "Page"),
    Action.MITIGATE: ("Mitigate", "Mitigated"),
    Action.RESOLVE: ("Resolve", "Resolved"),
}


class About(Struct, frozen=True):
    """What a dialog carries unseen: the incident, and the newest event of it that was known when it was opened."""

    incident: str = ""
    seq: int = 0

    def packed(self) -> str:
        """As `private_metadata`."""
        return msgspec.json.encode(self).decode()


def about(metadata: str) -> About:
    """What a dialog carried; raises InvalidInput where it is not what we have put there."""
    try:
        found = msgspec.json.decode(metadata or "{}", type=About)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("this dialog is none of Tocsin's: open it again") from error
    if found.seq < 0 or len(found.incident) > 40:
        raise InvalidInput("this dialog is none of Tocsin's: open it again")
    return found


def declare(sop: Sop, *, title: str = "", outlook: str = "") -> View:
    """What, where, how bad; the SOP's questions help with the last."""
    services = [(id_, service.name) for id_, service in sorted(sop.services.items())]
    triggers = [(str(it), it.meaning) for it in Trigger]
    blocks = [
        text("title", "What is wrong?", initial=title, hint="One line, as users notice it"),
        choice("service", "Which service?", services, initial=sop.alerts.default_service),
        choice("trigger", "Why is it an incident?", triggers, initial=Trigger.SERVICE_DEGRADED),
        *_severity_blocks(sop, outlook),
    ]
    return _view(Action.DECLARE, About(), blocks)


def assess(sop: Sop, incident: Incident, *, outlook: str = "") -> View:
    """How severe is it? By the SOP's questions, or by name with a reason."""
    blocks = [_subject(incident), *_severity_blocks(sop, outlook, must=True)]
    return _view(Action.ASSESS, about_of(incident), blocks)


def role(incident: Incident, *, chosen: str = "") -> View:
    """Who takes which role?"""
    roles = [(str(it), f"{it.title} ({it.short})") for it in Role]
    free = next((it for it in Role if it not in incident.roles), Role.INCIDENT_COMMANDER)
    blocks = [
        _subject(incident),
        choice("role", "Role", roles, initial=chosen or free),
        member("person", "Who takes it?"),
    ]
    return _view(Action.ROLE, about_of(incident), blocks)


def update(incident: Incident, *, initial: str = "", is_lead: bool = False, every: str = "") -> View:
    """What is told, to whom, and when does the next one come?"""
    audiences = [
        (str(Audience.INTERNAL), "Internal: the organisation"),
        (str(Audience.EXTERNAL), "External: customers"),
    ]
    asks = f"The SOP asks for one every {every}" if every else "Empty: as the SOP asks"
    blocks = [
        _subject(incident),
        text("text", "What is the state?", initial=initial, is_long=True),
        # Only the Communications Lead speaks to customers: nobody else is offered it.
        choice("audience", "For whom?", audiences if is_lead else audiences[:1], initial=Audience.INTERNAL),
        text(
            "next_within", "When does the next one come?", hint=f"{asks}; 10m or 1h promises it sooner", optional=True
        ),
    ]
    return _view(Action.UPDATE, about_of(incident), blocks)


def note(incident: Incident) -> View:
    """What is to be written down?"""
    return _view(Action.NOTE, about_of(incident), [_subject(incident), text("text", "Note", is_long=True)])


def page(incident: Incident, targets: Sequence[Choice]) -> View:
    """Who is to be woken, and why?"""
    blocks = [_subject(incident), choice("target", "Whom?", targets), text("reason", "Why?")]
    return _view(Action.PAGE, about_of(incident), blocks)


def ending(action: Action, incident: Incident, *, initial: str = "") -> View:
    """Mitigate or resolve, with a note if there is something to say."""
    blocks = [_subject(incident), text("note", "What was done?", initial=initial, is_long=True, optional=True)]
    return _view(action, about_of(incident), blocks)


def told(title: str, escaped: str) -> View:
    """A dialog that only says something."""
    return {
        "type": "modal",
        "title": _plain(title, _MAX_TITLE),
        "close": _plain("Close"),
        "blocks": [_section(escaped)],
    }


def about_of(incident: Incident) -> About:
    """What a dialog on the incident carries."""
    return About(incident.id, incident.seq)


def _severity_blocks(sop: Sop, outlook: str, *, must: bool = False) -> list[Block]:
    by_answers = (UNSURE, "As the answers below say")
    severities = [by_answers, *((str(it), f"{it}: {sop.severities[it].name}") for it in Severity)]
    return [
        choice("severity", "How severe?", severities, initial=UNSURE, watched=True),
        *(
            choice(
                question.name,
                question.ask,
                question.answers,
                initial=question.default or "",
                watched=True,
                optional=True,
            )
            for question in QUESTIONS
        ),
        text("reason", "Why this severity?", hint=_REASON if must else "The answers have a reason", optional=True),
        _context(outlook or ("Answer the first question" if must else "Without answers: assessed later"), "outlook"),
    ]


def _view(action: Action, carried: About, blocks: Iterable[Block]) -> View:
    title, submit = _TITLES[action]
    return {
        "type": "modal",
        "callback_id": str(action),
        "private_metadata": carried.packed(),
        "title": _plain(title, _MAX_TITLE),
        "submit": _plain(submit, _MAX_TITLE),
        "close": _plain("Cancel"),
        "blocks": list(blocks),
    }


def _subject(incident: Incident) -> Block:
    return _context(escape(f"{incident.id} · {incident.severity or 'not assessed'} · {incident.title}"), "subject")


def text(
    name: str, label: str, *, initial: str = "", hint: str = "", is_long: bool = False, optional: bool = False
) -> Block:
    """A field to write in."""
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": is_long}
    if initial:
        element["initial_value"] = initial[:_MAX_INITIAL]
    block: Block = {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}
    return block | ({"hint": _plain(hint)} if hint else {})


def choice(
    name: str,
    label: str,
    choices: Sequence[Choice],
    *,
    initial: str = "",
    watched: bool = False,
    optional: bool = False,
) -> Block:
    """One of several; `watched`: each choice is told at once. More than Slack lists are written instead."""
    if len(choices) > _MAX_OPTIONS:
        return text(name, label, initial=initial, hint=f"One of {len(choices)}: write its id", optional=optional)
    options = {value: {"text": _plain(called, _MAX_LABEL), "value": value} for value, called in choices}
    element: Block = {"type": "static_select", "action_id": name, "options": list(options.values())}
    if initial in options:
        element["initial_option"] = options[initial]
    block: Block = {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}
    return block | ({"dispatch_action": True} if watched else {})


def member(name: str, label: str) -> Block:
    """A member of the workspace."""
    element: Block = {"type": "users_select", "action_id": name}
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _plain(text: str, limit: int = 2_000) -> Block:
    return {"type": "plain_text", "text": text[: limit - 1] + "…" if len(text) > limit else text, "emoji": False}


def _section(escaped: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": fit(escaped, 3_000), "verbatim": True}}


def _context(escaped: str, name: str) -> Block:
    element = {"type": "mrkdwn", "text": fit(escaped, 3_000), "verbatim": True}
    return {"type": "context", "block_id": name, "elements": [element]}

"""How does a message look? Pages, summaries and what is said, as the arguments of Slack's message methods; no I/O.

Every message is shown as blocks, and has the same as text for notifications and for what can't show blocks. Buttons
are there where a press of one comes back to Tocsin; elsewhere a link leads there.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from tocsin.domain.effects import BriefNewcomer, Card, Line, PostSummary, Said, SendPage, SendPageTest, UpdateSummary
from tocsin.domain.incident import Status
from tocsin.domain.next_step import NextStep
from tocsin.domain.storm import words_for
from tocsin.domain.text import clean_line
from tocsin.integrations.slack import blocks as b
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.mrkdwn import escape, fit, link_to, mention, parts_of
from tocsin.sop.words import Urgency

Arguments = dict[str, str]

_LABELS = {
    Action.ACKNOWLEDGE: "Acknowledge",
    Action.ASSESS: "Assess…",
    Action.ROLE: "Assign a role…",
    Action.UPDATE: "Post an update…",
    Action.MITIGATE: "Mitigated",
    Action.RESOLVE: "Resolved",
    Action.NOTE: "Note…",
    Action.PAGE: "Page somebody…",
}
_PRESSED_FOR: dict[str, Action] = {
    NextStep.ACKNOWLEDGE: Action.ACKNOWLEDGE,
    NextStep.ASSESS: Action.ASSESS,
    NextStep.ASSIGN_ROLE: Action.ROLE,
    NextStep.POST_UPDATE: Action.UPDATE,
    NextStep.MITIGATE: Action.MITIGATE,
    NextStep.RESOLVE: Action.RESOLVE,
}
# What else can be done in a status, the likeliest first; with the next step and the way to Tocsin one row of buttons.
_OFFERED: dict[str, tuple[Action, ...]] = {
    Status.TRIGGERED: (Action.ACKNOWLEDGE, Action.ASSESS, Action.PAGE, Action.NOTE),
    Status.ACKNOWLEDGED: (Action.UPDATE, Action.ROLE, Action.ASSESS, Action.PAGE, Action.MITIGATE, Action.NOTE),
    Status.MITIGATED: (Action.UPDATE, Action.RESOLVE, Action.NOTE),
}


def of_page(effect: SendPage, account: SlackAccount) -> Arguments:
    """A page or a notification, to one person: what, why, and the button that answers it."""
    is_page = effect.urgency is Urgency.PAGE
    where = f"{'Page' if is_page else 'For information'}: {effect.severity or 'Not assessed'} · {effect.service}"
    what = f"{effect.title}{words_for(effect.more)}"
    link = _link_from(effect, account)
    shown = fit(escape(f"{where}: {what}\n{effect.reason}"), b.MAX_MESSAGE - len(link) - 1)
    if account.is_interactive:
        answer = [_button(Action.ACKNOWLEDGE, effect.incident, is_next=True)] if is_page else []
        ways = b.actions([*answer, _way_to(effect.incident, account)])
    else:
        ways = b.section(link)
    told = [b.header(where), b.section(escape(what)), b.context(escape(effect.reason)), ways]
    return b.arguments_for(f"{shown}\n{link}", told)


def _link_from(effect: SendPage, account: SlackAccount) -> str:
    """The way to the incident; before it the link that acknowledges a page, where there are such links."""
    is_page = effect.urgency is Urgency.PAGE
    answer = account.links.acknowledgement(effect.key) if is_page and account.links else None
    call_to = f"{effect.incident}: acknowledge in Tocsin" if is_page and not answer else f"{effect.incident} in Tocsin"
    link = link_to(account.page_of(effect.incident), call_to)
    return f"{link_to(answer, 'Acknowledge')} · {link}" if answer else link


def of_test(effect: SendPageTest) -> Arguments:
    """A test page: nothing to answer."""
    shown = escape(f"Test page, nothing is wrong: Tocsin reaches you here ({clean_line(effect.asked_by)} asked)")
    return b.arguments_for(shown, [b.section(shown)])


def of_said(effect: Said, account: SlackAccount) -> Arguments:
    """Something said in a channel, or several things that waited, with their times: updates large, the rest small."""
    lines = [(_line(it, account, is_dated=True), _is_large(it)) for it in effect.lines]
    if not lines:
        words = _mentioning(effect.mention, escape(effect.text), account)
        lines = [(words, effect.is_update or bool(effect.mention))]
    shown = list(_within(b.MAX_MESSAGE, lines))
    return b.arguments_for("\n".join(words for words, _ in shown), _paragraphs(shown))


def of_summary(effect: PostSummary | UpdateSummary | BriefNewcomer, account: SlackAccount) -> Arguments:
    """How the incident stands: its title, its facts in two columns, the last update, and what can be done."""
    words = fit(escape(effect.text), b.MAX_MESSAGE)
    if effect.card is None:
        return b.arguments_for(words, _paragraphs([(words, True)]))
    return b.arguments_for(words, [*_laid_out(effect.card), _ways(effect.card, effect.incident, account)])


def _laid_out(card: Card) -> list[b.Block]:
    facts = [(escape(label), escape(value) or "—") for label, value in card.facts]
    update = [b.section(f"*Last update*\n{fit(escape(card.update), b.MAX_FIELD)}")] if card.update else []
    return [b.header(card.title), b.fields(facts), *update]


def _ways(card: Card, incident: str, account: SlackAccount) -> b.Block:
    if not account.is_interactive:
        return b.section(link_to(account.page_of(incident), f"{incident} in Tocsin"))
    pressed = _PRESSED_FOR.get(card.next)
    first = [_button(pressed, incident, is_next=True)] if pressed else []
    others = [_button(it, incident) for it in _OFFERED.get(card.status, ()) if it is not pressed]
    return b.actions([*first, *others, _way_to(incident, account)])


def _button(action: Action, incident: str, *, is_next: bool = False) -> b.Button:
    return b.Button(_LABELS[action], action, value=incident, is_next=is_next)


def _way_to(incident: str, account: SlackAccount) -> b.Button:
    return b.Button("Open in Tocsin", Action.OPEN, value=incident, url=account.page_of(incident))


def _line(line: Line, account: SlackAccount, *, is_dated: bool) -> str:
    words = _mentioning(line.mention, escape(line.text), account)
    return f"{line.at:%H:%M} UTC {words}" if is_dated else words


def _mentioning(person: str, words: str, account: SlackAccount) -> str:
    """The words, brought to the notice of a person whose member id is known."""
    return f"{mention(account.members.get(person, ''))} {words}".strip()


def _is_large(line: Line) -> bool:
    return line.is_update or bool(line.mention)


def _within(limit: int, lines: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """The lines, as many of them as fit; the last is cut."""
    for words, is_large in lines:
        if limit < 2:
            return
        shown = fit(words, limit)
        limit -= len(shown) + 1
        yield shown, is_large


def _paragraphs(lines: Sequence[tuple[str, bool]]) -> list[b.Block]:
    """The lines as blocks: those of one size that follow each other share one while there is room."""
    found = []
    for is_large, some in groupby(lines, key=lambda line: line[1]):
        texts: list[str] = []
        for part in (part for words, _ in some for part in parts_of(words, b.MAX_TEXT)):
            if texts and len(texts[-1]) + 1 + len(part) <= b.MAX_TEXT and not is_large:
                texts[-1] += f"\n{part}"
            else:
                texts.append(part)
        found += [b.section(text) if is_large else b.context(text) for text in texts]
    return found or [b.section("")]

"""How is something said at PagerDuty's own incident of a page? The incident is looked up, then written to; no I/O.

Nothing is written twice: what is there already, by a note's first words or among those who were asked, is done. What
was learnt on the way to the last request travels in the fragment of an address, which no client sends.
"""

from urllib.parse import urldefrag

from tocsin.domain.commands import ReportChannelFailed
from tocsin.domain.effects import AskThere, NoteThere
from tocsin.errors import Unreachable
from tocsin.integrations.pagerduty import rest
from tocsin.integrations.pagerduty.outbound import WORTH_REPEATING, dedup_key
from tocsin.integrations.pagerduty.rest import Counterpart, RestAccount
from tocsin.integrations.pagerduty.words import own_note
from tocsin.integrations.wire import Again, Busy, Done, Never, Reply, Request, Then, Verdict

Written = NoteThere | AskThere
_WHAT: dict[type, str] = {NoteThere: "a note in PagerDuty", AskThere: "a request for a responder in PagerDuty"}
_NO_INCIDENT = "PagerDuty has no incident of this page"  # it was counted in another, say


def request_for(effect: Written, account: RestAccount, installation: str) -> Request:
    """What is asked first: the incident of the page, and whoever asks for a responder before that."""
    if isinstance(effect, AskThere):
        return rest.users_named(account, account.from_email or "")
    return _lookup(effect, account, installation)


def _lookup(effect: Written, account: RestAccount, installation: str, learnt: str = "") -> Request:
    asked = rest.incidents_of(account, dedup_key(effect.page, installation))
    return Request(asked.method, f"{asked.url}#{learnt}", asked.headers)


def classify(effect: Written, request: Request, reply: Reply, account: RestAccount, installation: str) -> Verdict:
    """What the reply means, and what is asked next."""
    if reply.status == 429:
        return Busy("PagerDuty's REST API takes no more requests at present (HTTP 429)", rest.wait_after(reply))
    if 400 <= reply.status < 500 and reply.status not in WORTH_REPEATING:
        return _refused(effect, rest.refusal(reply))
    try:
        return _next(effect, request, reply, account, installation)
    except Unreachable as error:
        return Again(str(error), rest.wait_after(reply))


def _next(effect: Written, request: Request, reply: Reply, account: RestAccount, installation: str) -> Verdict:
    url, learnt = urldefrag(request.url)
    path = url.removeprefix(account.url).partition("?")[0]
    if request.method == "POST":
        rest.confirm_written(reply)
        return Done()
    match effect, path:
        case AskThere(), "/users":
            return _asker(effect, reply, account, installation)
        case AskThere(), _:
            return _ask(effect, reply, account, own_words(effect, installation), requester=learnt)
        case _, "/incidents":
            return _notes(reply, account)
    return _note(reply, account, own_words(effect, installation), incident=learnt)


def _asker(effect: AskThere, reply: Reply, account: RestAccount, installation: str) -> Verdict:
    """Who asks is known: now the incident."""
    user = rest.user_with(rest.answer(reply, rest.Users).users, account.from_email or "")
    if user is None:
        return _refused(effect, f"{account.from_email} is no user of PagerDuty; see [pagerduty] from_email")
    return Then(_lookup(effect, account, installation, user.id))


def _ask(effect: AskThere, reply: Reply, account: RestAccount, message: str, *, requester: str) -> Verdict:
    """The incident is known: who was not asked there yet is."""
    incident = _newest(reply)
    if incident is None:
        return Never(_NO_INCIDENT)
    if effect.user in incident.asked:
        return Done()
    return Then(rest.responder_request(account, incident.id, requester=requester, user=effect.user, message=message))


def _notes(reply: Reply, account: RestAccount) -> Verdict:
    """The incident is known: now the notes that are there."""
    incident = _newest(reply)
    if incident is None:
        return Never(_NO_INCIDENT)
    asked = rest.notes_of(account, incident.id)
    return Then(Request(asked.method, f"{asked.url}#{incident.id}", asked.headers))


def _note(reply: Reply, account: RestAccount, text: str, *, incident: str) -> Verdict:
    """The notes are known: one that begins as ours does is ours."""
    begins = text[: text.index(": ") + 2]
    is_there = any(it.startswith(begins) for it in rest.note_texts(reply))
    return Done() if is_there else Then(rest.note_on(account, incident, text))


def _newest(reply: Reply) -> Counterpart | None:
    found = rest.counterparts_in(reply)
    return found[-1] if found else None


def own_words(effect: Written, installation: str) -> str:
    """What is written there."""
    text = effect.text if isinstance(effect, NoteThere) else effect.message
    return own_note(effect.incident, installation, effect.number, text)


def _refused(effect: Written, reason: str) -> Never:
    return Never(reason, (ReportChannelFailed(action=_WHAT[type(effect)], reason=reason),))

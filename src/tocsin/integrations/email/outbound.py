"""How is a page put into an e-mail, and what does the mail server's answer mean? Plain values, no I/O.

Sources: RFC 5322 (messages), RFC 5321 (SMTP; section 4.2.1: 2yz done, 4yz try again, 5yz not again), RFC 3834
(automatic messages), RFC 2156 (`Importance`, `Priority`).
"""

import re
from email.message import EmailMessage
from email.policy import SMTP

from tocsin.domain.commands import Receipt, ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import OfPageTest, PageEffect, SendPage, SendPageTest
from tocsin.domain.text import clean_line
from tocsin.integrations.email.account import EmailAccount
from tocsin.integrations.email.letter import Letter, letter_for, test_letter
from tocsin.integrations.wire import Again, Busy, Done, Mail, Never, Reply, Verdict
from tocsin.sop.words import Urgency

PROVIDER = "email"
# What the server answers to these speaks of the recipient or of this message; to others, of the server.
_OF_THE_MESSAGE = frozenset({"rcpt", "data"})
_CLOSING = 421  # RFC 5321, section 4.2.3: "Service not available, closing transmission channel"
_URGENT = {"X-Priority": "1 (Highest)", "Importance": "high", "Priority": "urgent"}

EmailEffect = PageEffect | OfPageTest


def request_for(effect: EmailEffect, account: EmailAccount) -> Mail | Done | Never:
    """The e-mail that carries the effect; Done where there is nothing to say: an e-mail can't be taken back."""
    if not isinstance(effect, SendPage | SendPageTest):
        return Done()
    to = effect.reach.method.address or account.addresses.get(effect.reach.person)
    if not to:
        return _refused(effect, f"{effect.reach.person} has no e-mail address in the SOP file")
    if isinstance(effect, SendPageTest):
        return _mail(effect, account, to, test_letter(effect, account.links))
    return _mail(effect, account, to, letter_for(effect, account.links))


def classify(effect: EmailEffect, reply: Reply) -> Verdict:
    """What the server's last answer means: only a 2yz to the message itself is a page taken.

    A 4yz to the recipient or the message (greylisting, a full mailbox) is that of a server that is well.
    """
    command = reply.headers.get("command", "")
    said = clean_line(reply.body.decode("utf-8", "replace")) or "it gave no reason"
    if command == "data" and 200 <= reply.status < 300:
        is_page = isinstance(effect, SendPage)
        return Done(receipts=(ReportPageAccepted(key=effect.key, via=effect.way),) if is_page else ())
    reason = f"the mail server refused {command or 'it'} ({reply.status}): {said}"
    if 500 <= reply.status < 600:
        return _refused(effect, reason)
    if 400 <= reply.status < 500 and reply.status != _CLOSING and command in _OF_THE_MESSAGE:
        return Busy(reason)
    return Again(reason)


def _id(of: str, account: EmailAccount) -> str:
    """The same in every attempt, another in every other e-mail of any installation."""
    return f"<{of}.{account.installation}@{account.sender.rpartition('@')[2]}>"


def _mail(effect: SendPage | SendPageTest, account: EmailAccount, to: str, letter: Letter) -> Mail:
    # The person may have several addresses.
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{effect.key}-{effect.reach.method.address or ''}").strip("-")
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Tocsin <{account.sender}>"
    message["To"] = to
    message["Subject"] = letter.subject
    message["Message-ID"] = _id(name, account)
    if isinstance(effect, SendPage):
        # What belongs to one incident is shown as one thread, though no message stands at its root.
        message["References"] = message["In-Reply-To"] = _id(effect.incident, account)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # Exchange's: no replies of who is away
    is_urgent = isinstance(effect, SendPage) and effect.urgency is Urgency.PAGE
    for header, value in _URGENT.items() if is_urgent else ():
        message[header] = value
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_tocsin_{name}")  # the same in every attempt
    return Mail(account.server, account.sender, to, message.as_bytes())


def _refused(effect: EmailEffect, reason: str) -> Never:
    is_page = isinstance(effect, SendPage)
    receipts: tuple[Receipt, ...] = (
        (ReportPageFailed(key=effect.key, via=effect.way, reason=reason),) if is_page else ()
    )
    return Never(reason=reason, receipts=receipts)

"""Is the mail server there, and does it take Tocsin's login? Signed in to and left, with no message; no I/O.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from functools import partial

from tocsin.domain.text import clean_line
from tocsin.integrations.checkup import Checkup, Probe, broken, unused, well
from tocsin.integrations.wire import Post, Reply, Tls, Visit

WHAT = "E-mail"
_ENCRYPTED = {Tls.NONE: "without encryption", Tls.STARTTLS: "over STARTTLS", Tls.IMPLICIT: "over TLS"}
_NOT_IMPLEMENTED = 502  # what a server that doesn't offer something is made to say


def checkup(post: Post | None, secret: str, fault: str = "") -> Checkup:
    """What there is to look at: `secret` is the name of the server's address, `fault` what is wrong with that.

    `post` is None where it isn't set, or is wrong.
    """
    if fault:
        return (broken(WHAT, f"{secret} {fault}", f"correct {secret}, or [email] in the SOP file"),)
    if post is None:
        remedy = f"set {secret}, and pages go by e-mail as well: see docs/integrations/contact-methods.md"
        return (unused(WHAT, f"no mail server is set ({secret})", remedy),)
    return (Probe(WHAT, Visit(post), partial(_judge, post, secret)),)


def _judge(post: Post, secret: str, reply: Reply) -> Checkup:
    command = reply.headers.get("command", "")
    where = f"{post.host}:{post.port}"
    if command == "noop" and 200 <= reply.status < 300:
        login = "takes the login" if post.user else "asks for no login"
        told = f"{where} answers {_ENCRYPTED[post.tls]} and {login}; only a letter shows that it is passed on"
        return (well(WHAT, told),)
    said = clean_line(reply.body.decode("utf-8", "replace")) or "it gave no reason"
    if 400 <= reply.status < 500:
        return (broken(WHAT, f"{where} says {reply.status} to {command}: {said}", "try again a little later"),)
    return (broken(WHAT, f"{where} refuses {command} ({reply.status}): {said}", _remedy(post, secret, command, reply)),)


def _remedy(post: Post, secret: str, command: str, reply: Reply) -> str:
    match command:
        case "starttls":
            return f"begin {secret} with smtps:// where the server listens for TLS (465), or have STARTTLS switched on"
        case "auth" if reply.status == _NOT_IMPLEMENTED and post.tls is Tls.NONE:
            return f"begin {secret} with smtp+starttls://: many servers take a login only once it is encrypted"
        case "auth" if reply.status == _NOT_IMPLEMENTED:
            return f"leave user and password out of {secret}: this server takes none"
        case "auth":
            return f"correct user and password in {secret}; with two-factor sign-in it takes an app password"
    return "see the server's log: it doesn't want this machine"

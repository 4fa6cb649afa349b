"""What runs beside the server for each notification by Apprise? This, in a process that can be killed.

Apprise waits for the network as long as a service pleases, and keeps its thread meanwhile; a process has an end. It
reads one line of JSON, says that it is ready once the library is loaded, and sends when it is told to. Nothing of the
server's environment is in it, and no address in its arguments.
"""

import json
import logging
import re
import sys
from typing import Any

READY = b"ready\n"
GO = b"go\n"
_ERROR = re.compile(r"error=(\d{3})")  # how Apprise's services log the HTTP status that they met


class _Heard(logging.Handler):
    """Keeps the HTTP status out of Apprise's log, and nothing else: the rest may tell an address."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.error = ""

    def emit(self, record: logging.LogRecord) -> None:
        found = _ERROR.search(record.getMessage())
        self.error = found[1] if found else self.error


def main() -> None:
    """Send one notification, or say what becomes of addresses."""
    import apprise  # noqa: PLC0415  # optional, and loaded in this process only

    asked = json.loads(sys.stdin.buffer.readline())
    if "urls" in asked:
        _tell([_state_of(url, apprise) for url in asked["urls"]])
        return
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    logger.propagate = False
    service = apprise.Apprise.instantiate(asked["url"], suppress_exceptions=True)
    if not isinstance(service, apprise.NotifyBase):
        _tell({"state": "unreadable"})
        return
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    if sys.stdin.buffer.readline() != GO:
        return
    sending = apprise.Apprise()
    sending.add(service)
    kind = apprise.NotifyType.FAILURE if asked["is_urgent"] else apprise.NotifyType.INFO
    is_sent = sending.notify(
        body=asked["body"], title=asked["title"], notify_type=kind, body_format=apprise.NotifyFormat.TEXT
    )
    # An older Apprise says True, False or None, a newer one has an object that is as true.
    state = "sent" if is_sent else "refused"
    _tell({"state": state, "service": f"{service.service_name}", "error": heard.error})


def _state_of(url: str, apprise: Any) -> dict[str, str]:
    """Whether Apprise can read an address, and where it can't, why. A scheme that it knows (`ntfy`) is no secret."""
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if isinstance(service, apprise.NotifyBase):
        return {"state": "read", "service": f"{service.service_name}"}
    scheme = url.partition("://")[0].strip().lower()
    found = apprise.Apprise().details(show_requirements=True, show_disabled=True)["schemas"]
    known = next((it for it in found if scheme in {*(it["protocols"] or ()), *(it["secure_protocols"] or ())}), None)
    if known is None:
        return {"state": "unknown"}
    needs = ", ".join(f"{it}" for it in known["requirements"]["packages_required"])
    return {
        "state": "unreadable" if known["enabled"] else "disabled",
        "service": f"{known['service_name']}",
        "needs": needs,
    }


def _tell(answer: object) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

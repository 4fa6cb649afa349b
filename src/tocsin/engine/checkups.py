"""How is a checkup carried out? Its probes are sent, one after the other, until only findings are left."""

from collections.abc import Awaitable, Callable

from tocsin.errors import Unreachable
from tocsin.integrations.checkup import Checkup, Finding, Probe, broken
from tocsin.integrations.wire import Inquiry, Reply

_MOST_PROBES = 50  # of one checkup: a vendor's answers must not lead on for ever

Ask = Callable[[Inquiry], Awaitable[Reply]]


async def carry_out(checkup: Checkup, ask: Ask) -> list[Finding]:
    """What the checkup finds, in its order; a vendor that doesn't answer is a finding as well."""
    waiting, found, sent = list(checkup), list[Finding](), 0
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Finding):
            found.append(item)
        elif sent == _MOST_PROBES:
            break
        else:
            sent += 1
            waiting[:0] = await _asked(item, ask)
    return found


async def _asked(probe: Probe, ask: Ask) -> Checkup:
    try:
        return probe.judge(await ask(probe.request))
    except Unreachable as error:
        remedy = "see that this machine may reach it: name servers, firewall, certificates"
        return (broken(probe.what, f"no answer: {error}", remedy),)

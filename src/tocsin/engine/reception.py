"""What becomes of a body of alerts? They are taken; and one that can't be taken keeps no other one out.

All alerts of a body are taken in one transaction as long as nothing goes wrong. Where something does, each is taken by
itself. One that is not as it should be is refused. One on which Tocsin itself fails is kept in quarantine as it came:
durable, so that its sender may be told that it is in. Whether an alert still fires is judged by the wall clock, as its
sender's times are: engine time may run ahead of it.
"""

import asyncio
import logging
from collections.abc import Sequence

from tocsin.domain.text import clean_line
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound, Overloaded, Refused, StoreError
from tocsin.integrations.forms import FORMS, Form
from tocsin.integrations.wire import Single
from tocsin.store.audit_log import Deed

logger = logging.getLogger(__name__)

_MONITORING = Actor("monitoring", "alertmanager")
_PASSING = (Overloaded, StoreError)  # will be over soon: its sender tries again
_TRIES = 3
_AT_ONCE = 500  # of the alerts that are taken one by one


async def receive(node: Node, form: Form, body: bytes) -> None:
    """Take the alerts of a body; when this returns, each is durable, taken or in quarantine.

    Raises InvalidInput for a body that is not of the form; where some of its alerts are not, the others are in then.
    """
    try:
        await _take(node, form, body)
    except _PASSING:
        raise
    except Exception as error:
        if _is_refusal(error):
            others = _right_ones(node, form, body)
            await _take_one_by_one(node, form, others)
            told = f"{error}; {len(others)} others are in" if others else str(error)
            logger.warning("alerts of %s refused: %s", form.name, told)
            raise InvalidInput(told) from None
        logger.critical("a bug of Tocsin struck in alerts of %s: they are taken one by one", form.name, exc_info=error)
        await _take_one_by_one(node, form, _apart(form, body))


def _is_refusal(error: Exception) -> bool:
    """Whether the alert is at fault. That the rules don't allow what intake asks for is a fault of ours."""
    return isinstance(error, InvalidInput) and not isinstance(error, Refused | NotFound)


async def retry(node: Node, id_: int, deed: Deed) -> None:
    """Take what is in quarantine once more; it leaves when that succeeds, and the audit log tells who wanted it.

    Raises NotFound, InvalidInput, and Refused where Tocsin still fails on it.
    """
    kept, body = await node.read(lambda queries: queries.quarantined_one(id_))
    form = FORMS.get(kept.source)
    if form is None:
        raise NotFound(f"quarantine: {id_} came as {kept.source!r}, which this version doesn't read")
    try:
        await _take(node, form, body)
    except _PASSING:
        raise
    except Exception as error:
        if _is_refusal(error):
            raise
        message = f"quarantine: Tocsin still fails on {id_} ({_in_words(error)}); upgrade, then try again"
        raise Refused("still_quarantined", message) from error
    await node.drop_quarantined(id_, deed)


async def _take(node: Node, form: Form, body: bytes) -> None:
    await node.take_alerts(form.parse(body, node.clock.wall_now()), _MONITORING)


def _apart(form: Form, body: bytes) -> Sequence[Single]:
    try:
        return form.split(body)
    except InvalidInput:
        raise
    except Exception:  # even this may have a bug: then the whole body is one thing
        return (Single(identity=body, body=body),)


def _right_ones(node: Node, form: Form, body: bytes) -> Sequence[Single]:
    """The alerts that are of the form; none where the body itself isn't."""
    try:
        return [single for single in _apart(form, body) if _is_right(node, form, single)]
    except InvalidInput:
        return ()


def _is_right(node: Node, form: Form, single: Single) -> bool:
    try:
        form.parse(single.body, node.clock.wall_now())
    except InvalidInput:
        return False
    except Exception:  # a bug, which is met again when it is taken
        return True
    return True


async def _take_one_by_one(node: Node, form: Form, singles: Sequence[Single]) -> None:
    for start in range(0, len(singles), _AT_ONCE):
        some = singles[start : start + _AT_ONCE]
        await asyncio.gather(*(_take_or_keep(node, form, single) for single in some))


async def _take_or_keep(node: Node, form: Form, single: Single) -> None:
    fault = None
    for _ in range(_TRIES):
        fault = await _fault_in_taking(node, form, single)
        if fault is None:
            return
    id_ = await node.quarantine(form.name, single, _in_words(fault))
    logger.critical("a bug of Tocsin keeps an alert out: `tocsin quarantine show %d`; retry it after an upgrade", id_)


async def _fault_in_taking(node: Node, form: Form, single: Single) -> Exception | None:
    try:
        await _take(node, form, single.body)
    except _PASSING:
        raise
    except Exception as error:  # a refusal as well: its sender can't be told any more
        return error
    return None


def _in_words(error: Exception | None) -> str:
    return clean_line(f"{type(error).__name__}: {error}", 300)

"""In which forms do alerts come in? One entry a form: how its body is read, and how it is taken apart."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from tocsin.domain.alert import Alert
from tocsin.integrations.alertmanager.inbound import parse_v2, parse_webhook, split_v2, split_webhook
from tocsin.integrations.pagerduty import events_in
from tocsin.integrations.wire import Single


class Form(Struct, frozen=True):
    """A form of body. `parse` raises InvalidInput for a body that is not of it, `split` only where it sees no alerts.

    `name` is kept with what is put into quarantine: it must not change.
    """

    name: str
    parse: Callable[[bytes, datetime], tuple[Alert, ...]]
    split: Callable[[bytes], list[Single]]


ALERTMANAGER_V2 = Form("alertmanager/v2", parse_v2, split_v2)
ALERTMANAGER_WEBHOOK = Form("alertmanager/webhook", parse_webhook, split_webhook)
PAGERDUTY_EVENTS = Form("pagerduty/events-v2", events_in.parse, events_in.split)
FORMS = {form.name: form for form in (ALERTMANAGER_V2, ALERTMANAGER_WEBHOOK, PAGERDUTY_EVENTS)}

"""What can be asked over the API? The bodies of `/api/v1`, unknown fields refused. `by` is the person who acts."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from tocsin.accounts.credentials import TokenForm
from tocsin.accounts.permissions import GlobalRole, Scope
from tocsin.domain.incident import ActionItem
from tocsin.domain.wishes import Body
from tocsin.oncall.overrides import Layer
from tocsin.sop.durations import Duration
from tocsin.sop.model import Answers

Instant = Annotated[datetime, Meta(tz=True)]


class OverrideBody(Body, frozen=True):
    """Take over a shift. It starts now if nothing is said, and ends at `ends_at`, or once it has lasted for `lasts`."""

    team: str
    person: str
    layer: Layer = Layer.PRIMARY
    instead_of: str | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    lasts: Duration | None = None


class SilenceBody(Body, frozen=True):
    """Silence alerts for which every matcher holds (`alertname="Backup"`); the span is given as for an override."""

    matchers: tuple[str, ...]
    comment: str
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    lasts: Duration | None = None


class PostmortemBody(Body, frozen=True):
    """What people wrote: section key to Markdown, and the action items. Replaces what was saved before."""

    sections: dict[str, str]
    action_items: tuple[ActionItem, ...] = ()


class DraftItem(Struct, frozen=True, forbid_unknown_fields=True):
    """An action item as far as it is written."""

    text: str = ""
    owner: str = ""
    priority: str = ""
    due_on: str = ""
    status: str = "open"


class DraftBody(Body, frozen=True):
    """What is being written on a postmortem, and the version of the draft that its author has seen (0: none yet)."""

    version: int
    sections: dict[str, str]
    action_items: tuple[DraftItem, ...] = ()


class ClassifyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The answers to the classifier's questions."""

    answers: Answers


class DocumentBody(Body, frozen=True):
    """The edited postmortem as Markdown."""

    document: str


class AccountBody(Body, frozen=True):
    """Make an account; without `person`, whoever has the address in the SOP is meant."""

    email: str
    name: str = ""
    role: GlobalRole = GlobalRole.RESPONDER
    person: str | None = None


class GlobalRoleBody(Body, frozen=True):
    """Give an account a role."""

    role: GlobalRole


class TokenBody(Body, frozen=True):
    """Make a token of a machine's; `expires` is how long it lasts, 90 days if left out.

    With the form `routing_key` it is one for `POST /v2/enqueue`, whose scope is `intake`.
    """

    name: str
    scopes: tuple[Scope, ...]
    expires: Duration | None = None
    form: TokenForm = TokenForm.TOKEN

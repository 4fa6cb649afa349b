"""What comes out of the database? Frozen values, one a kind of row."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.alert import AlertStatus
from tocsin.domain.effects import AnyEffect
from tocsin.domain.search import Found
from tocsin.domain.silence import Silence
from tocsin.oncall.overrides import Override


class StoredAlert(Struct, frozen=True):
    """An alert as it was last seen; `incident` is None where it only ever arrived resolved."""

    id: int
    fingerprint: str
    incident: str | None
    status: str
    starts_at: datetime
    ends_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    received: int
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str


class KnownAlert(Struct, frozen=True):
    """As much of an alert as intake needs: `is_open` says whether its incident is, `is_held` whether that is held."""

    id: int
    incident: str | None
    is_open: bool
    status: str
    starts_at: int
    ends_at: int | None
    is_held: bool = False

    @property
    def is_muted(self) -> bool:
        """Whether it fires and has no incident: a silence keeps it from opening one."""
        return self.incident is None and self.status == AlertStatus.FIRING


class Only(StrEnum):
    """Which deliveries are asked for."""

    ANYTHING = "anything"
    PAGES = "pages"  # and notifications: whatever reaches a person
    GRAVEST_PAGES = "gravest pages"  # of incidents that are SEV1 now


class Delivery(Struct, frozen=True):
    """A leased row of the outbox: `attempts` counts this one, `counted` the rows that are counted in it.

    `untaken` are those of its attempts of which nothing came for certain.
    """

    id: int
    key: str
    incident: str
    effect: AnyEffect
    attempts: int
    created_at: datetime
    counted: int = 0
    untaken: int = 0

    @property
    def tries(self) -> int:
        """Its attempts of which something may have come, this one with them: none that was put off before it left."""
        return self.attempts - self.untaken

    @property
    def is_repeat(self) -> bool:
        """Whether an earlier attempt may have been taken, and its answer lost."""
        return self.attempts > self.untaken + 1


class OutboxRow(Struct, frozen=True):
    """A row of the outbox as people see it; `effect` is None where only a newer Tocsin can read it."""

    id: int
    key: str
    incident: str
    provider: str
    effect: AnyEffect | None
    status: str
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    note: str


class PageTest(Struct, frozen=True):
    """A test page by one contact method: `status` is that of its row in the outbox, `done` once it was taken.

    `via` is the contact method's id, `apprise:sms`.
    """

    key: str
    via: str
    asked_by: str
    status: str
    note: str
    sent_at: datetime
    settled_at: datetime | None


class SearchHit(Struct, frozen=True):
    """A text in which something was found, and whose incident's it is."""

    incident: str
    kind: Found
    at: datetime
    actor: str
    text: str
    title: str
    status: str
    severity: str | None


class Draft(Struct, frozen=True):
    """What somebody is writing on a postmortem; `content` is None since it was put on record."""

    version: int
    content: str | None
    saved_at: datetime
    saved_by: str


class Account(Struct, frozen=True):
    """Who may sign in: `person` is who they are in the SOP, `issuer` and `subject` who they are to OpenID Connect."""

    id: int
    email: str
    name: str
    person: str | None
    role: str
    has_password: bool
    issuer: str | None
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None
    signed_in_at: datetime | None
    passkeys: int = 0  # how many it has


class Session(Struct, frozen=True):
    """A browser that is signed in; `hash` is that of its secret, and names it.

    `how` is by what it began, empty where an older Tocsin didn't say; `passkey` the id of the one that it began by.
    """

    hash: str
    account: int
    began_at: datetime
    seen_at: datetime
    address: str
    agent: str
    how: str = ""
    passkey: str | None = None


class Passkey(Struct, frozen=True):
    """A key by which its account signs in; `id` is what the authenticator calls it, as `public_key` (COSE) base64url.

    `is_synced`: its owner has it on several devices. `sign_count` stays 0 for those that don't count.
    """

    id: str
    account: int
    public_key: str
    sign_count: int
    label: str
    is_synced: bool
    created_at: datetime
    used_at: datetime | None = None


class PushBrowser(Struct, frozen=True):
    """A browser that is rung by push: where it is reached and by which keys, and what people call it.

    `hash` is that of the secret that the browser keeps, by which it is known again.
    """

    id: int
    account: int
    endpoint: str
    p256dh: str
    auth: str
    hash: str
    label: str
    created_at: datetime
    taken_at: datetime | None = None  # when its push service took something for it last

    def __repr__(self) -> str:
        return f"PushBrowser({self.id}, {self.label!r})"  # whoever knows the rest may write to the browser


class Link(Struct, frozen=True):
    """A link that works once; without an account it makes the first admin."""

    hash: str
    account: int | None
    expires_at: datetime


class Token(Struct, frozen=True):
    """Who a bearer token is, and what it may do: `scope` holds the words of its scopes.

    Without `created_by` it is one of those in files beside the database; with an `owner` it is a person's.
    """

    name: str
    scope: str
    hash: str = ""
    prefix: str | None = None
    owner: int | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def is_ended_of_file(self) -> bool:
        """Whether it is one of the files', and was revoked: else such a token has no end."""
        return self.created_by is None and self.expires_at is not None


class Entry(Struct, frozen=True):
    """Something that somebody did: `detail` is JSON, `hash` covers it and the entry before it in its lane."""

    lane: int
    seq: int
    at: datetime
    actor: str
    via: str
    action: str
    target: str
    detail: str
    hash_before: str
    hash: str


class Member(Struct, frozen=True):
    """A node as it tells of itself: where it answers, the SOP version it runs, and through what it can deliver."""

    id: str
    host: str
    pid: int
    version: str
    url: str
    sop: str
    providers: tuple[str, ...]


class SeenMember(Struct, frozen=True):
    """A node as others see it, by the database's clock; `silent_for` in seconds."""

    member: Member
    started_at: datetime
    seen_at: datetime
    silent_for: float


class Quarantined(Struct, frozen=True):
    """A body that a fault of ours kept out: `source` is the form in which it came, `times` how often."""

    id: int
    source: str
    error: str
    times: int
    size: int
    received_at: datetime
    last_at: datetime


class Monitor(Struct, frozen=True):
    """A job that must call: `excused_for` is how long nobody could have heard it since its last call.

    `missed_at` is when it was found missing, while it is. Before the first call `last_at` is when it was expected.
    """

    name: str
    last_at: datetime
    calls: int
    excused_for: timedelta
    missed_at: datetime | None


class KeptOverride(Struct, frozen=True):
    """An override, and who made it; one that was cancelled ended at that instant, or never began."""

    id: int
    override: Override
    made_at: datetime
    made_by: str
    cancelled_at: datetime | None
    cancelled_by: str | None


class KeptSilence(Struct, frozen=True):
    """A silence, and who made and changed it last."""

    silence: Silence
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime


class MutedAlert(Struct, frozen=True):
    """A firing alert of no incident, by its row's id, and the silence that keeps it from opening one."""

    alert: int
    silence: str

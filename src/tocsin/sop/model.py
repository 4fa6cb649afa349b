"""What does the SOP say? The typed form of `tocsin.toml`: frozen values, one field a key of the file.

The figures of the default stand in `default.toml` and nowhere else. Keys that name people, teams and services are
ids: lower case letters, digits, `-` and `_`. Secrets are named (`env:NAME`, `file:/path`), never written.
"""

from datetime import date, time
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from tocsin.sop.durations import Duration
from tocsin.sop.words import Role, Severity, Trigger, Until, Urgency

Weekday = Annotated[str, Meta(pattern="^(monday|tuesday|wednesday|thursday|friday|saturday|sunday)$")]
HeartbeatName = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$", examples=["nightly-backup"])]
TeamId = Annotated[str, Meta(pattern="^[TE][A-Z0-9]{2,}$", examples=["T0123456789"])]
AppId = Annotated[str, Meta(pattern="^A[A-Z0-9]{2,}$", examples=["A0123456789"])]
ContactName = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,31}$", examples=["sms"])]
HEARTBEAT_MISSED = "HeartbeatMissed"  # the alert of a job that doesn't call
SecretName = Annotated[str, Meta(pattern="^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$")]


class Definition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every table of the SOP file: immutable, and a key it doesn't know is an error."""


class EscalationStep(Definition, frozen=True):
    """One rung of a ladder: at `after` from the start, do one of page, notify or assign, unless the condition holds."""

    after: Duration
    page: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    unless: Until | None = None

    @property
    def urgency(self) -> Urgency:
        """What the step does; the checker makes sure that it does exactly one thing."""
        return Urgency.PAGE if self.page else Urgency.NOTIFY if self.notify else Urgency.ASSIGN

    @property
    def targets(self) -> tuple[str, ...]:
        """Whom it reaches, as the ladder names them: `primary`, `engineering_manager`, a person's id…"""
        return self.page or self.notify or self.assign


class Repetition(Definition, frozen=True):
    """What happens after the last page step while nobody acknowledges: that step again, and the catch-all with it."""

    every: Duration
    also_page: tuple[str, ...] = ("everyone_on_call",)


class Ladder(Definition, frozen=True):
    """Who is reached when: steps in the order of `after`, and what repeats when they are used up."""

    steps: tuple[EscalationStep, ...] = ()
    repeat: Repetition | None = None


class ResponseClock(StrEnum):
    """Which time a response time counts."""

    ALWAYS = "always"
    BUSINESS_HOURS = "business_hours"


class PostmortemRule(StrEnum):
    """Whether an incident of a severity needs a postmortem."""

    ALWAYS = "always"
    ON_REQUEST = "on_request"  # when the IC asks for one
    NEVER = "never"


class SeverityLevel(Definition, frozen=True):
    """One row of the severity table."""

    name: str
    impact: str
    examples: tuple[str, ...]
    responders: str
    respond_within: Duration | None = None  # None: planned work ("next sprint")
    respond_clock: ResponseClock = ResponseClock.ALWAYS
    requires: tuple[Role, ...] = ()
    update_every: Duration | None = None  # until mitigated; None: no cadence
    updates: str = "none"  # what the table says where there is no cadence
    channel: bool = False
    notify_stakeholders: bool = False
    postmortem: PostmortemRule = PostmortemRule.NEVER
    postmortem_within: Duration | None = None  # from the resolution
    escalation: tuple[EscalationStep, ...] = ()
    repeat: Repetition | None = None

    @property
    def ladder(self) -> Ladder:
        """The severity's own ladder, counted from the start of the incident."""
        return Ladder(steps=self.escalation, repeat=self.repeat)


class Unassessed(Definition, frozen=True):
    """The ladder of an alert that nobody has assessed yet."""

    escalation: tuple[EscalationStep, ...]
    repeat: Repetition | None = None

    @property
    def ladder(self) -> Ladder:
        """The ladder, counted from the start of the incident."""
        return Ladder(steps=self.escalation, repeat=self.repeat)


class Communication(Definition, frozen=True):
    """How updates are kept coming."""

    remind_before: Duration  # how long before an update is due its author is reminded
    stakeholders: tuple[str, ...] = ()  # targets informed when a channel opens


class PostmortemDuty(Definition, frozen=True):
    """How a postmortem is kept from being forgotten."""

    remind_before: Duration


class Pattern(Definition, frozen=True):
    """When small incidents add up: the `count`-th of `severity` on one service within `within` informs `notify`."""

    severity: Severity
    count: Annotated[int, Meta(ge=2)]
    within: Duration
    notify: tuple[str, ...]


class Scope(StrEnum):
    """How many users feel it."""

    ALL = "all"
    MANY = "many"
    FEW = "few"
    NONE = "none"


class DataIntegrity(StrEnum):
    """What happened to the data."""

    INTACT = "intact"
    AT_RISK = "at_risk"
    LOST = "lost"


class Security(StrEnum):
    """Whether somebody attacks."""

    NONE = "none"
    SUSPECTED = "suspected"
    EXPLOITED = "exploited"


class Workaround(StrEnum):
    """Whether users can get their work done another way."""

    YES = "yes"
    NO = "no"


class Sla(StrEnum):
    """How the service-level agreement stands."""

    SAFE = "safe"
    AT_RISK = "at_risk"
    VIOLATED = "violated"


class Answers(Definition, frozen=True):
    """What somebody who assesses knows; the same five questions on every surface."""

    scope: Scope
    data: DataIntegrity = DataIntegrity.INTACT
    security: Security = Security.NONE
    workaround: Workaround = Workaround.NO
    sla: Sla = Sla.SAFE


class Condition(Definition, frozen=True):
    """Which answers a rule asks for; an empty list asks for none in particular."""

    scope: tuple[Scope, ...] = ()
    data: tuple[DataIntegrity, ...] = ()
    security: tuple[Security, ...] = ()
    workaround: tuple[Workaround, ...] = ()
    sla: tuple[Sla, ...] = ()


class ClassificationRule(Definition, frozen=True):
    """If every part of `when` holds, the severity is this, for this reason. The first rule that holds decides."""

    severity: Severity
    reason: str
    when: Condition = Condition()


class Classification(Definition, frozen=True):
    """Answers to severity, by rules in their order."""

    rules: tuple[ClassificationRule, ...]


class Route(Definition, frozen=True):
    """What an alert means: the first route whose matchers all match decides (Alertmanager's matcher syntax)."""

    match: tuple[str, ...]
    service: str | None = None  # None: the alert's service label, else the default service
    severity: Severity | None = None  # provisional, until somebody assesses
    trigger: Trigger = Trigger.SERVICE_DEGRADED
    page: bool = True  # False: recorded and listed, nobody is woken
    group_by: tuple[str, ...] | None = None  # None: as [alerts] says


class Alerts(Definition, frozen=True):
    """What holds for alerts that no route speaks of."""

    default_service: str
    service_label: str = "service"
    group_by: tuple[str, ...] = ("alertname",)
    resolve_when_clear: bool = False  # True: an incident resolves itself once monitoring is clean


class Heartbeat(Definition, frozen=True):
    """A job that must call at least every `every`: `grace` later it is missed, and that is an alert."""

    name: HeartbeatName
    every: Duration
    grace: Duration = Duration(minutes=1)
    service: str | None = None  # None: the default service
    severity: Severity | None = None  # provisional, until somebody assesses
    page: bool = True  # False: recorded and listed, nobody is woken


class DeadMansSwitch(Definition, frozen=True):
    """Who notices that Tocsin itself is dead: an address outside that is called while all is well."""

    url: SecretName = "env:TOCSIN_HEARTBEAT_URL"
    every: Duration = Duration(minutes=1)


class BusinessHours(Definition, frozen=True):
    """When a `business_hours` response time runs: local times, half-open."""

    time_zone: str
    days: tuple[Weekday, ...]
    opens_at: time
    closes_at: time
    holidays: tuple[date, ...] = ()


class ContactMethod(Definition, frozen=True):
    """One way to reach a person: `pagerduty`, `slack`, `email`, `apprise`, `push` or `inbox`.

    `after`: a page that nobody has answered goes this way as well so long after it began, whatever else has taken it.
    """

    via: str
    routing_key: SecretName | None = None  # pagerduty only; None: the organisation's
    address: str | None = None  # email only; None: the person's
    url: SecretName | None = None  # apprise only: the address in Apprise's words, which holds a token
    name: ContactName | None = None  # apprise only: what people call it, `sms`
    after: Duration | None = None

    @property
    def id(self) -> str:
        """What tells it from the person's other ones, on record and in receipts: `pagerduty`, `apprise:sms`."""
        own = self.name or self.url or self.address
        return f"{self.via}:{own}" if own else self.via


class Person(Definition, frozen=True):
    """A responder. Contact methods are tried in their order until one takes the page."""

    name: str
    email: str | None = None
    slack_user: str | None = None  # Slack member id, U…
    pagerduty_user: str | None = None  # PagerDuty user id, P…: what they do there is theirs here
    contact: tuple[ContactMethod, ...] = (ContactMethod(via="inbox"),)


class Rotation(Definition, frozen=True):
    """Who is on call: lists that turn at every handoff, in local time. The first of each list starts."""

    time_zone: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...] = ()
    every_weeks: Annotated[int, Meta(ge=1, le=52)] = 1
    handoff_on: Weekday = "monday"
    handoff_at: time = time(10)
    starts_on: date = date(2026, 1, 5)


class Team(Definition, frozen=True):
    """A team that owns services and is on call for them."""

    name: str
    lead: str
    rotation: Rotation
    engineering_manager: str | None = None  # None: the organisation's


class Service(Definition, frozen=True):
    """Something users depend on, owned by one team."""

    name: str
    team: str
    runbook: str | None = None


class PagerDuty(Definition, frozen=True):
    """PagerDuty: its Events API v2 to page, its webhooks v3 to hear, its REST API; each inactive without its secret."""

    routing_key: SecretName = "env:PAGERDUTY_ROUTING_KEY"
    region: Annotated[str, Meta(pattern="^(us|eu)$")] = "us"
    webhook_secrets: tuple[SecretName, ...] = ("env:PAGERDUTY_WEBHOOK_SECRET",)  # several while one is replaced
    api_token: SecretName = "env:PAGERDUTY_API_TOKEN"  # noqa: S105  # names the secret
    from_email: str | None = None  # the PagerDuty user in whose name notes and requests are made
    resolves: bool = False  # True: who resolves a page in PagerDuty resolves the incident
    priorities: dict[Severity, str] = {}  # severity -> the PagerDuty priority that establishes it when it is set
    roles: dict[Role, str] = {}  # role -> what it is called in PagerDuty, where that is neither its name nor IC, CL, TL
    notes: bool = False  # True: status updates become notes in PagerDuty
    responders: bool = False  # True: whom a page names is asked for as responder, where it went to a shared service


class Slack(Definition, frozen=True):
    """The Slack workspace; inactive until its bot token is set.

    What comes in is taken of the workspace `team` and the app `app` alone: signed with the signing secret where Slack
    calls Tocsin, over Socket Mode where the app token is set and Tocsin calls Slack.
    """

    bot_token: SecretName = "env:SLACK_BOT_TOKEN"  # noqa: S105  # names the secret
    team: TeamId | None = None  # the workspace
    app: AppId | None = None
    signing_secret: SecretName = "env:SLACK_SIGNING_SECRET"  # noqa: S105  # names the secret
    app_token: SecretName = "env:SLACK_APP_TOKEN"  # noqa: S105  # names the secret
    stakeholders_channel: str | None = None  # channel id told of declaration, severity, mitigation, resolution
    private_channel: tuple[Trigger, ...] = (Trigger.SECURITY_BREACH,)  # what is not everybody's to read


class Email(Definition, frozen=True):
    """The mail server that takes pages; inactive until its secret, an address with its credentials, is set."""

    server: SecretName = "env:SMTP_URL"
    sender: str | None = None  # None: as the address says


class Sop(Definition, frozen=True):
    """The whole file: the procedure (severities to patterns) and the organisation (people to services)."""

    severities: dict[Severity, SeverityLevel]
    unassessed: Unassessed
    communication: Communication
    postmortem: PostmortemDuty
    classification: Classification
    alerts: Alerts
    business_hours: BusinessHours
    people: dict[str, Person]
    teams: dict[str, Team]
    services: dict[str, Service]
    targets: dict[str, str] = field(default_factory=dict)  # organisation-wide target -> person
    patterns: tuple[Pattern, ...] = ()
    routes: tuple[Route, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    heartbeat: DeadMansSwitch = DeadMansSwitch()
    pagerduty: PagerDuty = PagerDuty()
    slack: Slack = Slack()
    email: Email = Email()

    def ladder(self, severity: Severity | None) -> Ladder:
        """The ladder of a severity, or of an incident that nobody has assessed."""
        return self.unassessed.ladder if severity is None else self.severities[severity].ladder

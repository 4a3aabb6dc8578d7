"""What access hands out and takes in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NewType, get_args

AccountId = NewType("AccountId", int)
KeyId = NewType("KeyId", int)
SourceId = NewType("SourceId", int)

Role = Literal["owner", "admin", "marketer", "operator", "seller", "analyst", "developer"]
Permission = Literal[
    "customers.read",
    "customers.merge",
    "events.read",
    "events.replay",
    "events.import",
    "plan.edit",
    "webhooks.edit",
    "links.create",
    "messages.read",
    "messages.send",
    "conversations.read",
    "conversations.answer",
    "replies.edit",
    "channels.edit",
    "policy.edit",
    "consent.edit",
    "suppressions.edit",
    "purposes.edit",
    "templates.read",
    "templates.edit",
    "templates.publish",
    "keys.manage",
    "identity.edit",
    "sites.edit",
    "users.manage",
    "owners.manage",
    "audit.read",
]
KeyScope = Literal["write", "secret"]
Language = Literal["en", "ru", "pl"]
Theme = Literal["system", "light", "dark"]

# The doors a source can stand for, in the order they are listed to people.
CHANNELS = (
    "site",
    "chat",
    "app",
    "shop",
    "telegram",
    "whatsapp",
    "viber",
    "vk",
    "ok",
    "max",
    "instagram",
    "messenger",
    "email",
    "sms",
    "push",
    "call",
    "api",
)

ROLES: tuple[Role, ...] = get_args(Role)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

_EVERYTHING: frozenset[Permission] = frozenset(PERMISSIONS)
_FOR_OWNERS: frozenset[Permission] = frozenset({"owners.manage"})
_CONNECTS: frozenset[Permission] = frozenset(
    {
        "events.read",
        "events.replay",
        "events.import",
        "plan.edit",
        "webhooks.edit",
        "links.create",
        "messages.read",
        "channels.edit",
        "keys.manage",
    }
)
_LOOKS: frozenset[Permission] = frozenset({"customers.read"})
_WORDS: frozenset[Permission] = frozenset({"templates.read", "templates.edit", "templates.publish"})
_READS_WORDS: frozenset[Permission] = frozenset({"templates.read"})

_MARKETS: frozenset[Permission] = frozenset(
    {
        "customers.read",
        "events.read",
        "events.import",
        "messages.read",
        "messages.send",
        "conversations.read",
        "replies.edit",
        "policy.edit",
        "consent.edit",
        "suppressions.edit",
        "purposes.edit",
    }
)
_ANSWERS: frozenset[Permission] = frozenset(
    {
        "customers.read",
        "customers.merge",
        "messages.read",
        "messages.send",
        "conversations.read",
        "conversations.answer",
        "replies.edit",
        "consent.edit",
        "suppressions.edit",
    }
)
_ANALYSES: frozenset[Permission] = frozenset({"customers.read", "events.read", "messages.read"})

# The permission matrix: who may do what. docs/reference/api-access.md and the console show this very table.
MATRIX: Mapping[Role, frozenset[Permission]] = {
    "owner": _EVERYTHING,
    "admin": _EVERYTHING - _FOR_OWNERS,
    "marketer": _MARKETS | _WORDS,
    "operator": _ANSWERS | _READS_WORDS,
    "seller": frozenset({"customers.read", "consent.edit"}),
    "analyst": _ANALYSES | _READS_WORDS,
    "developer": _CONNECTS | _LOOKS | _READS_WORDS,
}

# What a secret key can be allowed at all. The rest is for people: a leaked key must not let anybody in for good. Only a
# webhook outlives the key that it was made with, and the documentation says so.
FOR_KEYS: frozenset[Permission] = frozenset(
    {
        "customers.read",
        "customers.merge",
        "events.read",
        "events.replay",
        "events.import",
        "plan.edit",
        "webhooks.edit",
        "links.create",
        "messages.read",
        "messages.send",
        "conversations.read",
        "consent.edit",
        "templates.read",
        "templates.edit",
    }
)
# What a secret key may do unless said otherwise: what a program that shows and mends customers needs.
USUAL_FOR_KEYS: frozenset[Permission] = frozenset(
    {"customers.read", "customers.merge", "events.read", "events.replay", "links.create", "messages.read"}
)


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    login: str
    name: str
    role: Role
    language: Language
    theme: Theme
    single_keys: bool
    created_at: datetime
    disabled_at: datetime | None
    second_factor: bool


@dataclass(frozen=True, slots=True)
class AccountCreate:
    login: str
    name: str
    password: str
    role: Role = "operator"
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """What an owner changes about another person. None leaves a field as it is."""

    role: Role | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What people set for themselves. None leaves a field as it is."""

    language: Language | None = None
    theme: Theme | None = None
    single_keys: bool | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from. A larger `priority` wins between traits of the same moment.

    country: of its site; None: phone numbers in national form are not read.
    """

    id: SourceId
    name: str
    channel: str
    site: str
    country: str | None
    priority: int


@dataclass(frozen=True, slots=True)
class SiteDetails:
    """What may be changed about a site. None: not said.

    country: ISO 3166 alpha-2, in which phone numbers in national form are read; None reads none. language: a BCP 47
    tag. currency: ISO 4217. time_zone: of the IANA database. domains: host names as A-labels, without port or path.
    """

    title: str
    country: str | None = None
    language: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    domains: tuple[str, ...] = ()
    legal_name: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One of the brand's sites. sources: how many belong to it."""

    name: str
    details: SiteDetails
    created_at: datetime
    sources: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: the key itself is shown once, when it is made, and kept nowhere."""

    id: KeyId
    name: str
    scope: KeyScope
    source: str | None
    channel: str | None
    site: str | None
    hint: str
    permissions: Sequence[Permission]
    made_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyIssued:
    id: KeyId
    key: str


@dataclass(frozen=True, slots=True)
class WriteKey:
    key_id: KeyId
    source_id: SourceId
    source_name: str
    channel: str
    site: str


@dataclass(frozen=True, slots=True)
class SecretKey:
    key_id: KeyId
    name: str
    permissions: Sequence[Permission]


@dataclass(frozen=True, slots=True)
class Visit:
    """From where a session was started."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Session:
    digest: bytes
    account: Account
    csrf: str
    visit: Visit
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """`token` goes into the cookie and is stored nowhere else."""

    token: str
    csrf: str
    account: Account


@dataclass(frozen=True, slots=True)
class Admission:
    """A login that may be tried: its password has still to be verified against `password_hash`.

    An unknown login gets one too, with a hash that nothing matches, so that it costs the same to answer.
    """

    account_id: AccountId | None
    password_hash: str
    attempts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """The password was right; a code is still wanted. `mark`: of that password, so that another one ends it."""

    account_id: AccountId
    mark: bytes


@dataclass(frozen=True, slots=True)
class SecondFactorBegun:
    """secret: in base32, for typing. uri: what a QR code shows (`otpauth://...`)."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Locked:
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Doer:
    """Who changes something about access, as the audit log keeps it, and what they may do themselves."""

    label: str
    permissions: frozenset[str]


# Who did it, when nobody is logged in: whoever has a shell on the server may do anything.
COMMAND_LINE = Doer("command line", frozenset(PERMISSIONS))


@dataclass(frozen=True, slots=True)
class Audit:
    """One thing somebody did. `before` and `after` never hold a password, a key or a customer's personal value."""

    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: int
    at: datetime
    audit: Audit

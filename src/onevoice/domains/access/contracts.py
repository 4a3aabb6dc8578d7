"""What access hands out and takes in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NewType

AccountId = NewType("AccountId", int)
KeyId = NewType("KeyId", int)
SourceId = NewType("SourceId", int)

Role = Literal["owner", "member"]
KeyScope = Literal["write", "secret"]
Language = Literal["en", "ru", "pl"]
Theme = Literal["system", "light", "dark"]

# The doors a source can stand for, in the order they are listed to people.
CHANNELS = (
    "site",
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


@dataclass(frozen=True, slots=True)
class AccountCreate:
    login: str
    name: str
    password: str
    role: Role = "member"
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
    """Where events come from. A larger `priority` wins between traits of the same moment."""

    id: SourceId
    name: str
    channel: str
    site: str
    priority: int


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
class Locked:
    retry_after: timedelta


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

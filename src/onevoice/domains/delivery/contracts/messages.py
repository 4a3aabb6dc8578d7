"""What delivery takes and gives: what is said, how it is asked for, how it stands and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from onevoice.domains.delivery.contracts.names import AccountId, AnyClass, MessageId, State
from onevoice.domains.delivery.contracts.templates import TemplateSource

# What is said


@dataclass(frozen=True, slots=True)
class Button:
    """url opens an address; data comes back when it is pressed. One of the two."""

    text: str
    url: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """file: the number of a file that is kept; its bytes are put in when the message goes."""

    kind: Literal["image", "video", "audio", "file"]
    name: str
    content_type: str
    data: bytes
    caption: str = ""
    file: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, rendered. text: plain, always there. html: for e-mail the whole document; other channels the few
    tags they know, or None.
    """

    text: str
    html: str | None = None
    subject: str | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for one address, ready for its channel.

    id: the message's, from which stable provider-side names are made (Message-ID, VERP). key: the same over all
    attempts, for providers that take an idempotency key. unsubscribe_url: one click, by POST only (RFC 8058);
    preferences_url: the page. answers: the provider's id of the message this one answers; thread: those before it,
    oldest first. edits: the provider's id of the message that this one replaces. marketing: carries list headers.
    """

    id: MessageId
    key: str
    address: str
    content: Content
    marketing: bool = False
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    answers: str | None = None
    thread: tuple[str, ...] = ()
    edits: str | None = None
    language: str = "en"
    at: datetime | None = None
    """When it was decided to send it; the Date of an e-mail."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. provider_id: its name for it. parts: what is paid for (an SMS may be several)."""

    provider_id: str
    parts: int = 1


# Asking for a message

Priority = Literal["high", "normal", "low"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft that is tried out. source: of one variant. node: as whom; None: as nobody. address: where to, if the one
    it goes to is TYPED. leaves: whether there would be something to unsubscribe from.
    """

    source: TemplateSource
    node: int | None = None
    address: str | None = None
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants said. Every message goes this way, whoever asks.

    person: any identifier of theirs. key: the same key asks for the same message, however often. channels: those that
    may be taken; empty: the best. template and version with their variables, or words. trial: of the class `test`, in
    place of a version; the message then goes to the very identifier that is named, where that is an address.
    """

    key: str
    person: int
    site: str
    message_class: AnyClass
    purpose: str
    asked_by: str
    words: Content | None = None
    template: int | None = None
    version: int | None = None
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    language: str | None = None
    channels: tuple[str, ...] = ()
    priority: Priority = "normal"
    due_at: datetime | None = None
    answers: int | None = None
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking. repeated: it was asked for before, and nothing was done. until: when it will be judged."""

    id: MessageId
    state: State
    channel: str | None
    rule: str | None
    why: str | None
    until: datetime | None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message or a silence, as it stands."""

    id: MessageId
    key: str
    person: int
    nid: int | None
    account_id: AccountId | None
    channel: str | None
    site: str
    wish: tuple[str, ...]
    message_class: AnyClass
    purpose: str
    priority: int
    state: State
    rule: str | None
    reason: str | None
    template: int | None
    version: int | None
    asked_by: str
    asked_at: datetime
    due_at: datetime
    attempt: int
    contacted_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    provider_id: str | None
    parts: int | None
    cost_minor: int | None
    answers: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a provider answered when it was not "yes"."""

    number: int
    at: datetime
    outcome: Literal["retry", "failed", "uncertain", "trouble"]
    code: str
    detail: str


CHAIN_START = bytes(32)
"""What the first record of a shard follows."""


class Record(NamedTuple):
    """A decision as it is kept. hash: SHA-256 of the hash of the one before in its shard, then the body."""

    shard: int
    number: int
    message: int
    at: datetime
    hash: bytes
    body: bytes

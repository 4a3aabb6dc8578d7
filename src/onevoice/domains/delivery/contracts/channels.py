"""What a channel can do, and what comes back by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from onevoice.domains.delivery.contracts.names import MessageId


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    size_bytes: int
    data: bytes | None = None
    """None where it was too large to be taken, or must be fetched by `reference`."""
    reference: str | None = None
    file: int | None = None
    """Its number where it is kept already."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote, or pressed a button (`pressed`: its data). text: without what was quoted; quoted, signature: what
    was folded away. key: by which a repeat is known. start: what a deep link carried. answers: the provider's id of
    what it answers; answered: the message of ours, where it bears a name that we signed.
    """

    key: str
    address: str
    text: str
    happened_at: datetime
    provider_id: str
    name: str | None = None
    subject: str | None = None
    html: str | None = None
    quoted: str = ""
    signature: str = ""
    answers: str | None = None
    answered: MessageId | None = None
    thread: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    pressed: str | None = None
    start: str | None = None
    edited: bool = False
    automatic: bool = False
    """An out-of-office note or other machine's answer: no person said it."""
    page: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the shop, on which it was written: `url` and `title`."""
    verified: int | None = None
    """The identifier of whoever their shop has signed to be logged in there."""
    notes: tuple[str, ...] = ()
    """What was left out or taken out for safety, such as `remote_content:3` or `attachment_too_large`."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message of ours. Named by message_id (VERP, our Message-ID), else by provider_id.

    gone: the address takes nothing any more. code: such as `5.1.1`.
    """

    key: str
    state: Literal["delivered", "read", "bounced", "complained", "failed"]
    happened_at: datetime
    message_id: MessageId | None = None
    provider_id: str | None = None
    address: str | None = None
    code: str = ""
    detail: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """The person opened or shut this door: started or blocked the bot, wrote the first time."""

    key: str
    address: str
    open: bool
    happened_at: datetime


Inbound = Said | Receipt | Reach


@dataclass(frozen=True, slots=True)
class Incoming:
    """A provider's webhook request, as it came."""

    method: str
    headers: Mapping[str, str]
    """Lower-case names."""
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What a poll brought. position: where to go on, stored in the transaction that takes `items`."""

    items: Sequence[Inbound]
    position: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of an account's settings, by its manifest. secret: sealed at rest and never shown again. place: where
    the secrets are shown to somebody, such as a server's address: when it changes they have to be typed again, or
    whoever may change it could have them sent to a server of their own.
    """

    name: str
    type: Literal["text", "number", "boolean", "choice"]
    title: Mapping[str, str]
    """By language."""
    help: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: bool = False
    required: bool = True
    place: bool = False
    lines: bool = False
    """A text of several lines, such as a key."""
    default: Any = None
    choices: tuple[str, ...] = ()
    choice_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By choice, then by language. A choice without one is shown as it is."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do. idempotent: the provider refuses a second message with the same key. inbound: how answers
    come. receipts: how far the fate of a message is told. failover: another account of this channel reaches the same
    addresses. window_hours: how long after the person's last word the provider lets us write freely (None: always).
    address_kind: of identifiers. edits, buttons, media, html: what content may hold. text_max: characters.
    """

    address_kind: str
    idempotent: bool
    failover: bool
    inbound: tuple[Literal["webhook", "poll"], ...] = ()
    receipts: Literal["none", "sent", "delivered", "read"] = "sent"
    html: bool = False
    subject: bool = False
    buttons: bool = False
    media: tuple[str, ...] = ()
    edits: bool = False
    text_max: int = 4096
    caption_max: int | None = None
    """Characters that go with files; None: as many as without."""
    media_max: int = 5
    window_hours: int | None = None
    needs_contact: bool = False
    """The person must have written (or started the bot) first."""
    double_opt_in: bool = False
    """An address typed by anybody proves nothing until its holder confirms it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of an account, unless its settings say otherwise. per_address_seconds: between two messages to one address."""

    per_second: float
    burst: int
    concurrency: int
    per_address_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """A channel's manifest.toml. referee: the peer or official client that its stand-in was held against; None shows
    as unrefereed.
    """

    kind: str
    door: str
    """The channel of identity.CHANNELS that it speaks through."""
    title: Mapping[str, str]
    settings: tuple[Setting, ...]
    capabilities: Capabilities
    limits: Limits
    referee: str | None = None

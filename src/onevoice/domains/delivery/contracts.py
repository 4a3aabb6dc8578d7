"""What delivery takes and gives: messages, what a channel can do, what comes back from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, NewType

import msgspec

MessageId = NewType("MessageId", int)
AccountId = NewType("AccountId", int)

MessageClass = Literal["transactional", "conversational", "marketing"]
"""What may be asked for."""
AnyClass = Literal["transactional", "conversational", "marketing", "test"]
CLASSES: tuple[AnyClass, ...] = ("transactional", "conversational", "marketing", "test")
"""By the number they are stored under. Append only. test: a draft that somebody of ours tries out."""

TYPED = 0
"""In place of an identifier: an address that one of us typed for a test, and that nobody is known by."""

State = Literal[
    "planned", "queued", "sending", "sent", "delivered", "read", "clicked",
    "suppressed", "cancelled", "failed", "bounced", "uncertain",
]  # fmt: skip
STATES: tuple[State, ...] = (
    "planned", "queued", "sending", "sent", "delivered", "read", "clicked",
    "suppressed", "cancelled", "failed", "bounced", "uncertain",
)  # fmt: skip
"""By the number they are stored under. Append only."""


# What is said


@dataclass(frozen=True, slots=True)
class Button:
    """url opens an address; data comes back when it is pressed. One of the two."""

    text: str
    url: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    kind: Literal["image", "video", "audio", "file"]
    name: str
    content_type: str
    data: bytes
    caption: str = ""


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


@dataclass(frozen=True, slots=True)
class Probed:
    """Settings were tried and work. name: what the provider calls this account, such as @northfold_bot."""

    name: str
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


# What comes back


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    size_bytes: int
    data: bytes | None = None
    """None where it was too large to be taken, or must be fetched by `reference`."""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote, or pressed a button (`pressed`: its data). text: without what was quoted; quoted, signature: what
    was folded away. key: by which a repeat is known. start: what a deep link carried.
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
    thread: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    pressed: str | None = None
    start: str | None = None
    edited: bool = False
    automatic: bool = False
    """An out-of-office note or other machine's answer: no person said it."""
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


# Asking for a message

Priority = Literal["high", "normal", "low"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft that is tried out. source: of one variant. node: as whom; None: as nobody. address: where to, if the one
    it goes to is TYPED. leaves: whether there would be something to unsubscribe from.
    """

    source: "TemplateSource"
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


@dataclass(frozen=True, slots=True)
class Account:
    """An account of ours at a provider. settings: without secrets."""

    id: AccountId
    channel: str
    name: str
    site: str
    source_id: int
    settings: Mapping[str, Any]
    place: int
    paused: bool
    trouble: str | None
    trouble_at: datetime | None
    limits: "Limits"
    cost_minor: int
    currency: str
    made_at: datetime
    changed_at: datetime
    blocked_until: datetime | None = None
    trips: int = 0
    used_at: datetime | None = None
    """When something was last due to go through it."""


class Pace(NamedTuple):
    """What is left of an account's rate as of `at`; failures in a row, and how often in a row it had to rest."""

    tokens: float
    at: datetime
    blocked_until: datetime | None
    failures: int
    trips: int


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


# Channels


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


# Templates: what their authors write


class Heading(msgspec.Struct, frozen=True, tag_field="type", tag="heading", forbid_unknown_fields=True):
    text: str
    level: Literal[1, 2, 3] = 1
    align: Literal["left", "center", "right"] = "left"


class Paragraphs(msgspec.Struct, frozen=True, tag_field="type", tag="text", forbid_unknown_fields=True):
    """text: lines and empty lines are kept; b, i, u, s and a may be used."""

    text: str
    align: Literal["left", "center", "right"] = "left"


class LinkButton(msgspec.Struct, frozen=True, tag_field="type", tag="button", forbid_unknown_fields=True):
    text: str
    url: str
    align: Literal["left", "center", "right"] = "left"


class Picture(msgspec.Struct, frozen=True, tag_field="type", tag="image", forbid_unknown_fields=True):
    """width: pixels of 600; None: as wide as there is room."""

    src: str
    alt: str
    url: str = ""
    width: int | None = None


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    image: str = ""
    price: str = ""
    url: str = ""


class Products(msgspec.Struct, frozen=True, tag_field="type", tag="products", forbid_unknown_fields=True):
    """One to three, side by side. each: a list to take them from, such as `cart.items`; the one product then speaks of
    `product`.
    """

    products: tuple[Product, ...]
    each: str = ""


class Divider(msgspec.Struct, frozen=True, tag_field="type", tag="divider", forbid_unknown_fields=True):
    pass


class Footer(msgspec.Struct, frozen=True, tag_field="type", tag="footer", forbid_unknown_fields=True):
    """The legal name, and the ways out: one-click unsubscription and the preference centre. text: before them."""

    text: str = ""


EmailBlock = Heading | Paragraphs | LinkButton | Picture | Products | Divider | Footer


class EmailParts(msgspec.Struct, frozen=True, tag_field="type", tag="email", forbid_unknown_fields=True):
    """Of blocks or of MJML, one of the two. text: None where it is made of the HTML. accent: the buttons' colour."""

    subject: str
    preheader: str = ""
    blocks: tuple[EmailBlock, ...] | None = None
    mjml: str | None = None
    text: str | None = None
    accent: str = "#1f1f1f"


class ButtonParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """url or data, as of Button."""

    text: str
    url: str | None = None
    data: str | None = None


class MessengerParts(msgspec.Struct, frozen=True, tag_field="type", tag="messenger", forbid_unknown_fields=True):
    """text: with the few HTML tags that messengers know. buttons: by rows."""

    text: str
    buttons: tuple[tuple[ButtonParts, ...], ...] = ()


class PlainParts(msgspec.Struct, frozen=True, tag_field="type", tag="plain", forbid_unknown_fields=True):
    """For channels that take text and nothing else: webhooks, the sandbox."""

    text: str


Parts = EmailParts | MessengerParts | PlainParts


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """language: a BCP 47 tag."""

    channel: str
    language: str
    parts: Parts


class TemplateSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """default_language: for people whose languages have no variant."""

    default_language: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a template from being published (error), or may be meant (warning). part: such as `subject` or
    `blocks[2].url`; line, column: from 1, None where it is about the whole part. variable: what is not known,
    such as `product` or `customer.nickname`. One that nobody knows is told once: of the first text that speaks of it,
    and how many more do.
    """

    severity: Literal["error", "warning"]
    reason: str
    detail: str
    channel: str | None = None
    language: str | None = None
    part: str = ""
    line: int | None = None
    column: int | None = None
    variable: str | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """draft: what is worked on; revision: of it. published: the version that is sent, None before the first; ahead:
    whether the draft says something else than that.
    """

    id: int
    site: str
    name: str
    message_class: MessageClass
    purpose: str
    draft: TemplateSource
    revision: int
    drafted_at: datetime
    drafted_by: str
    published: int | None
    created_at: datetime
    archived_at: datetime | None
    published_at: datetime | None = None
    published_by: str | None = None
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    template: int
    version: int
    source: TemplateSource
    note: str
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part of a variant in two versions, line by line. lines: with what became of each."""

    channel: str
    language: str
    part: str
    lines: tuple[tuple[Literal["same", "gone", "new"], str], ...]

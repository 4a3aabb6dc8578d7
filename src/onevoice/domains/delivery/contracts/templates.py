"""What authors of messages write: templates, their variants and blocks, what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from onevoice.domains.delivery.contracts.names import MessageClass


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
class Fault:
    """Why a text cannot be put together. code: such as `unknown_filter`, with the values that telling of it takes.
    part, line, column: where, as of Problem.
    """

    code: str
    values: Mapping[str, str]
    part: str
    line: int | None
    column: int | None


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

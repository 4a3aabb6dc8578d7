"""What webhooks take and give. A mapping is data: it names places in a payload and what becomes of what stands there.

It computes nothing and loops over nothing but the records, so whatever the payload, it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NewType, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from onevoice.kit import json_paths

WebhookId = NewType("WebhookId", int)

MAX_RULES = 50
MAX_CONDITIONS = 20
MAX_FIELDS = 100
MAX_IDENTIFIERS = 20
MAX_RECORDS = 2_000
"""Of one delivery."""

Verdict = Literal["taken", "ignored", "not_mapped"]
FieldType = Literal["as_is", "text", "number", "money", "minor", "boolean", "time"]


# The mapping


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _path(text: str) -> str:
    try:
        json_paths.parse(text)
    except json_paths.PathError as error:
        raise PydanticCustomError("path", "{said}", {"said": str(error)}) from error
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PydanticCustomError("zone", "There is no such time zone. Name one such as Europe/Warsaw.") from error
    return name


PathText = Annotated[
    str,
    Field(
        max_length=json_paths.MAX_CHARS,
        description='A place: `customer.email`, `items[0].sku`, `["odd.key"]`; `@` the record, `$` the whole payload.',
    ),
    AfterValidator(_path),
]
Zone = Annotated[
    str, Field(max_length=64, description="Of times that name none: an IANA time zone."), AfterValidator(_zone)
]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Constant = Words | bool | int | Annotated[float, Field(allow_inf_nan=False)]


class Condition(Shape):
    """What is compared is compared as text: 1 is "1", true is "true". Null counts as missing."""

    path: PathText
    op: Literal["is", "is_not", "exists", "missing"] = "is"
    values: list[Words] = Field(default=[], max_length=50, description="Any one of them; for `is` and `is_not`.")

    @model_validator(mode="after")
    def _compares(self) -> Self:
        if self.op in {"is", "is_not"} and not self.values:
            raise PydanticCustomError("values_missing", "Say what it is compared with.")
        return self


class Said(Shape):
    """Text, or the place where it stands."""

    text: Name | None = None
    path: PathText | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.path is None):
            raise PydanticCustomError("one_of_two", "Give a text or a path, one of the two.")
        return self


class IdentifierFrom(Shape):
    kind: Literal["email", "phone", "loyalty_card", "external"]
    source: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None = Field(
        default=None,
        description="For `external`: whose id it is, such as `crm`; a messenger's name makes it one of its.",
    )
    path: PathText

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.kind == "external") != (self.source is not None):
            raise PydanticCustomError("source_missing", "An external id, and only that, says whose id it is.")
        return self


class TimeFrom(Shape):
    path: PathText
    unit: Literal["auto", "iso", "seconds", "milliseconds"] = "auto"
    zone: Zone = "UTC"


class FieldFrom(Shape):
    """A property or trait from a path, or a constant one.

    money: a decimal number, also as text with a currency beside it. minor: whole minor units, such as cents, of which
    `digits` stand behind the point. Both become a decimal number, as events carry money.
    """

    name: Name
    path: PathText | None = None
    constant: Constant | None = None
    type: FieldType = "as_is"
    digits: Annotated[int, Field(ge=0, le=4)] = 2
    zone: Zone = "UTC"
    required: bool = Field(default=False, description="Without it the record is not mapped, instead of mapped without.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.path is None) == (self.constant is None):
            raise PydanticCustomError("one_of_two", "Give a path or a constant, one of the two.")
        return self


class Part(Shape):
    """An object: a copied one, if said, and over it the fields."""

    copy_from: PathText | None = None
    fields: list[FieldFrom] = Field(default=[], max_length=MAX_FIELDS)


class Rule(Shape):
    """What a record becomes to which all of `when` applies."""

    name: Words = ""
    when: list[Condition] = Field(default=[], max_length=MAX_CONDITIONS)
    make: Literal["track", "identify", "page", "screen", "ignore"]
    event: Said | None = Field(default=None, description="What happened, for track; the title of a page or screen.")
    user_id: PathText | None = None
    anonymous_id: PathText | None = None
    identifiers: list[IdentifierFrom] = Field(default=[], max_length=MAX_IDENTIFIERS)
    time: TimeFrom | None = Field(default=None, description="Left out: when the delivery came.")
    properties: Part | None = None
    traits: Part | None = Field(default=None, description="With any other type than identify, an identify goes before.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.make == "track" and self.event is None:
            raise PydanticCustomError("event_missing", "A track event needs the name of what happened.")
        return self


class Mapping(Shape):
    """From a payload to events: of each record the first rule that applies. A record without one is not mapped."""

    records: PathText | None = Field(
        default=None, description="The place of the list of records. Left out: the whole payload, or each of its items."
    )
    rules: list[Rule] = Field(min_length=1, max_length=MAX_RULES)


# What comes of it


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record could not be mapped. `where` leads to the part of the mapping, `path` to the place in the payload.

    `detail` is for people and says nothing of what stands there: that may be a customer's.
    """

    code: str
    where: tuple[str | int, ...]
    detail: str
    path: str | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """One record: the rule that applied, and its events, or what stands against them. Ignored: neither."""

    record: int
    rule: int | None
    events: Sequence[dict[str, Any]]
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class WebhookCreate:
    """secret: where the sender gives one; left out, one is made."""

    name: str
    channel: str
    site: str = "main"
    source: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """version: of the mapping in force, 0 where there is none yet. unmapped: deliveries that wait for a better one."""

    id: WebhookId
    public_id: str
    name: str
    source_id: int
    version: int
    created_at: datetime
    previous_until: datetime | None
    last_at: datetime | None
    unmapped: int


@dataclass(frozen=True, slots=True)
class SecretShown:
    """The only moment at which a secret can be seen."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True)
class Version:
    version: int
    mapping: Mapping
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Headers:
    """Of a delivery, as they came."""

    message_id: str | None
    timestamp: str | None
    signature: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """repeated: it was here before, and nothing was done."""

    delivery_id: int
    verdict: Verdict
    events: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """problems: the first of them. version: of the mapping that made its events, 0 for none."""

    id: int
    message_id: str
    received_at: datetime
    verdict: Verdict
    version: int
    records: int
    events: int
    problems: Sequence[Problem]
    size_bytes: int
    retried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Retried:
    """next_after: where to go on; None when all have been tried."""

    tried: int
    taken: int
    unmapped: int
    next_after: int | None

"""What /api/templates takes and gives."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field

from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.delivery.contracts.templates import PartChange, Problem, Template, TemplateSource, TemplateVersion
from onevoice.domains.delivery.http.shapes import MissingView
from onevoice.domains.delivery.rules.rendering import Preview
from onevoice.web.paging import Body, Moment, Text

SOURCE_MAX = 200_000
ROWS_MAX = 10

Line = Annotated[Text, Field(max_length=1_000)]
Long = Annotated[Text, Field(max_length=SOURCE_MAX)]
Align = Literal["left", "center", "right"]
Channel = Annotated[Text, Field(min_length=1, max_length=32, description="Of the channels; `sandbox` too.")]
Language = Annotated[Text, Field(min_length=2, max_length=35, description="A BCP 47 tag.", examples=["pl"])]


class HeadingBlock(Body):
    type: Literal["heading"]
    text: Line
    level: Literal[1, 2, 3] = 1
    align: Align = "left"


class TextBlock(Body):
    """Lines and empty lines are kept; the tags b, i, u, s and a may be used."""

    type: Literal["text"]
    text: Long
    align: Align = "left"


class ButtonBlock(Body):
    type: Literal["button"]
    text: Line
    url: Line
    align: Align = "left"


class ImageBlock(Body):
    type: Literal["image"]
    src: Line
    alt: Line
    url: Line = ""
    width: int | None = Field(None, ge=1, le=600, description="Pixels; null: as wide as there is room.")


class ProductShape(Body):
    title: Line
    image: Line = ""
    price: Line = ""
    url: Line = ""


class ProductsBlock(Body):
    """One to three side by side; or one for each item of a list, spoken of as `product`."""

    type: Literal["products"]
    products: list[ProductShape] = Field(max_length=3)
    each: Line = Field("", description="A list such as `cart.items`.")


class DividerBlock(Body):
    type: Literal["divider"]


class FooterBlock(Body):
    """The legal name and the ways out. Marketing e-mail needs it."""

    type: Literal["footer"]
    text: Line = ""


BlockShape = Annotated[
    HeadingBlock | TextBlock | ButtonBlock | ImageBlock | ProductsBlock | DividerBlock | FooterBlock,
    Field(discriminator="type"),
]


class EmailShape(Body):
    """Of `blocks` or of `mjml`, one of the two."""

    type: Literal["email"]
    subject: Line
    preheader: Line = ""
    blocks: list[BlockShape] | None = Field(None, max_length=100)
    mjml: Long | None = None
    text: Long | None = Field(None, description="Null: made of the HTML.")
    accent: Annotated[Text, Field(max_length=7, description="The buttons' colour.")] = "#1f1f1f"


class ButtonShape(Body):
    """`url` opens an address, `data` comes back: one of the two."""

    text: Line
    url: Line | None = None
    data: Line | None = None


class MessengerShape(Body):
    type: Literal["messenger"]
    text: Long
    buttons: list[Annotated[list[ButtonShape], Field(max_length=ROWS_MAX)]] = Field([], max_length=ROWS_MAX)


class PlainShape(Body):
    type: Literal["plain"]
    text: Long


class VariantShape(Body):
    channel: Channel
    language: Language
    parts: Annotated[EmailShape | MessengerShape | PlainShape, Field(discriminator="type")]


class SourceShape(Body):
    """What a template says, by channel and language."""

    default_language: Language
    variants: list[VariantShape] = Field([], max_length=60)


class TemplateCreate(Body):
    site: Annotated[Text, Field(min_length=1, max_length=120)]
    name: Annotated[Text, Field(max_length=64, description="Small letters, digits, - and _. It stays.")]
    message_class: MessageClass
    purpose: Annotated[Text, Field(min_length=1, max_length=64, description="What its messages are about.")]
    draft: SourceShape


class DraftPut(Body):
    draft: SourceShape
    revision: int = Field(ge=1, le=2**31 - 1, description="Of the draft that was changed.")


class VersionCreate(Body):
    revision: int = Field(ge=1, le=2**31 - 1, description="Of the draft that was looked at.")
    note: Annotated[Text, Field(max_length=500)] = ""


class Archiving(Body):
    archived: bool


class CheckAsk(Body):
    draft: SourceShape | None = Field(None, description="Null: the draft that is kept.")


class PreviewAsk(Body):
    channel: Channel
    language: Language
    draft: SourceShape | None = Field(None, description="Null: the draft that is kept, or `version`.")
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    customer: Annotated[Text, Field(max_length=300)] | None = Field(
        None, description="As whom, such as `email:anna@shop.example`; needs `customers.read`.", examples=["user_id:u1"]
    )
    context: dict[str, Any] = Field(
        {}, description="What whoever asks for the message would add, such as an order.", max_length=50
    )


class TestAsk(Body):
    channel: Channel
    language: Language
    to: Annotated[Text, Field(max_length=300)] = Field(
        description="An e-mail address, as `email:me@shop.example`, or somebody who is known, as `profile:42`.",
        examples=["email:me@shop.example"],
    )
    draft: SourceShape | None = Field(None, description="Null: the draft that is kept.")
    customer: Annotated[Text, Field(max_length=300)] | None = Field(
        None, description="As whom; null: as nobody.", examples=["user_id:u1"]
    )
    context: dict[str, Any] = Field({}, description="As of a preview.", max_length=50)


class VariantLine(BaseModel):
    channel: str
    language: str


class VariableView(BaseModel):
    path: str = Field(description="Such as `customer.first_name`.")
    example: str | None = Field(description="What it holds for whoever was named; null: nothing.")


class Variables(BaseModel):
    variables: list[VariableView]


class TemplateLine(BaseModel):
    id: str
    site: str
    name: str
    message_class: MessageClass
    purpose: str
    channels: list[str]
    languages: list[str]
    default_language: str
    variants: list[VariantLine] = Field(description="What the draft has, by channel and language.")
    revision: int
    drafted_at: Moment
    drafted_by: str
    published: int | None = Field(description="The version that is sent; null before the first.")
    published_at: Moment | None
    published_by: str | None
    ahead: bool = Field(description="Whether the draft says something else than what is sent.")
    created_at: Moment
    archived_at: Moment | None

    @classmethod
    def of(cls, found: Template) -> "TemplateLine":
        return cls(**_line(found))


class TemplateView(TemplateLine):
    draft: SourceShape

    @classmethod
    def of(cls, found: Template) -> "TemplateView":
        return cls(**_line(found), draft=shape(found.draft))


class VersionLine(BaseModel):
    version: int
    note: str
    published_at: Moment
    published_by: str


class VersionView(VersionLine):
    source: SourceShape


class ProblemView(BaseModel):
    severity: Literal["error", "warning"]
    reason: str
    detail: str
    channel: str | None
    language: str | None
    part: str = Field(description="Such as `subject` or `blocks[2].url`.")
    line: int | None
    column: int | None
    variable: str | None = Field(default=None, description="What is not known, such as `product`.")
    more: int = Field(
        default=0, description="How many further texts speak of a variable that nobody knows: it is told once."
    )


class Problems(BaseModel):
    problems: list[ProblemView]


class ChangedLine(BaseModel):
    what: Literal["same", "gone", "new"]
    text: str


class PartChanged(BaseModel):
    channel: str
    language: str
    part: str
    lines: list[ChangedLine]


class Changes(BaseModel):
    parts: list[PartChanged]


class ButtonView(BaseModel):
    text: str
    url: str | None
    data: str | None


class PreviewView(BaseModel):
    subject: str | None
    html: str | None
    text: str
    buttons: list[list[ButtonView]]
    missing: list[MissingView] = Field(description="Values that are not there: the message would not be sent.")


def source(found: SourceShape) -> TemplateSource:
    return msgspec.convert(found.model_dump(), TemplateSource)


def shape(found: TemplateSource) -> SourceShape:
    return SourceShape.model_validate(msgspec.to_builtins(found), strict=False)


def version(found: TemplateVersion) -> VersionView:
    return VersionView(**_version(found), source=shape(found.source))


def version_line(found: TemplateVersion) -> VersionLine:
    return VersionLine(**_version(found))


def problems(found: list[Problem]) -> Problems:
    return Problems(problems=[ProblemView(**msgspec.to_builtins(each)) for each in found])


def changes(found: list[PartChange]) -> Changes:
    return Changes(
        parts=[
            PartChanged(
                channel=each.channel,
                language=each.language,
                part=each.part,
                lines=[ChangedLine(what=what, text=text) for what, text in each.lines],
            )
            for each in found
        ]
    )


def previewed(found: Preview) -> PreviewView:
    content = found.content
    return PreviewView(
        subject=content.subject,
        html=content.html,
        text=content.text,
        buttons=[[ButtonView(text=b.text, url=b.url, data=b.data) for b in row] for row in content.buttons],
        missing=[MissingView(path=m.path, part=m.part, line=m.line, column=m.column) for m in found.missing],
    )


def variables(found: Mapping[str, str | None]) -> Variables:
    return Variables(variables=[VariableView(path=path, example=example) for path, example in found.items()])


def _version(found: TemplateVersion) -> dict[str, Any]:
    return {
        "version": found.version,
        "note": found.note,
        "published_at": found.published_at,
        "published_by": found.published_by,
    }


def _line(found: Template) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "site": found.site,
        "name": found.name,
        "message_class": found.message_class,
        "purpose": found.purpose,
        "channels": list(dict.fromkeys(each.channel for each in found.draft.variants)),
        "languages": list(dict.fromkeys(each.language for each in found.draft.variants)),
        "default_language": found.draft.default_language,
        "variants": [VariantLine(channel=each.channel, language=each.language) for each in found.draft.variants],
        "published_at": found.published_at,
        "published_by": found.published_by,
        "ahead": found.ahead,
        "revision": found.revision,
        "drafted_at": found.drafted_at,
        "drafted_by": found.drafted_by,
        "published": found.published,
        "created_at": found.created_at,
        "archived_at": found.archived_at,
    }

"""What the API takes and gives of messages, and why they went or did not."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from onevoice.domains.delivery.contracts.names import State
from onevoice.web.paging import STORABLE, Body, Moment, Text

MessageClass = Literal["transactional", "conversational", "marketing"]
AnyClass = Literal["transactional", "conversational", "marketing", "test"]
Priority = Literal["high", "normal", "low"]
Kind = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
Reference = Annotated[str, Field(min_length=3, max_length=1200, pattern=STORABLE)]


class ButtonSent(Body):
    text: Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\x00-\x20]+$")]


class Words(Body):
    """subject: where the channel has one. fill: whether `{{ customer.first_name }}` and the like stand for what is
    known of the person now; what is not known is refused.
    """

    text: Annotated[str, Field(min_length=1, max_length=100_000, pattern=STORABLE)]
    subject: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    buttons: list[list[ButtonSent]] = Field(default=[], max_length=20)
    fill: bool = False


class TemplateUse(Body):
    """version: left out, the one that is published. variables: beside what is known of the customer and the site."""

    id: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    variables: dict[Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")], Any] = Field(
        default={}, max_length=100
    )


class MessageAsk(Body):
    to: Reference = Field(description="Whom: `kind:value`, such as `email:anna@example.com`, or `profile:<id>`.")
    message_class: MessageClass = Field(alias="class")
    purpose: Kind = Field(description="What it is about; `GET /api/purposes` lists them.")
    words: Words | None = Field(default=None, description="What is said; or a template, one of the two.")
    template: TemplateUse | None = None
    language: Literal["en", "ru", "pl"] | None = Field(default=None, description="Left out: the person's own.")
    site: Text = "main"
    channels: list[Kind] = Field(default=[], max_length=20, description="Those that may be taken; empty: the best.")
    priority: Priority = "normal"
    due_at: Annotated[datetime, Field(strict=False)] | None = Field(
        default=None, description="When it should go; left out: now."
    )
    key: Annotated[str, Field(min_length=1, max_length=150, pattern=r"^[\x21-\x7e]+$")] | None = Field(
        default=None, description="The same key asks for the same message, however often it is sent."
    )


class MessagePreviewAsk(MessageAsk):
    channel: Kind = Field(description="By which channel it is looked at.")


class MissingView(BaseModel):
    """A value that is not known of the person, and where it is wanted."""

    path: str
    part: str
    line: int
    column: int


class FaultView(BaseModel):
    """Why a text cannot be put together, to be told in any language."""

    code: str = Field(description="What is wrong, such as `unclosed`, `unknown_filter`, `syntax`.")
    values: dict[str, str] = Field(description="What it is about, such as the name of the filter.")
    part: str
    line: int | None
    column: int | None


class MessagePreviewView(BaseModel):
    """What the person would get. refused: why it cannot be put together, with the detail for whoever mends it."""

    channel: str
    language: str
    subject: str | None
    text: str | None
    html: str | None = Field(description="Of a letter the whole document; of messengers the text with its few tags.")
    buttons: list[list[str]]
    missing: list[MissingView]
    refused: str | None
    detail: str | None
    fault: FaultView | None
    characters: int = Field(description="Of the text.")
    characters_max: int = Field(description="So many the channel takes.")
    time_zone: str = Field(description="The person's, else the site's.")


class VerdictView(BaseModel):
    rule: str
    result: Literal["pass", "exempt", "defer", "stop"]
    why: str
    since: Moment | None
    until: Moment | None


class EditView(BaseModel):
    """What would be otherwise. channel: of the candidate it is about; null: of the person or the moment."""

    field: str
    to: Any
    channel: str | None


class CandidateView(BaseModel):
    """flip: the smallest change that turns what this channel came to; null: none of what was known would."""

    channel: str
    account: str | None
    node_id: str | None
    result: Literal["pass", "exempt", "defer", "stop"]
    verdicts: list[VerdictView]
    last_heard_at: Moment | None
    cost_minor: int
    flip: list[EditView] | None


class OutcomeView(BaseModel):
    action: Literal["send", "defer", "suppress"]
    channel: str | None
    chosen_by: str
    until: Moment | None
    rule: str | None
    why: str | None
    propensity: float


class DecisionView(BaseModel):
    """turn: the smallest change by which something would be sent instead of nothing, or nothing instead."""

    policy: int
    at: Moment
    zone: str
    candidates: list[CandidateView]
    outcome: OutcomeView
    turn: list[EditView] | None
    inputs: dict[str, Any] = Field(description="All that was known, as the record keeps it.")


class MomentView(BaseModel):
    """One judgement. finding: whether its record stands in its chain and derives again, bit for bit."""

    moment: Literal["asked", "claimed"]
    shard: int
    number: int
    hash: str
    recorded_at: Moment
    finding: Literal["verified", "changed", "underivable", "unreadable"]
    decision: DecisionView | None


class AttemptView(BaseModel):
    number: int
    at: Moment
    outcome: Literal["retry", "failed", "uncertain", "trouble"]
    code: str
    detail: str


class MessageView(BaseModel):
    """A message, or a silence: `suppressed`, with the rule and why."""

    id: str
    key: str
    profile_id: str | None = Field(description="Null of a test to an address that nobody is known by; `name` is that.")
    name: str | None
    channel: str | None
    account: str | None
    site: str
    message_class: AnyClass = Field(serialization_alias="class", description="test: a draft that one of us tried out.")
    purpose: str
    priority: Priority
    state: State
    rule: str | None
    why: str | None
    asked_by: str
    asked_by_name: str | None = Field(description="The colleague's name; null where a key asked.")
    asked_at: Moment
    due_at: Moment
    sent_at: Moment | None
    ended_at: Moment | None
    attempts: int
    cost_minor: int | None
    currency: str | None
    template: str | None = Field(description="The name of the template that it is made of.")
    preview: str | None = Field(description="The first words of it; null of a template's, and where they were erased.")
    erased: bool = Field(description="Whether what it said is gone.")


class ContentView(BaseModel):
    """refused: why a template's words cannot be put together, such as `missing_value`."""

    subject: str | None
    text: str | None
    refused: str | None


class MessageDetail(MessageView):
    content: ContentView
    provider_id: str | None
    tries: list[AttemptView]


class WhyView(BaseModel):
    message: MessageView
    moments: list[MomentView]


class AskedView(BaseModel):
    id: str
    state: State
    channel: str | None
    rule: str | None
    why: str | None
    until: Moment | None
    repeated: bool


class EditSent(Body):
    field: Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]
    to: Any
    channel: Kind | None = None


class WhatIf(Body):
    judgement: Annotated[int, Field(ge=0, le=100)] = Field(0, description="Which of the message's, from 0.")
    edits: list[EditSent] = Field(max_length=20)


class CostView(BaseModel):
    """channel, account_id, account, currency: null of silences that no account was chosen for."""

    channel: str | None
    account_id: str | None
    account: str | None
    currency: str | None
    sent: int
    silences: int
    minor: int


class Costs(BaseModel):
    month: str
    data: list[CostView]

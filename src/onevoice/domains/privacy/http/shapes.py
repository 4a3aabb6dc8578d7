"""Shapes of the API of consents, purposes and suppressions."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from onevoice.domains.privacy.contracts import Act, SuppressionReason
from onevoice.web.paging import Body, Moment, Text

Short = Annotated[Text, Field(min_length=1, max_length=80)]
Said = Annotated[Text, Field(min_length=1, max_length=500)]
Words = dict[Literal["en", "ru", "pl"], Annotated[Text, Field(max_length=4000)]]
LANGUAGES = "By language: `en`, `ru`, `pl`."


class EntryView(BaseModel):
    """One line of the ledger."""

    id: str
    purpose: str = Field(description="`*`: every purpose.")
    channel: str = Field(description="`*`: every channel.")
    act: Act
    identifier: str = Field(description="By which it was said, as `kind:value`.")
    via: str | None = Field(description="Said by this identifier of the same person; it counts while they are one.")
    source: str = Field(description="What it came by: `page`, `unsubscribe`, `confirmation`, `operator`, `api`, ...")
    door: str | None = Field(description="The channel it came by.")
    happened_at: Moment
    learnt_at: Moment
    actor: str
    how: str | None = Field(description="In the words of whoever recorded it.")
    text: str | None = Field(description="What was agreed to, word for word.")
    text_id: str | None
    text_version: int | None
    text_language: str | None


class SuppressedNow(BaseModel):
    reason: SuppressionReason
    since: Moment


class StandingView(BaseModel):
    purpose: str
    channel: str
    address: str = Field(description="`kind:value`.")
    state: Literal["granted", "requested", "withdrawn", "none"]
    since: Moment | None
    entry: EntryView | None = Field(description="The line that decided; null where nobody was asked, or need not be.")
    suppression: SuppressedNow | None = Field(description="Then nothing is sent there, whatever was allowed.")


class Wishes(BaseModel):
    pause_until: Moment | None
    per_week: int | None = Field(description="Marketing messages at most; null: no limit.")
    hours: list[int] | None = Field(description="From and to, in minutes of the day where the person lives.")
    order: list[str] = Field(description="Channels, the preferred first.")
    language: str | None


class Standings(BaseModel):
    data: list[StandingView]
    next_cursor: str | None = None
    preferences: Wishes


class ConsentCreate(Body):
    act: Literal["request", "grant", "withdraw"] = Field(
        description="`request` makes a link by which the holder of the address confirms."
    )
    purpose: Short = Field(description="`*` only to withdraw everything.")
    channel: Short = Field(description="`*`: by every channel.")
    address: Annotated[
        Text | None,
        Field(
            max_length=1200, description="By which identifier it was said, `kind:value`; the one of the address above."
        ),
    ] = None
    text_id: Annotated[
        str | None, Field(pattern=r"^[0-9]{1,18}$", description="What was shown or read out: `GET /api/purposes`.")
    ] = None
    how: Said = Field(description="How it was said, and where that can be looked up.", examples=["by phone, call 1042"])
    proven: bool = Field(
        False, description="Something proves it, such as a signed form: of purposes that ask for a confirmation."
    )
    happened_at: Annotated[AwareDatetime | None, Field(strict=False, description="Now, when left out.")] = None
    key: Annotated[
        Text | None,
        Field(min_length=1, max_length=200, description="The same request sent twice with it is recorded once."),
    ] = None


class Recorded(BaseModel):
    lines: list[str] = Field(description="What was written, the person's own line first.")
    repeated: bool
    confirm_url: str | None = Field(description="Of a request: goes to the address and nowhere else.")
    expires_at: Moment | None


class PreferencesLink(BaseModel):
    url: str
    expires_at: Moment


class PurposeText(BaseModel):
    id: str
    language: str
    version: int
    text: str
    made_at: Moment | None = Field(description="Null where it came with the installation.")
    made_by: str | None


class PurposeView(BaseModel):
    name: str
    message_class: Literal["transactional", "marketing"] = Field(
        description="`transactional`: what a purchase needs; no consent is asked."
    )
    titles: dict[str, str] = Field(description=LANGUAGES)
    descriptions: dict[str, str] = Field(description=LANGUAGES)
    double_opt_in: bool = Field(description="Consent for an address holds once its holder confirmed it.")
    position: int
    retired_at: Moment | None = Field(description="Since then nobody is asked any more; what was said stays.")
    texts: list[PurposeText] = Field(description="What is shown now, one for each language.")


class PurposeWrite(Body):
    """What is left out stays as it is. A text that is another one becomes a new version."""

    titles: Words | None = Field(None, description=LANGUAGES)
    descriptions: Words | None = Field(None, description=LANGUAGES)
    double_opt_in: bool | None = None
    position: Annotated[int | None, Field(ge=0, le=10_000)] = None
    retired: bool | None = None
    texts: Words = Field({}, description=LANGUAGES)
    message_class: Literal["transactional", "marketing"] = Field("marketing", description="Of a new one.")


class SuppressionView(BaseModel):
    id: str
    address: str = Field(description="`kind:value`.")
    profile_id: str
    reason: SuppressionReason
    source: str = Field(description="What made it: a message, or somebody's login.")
    since: Moment
    lifted_at: Moment | None
    lifted_by: str | None
    lifted_because: str | None


class SuppressionCreate(Body):
    address: Annotated[Text, Field(min_length=3, max_length=1200, examples=["email:anna@example.com"])]


class SuppressionLift(Body):
    reason: Said

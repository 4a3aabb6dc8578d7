"""What the profile API answers with."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from onevoice.web.paging import Body, Moment, Text


class Identifier(BaseModel):
    kind: str
    value: str
    node_id: str


class IdentifierSeen(Identifier):
    """An identifier of a profile. `from` and `until` bound the epoch where a shared one was somebody else's besides."""

    known_since: Moment
    first_seen_at: Moment | None = None
    last_seen_at: Moment | None = None
    events: int = 0
    epoch_from: Moment | None = None
    epoch_until: Moment | None = None


class Address(BaseModel):
    channel: str
    address: str
    kind: str
    known_since: Moment


class Trait(BaseModel):
    value: Any
    source: str
    occurred_at: Moment
    received_at: Moment


class Counter(BaseModel):
    count: int
    first_at: Moment
    last_at: Moment


class Spend(BaseModel):
    currency: str
    orders: int
    minor: int


class Profile(BaseModel):
    id: str
    name: str | None
    asked_node_id: str
    identifiers: list[IdentifierSeen]
    addresses: list[Address]
    traits: dict[str, Trait]
    counters: dict[str, Counter]
    channels: dict[str, Counter]
    spend: list[Spend]
    event_count: int
    first_seen_at: Moment | None
    last_seen_at: Moment | None
    last_channel: str | None
    as_of: Moment | None
    known_at: Moment | None


class TraitDetail(Trait):
    name: str
    rule: str
    losing: list[Trait]


class Traits(BaseModel):
    data: list[TraitDetail]


class TraitFact(Trait):
    identifier: Identifier
    message_id: str


class Event(BaseModel):
    seq: int
    message_id: str
    type: str
    event: str | None
    occurred_at: Moment
    received_at: Moment
    linked_at: Moment | None
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]
    identifier: Identifier
    channel: str
    source: str
    node_id: str


class Day(BaseModel):
    day: str
    strand: int
    channels: dict[str, int]


class Strand(BaseModel):
    index: int
    node_ids: list[str]
    kinds: list[str]
    from_at: Moment | None
    joined_at: Moment | None
    into: int | None


class Ruler(BaseModel):
    days: list[Day]
    strands: list[Strand]


class EvidenceItem(BaseModel):
    to: Identifier
    tier: int
    occurred_at: Moment
    received_at: Moment
    source: str | None
    origin: str
    message_id: str | None
    event: str | None
    state: str
    why: str | None


class LedgerIdentifier(IdentifierSeen):
    evidence: list[EvidenceItem]


class Join(BaseModel):
    """Two who had both done something became one. `strand` is the one that ended here, `into` the one that goes on."""

    id: str | None
    kind: str
    at: Moment
    learnt_at: Moment
    a: Identifier
    b: Identifier
    reason: str | None
    by: str | None
    undoable: bool
    event: str | None
    source: str | None
    strand: int
    into: int | None


class CannotLink(BaseModel):
    a: Identifier
    b: Identifier
    at: Moment
    reason: str
    by: str


class Identity(BaseModel):
    identifiers: list[LedgerIdentifier]
    joins: list[Join]
    cannot_links: list[CannotLink]
    strands: list[Strand]


class MergeRequest(Body):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: Annotated[Text, Field(alias="from")]
    into: Text
    reason: Text
    dry_run: bool = False


class SplitRequest(Body):
    profile: Text
    identifiers: list[Text]
    reason: Text
    dry_run: bool = False


class UndoRequest(Body):
    dry_run: bool = False


class Side(BaseModel):
    id: str
    name: str | None
    identifiers: list[Identifier]
    identifier_count: int
    events: int
    first_seen_at: Moment | None
    last_seen_at: Moment | None
    spend: list[Spend]


class Moved(Identifier):
    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[str, Field(alias="from")]
    to: str


class LimitWarning(BaseModel):
    code: str
    kind: str
    values: list[str]
    limit: int


class TraitChange(BaseModel):
    name: str
    values: list[Any]
    after: Any


class Pair(BaseModel):
    a: Identifier
    b: Identifier


class Holding(BaseModel):
    """A merge that goes on holding those whom an undone one had joined."""

    id: str
    at: Moment
    by: str
    reason: str


class Preview(BaseModel):
    """What an operation does. A merge `withdraws` what a split had said of the two; a split `parts` pairs for good, and
    the undo of a merge parts again those that it alone had freed. `held_by`: other merges that stand and by which the
    people of an undone one stay joined.
    """

    before: list[Side]
    after: list[Side]
    moves: list[Moved]
    warnings: list[LimitWarning]
    traits: list[TraitChange]
    withdraws: list[Pair]
    parts: list[Pair]
    held_by: list[Holding]


class Operation(BaseModel):
    id: str | None
    preview: Preview


class Merge(BaseModel):
    id: str
    kind: str
    at: Moment
    by: str
    reason: str
    a: Identifier
    b: Identifier
    undone_at: Moment | None
    undone_by: str | None

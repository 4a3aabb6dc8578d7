"""What identity takes and gives. Node ids (nid) and profile ids (pid) are bigint; a pid is its part's smallest nid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

CHANNELS = (
    "api", "site", "app", "shop", "telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger",
    "email", "sms", "push", "call", "chat",
)  # fmt: skip
"""The doors, by the number they are stored under. Append only."""

CHANNEL_NUMBER = {name: number for number, name in enumerate(CHANNELS)}


class Kind(NamedTuple):
    """A kind of identifier. `per_profile_weak` bounds what a join through e-mail, phone or weaker brings together."""

    id: int
    name: str
    priority: int
    per_profile: int
    per_profile_weak: int
    shared: bool


@dataclass(frozen=True)
class SourceInfo:
    """Where events come from. `priority` decides between traits of one moment: larger wins."""

    id: int
    name: str
    channel: str
    region: str | None
    priority: int


ASSERT, RETRACT, CANNOT, ALLOW, LOGIN, LOGOUT, SEEN_WITH, OPENED, WITHDRAW = range(1, 10)
"""What a piece of evidence says of a and b: tied, tied no longer, two persons, no longer two persons, b logged in on
the shared a, logged out of it, the shared a was seen with the shared b, a link that was sent to b was opened on the
shared a; what the event of that hash said of a before is withdrawn, with the import it came by."""

SAME_TIER = 0
"""Of an epoch that late marks made vanish, with the one that holds its place now."""
OPERATOR_TIER = 1
WEAK_SIGHTING_TIER = 9
LINK_TIER = 10
"""Of an opened link: the last of all, and it joins nobody who has a name already to anybody else."""


class Edge(NamedTuple):
    """Evidence that two nodes are one person. Sorts by strength, then age, then the hash of what it came from."""

    tier: int
    happened: datetime
    hash: bytes
    a: int
    b: int


class Node(NamedTuple):
    """What the rule needs to know of a node. `order` breaks ties between edges of one event."""

    kind: Kind
    order: tuple[str, bytes, datetime, bytes, bool]
    counts: bool
    """Under its kind's limits. Later epochs of a shared identifier do not count: it is one identifier all the same."""


class Evidence(NamedTuple):
    """One row of the ledger. `a` and `b` are identifiers, or epochs where an operator named one.

    `act` is the operator's action it belongs to, or the link that was opened. A retraction of tier 1 undoes its action,
    a hand merge: it kills what that merge asserted and withdrew. One of tier 0 is a split's and kills all that was
    learnt of the pair before.
    """

    pos: int
    op: int
    a: int
    b: int | None
    tier: int
    happened: datetime
    learnt: datetime
    hash: bytes
    act: int | None


class Member(NamedTuple):
    """One identifier of a profile, or one epoch of a shared one; its events lie under `base` in [from_at, until_at)."""

    nid: int
    kind: str
    value: str
    base: int
    from_at: datetime
    until_at: datetime
    learnt: datetime


class Folded(msgspec.Struct, gc=False):
    """What a linked event adds to the folds of node `nid` (the epoch, where the anchor is shared)."""

    nid: int
    name_id: int
    channel: int
    happened: datetime
    hash: bytes
    learnt: datetime
    source_id: int
    traits: Mapping[str, Any] | None
    spend: tuple[str, int] | None


@dataclass
class Linked:
    """What one batch came to."""

    folds: list[Folded] = field(default_factory=list)
    refold: set[int] = field(default_factory=set)
    """Bases of shared identifiers whose past was parted anew: their folds are computed again from their events."""
    duplicates: int = 0
    rejected: int = 0
    seq_to: int = 0


class StoredEvent(NamedTuple):
    """An anchored event as it is kept; personal values are filled in again where the reader asked for them."""

    seq: int
    nid: int
    happened: datetime
    hash: bytes
    learnt: datetime
    linked_at: datetime | None
    type: str
    name: str
    source_id: int
    channel: str
    ids: Sequence[int]
    message_id: str
    body: dict[str, Any]


@dataclass(frozen=True)
class AsOf:
    """A pair of times: `happened` bounds what had happened, `learnt` what we knew. None is no bound."""

    happened: datetime | None = None
    learnt: datetime | None = None

    @property
    def is_now(self) -> bool:
        return self.happened is None and self.learnt is None


class Sealing(NamedTuple):
    """How far what was stored of a property, before it was declared personal, has been brought into the vault.

    path: as the tracking plan writes it. done_seq of upto_seq: how far; sealed: events that were changed.
    """

    id: int
    type: str
    name: str
    path: str
    upto_seq: int
    done_seq: int
    sealed: int
    started_at: datetime
    finished_at: datetime | None


class SealedTrait(NamedTuple):
    """A trait that an event set, as it stands now that its value is in the vault."""

    hash: bytes
    key: str
    value: Any


LimitState = Literal["looking", "looked", "applying", "applied", "dropped"]


class LimitChange(NamedTuple):
    """Other limits of a kind, and what they would do: profiles that are parted, that come together, and how many there
    are of those before and after.

    total, done: profiles to look at in the present state. examples: {"before": side, "after": side}, a side
    {"count", "parts": [{"root", "count", "members": [nid]}]}, cut.
    """

    id: int
    kind: str
    per_profile: int
    per_profile_weak: int
    was_per_profile: int
    was_per_profile_weak: int
    state: LimitState
    asked_at: datetime
    asked_by: str
    applied_at: datetime | None
    applied_by: str | None
    finished_at: datetime | None
    total: int
    done: int
    parted: int
    joined: int
    before: int
    after: int
    examples: list[dict[str, Any]]

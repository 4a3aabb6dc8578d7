"""What the log takes and gives."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

import msgspec

KEEP_SEEN = timedelta(days=90)
"""So long a repeated message is found by its hash."""
FLAGS_KEY = "_flags"
"""In an event's context: what had to be mended so that it could be stored."""
LETTER_KEY = "_letter"
"""In a replayed event's context: the dead letter it comes from, so that a second refusal finds its way back there."""

LINK_KEY = "_link"
"""In an event's context: the link that was opened, in place of its token."""


class Position(NamedTuple):
    """A place in the log. Transactions commit out of order, so the transaction comes first."""

    xid: int
    pos: int


class Adoption(NamedTuple):
    """What re-basing a log that was loaded from a dump came to: its frames, and those that not everybody had read."""

    frames: int
    unread: int


class WriteKey(NamedTuple):
    """A key that may write, for the source it belongs to."""

    source_id: int


class Rejection(NamedTuple):
    """An event that cannot be taken as it is: why, and the event itself as JSON."""

    source_id: int
    received_at: datetime
    code: str
    reason: str
    message_id: str | None
    event: bytes
    import_id: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What one request brings: the events to append and those to lay aside. Stored together or not at all.

    events: a JSON array of `count` objects, as `rules` left them. import_id: the import it is of, if it is of one.
    """

    source_id: int
    received_at: datetime
    sent_at: datetime | None
    count: int
    events: bytes
    rejections: tuple[Rejection, ...] = ()
    import_id: int | None = None

    @property
    def size_bytes(self) -> int:
        return 256 + len(self.events) + sum(len(each.event) for each in self.rejections)


class LogRecord(NamedTuple):
    """One frame as consumers read it: each event is a slice of JSON, decoded when wanted."""

    source_id: int
    received_at: datetime
    sent_at: datetime | None
    events: Sequence[msgspec.Raw]
    import_id: int | None = None


@dataclass(frozen=True)
class Batch:
    records: list[LogRecord]
    start: Position
    end: Position
    events: int


class DeadLetter(NamedTuple):
    id: int
    received_at: datetime
    source_id: int
    code: str
    reason: str
    message_id: str | None
    event: str
    state: str
    replayed_at: datetime | None
    import_id: int | None = None


class LetterQuery(NamedTuple):
    """Which dead letters are wanted; None is no condition. before: an id, exclusive."""

    before: int | None = None
    state: str | None = None
    code: str | None = None
    source: int | None = None


def message_hash(source_id: int, message_id: str) -> bytes:
    """16 bytes that stand for one message of one source; by them repeats are found."""
    return hashlib.blake2b(b"%d:%s" % (source_id, message_id.encode()), digest_size=16).digest()


def letter_hash(rejection: Rejection) -> bytes:
    """Likewise for a dead letter: the same message refused twice is laid aside once."""
    what = rejection.event if rejection.message_id is None else rejection.message_id.encode()
    return hashlib.blake2b(b"letter:%d:%s" % (rejection.source_id, what), digest_size=16).digest()


# The tracking plan


EventName = tuple[str, str]
"""Type, and the name of a track event ("" of the others)."""

PlanState = Literal["learnt", "declared", "archived"]
AlarmKind = Literal[
    "type_conflict",
    "unknown_event",
    "missing_property",
    "value_not_allowed",
    "silence",
    "too_many_names",
    "too_many_properties",
]
AlarmState = Literal["open", "acknowledged", "closed"]
ALARM_KINDS: tuple[AlarmKind, ...] = get_args(AlarmKind)


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is declared of one property. type: a word of `rules.shapes.KIND_NAMES`; None is any."""

    type: str | None = None
    required: bool = False
    allowed: list[str | int | float | bool] | None = None
    personal: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """None leaves a field as it is; of `properties` those not named stay, and None takes one out."""

    description: str | None = None
    expected: bool | None = None
    sources: Sequence[int] | None = None
    properties: Mapping[str, Declared | None] | None = None


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """`expected`: its silence raises an alarm. `sources`: from which it is declared to come."""

    id: int
    type: str
    name: str
    state: PlanState
    description: str
    expected: bool
    sources: Sequence[int]
    properties: Mapping[str, Declared]
    version: int
    changed_at: datetime | None
    changed_by: str | None


class Flow(NamedTuple):
    """An event as it comes from one source."""

    event_id: int
    source_id: int
    n: int
    first_at: datetime
    last_at: datetime


class SeenKind(NamedTuple):
    """In `n` events of the flow the path was of this kind."""

    source_id: int
    path: str
    kind: int
    n: int
    first_at: datetime
    last_at: datetime


class Alarm(NamedTuple):
    """event_id 0: of the source as a whole. n: of how many events it tells."""

    id: int
    kind: AlarmKind
    event_id: int
    source_id: int
    path: str
    opened_at: datetime
    last_at: datetime
    n: int
    detail: dict[str, Any]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    reason: str | None
    closed_at: datetime | None
    closed_because: str | None

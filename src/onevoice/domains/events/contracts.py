"""What the log takes and gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Position(NamedTuple):
    """A place in the log. Transactions commit out of order, so the transaction comes first."""

    xid: int
    pos: int


class WriteKey(NamedTuple):
    """A key that may write, for the source it belongs to."""

    source_id: int


class LogRecord(NamedTuple):
    """One frame: the events of one accepted request, each as clean JSON."""

    source_id: int
    received_at: datetime
    sent_at: datetime | None
    events: Sequence[bytes]


@dataclass(frozen=True)
class Batch:
    records: list[LogRecord]
    end: Position
    events: int


class Rejection(NamedTuple):
    """An event that cannot be taken as it is: why, and the event itself."""

    source_id: int
    received_at: datetime
    code: str
    reason: str
    message_id: str | None
    event: bytes


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


@dataclass(frozen=True)
class Frame:
    """What one request brings: the events to append and those to lay aside. Stored together or not at all."""

    source_id: int
    received_at: datetime
    sent_at: str | None
    events: list[bytes]
    rejections: list[Rejection]
    size_bytes: int

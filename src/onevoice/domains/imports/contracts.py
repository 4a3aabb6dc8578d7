"""What imports take and give."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, NamedTuple

Content = Literal["events", "customers", "orders"]
"""What a record of a file is: an event as its fields say; a customer, hence an identify; an order, hence a track."""

State = Literal[
    "uploading", "ready", "rehearsing", "rehearsed", "queued", "running", "finished", "stopped", "failed", "undoing",
    "undone",
]  # fmt: skip
WAITING: tuple[State, ...] = ("rehearsing", "queued", "running", "undoing")
"""What the worker has to do."""
ORDER_EVENT = "Order Completed"


class ImportState(NamedTuple):
    """How far a file has been imported: records read, events taken, records laid aside."""

    id: int
    records: int
    taken: int
    refused: int
    finished_at: datetime | None
    state: State = "running"


@dataclass(frozen=True)
class FileFormat:
    """How a file is read.

    kind: ndjson, csv or xlsx. columns: of a table, column to field where they are called differently. zone: of times
    that name none. sheet: of a workbook, the first if None.
    """

    kind: str
    encoding: str = "utf-8"
    columns: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    sheet: str | None = None
    content: Content = "events"


@dataclass
class ImportReport:
    """What a file holds, as far as it was read in this run."""

    records: int = 0
    taken: int = 0
    refused: int = 0
    repeated: int = 0
    """Records that say what an earlier one said; they are taken once. Counted in a rehearsal."""
    before: int = 0
    """Records that an earlier run had read."""
    share: float = 0.0
    """Of the file, from 0 to 1."""
    names: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    """Of the first that were refused."""
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    """(record, code, reason) of the first that were refused. Counted in a rehearsal."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    undated: int = 0
    """Events that say no time, and so happen as they are taken."""
    example: dict[str, Any] | None = None
    finished: bool = False


class Import(NamedTuple):
    """One import as the list shows it. share: of the work at hand, from 0 to 1."""

    id: int
    name: str
    source_id: int | None
    state: State
    actor: str
    console: bool
    size_bytes: int
    uploaded_bytes: int
    format: dict[str, Any]
    report: dict[str, Any] | None
    share: float
    problem: str | None
    records: int
    taken: int
    refused: int
    undo_total: int
    undone: int
    undo_reason: str | None
    undo_actor: str | None
    started_at: datetime
    moved_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None


class Preview(NamedTuple):
    """The first rows of a file, and what its columns may mean."""

    columns: list[str]
    guessed: dict[str, str]
    rows: list[list[str]]
    sheets: list[str]

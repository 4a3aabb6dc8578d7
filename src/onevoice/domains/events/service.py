"""The door of the log: append durably, read in order, drop repeats, lay aside what is bad."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import date, datetime, timedelta

import msgspec
import psycopg
import structlog
import zstandard
from prometheus_client import Counter, Gauge, Histogram
from psycopg import Connection

from onevoice.domains.events import rules, store
from onevoice.domains.events.contracts import Batch, DeadLetter, Frame, LogRecord, Position, Rejection
from onevoice.domains.events.errors import OverloadedError, UnknownDeadLetterError
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.jsons import read as read_json

QUEUE_BYTES = 64 * 2**20
"""So much may wait for the disk; what comes on top is asked to come again."""
GROUP_BYTES = 4 * 2**20
COMPRESSION_LEVEL = 1
KEEP_LOG = timedelta(days=30)
KEEP_SEEN = timedelta(days=90)
KEEP_LETTERS = timedelta(days=90)
PARTITIONS_AHEAD = 3
FRAMES_AT_ONCE = 2_000

ACCEPTED = Counter("onevoice_intake_events_total", "Events acknowledged as durable.")
REJECTED = Counter("onevoice_intake_rejected_total", "Events laid aside as dead letters at the door.", ["code"])
COMMIT_SECONDS = Histogram(
    "onevoice_intake_commit_seconds",
    "How long one durable commit of the log takes.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
QUEUED = Gauge("onevoice_intake_queue_bytes", "Bytes that wait to be committed.")

log = structlog.get_logger(__name__)


# Appending


class _Waiting:
    """A frame on its way, and who waits for it."""

    __slots__ = ("done", "frame")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.done: Future[None] = Future()


class Appender:
    """Group commit: one thread takes all that waits, writes it with one COPY and commits once.

    A frame is acknowledged only after its commit. A commit that fails is tried again frame by frame, so that one
    frame the database refuses does not sink its neighbours.
    """

    def __init__(self, database: Database, clock: Clock, *, queue_bytes: int = QUEUE_BYTES) -> None:
        self._database = database
        self._clock = clock
        self._limit = queue_bytes
        self._bytes = 0
        self._queue: list[_Waiting] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="appender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then end."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def append(self, frame: Frame) -> "Future[None]":
        """Resolves after the durable commit. Raises: OverloadedError at once when too much waits."""
        waiting = _Waiting(frame)
        with self._wake:
            if self._stopping or self._bytes + frame.size_bytes > self._limit:
                raise OverloadedError("Too much waits for the disk. Send it again later.", retry_after_seconds=1)
            self._bytes += frame.size_bytes
            self._queue.append(waiting)
            self._wake.notify()
        return waiting.done

    def _run(self) -> None:
        compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self._wake.wait()
                if not self._queue:
                    return
                group = self._take()
            QUEUED.set(self._bytes)
            self._commit(group, compressor)
            with self._wake:
                self._bytes -= sum(waiting.frame.size_bytes for waiting in group)

    def _take(self) -> list[_Waiting]:
        total = 0
        for count, waiting in enumerate(self._queue, 1):
            total += waiting.frame.size_bytes
            if total >= GROUP_BYTES:
                group, self._queue = self._queue[:count], self._queue[count:]
                return group
        group, self._queue = self._queue, []
        return group

    def _commit(self, group: Sequence[_Waiting], compressor: zstandard.ZstdCompressor) -> None:
        began = self._clock.monotonic()
        try:
            rows = [
                (frame.received_at, frame.source_id, len(frame.events), compressor.compress(_body(frame)))
                for frame in (waiting.frame for waiting in group)
                if frame.events
            ]
            letters = [letter for waiting in group for letter in waiting.frame.rejections]
            with self._database.transaction() as conn:
                if rows:
                    store.copy_frames(conn, rows)
                if letters:
                    store.insert_dead_letters(conn, letters)
                bus.notify(conn, bus.APPENDED)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
            self._after_failure(group, compressor, error)
            return
        COMMIT_SECONDS.observe(self._clock.monotonic() - began)
        for waiting in group:
            ACCEPTED.inc(len(waiting.frame.events))
            for letter in waiting.frame.rejections:
                REJECTED.labels(letter.code).inc()
            waiting.done.set_result(None)

    def _after_failure(self, group: Sequence[_Waiting], compressor: zstandard.ZstdCompressor, error: Exception) -> None:
        refused = isinstance(error, psycopg.DataError | psycopg.IntegrityError)
        if refused and len(group) > 1:
            for waiting in group:
                self._commit([waiting], compressor)
            return
        log.warning("append_failed", frames=len(group), error=str(error).strip()[:300])
        for waiting in group:
            waiting.done.set_exception(
                OverloadedError("The events could not be stored just now. Send them again.", retry_after_seconds=2)
            )


def _body(frame: Frame) -> bytes:
    sent = b"null" if frame.sent_at is None else msgspec.json.encode(frame.sent_at)
    head = b'{"sent_at":%s,"events":[' % sent
    return b"".join((head, b",".join(frame.events), b"]}"))


class _Stored(msgspec.Struct):
    sent_at: str | None
    events: list[msgspec.Raw]


_stored = msgspec.json.Decoder(_Stored)


# Reading


def read(conn: Connection, consumer: str, max_events: int) -> Batch:
    """The next frames after the consumer's position: whole frames, at least one, up to about `max_events` events."""
    after = store.position(conn, consumer)
    taken, count = 0, 0
    for n in store.sizes_after(conn, after, FRAMES_AT_ONCE):
        if taken and count + n > max_events:
            break
        taken += 1
        count += n
    if not taken:
        return Batch([], after, 0)
    rows = store.frames_after(conn, after, taken)
    decompressor = zstandard.ZstdDecompressor()
    records: list[LogRecord] = []
    for _, _, source_id, received_at, _, body in rows:
        stored = _stored.decode(decompressor.decompress(body))
        sent_at = None if stored.sent_at is None else datetime.fromisoformat(stored.sent_at)
        records.append(LogRecord(source_id, received_at, sent_at, [bytes(raw) for raw in stored.events]))
    return Batch(records, Position(rows[-1][0], rows[-1][1]), sum(row[4] for row in rows))


def advance(conn: Connection, consumer: str, end: Position, at: datetime) -> None:
    """Move the consumer's position, in the transaction of its effects."""
    store.move(conn, consumer, end, at)


def lag(conn: Connection, consumer: str, *, frames: int = 5_000) -> int:
    """Events that the consumer has not taken yet; counting stops after so many frames."""
    return store.lag(conn, store.position(conn, consumer), frames)


def unseen(conn: Connection, hashes: Sequence[bytes], day: date) -> set[int]:
    """Remember message hashes; gives the indices of those that had not been seen."""
    new = store.add_seen(conn, hashes, day)
    return {index for index, found in enumerate(hashes) if found in new}


# Dead letters


def reject(conn: Connection, rejections: Sequence[Rejection]) -> None:
    """Lay events aside, in the transaction that found them bad."""
    store.insert_dead_letters(conn, rejections)


def dead_letters(conn: Connection, *, before: int | None, state: str | None, limit: int) -> list[DeadLetter]:
    return store.dead_letters(conn, before=before, state=state, limit=limit)


def recent_dead_letters(conn: Connection, since: datetime, limit: int) -> list[DeadLetter]:
    return store.recent_dead_letters(conn, since, limit)


def open_dead_letters(conn: Connection) -> int:
    return store.open_dead_letters(conn)


def replay(
    conn: Connection, letter_id: int, *, now: datetime, new_id: Callable[[], str]
) -> tuple[DeadLetter, str | None]:
    """Send a dead letter through the door again. It stays open, with the new reason, if it still fails.

    Returns: the letter as it now stands, and the message id where it went through. Raises: UnknownDeadLetterError.
    """
    letter = store.lock_dead_letter(conn, letter_id)
    if letter is None:
        raise UnknownDeadLetterError(
            f"There is no dead letter {letter_id}; they are kept for {KEEP_LETTERS.days} days."
        )
    if letter.state == "replayed":
        return letter, letter.message_id
    event = read_json(letter.event.encode()).value
    if isinstance(event, dict):
        rules.completed(event, None, new_id)
    refusal = rules.check(event)
    if refusal is not None:
        store.refuse_again(conn, letter_id, refusal.code, refusal.reason)
        return letter._replace(code=refusal.code, reason=refusal.reason), None
    message_id = str(event["messageId"])
    frame = Frame(letter.source_id, letter.received_at, None, [msgspec.json.encode(event)], [], 0)
    body = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(_body(frame))
    store.copy_frames(conn, [(letter.received_at, letter.source_id, 1, body)])
    store.close_dead_letter(conn, letter_id, message_id, now)
    bus.notify(conn, bus.APPENDED)
    return letter._replace(state="replayed", message_id=message_id, replayed_at=now), message_id


# Housekeeping


def housekeep(conn: Connection, now: datetime) -> None:
    """Partitions for the days to come; drop what is past its time and read by everybody."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    have = set(store.partitions(conn))
    for ahead in range(PARTITIONS_AHEAD + 1):
        start = today + timedelta(days=ahead)
        name = f"log_{start:%Y%m%d}"
        if name not in have and not store.rest_holds(conn, start, start + timedelta(days=1)):
            store.add_partition(conn, name, start, start + timedelta(days=1))
    slowest = store.slowest_position(conn)
    for name in sorted(have):
        if name < f"log_{today - KEEP_LOG:%Y%m%d}" and not store.unread_in(conn, name, slowest):
            store.drop_partition(conn, name)
    store.forget_before(conn, slowest, now - KEEP_LOG, (now - KEEP_SEEN).date(), now - KEEP_LETTERS)

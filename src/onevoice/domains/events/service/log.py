"""The door of the log: append durably, read in order, drop repeats, lay aside what is bad."""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog
import zstandard
from prometheus_client import Counter, Gauge, Histogram
from psycopg import Connection

from onevoice.domains.events.contracts import (
    KEEP_SEEN,
    Adoption,
    Batch,
    DeadLetter,
    Frame,
    LetterQuery,
    LogRecord,
    Position,
    Rejection,
    letter_hash,
    message_hash,
)
from onevoice.domains.events.errors import (
    ForeignLogError,
    ImportClosedError,
    OverloadedError,
    UnavailableError,
    UnknownDeadLetterError,
)
from onevoice.domains.events.rules import door as rules
from onevoice.domains.events.rules.frames import frame_of
from onevoice.domains.events.store import log as store
from onevoice.kit import bus, jsons
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

QUEUE_BYTES = 64 * 2**20
"""So much may wait for the disk; what comes on top is asked to come again."""
GROUP_BYTES = 4 * 2**20
COMPRESSION_LEVEL = 1
CONNECT_SECONDS = 5
LOCK_MILLISECONDS = 5_000
KEEP_LOG = timedelta(days=30)
KEEP_LETTERS = timedelta(days=30)
PARTITIONS_AHEAD = 3
FORGET_AT_ONCE = 100_000
FRAMES_AT_ONCE = 2_000
READ_BYTES = 32 * 2**20
"""So much JSON is read at once: three times what ten thousand ordinary events have."""
READ_PACKED_BYTES = 8 * 2**20

ACCEPTED = Counter("onevoice_intake_events_total", "Events acknowledged as durable.")
REJECTED = Counter("onevoice_intake_rejected_total", "Events laid aside as dead letters at the door.", ["code"])
STORED_BYTES = Counter("onevoice_intake_bytes_total", "Bytes of JSON acknowledged as durable, before compression.")
COMMIT_SECONDS = Histogram(
    "onevoice_intake_commit_seconds",
    "How long one durable commit of the log takes.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
FAILED_COMMITS = Counter("onevoice_intake_failed_commits_total", "Commits of the log that the database refused.")
QUEUED = Gauge("onevoice_intake_queue_bytes", "Bytes that wait to be committed.")

log = structlog.get_logger(__name__)


def judged(events: list[Any], source_id: int, received_at: datetime) -> Frame:
    """The door that everybody's events go through, for those that another domain made, each with a message id."""
    return frame_of(
        rules.Opened(events, suspect=False, sent_at=None, write_key=None), None, source_id, received_at, str
    )


# Appending


class _Waiting:
    """A frame on its way, and who waits for it."""

    __slots__ = ("done", "frame")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.done: Future[None] = Future()


class Appender:
    """Group commit: one thread with a connection of its own takes all that waits and commits it with one COPY.

    A frame is acknowledged only after its commit. Where the database refuses a group for what is in it, each frame is
    tried alone, so that none sinks its neighbours. When the database is gone or its disk is full, whoever waits is
    told so at once; the next group tries again, on a new connection.
    """

    def __init__(self, database: Database, clock: Clock, *, queue_bytes: int = QUEUE_BYTES) -> None:
        self._url = database.url
        self._clock = clock
        self._limit = queue_bytes
        self._bytes = 0
        self._queue: list[_Waiting] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._conn: Connection | None = None
        self._compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)

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

    @property
    def queued_bytes(self) -> int:
        return self._bytes

    def require_room(self, size_bytes: int = 0) -> None:
        """Raises: OverloadedError when so much more would not fit, UnavailableError when it is stopping."""
        if self._stopping:
            raise UnavailableError("The server is stopping. Send it again.", retry_after_seconds=2)
        if self._bytes + size_bytes > self._limit:
            raise OverloadedError("Too much waits for the disk. Send it again later.", retry_after_seconds=1)

    def append(self, frame: Frame) -> "Future[None]":
        """Resolves after the durable commit, else with UnavailableError. Cancelled before its turn, it is not stored.

        Raises: OverloadedError, UnavailableError.
        """
        waiting = _Waiting(frame)
        with self._wake:
            self.require_room(frame.size_bytes)
            self._bytes += frame.size_bytes
            self._queue.append(waiting)
            self._wake.notify()
        return waiting.done

    def _run(self) -> None:
        while group := self._next():
            QUEUED.set(self._bytes)
            wanted = [waiting for waiting in group if waiting.done.set_running_or_notify_cancel()]
            try:
                if wanted:
                    self._commit(wanted)
            except Exception:  # a fault of ours must not leave everybody after this group waiting for ever
                log.exception("appender_fault", frames=len(wanted))
                self._refuse(wanted)
            with self._wake:
                self._bytes -= sum(waiting.frame.size_bytes for waiting in group)
        QUEUED.set(0)
        self._disconnect()

    def _next(self) -> list[_Waiting]:
        """What waits, up to a group's size; nothing only when it is time to end."""
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            total = 0
            for count, waiting in enumerate(self._queue, 1):
                total += waiting.frame.size_bytes
                if total >= GROUP_BYTES:
                    group, self._queue = self._queue[:count], self._queue[count:]
                    return group
            group, self._queue = self._queue, []
            return group

    def _commit(self, group: Sequence[_Waiting]) -> None:
        began = self._clock.monotonic()
        try:
            conn = self._connection()
            with conn.transaction():
                _store(conn, [waiting.frame for waiting in group], self._compressor)
                bus.notify(conn, bus.APPENDED)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
            self._after_failure(group, error)
            return
        COMMIT_SECONDS.observe(self._clock.monotonic() - began)
        for waiting in group:
            ACCEPTED.inc(waiting.frame.count)
            STORED_BYTES.inc(waiting.frame.size_bytes)
            for letter in waiting.frame.rejections:
                REJECTED.labels(letter.code).inc()
            waiting.done.set_result(None)

    def _after_failure(self, group: Sequence[_Waiting], error: Exception) -> None:
        FAILED_COMMITS.inc()
        because_of_content = isinstance(error, psycopg.DataError | psycopg.IntegrityError)
        if because_of_content and len(group) > 1:
            for waiting in group:
                self._commit([waiting])
            return
        log.warning("append_failed", frames=len(group), error=_said(error))
        if not because_of_content:
            self._disconnect()
        self._refuse(group)

    @staticmethod
    def _refuse(group: Sequence[_Waiting]) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(
                    UnavailableError("The events could not be stored just now. Send them again.", retry_after_seconds=2)
                )

    def _connection(self) -> Connection:
        if self._conn is None or self._conn.closed:
            self._conn = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="onevoice-appender",
                options=f"-c timezone=UTC -c jit=off -c lock_timeout={LOCK_MILLISECONDS}",
            )
        return self._conn

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def _said(error: Exception) -> str:
    """The server's own first line; its details may quote a row, and with it a customer's values."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return (primary or str(error)).strip()[:300]


def append(conn: Connection, frames: Iterable[Frame]) -> None:
    """Append within the caller's transaction, for whoever stores something of its own beside the events."""
    _store(conn, list(frames), zstandard.ZstdCompressor(level=COMPRESSION_LEVEL))
    bus.notify(conn, bus.APPENDED)


def _store(conn: Connection, frames: Sequence[Frame], compressor: zstandard.ZstdCompressor) -> None:
    rows = [
        (frame.received_at, frame.source_id, frame.count, compressor.compress(_body(frame)), frame.import_id)
        for frame in frames
        if frame.count
    ]
    if rows:
        store.copy_frames(conn, rows)
    letters = [letter for frame in frames for letter in frame.rejections]
    if letters:
        _lay_aside(conn, letters)


class _Head(msgspec.Struct):
    received_at: datetime
    sent_at: datetime | None
    events: msgspec.Raw


class _Stored(msgspec.Struct):
    sent_at: datetime | None
    events: list[msgspec.Raw]


_stored = msgspec.json.Decoder(_Stored)


def _body(frame: Frame) -> bytes:
    return jsons.encode(_Head(frame.received_at, frame.sent_at, msgspec.Raw(frame.events)))


# Reading


def position(conn: Connection, consumer: str) -> Position:
    """How far the consumer has come; the log's beginning for one that has not begun. It cannot be adopted until the
    transaction ends.

    Raises: ForeignLogError until a log that was loaded from a dump has been adopted.
    """
    if not store.hold_cluster(conn):
        raise ForeignLogError("It was loaded from a dump. Run `onevoice db upgrade`, or start the worker again.")
    return store.position(conn, consumer)


def position_seen(conn: Connection, consumer: str) -> Position:
    """The same, held by nobody: for who reads ahead in a transaction that writes nothing, and looks again."""
    return store.position(conn, consumer)


def read(conn: Connection, consumer: str, max_events: int) -> Batch:
    """What `read_after` gives after the consumer's position."""
    return read_after(conn, position(conn, consumer), max_events)


def read_after(conn: Connection, after: Position, max_events: int) -> Batch:
    """The next frames after a position: whole frames, at least one, up to about `max_events` events, and of large ones
    fewer: what is read is held in memory, several times over once it is decoded.

    It stops at the oldest transaction still open: what that one appends will come before what was committed since.
    """
    taken, count, packed = 0, 0, 0
    for n, size in store.sizes_after(conn, after, FRAMES_AT_ONCE):
        if taken and (count + n > max_events or packed + size > READ_PACKED_BYTES):
            break
        taken, count, packed = taken + 1, count + n, packed + size
    decompressor = zstandard.ZstdDecompressor()
    records: list[LogRecord] = []
    end, count, held = after, 0, 0
    for xid, pos, source_id, received_at, n, body, import_id in store.frames_after(conn, after, taken) if taken else []:
        raw = decompressor.decompress(body)
        held += len(raw)
        if records and held > READ_BYTES:
            break
        stored = _stored.decode(raw)
        records.append(LogRecord(source_id, received_at, stored.sent_at, stored.events, import_id))
        end, count = Position(xid, pos), count + n
    return Batch(records, after, end, count)


def advance(conn: Connection, consumer: str, end: Position, at: datetime) -> None:
    """Move the consumer's position, in the transaction of its effects."""
    store.move(conn, consumer, end, at)


def lag(conn: Connection, consumer: str, *, frames: int = 5_000) -> int:
    """Events that the consumer has not taken yet; counting stops after so many frames."""
    return store.lag(conn, store.position(conn, consumer), frames)


def unseen(conn: Connection, hashes: Sequence[bytes], day: date) -> set[int]:
    """Remember message hashes; gives the indices of those that had not been seen."""
    repeated = store.add_seen(conn, hashes, day)
    return {index for index, found in enumerate(hashes) if found not in repeated}


# A log that was loaded from a dump


def is_foreign(conn: Connection) -> bool:
    """Whether the log came from another cluster and has not been adopted yet."""
    return not store.is_ours(conn)


def adopt(conn: Connection) -> Adoption | None:
    """Make the log this cluster's if it came from another one; None where that was not so.

    Positions name transactions, and each cluster counts its own: behind the position of a cluster that was ahead
    nothing new would ever be found. So what was loaded comes before all that is appended here, in its order, read as
    far as it had been. All or nothing with the transaction, which must hold nothing else; one at a time, and while
    nobody reads.
    """
    if store.is_ours(conn):
        return None
    store.lock_cluster(conn)
    if store.is_ours(conn):
        return None  # somebody was first
    done = store.rebase(conn)
    store.stamp_cluster(conn)
    return done


# Dead letters


def reject(conn: Connection, rejections: Sequence[Rejection]) -> None:
    """Lay aside events that a consumer finds bad, in the transaction that finds it.

    Their messages count as unseen again, so that they can be replayed. One that was replayed already goes back to the
    letter it came from.
    """
    store.forget_seen(
        conn, [message_hash(each.source_id, each.message_id) for each in rejections if each.message_id is not None]
    )
    fresh: list[Rejection] = []
    for each in rejections:
        letter_id = rules.letter_of(jsons.read(each.event).value)
        if letter_id is None or not store.reopen_letter(conn, letter_id, each.code, each.reason):
            fresh.append(each)
    _lay_aside(conn, fresh)


def _lay_aside(conn: Connection, rejections: Sequence[Rejection]) -> None:
    """Each once, however often its sender tries; and once more when it comes after the letter itself was dropped."""
    by_hash: dict[bytes, Rejection] = {}
    for each in rejections:
        by_hash.setdefault(letter_hash(each), each)
    if by_hash:
        day = rejections[0].received_at.date() - (KEEP_SEEN - KEEP_LETTERS)
        repeated = store.add_seen(conn, by_hash, day)
        store.insert_letters(conn, [each for found, each in by_hash.items() if found not in repeated])


def dead_letters(conn: Connection, wanted: LetterQuery, limit: int) -> list[DeadLetter]:
    """Newest first."""
    return store.letters(conn, wanted, limit)


def count_dead_letters(conn: Connection, wanted: LetterQuery) -> int:
    return store.count_letters(conn, wanted)


def dead_letter_codes(conn: Connection) -> list[tuple[str, int]]:
    """(code, how many are open), the most frequent first."""
    return store.letter_codes(conn)


def dead_letter(conn: Connection, letter_id: int) -> DeadLetter:
    """Raises: UnknownDeadLetterError."""
    return _there(letter_id, store.letter(conn, letter_id))


def _there(letter_id: int, letter: DeadLetter | None) -> DeadLetter:
    if letter is None:
        kept = f"They are kept for {KEEP_LETTERS.days} days."
        raise UnknownDeadLetterError(f"There is no dead letter {letter_id}. {kept}")
    return letter


def recent_dead_letters(conn: Connection, since: datetime, limit: int) -> list[DeadLetter]:
    return store.recent_letters(conn, since, limit)


def open_dead_letters(conn: Connection) -> int:
    return store.open_letters(conn)


def replay(conn: Connection, letter_id: int, *, now: datetime) -> DeadLetter:
    """Send a dead letter through the door again: judged anew, learnt now, happened when it did.

    It stays open, with the new reason, if it still fails; and is opened again should linking refuse it. Replayed
    twice, it changes nothing. Raises: UnknownDeadLetterError, ImportClosedError.
    """
    letter = _there(letter_id, store.lock_letter(conn, letter_id))
    if letter.import_id is not None and store.is_closed(conn, letter.import_id):
        raise ImportClosedError(
            f"Dead letter {letter_id} came by import {letter.import_id}, which is undone: it goes with the import."
        )
    if letter.state == "replayed":
        return letter
    event = rules.revived(jsons.mend(jsons.read(letter.event.encode()).value).value, letter_id, letter.received_at)
    fault = rules.settle(event, None, str)
    if fault is not None:
        store.refuse_again(conn, letter_id, fault.code, fault.reason)
        return letter._replace(code=fault.code, reason=fault.reason)
    frame = Frame(letter.source_id, now, None, 1, jsons.encode([rules.returned(event, letter_id)]))
    append(conn, [replace(frame, import_id=letter.import_id)])
    store.close_letter(conn, letter_id, event["messageId"], now)
    return letter._replace(state="replayed", message_id=event["messageId"], replayed_at=now)


# What belongs to an import


def frame_of_file(events: Sequence[dict[str, Any]], source_id: int, at: datetime, mint: rules.Mint) -> Frame:
    """Judge events that were read from a file, as those of a request are judged."""
    return frame_of(rules.Opened(list(events), True, None, None), None, source_id, at, mint)


def close_import(conn: Connection, import_id: int) -> None:
    """It is going to be undone: its dead letters are not replayed any more."""
    store.close_import(conn, import_id)


def is_read_of_import(conn: Connection, consumer: str, import_id: int) -> bool:
    """True where the consumer has taken all that was appended of that import."""
    return not store.unread_of_import(conn, import_id, store.position(conn, consumer))


def forget_letters_of_import(conn: Connection, import_id: int, limit: int) -> int:
    """Drop some of the import's dead letters as though they had never come. Returns: how many."""
    taken = store.take_letters_of_import(conn, import_id, limit)
    store.forget_seen(conn, [letter_hash(each) for each in taken])
    return len(taken)


def forget_messages(conn: Connection, hashes: Sequence[bytes]) -> None:
    """So that they can be sent again."""
    store.forget_seen(conn, hashes)


# Housekeeping


def housekeep(conn: Connection, now: datetime) -> None:
    """Partitions for the days to come; drop what is past its time and read by everybody.

    A little at each call: a long transaction would hold up every reader of the log.
    """
    store.wait_briefly(conn, LOCK_MILLISECONDS)
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
    store.forget_log_rest(conn, slowest, now - KEEP_LOG, FORGET_AT_ONCE)
    store.forget_letters(conn, now - KEEP_LETTERS, FORGET_AT_ONCE)
    store.forget_seen_before(conn, (now - KEEP_SEEN).date(), _part_in_turn(now), FORGET_AT_ONCE)


def _part_in_turn(now: datetime) -> int:
    """Which part of the table of hashes is looked through: each several times a day, one at a time."""
    return int(now.timestamp() // 600) % store.SEEN_PARTS

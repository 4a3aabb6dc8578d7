"""The linking job: from the log to readable profiles, one transaction a batch. Run by the worker."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
import structlog
from prometheus_client import Counter, Gauge, Histogram
from psycopg import Connection

from onevoice.domains.events.contracts import Adoption, Batch, Position, Rejection
from onevoice.domains.events.service import log as events
from onevoice.domains.events.service import plan
from onevoice.domains.identity.contracts import SourceInfo
from onevoice.domains.identity.service.link import Linker
from onevoice.domains.identity.service.prepare import Incoming, Prepared, unlinkable
from onevoice.domains.profiles.service import folds
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import bus, db, runtime
from onevoice.kit.clock import Clock

CONSUMER = "linker"
MAX_EVENTS = 10_000
LEASE_POLL_SECONDS = 0.5
SWEEP_SECONDS = 30.0
ATTEMPTS = 3
"""So often a batch is tried before its events are suspected."""
CAREFUL_EVENTS = 500
DATABASE_PAUSE_SECONDS = 1.0
PLANS = "-c enable_seqscan=off"
"""Every query of linking looks a few thousand keys up by an index. Tables that have grown since they were last analysed
look small to the planner, which would read them whole, once a batch."""

LINKED = Counter("onevoice_linked_events_total", "Events linked to a profile.")
DUPLICATES = Counter("onevoice_duplicate_events_total", "Events dropped because they had been linked before.")
SET_ASIDE = Counter("onevoice_link_set_aside_total", "Events laid aside because linking them failed.")
BATCH_SECONDS = Histogram("onevoice_link_batch_seconds", "How long a linking transaction takes.")
LAG = Gauge("onevoice_link_lag_events", "Events in the log that are not linked yet.")

log = structlog.get_logger(__name__)

Connect = Callable[[], Connection]


@dataclass(frozen=True)
class Progress:
    """What one batch came to. `events` counts what was read; 0 means that the log's end was reached."""

    events: int
    linked: int
    duplicates: int
    rejected: int


Sources = Mapping[int, SourceInfo]


class _Ready(NamedTuple):
    batch: Batch
    prepared: Prepared
    sources: Sources
    """As they were when it was prepared."""


Prepare = Callable[[Connection, Batch], _Ready | None]
"""None where it cannot be done ahead."""


class _Ahead:
    """Reads and prepares the next batch on a thread and a connection of its own while the database works on this one.

    What it gives is only ever a head start: whoever takes it checks that it begins where the consumer stands.
    """

    def __init__(self, connect: Connect, prepare: Prepare) -> None:
        self._connect = connect
        self._prepare = prepare
        self._conn: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._running: Future[_Ready | None] | None = None

    def start(self, after: Position) -> None:
        self._running = self._thread.submit(self._work, after)

    def drop(self) -> None:
        """Forget what was prepared. Nothing is being prepared any more when it returns."""
        running, self._running = self._running, None
        if running is not None:
            wait([running])

    def take(self, after: Position) -> _Ready | None:
        """What was prepared, if it begins at `after` and is worth a transaction: the log may have grown since."""
        running, self._running = self._running, None
        found = running.result() if running is not None else None
        if found is None or found.batch.start != after or found.batch.events < MAX_EVENTS // 2:
            return None
        return found

    def close(self) -> None:
        self._thread.shutdown()
        if self._conn is not None:
            self._conn.close()

    def _work(self, after: Position) -> _Ready | None:
        try:
            if self._conn is None or self._conn.closed:
                self._conn = self._connect()
            batch = events.read_after(self._conn, after, MAX_EVENTS)
            return self._prepare(self._conn, batch)
        except psycopg.Error:
            self._conn = None
            return None


class LinkingJob:
    """Owns the linker and its caches. Any error rolls the batch back and forgets the caches."""

    def __init__(
        self,
        vault_key: bytes,
        clock: Clock,
        connect: Connect,
        *,
        cache_entries: int = 200_000,
        link_key: bytes | None = None,
    ) -> None:
        """connect: gives a connection in autocommit, for reading ahead. link_key: without it no link is believed."""
        self._linker = Linker(vault_key, events.unseen, cache_entries=cache_entries, link_key=link_key)
        self._clock = clock
        self._ahead = _Ahead(connect, self._prepare_ahead)
        self._sources: Sources = {}
        self._personal = plan.NOTHING_PERSONAL
        self._swept = clock.monotonic()

    def sweep(self) -> None:
        """Between batches, and by who waits for the lease: this process's collector does not look by itself."""
        if self._clock.monotonic() - self._swept > SWEEP_SECONDS:
            runtime.sweep()
            self._swept = self._clock.monotonic()

    def forget(self) -> None:
        """Remember nothing: somebody else may have linked meanwhile."""
        self._ahead.drop()
        self._linker.forget()

    def step(self, conn: Connection) -> Progress:
        """One batch in the transaction of `conn`."""
        self.sweep()
        try:
            self._personal = plan.hold_personal(conn, self._personal)
            ready = self._next(conn)
            if ready is None:
                return Progress(0, 0, 0, 0)
            if ready.batch.events >= MAX_EVENTS // 2:
                self._ahead.start(ready.batch.end)
            progress, refused = self._link(conn, ready.prepared)
            _lay_aside(conn, refused)
            self._advance(conn, ready.batch.end)
        except BaseException:
            self.forget()
            raise
        return progress

    def step_carefully(self, conn: Connection) -> Progress:
        """A few frames, each in a savepoint of its own; of one that cannot be linked, each event by itself. What
        cannot be linked even so becomes a dead letter.
        """
        self._ahead.drop()
        self._personal = plan.hold_personal(conn, self._personal)
        batch = events.read_after(conn, events.position(conn, CONSUMER), CAREFUL_EVENTS)
        if not batch.records:
            return Progress(0, 0, 0, 0)
        self._read_sources(conn)
        done: list[Progress] = []
        refused: list[Rejection] = []
        for record in batch.records:
            frame = Incoming(record.source_id, record.received_at, record.sent_at, record.events, record.import_id)
            parts = [frame]
            while parts:
                part = parts.pop()
                try:
                    with conn.transaction():
                        progress, said = self._link(conn, self._prepare(conn, [part], self._sources))
                except psycopg.OperationalError:
                    raise
                except Exception as error:
                    self._linker.forget()
                    if len(part.events) > 1:
                        parts.extend(part._replace(events=[raw]) for raw in reversed(part.events))
                        continue
                    log.exception("event_set_aside", source=record.source_id)
                    SET_ASIDE.inc()
                    refused.append(unlinkable(part, type(error).__name__))
                else:
                    done.append(progress)
                    refused.extend(said)
        _lay_aside(conn, refused)
        self._advance(conn, batch.end)
        linked, duplicates = sum(each.linked for each in done), sum(each.duplicates for each in done)
        return Progress(batch.events, linked, duplicates, len(refused))

    def close(self) -> None:
        self._ahead.close()

    def _next(self, conn: Connection) -> _Ready | None:
        after = events.position(conn, CONSUMER)
        ahead = self._ahead.take(after)
        batch = ahead.batch if ahead is not None else events.read_after(conn, after, MAX_EVENTS)
        if not batch.records:
            return None
        sources = self._read_sources(conn)
        if ahead is not None and ahead.prepared.declared is self._personal.paths and ahead.sources is sources:
            return ahead
        return _Ready(batch, self._prepare(conn, _frames(batch), sources), sources)

    def _prepare_ahead(self, conn: Connection, batch: Batch) -> _Ready | None:
        sources = self._sources
        if not {record.source_id for record in batch.records} <= sources.keys():
            return None
        return _Ready(batch, self._prepare(conn, _frames(batch), sources), sources)

    def _prepare(self, conn: Connection, frames: list[Incoming], sources: Sources) -> Prepared:
        return self._linker.prepare(conn, frames, sources, self._personal.paths)

    def _link(self, conn: Connection, prepared: Prepared) -> tuple[Progress, list[Rejection]]:
        linked, refused = self._linker.link(conn, prepared, self._clock.now())
        folds.apply(conn, linked, self._sources)
        fresh = prepared.events - linked.duplicates - linked.rejected
        return Progress(prepared.events, fresh, linked.duplicates, linked.rejected), refused

    def _advance(self, conn: Connection, end: Position) -> None:
        events.advance(conn, CONSUMER, end, self._clock.now())
        bus.notify(conn, bus.LINKED)

    def _read_sources(self, conn: Connection) -> Sources:
        """The same object for as long as nothing about them changed: a site's country counts from the next batch on."""
        current = source_infos(conn)
        if current != self._sources:
            self._sources = current
        return self._sources


def _frames(batch: Batch) -> list[Incoming]:
    return [
        Incoming(each.source_id, each.received_at, each.sent_at, each.events, each.import_id) for each in batch.records
    ]


def _lay_aside(conn: Connection, refused: list[Rejection]) -> None:
    if refused:
        events.reject(conn, refused)


LEASE = 720_185_003
"""Session lock of the one linker that works; the others wait for its connection to end."""


def adopt_log(conn: Connection) -> Adoption | None:
    """`events.adopt`, and a line in the log of what it came to."""
    done = events.adopt(conn)
    if done is not None:
        log.warning("log_adopted", frames=done.frames, unread=done.unread)
    return done


def run(connect: Connect, job: LinkingJob, clock: Clock, stop: threading.Event, wait: Callable[[float], None]) -> None:
    """Link until `stop` is set. wait: sleeps until something is appended, at most the given seconds.

    The linker remembers what it has linked, so only one may work: it holds a lease for as long as its connection
    lives, and begins with nothing remembered whenever it got the lease anew. The log may have been loaded from a dump
    meanwhile: then it is adopted first. What fails again and again is taken apart, so that one event never stops the
    others; where the database itself is in trouble, all wait for it.
    """
    failures, suspects = 0, 0
    while not stop.is_set():
        try:
            with connect() as conn:
                job.forget()
                while not stop.is_set() and not db.lease(conn, LEASE):
                    job.sweep()
                    stop.wait(LEASE_POLL_SECONDS)
                with conn.transaction():
                    adopt_log(conn)
                while not stop.is_set():
                    began = clock.monotonic()
                    with conn.transaction():
                        progress = job.step_carefully(conn) if suspects > 0 else job.step(conn)
                    failures, suspects = 0, suspects - progress.events
                    if not progress.events:
                        wait(0.5)
                        continue
                    BATCH_SECONDS.observe(clock.monotonic() - began)
                    LINKED.inc(progress.linked)
                    DUPLICATES.inc(progress.duplicates)
        except psycopg.OperationalError:
            log.exception("linking_waits_for_the_database")
            stop.wait(DATABASE_PAUSE_SECONDS)
        except Exception:
            failures += 1
            suspects = MAX_EVENTS if failures >= ATTEMPTS else 0
            log.exception("linking_failed", attempt=failures)
            stop.wait(0.1 * 2 ** min(failures, 6))
    job.close()

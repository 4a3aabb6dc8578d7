"""The linking job: from the log to readable profiles, one transaction a batch. Run by the worker."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge, Histogram
from psycopg import Connection

from onevoice.domains.events import service as events
from onevoice.domains.events.contracts import Rejection
from onevoice.domains.identity.contracts import SourceInfo
from onevoice.domains.identity.service.link import Incoming, Linker
from onevoice.domains.profiles.service import folds
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import bus, db
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

CONSUMER = "linker"
MAX_EVENTS = 5_000
SOURCES_SECONDS = 5.0
LEASE_POLL_SECONDS = 0.5

LINKED = Counter("onevoice_linked_events_total", "Events linked to a profile.")
DUPLICATES = Counter("onevoice_duplicate_events_total", "Events dropped because they had been linked before.")
BATCH_SECONDS = Histogram("onevoice_link_batch_seconds", "How long a linking transaction takes.")
LAG = Gauge("onevoice_link_lag_events", "Events in the log that are not linked yet.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Progress:
    """What one batch came to. `events` counts what was read; 0 means that the log's end was reached."""

    events: int
    linked: int
    duplicates: int
    rejected: int


class LinkingJob:
    """Owns the linker and its caches. Any error rolls the batch back and forgets the caches."""

    def __init__(self, vault_key: bytes, clock: Clock, *, cache_entries: int = 200_000) -> None:
        self._linker = Linker(vault_key, events.unseen, cache_entries=cache_entries)
        self._clock = clock
        self._sources: dict[int, SourceInfo] = {}
        self._sources_at = float("-inf")

    def forget(self) -> None:
        """Remember nothing: somebody else may have linked meanwhile."""
        self._linker.forget()

    def step(self, conn: Connection, max_events: int = MAX_EVENTS) -> Progress:
        """One batch in the transaction of `conn`."""
        try:
            return self._step(conn, max_events)
        except BaseException:
            self._linker.forget()
            raise

    def _step(self, conn: Connection, max_events: int) -> Progress:
        batch = events.read(conn, CONSUMER, max_events)
        if not batch.records:
            return Progress(0, 0, 0, 0)
        at = self._clock.now()
        sources = self._current_sources(conn, {record.source_id for record in batch.records})
        frames = [
            Incoming(record.source_id, record.received_at, record.sent_at, record.events) for record in batch.records
        ]
        linked, refused = self._linker.link(conn, frames, sources, at)
        folds.apply(conn, linked, sources)
        if refused:
            events.reject(
                conn,
                [
                    Rejection(item.source_id, item.received_at, item.code, item.reason, item.message_id, item.event)
                    for item in refused
                ],
            )
        events.advance(conn, CONSUMER, batch.end, at)
        bus.notify(conn, bus.LINKED)
        fresh = batch.events - linked.duplicates - linked.rejected
        return Progress(batch.events, fresh, linked.duplicates, linked.rejected)

    def _current_sources(self, conn: Connection, wanted: set[int]) -> dict[int, SourceInfo]:
        if self._clock.monotonic() - self._sources_at > SOURCES_SECONDS or not wanted <= self._sources.keys():
            self._sources = source_infos(conn)
            self._sources_at = self._clock.monotonic()
        return self._sources


LEASE = 720_185_003
"""Session lock of the one linker that works; the others wait for its connection to end."""


def run(
    database: Database,
    job: LinkingJob,
    clock: Clock,
    stop: threading.Event,
    wait: Callable[[float], None],
) -> None:
    """Link until `stop` is set. wait: sleeps until something is appended, at most the given seconds.

    The linker remembers what it has linked, so only one may work: it holds a lease for as long as its connection
    lives, and begins with nothing remembered whenever it got the lease anew.
    """
    failures = 0
    while not stop.is_set():
        try:
            with db.dedicated(database.url, name="onevoice-linker") as conn:
                job.forget()
                while not stop.is_set() and not db.lease(conn, LEASE):
                    stop.wait(LEASE_POLL_SECONDS)
                while not stop.is_set():
                    _once(conn, job, clock, wait)
                    failures = 0
        except Exception:
            failures += 1
            log.exception("linking_failed", attempt=failures)
            stop.wait(min(10.0, 0.1 * 2 ** min(failures, 7)))


def _once(conn: Connection, job: LinkingJob, clock: Clock, wait: Callable[[float], None]) -> None:
    began = clock.monotonic()
    with conn.transaction():
        progress = job.step(conn)
    if progress.events:
        BATCH_SECONDS.observe(clock.monotonic() - began)
        LINKED.inc(progress.linked)
        DUPLICATES.inc(progress.duplicates)
    else:
        wait(0.5)

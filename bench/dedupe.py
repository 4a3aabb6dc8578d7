"""Does dropping repeats get slower as the table of what was seen grows: many ids beside next to none.

Two databases of one cluster take turns, each going first as often as the other: they share the disk, the buffers and
whatever else happens on the machine. It is measured just after a checkpoint, when the first touch of each page of the
index writes the page whole into the log: the large table's worst time.
"""

import contextlib
import hashlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import psycopg

from bench import linking
from bench.machine import cluster, spread
from onevoice import bootstrap
from onevoice.domains.events.contracts import Frame, message_hash
from onevoice.domains.events.service import log as events
from onevoice.kit import runtime

BATCH = 5_000
REPEATED_SHARE = 0.01
FILL_AT_ONCE = 1_000_000
GROWN_PERCENT = 70
"""How full random insertions leave the pages of an index; one that is built is fuller, and smaller."""
DAY = date(2026, 11, 5)
KEPT_DAYS = 90
SOURCE = 1


def old_hash(number: int) -> bytes:
    """What `fill` put in, as PostgreSQL's md5 makes it."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).digest()


def fill(url: str, ids: int) -> None:
    """So many ids of the last 90 days, in the order of their days; the keys are built afterwards."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("alter table events.seen drop constraint seen_pkey")
        for first in range(0, ids, FILL_AT_ONCE):
            last = min(ids, first + FILL_AT_ONCE) - 1
            day = DAY - timedelta(days=KEPT_DAYS - KEPT_DAYS * first // ids)
            conn.execute(
                "insert into events.seen select md5(number::text)::uuid, %s from generate_series(%s, %s) number",
                (day, first, last),
            )
            print(f"  {last + 1:,} of {ids:,} ids", flush=True)
        conn.execute("set maintenance_work_mem = '1GB'")
        conn.execute(f"alter table events.seen add primary key (hash) with (fillfactor = {GROWN_PERCENT})")
        conn.execute("vacuum (analyze) events.seen")
        conn.execute("checkpoint")


def sizes_mb(url: str) -> tuple[float, float]:
    """Of the table and of its keys."""
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "select sum(pg_table_size(inhrelid))::float8, sum(pg_indexes_size(inhrelid))::float8"
            " from pg_inherits where inhparent = 'events.seen'::regclass"
        ).fetchone()
    assert row
    return row[0] / 2**20, row[1] / 2**20


class Side:
    """One database, and how fast it was."""

    def __init__(self, url: str, ids: int, people: int, count: int, stack: contextlib.ExitStack) -> None:
        self.url = url
        self.ids = ids
        self.home = linking.install(url)
        self._step = stack.enter_context(bootstrap.linking_steps(self.home))
        self._frames = linking.frames(people, count)
        self._sent = 0
        self._told: list[bytes] = []
        self.fresh: list[float] = []
        self.repeating: list[float] = []
        self.linked: list[float] = []

    def drop_fresh(self) -> None:
        self.fresh.append(self._drop(self._hashes(BATCH), 0))

    def drop_repeats(self) -> None:
        repeats = int(BATCH * REPEATED_SHARE)
        self.repeating.append(self._drop([*self._hashes(BATCH - repeats), *self._old(repeats)], repeats))

    def _drop(self, hashes: Sequence[bytes], repeats: int) -> float:
        """Ids a second, their commit included."""
        began = time.perf_counter()
        with self.home.database.transaction() as conn:
            new = events.unseen(conn, hashes, DAY)
        took = time.perf_counter() - began
        assert new == set(range(len(hashes) - repeats)), "an id was lost or found twice"
        return len(hashes) / took

    def _hashes(self, count: int) -> list[bytes]:
        made = [message_hash(SOURCE, f"fresh-{number}") for number in range(self._sent, self._sent + count)]
        self._sent += count
        self._told += made[:: BATCH // 50]
        return made

    def _old(self, count: int) -> list[bytes]:
        """From all over the table; where it was empty, from what was put there since."""
        if not self.ids:
            return self._told[-2 * count : -count]
        stride = self.ids // count
        return [old_hash(number * stride + self._sent % stride) for number in range(count)]

    def link(self, count: int) -> None:
        """Take the next events all the way; those a second, without the time to append them."""
        backlog: list[Frame] = []
        while sum(frame.count for frame in backlog) < count:
            backlog.append(next(self._frames))
        appended = linking.append(self.home, backlog)
        began = time.perf_counter()
        linked = linking.work_off(self._step)
        assert linked == appended
        self.linked.append(linked / (time.perf_counter() - began))


def in_turns(sides: Sequence[Side], rounds: int) -> Iterator[Sequence[Side]]:
    for number in range(rounds):
        yield sides if number % 2 == 0 else sides[::-1]


def run(ids: int, rounds: int, chunks: int, chunk_events: int, people: int) -> dict[str, object]:
    """rounds: of a batch of fresh ids and one with repeats; chunks: of events to be linked. Each on both sides."""
    with cluster() as found, contextlib.ExitStack() as stack:
        runtime.for_batches()
        large_url = found.url.replace("/onevoice?", "/large?")
        with psycopg.connect(found.url.replace("/onevoice?", "/postgres?"), autocommit=True) as conn:
            conn.execute("create database large template onevoice")
        began = time.perf_counter()
        fill(large_url, ids)
        filled_seconds = time.perf_counter() - began
        table_mb, index_mb = sizes_mb(large_url)
        small = Side(found.url, 0, people, chunks * chunk_events, stack)
        large = Side(large_url, ids, people, chunks * chunk_events, stack)
        works: list[tuple[int, Callable[[Side], None]]] = [
            (rounds, Side.drop_fresh),
            (rounds, Side.drop_repeats),
            (chunks, lambda side: side.link(chunk_events)),
        ]
        for times, work in works:
            for pair in in_turns((small, large), times):
                for side in pair:
                    work(side)
        for side in (small, large):
            side.home.database.close()
            linking.reconcile(side.url, chunks * chunk_events)
    return {
        "ids": ids,
        "table_mb": table_mb,
        "index_mb": index_mb,
        "filled_seconds": filled_seconds,
        **_compared("fresh", small.fresh, large.fresh),
        **_compared("repeating", small.repeating, large.repeating),
        **_compared("linked", small.linked, large.linked),
    }


def _compared(name: str, small: Sequence[float], large: Sequence[float]) -> dict[str, object]:
    return {
        f"{name}_small": spread(small),
        f"{name}_large": spread(large),
        f"{name}_ratio": statistics.median(large) / statistics.median(small),
    }

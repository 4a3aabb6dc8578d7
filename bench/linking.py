"""Through linking to a readable profile, everything in: evidence, epochs, vault. Beside bare decode + dedupe + COPY."""

import contextlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg

from bench import bare
from bench.machine import cluster, percentile, private_mb, spread
from onevoice import bootstrap
from onevoice.demo.generate import bench_events
from onevoice.domains.events.contracts import Frame
from onevoice.domains.events.service import log as events
from onevoice.kit import runtime
from onevoice.kit.home import Secrets

CHUNK = 50_000
SAMPLE = 50_000


def frames(people: int, count: int) -> Iterator[Frame]:
    now = datetime.now(UTC)
    for made in bench_events(people, count, seed=7):
        raws = bare.events_of(made.body)
        yield Frame(1, now, None, len(raws), b"[" + b",".join(bytes(raw) for raw in raws) + b"]")


def run(count: int, people: int) -> dict[str, object]:
    """Interleaves linking with the limit; drains, then reconciles what is stored with what was appended."""
    with cluster() as found, contextlib.ExitStack() as stack:
        installed = install(found.url)
        runtime.for_batches()
        step = stack.enter_context(bootstrap.linking_steps(installed))
        sample = [
            bytes(raw) for made in bench_events(people, SAMPLE, seed=9, run="s") for raw in bare.events_of(made.body)
        ]
        assert min(map(len, sample)) >= 900
        ours: list[float] = []
        limit: list[float] = []
        memory: list[float] = []
        batches: list[float] = []
        backlog: list[Frame] = []
        appended = 0
        for frame in frames(people, count):
            backlog.append(frame)
            if len(backlog) * 100 < CHUNK:
                continue
            appended += append(installed, backlog)
            backlog = []
            began = time.perf_counter()
            linked = work_off(step, batches)
            ours.append(linked / (time.perf_counter() - began))
            limit.append(bare.decode_dedupe_copy_rate(found.url, sample))
            memory.append(private_mb(os.getpid()))
            print(
                f"  {appended:>9,} events: {ours[-1]:,.0f}/s, bare {limit[-1]:,.0f}/s, {memory[-1]:.0f} MB", flush=True
            )
        assert not backlog
        reconcile(found.url, appended)
        installed.database.close()
    quarter = memory[max(0, len(memory) // 4 - 1)]
    return {
        "events": appended,
        "people": people,
        "ours": spread(ours),
        "ours_median": statistics.median(ours),
        "last": statistics.median(ours[-3:]),
        "limit": spread(limit),
        "ratio": statistics.median(ours) / statistics.median(limit),
        "memory_quarter_mb": quarter,
        "memory_end_mb": memory[-1],
        "memory_growth": memory[-1] / quarter,
        "batch_p95_ms": 1000 * percentile(batches, 0.95),
    }


def install(url: str) -> bootstrap.Installation:
    """An installation with one source, which is number 1."""
    installed = bootstrap.installation(url, Secrets(b"v" * 32, b"s" * 32, b"l" * 32), name="bench", max_connections=4)
    with installed.database.transaction() as conn:
        conn.execute(
            "insert into access.site (name, title, country, created_at) values ('pl', 'pl', 'PL', '2026-01-01')"
        )
        conn.execute(
            "insert into access.source (name, channel, site, created_at) values ('bench', 'site', 'pl', '2026-01-01')"
        )
    return installed


def work_off(step: Callable[[], int], batches: list[float] | None = None) -> int:
    """Link until nothing is left, adding the seconds of each batch to `batches`. Returns: how many events."""
    linked = 0
    while True:
        began = time.perf_counter()
        n = step()
        if not n:
            return linked
        linked += n
        if batches is not None:
            batches.append(time.perf_counter() - began)


def append(installed: bootstrap.Installation, backlog: list[Frame]) -> int:
    with installed.database.transaction() as conn:
        events.append(conn, backlog)
    return sum(frame.count for frame in backlog)


def reconcile(url: str, appended: int) -> None:
    """Every event once; counters add up to the events; every node stands in exactly one profile of its own part."""
    with psycopg.connect(url) as conn:
        stored = conn.execute("select count(*), count(distinct hash) from identity.event").fetchone()
        assert stored == (appended, appended), (stored, appended)
        counted = conn.execute("select sum(n)::bigint from profiles.counter").fetchone()
        assert counted == (appended,), counted
        lost = conn.execute(
            "select count(*) from identity.node n left join identity.node p on p.nid = n.pid"
            " where p.nid is null or p.pid <> p.nid"
        ).fetchone()
        assert lost == (0,), lost

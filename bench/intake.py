"""Durable intake over real HTTP, the linker working beside it, next to bare COPY in the same run."""

import asyncio
import contextlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from bench import bare, wire
from bench.machine import assert_durable, percentile, spread
from onevoice.demo.generate import bench_events
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster

CONNECTIONS = 12
PEOPLE = 50_000
ROUND_EVENTS = 200_000
BARE_EVENTS = 30_000


@dataclass
class Sent:
    """What the generator saw acknowledged, and how long each answer took, in seconds."""

    events: int = 0
    refused: int = 0
    waits: list[float] = field(default_factory=list)


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str, str, Path]]:
    """(host:port, write key, database url, home) of a real `onevoice serve`."""
    folder = Path(tempfile.mkdtemp(prefix="ov-bench-"))
    home = folder / "home"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "onevoice", "serve", "--home", str(home), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if "Onevoice is at" in line:
                break
        key = subprocess.run(
            [
                sys.executable,
                "-m",
                "onevoice",
                "keys",
                "create",
                "write",
                "--name",
                "bench",
                "--channel",
                "site",
                "--site",
                "pl",
                "--home",
                str(home),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        url = Cluster(Home(home)).url
        assert_durable(url)
        yield f"127.0.0.1:{port}", key, url, home
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        shutil.rmtree(Cluster(Home(home)).folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def requests(count: int, key: str, run: str) -> list[bytes]:
    """Whole HTTP requests, encoded beforehand."""
    authorization = wire.basic(key)
    made = bench_events(PEOPLE, count, seed=11, run=run)
    return [wire.post("/v1/batch", batch.body, authorization) for batch in made]


async def _client(address: str, todo: "asyncio.Queue[bytes]", sent: Sent, due: Sequence[float] | None) -> None:
    connection = await wire.Wire.open(address)
    while not todo.empty():
        request = todo.get_nowait()
        if due is not None:
            wait = due[len(due) - todo.qsize() - 1] - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
        began = time.perf_counter()
        answer = await connection.ask(request)
        sent.waits.append(time.perf_counter() - began)
        if answer.status == 200:
            sent.events += 100
        else:
            sent.refused += 100
    await connection.close()


async def _send(address: str, bodies: Sequence[bytes], rate: float | None) -> tuple[Sent, float]:
    todo: asyncio.Queue[bytes] = asyncio.Queue()
    for body in bodies:
        todo.put_nowait(body)
    sent = Sent()
    began = time.perf_counter()
    due = [began + i * 100 / rate for i in range(len(bodies))] if rate else None
    await asyncio.gather(*(_client(address, todo, sent, due) for _ in range(CONNECTIONS)))
    return sent, time.perf_counter() - began


def linked(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("select coalesce(max(seq_to), 0) from identity.batch").fetchone()
        return row[0] if row else 0


def run(rounds: int) -> dict[str, object]:
    """Rounds of ours and of the limit in turn, then half the load by the clock, then drain and reconcile."""
    with server() as (address, key, url, _):
        sample = [
            bytes(raw)
            for made in bench_events(PEOPLE, BARE_EVENTS, seed=3, run="bare")
            for raw in bare.events_of(made.body)
        ]
        ours, limit, linker = [], [], []
        acknowledged = 0
        for number in range(rounds):
            bodies = requests(ROUND_EVENTS, key, f"r{number}")
            before = linked(url)
            sent, took = asyncio.run(_send(address, bodies, None))
            linker.append((linked(url) - before) / took)
            acknowledged += sent.events
            ours.append(sent.events / took)
            drain(url, acknowledged)
            limit.append(bare.copy_rate(url, sample))
            print(
                f"  round {number + 1}: {ours[-1]:,.0f}/s (linker {linker[-1]:,.0f}/s), bare {limit[-1]:,.0f}/s",
                flush=True,
            )
        half = statistics.median(ours) / 2
        bodies = requests(int(half * 15) // 100 * 100, key, "half")
        sent, _took = asyncio.run(_send(address, bodies, half))
        acknowledged += sent.events
        half_waits = sent.waits
        drain(url, acknowledged)
        assert httpx.get(f"http://{address}/readyz").status_code == 200
    return {
        "ours": spread(ours),
        "limit": spread(limit),
        "ratio": statistics.median(ours) / statistics.median(limit),
        "linker": spread(linker),
        "half_rate": half,
        "half_p99_ms": 1000 * percentile(half_waits, 0.99),
        "acknowledged": acknowledged,
    }


def drain(url: str, acknowledged: int) -> None:
    """Wait until the backlog is linked; rows must equal acknowledgements, each event once."""
    had, since = -1, time.monotonic()
    while (now := linked(url)) < acknowledged and time.monotonic() - since < 120:
        if now > had:
            had, since = now, time.monotonic()
        time.sleep(0.2)
    with psycopg.connect(url) as conn:
        stored = conn.execute("select count(*), count(distinct hash) from identity.event").fetchone()
    assert stored == (acknowledged, acknowledged), (stored, acknowledged)

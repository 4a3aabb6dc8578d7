"""Everybody who uses a server at once, and what they saw: steady senders, readers, a console, a crowd."""

import asyncio
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from bench.wire import Answer, Wire, basic, get, post
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from onevoice.demo.generate import bench_events, message_id
from reckoning import Oracle
from support import LiveServer

BATCH = 100
SENDERS = 8
READS_PER_SECOND = 10
SAMPLE_SECONDS = 1.0
GIVE_UP_SECONDS = 30.0
BIG_EVENT_BYTES = 30_000
BIG_EVENTS = 30
GROWTH = 1.1
GRAIN_MB = 3.0
"""Growth that counts for nothing: one statement more that a backend has planned."""


@dataclass
class Seen:
    """What clients saw, by what they asked for."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from when the question was due until its answer, of those that were answered with 2xx."""
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    torn: Counter[str] = field(default_factory=Counter)
    """Connections that ended without an answer."""
    wrong: list[str] = field(default_factory=list)
    """Answers that nobody should ever see."""

    def note(self, what: str, answer: Answer, took: float) -> None:
        self.statuses[what, answer.status] += 1
        if answer.status < 300:
            self.waits[what].append(took)
        elif answer.status == 503:
            if retry_after(answer) < 1:
                self.wrong.append(f"{what}: 503 without Retry-After: {answer.head!r}")
        elif (what, answer.status) != ("profile", 404):  # somebody whose first event is not linked yet
            self.wrong.append(f"{what}: {answer.status} {answer.body[:300]!r}")

    def count(self, status: int) -> int:
        return sum(n for (_, found), n in self.statuses.items() if found == status)


def retry_after(answer: Answer) -> int:
    """Seconds; 0 where the answer does not say."""
    said = answer.header(b"retry-after") or b"0"
    return int(said) if said.isdigit() else 0


# At a steady rate


async def send_steadily(
    server: LiveServer, seen: Seen, oracle: Oracle, *, run: str, rate: int, seconds: float, people: int
) -> None:
    """Send `rate` events a second until each is acknowledged, however often that takes."""
    count = int(rate * seconds) // BATCH * BATCH
    began = time.perf_counter()
    head = basic(server.write_key)
    todo = (
        (began + made.first / rate, post("/v1/batch", made.body, head))
        for made in bench_events(people, count, seed=5, run=run)
    )
    await asyncio.gather(*(_send(address_of(server), todo, seen) for _ in range(SENDERS)))
    ids = [message_id(run, number) for number in range(count)]
    oracle.will_send(ids)
    oracle.was_acknowledged(ids)


async def _send(address: str, todo: Iterator[tuple[float, bytes]], seen: Seen) -> None:
    """One of those who share the work: each takes the next request when it is free."""
    async with await Wire.open(address) as wire:
        for due, request in todo:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await wire.ask(request)
            seen.note("batch", answer, time.perf_counter() - due)
            while answer.status != 200:
                await asyncio.sleep(max(1, retry_after(answer)))
                began = time.perf_counter()
                answer = await wire.ask(request)
                seen.note("batch", answer, time.perf_counter() - began)


async def read(server: LiveServer, seen: Seen, *, people: int, seed: int) -> None:
    """Look people up, page through what they did, search for them, until cancelled."""
    chance = random.Random(seed)
    key = f"Authorization: Bearer {server.secret_key}"
    async with await Wire.open(address_of(server)) as wire:
        for what in itertools.cycle(("profile", "events", "profile", "search")):
            who = int(people * chance.random() ** 3)
            path = {
                "profile": f"/api/profiles/user_id:u{who}",
                "events": f"/api/profiles/user_id:u{who}/events",
                "search": f"/api/profiles?query=person%20{who}",
            }[what]
            began = time.perf_counter()
            answer = await wire.ask(get(path, key))
            seen.note("search" if what == "search" else "profile", answer, time.perf_counter() - began)
            await asyncio.sleep(1 / READS_PER_SECOND)


@dataclass
class Console:
    """What a person with the page Live open was told."""

    messages: int = 0
    events: int = 0
    longest_silence: float = 0.0
    closed: bool = False


async def watch(server: LiveServer, console: Console) -> None:
    """Keep a socket open and listen, until cancelled."""
    headers = {"Cookie": server.cookie()}
    url = server.url.replace("http:", "ws:") + "/api/socket"
    async with connect(url, additional_headers=headers, origin=server.url, max_size=None) as socket:
        await socket.send(json.dumps({"subscribe": ["live"]}))
        last = time.perf_counter()
        try:
            async for text in socket:
                now = time.perf_counter()
                console.longest_silence = max(console.longest_silence, now - last)
                last = now
                console.messages += 1
                console.events += len(json.loads(text).get("events", []))
        except ConnectionClosed:
            pass
        console.closed = True


# Too many


async def crowd(server: LiveServer, seen: Seen, oracle: Oracle, *, clients: int, seconds: float) -> None:
    """So many clients, each sending bodies near the limit as fast as it can, whatever it is asked."""
    until = time.perf_counter() + seconds
    numbers = itertools.count()
    head = basic(server.write_key)
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz ", k=BIG_EVENT_BYTES))

    async def one() -> None:
        while time.perf_counter() < until:
            ids = [f"crowd-{next(numbers)}" for _ in range(BIG_EVENTS)]
            oracle.will_send(ids)
            request = post("/v1/batch", _big_body(ids, noise), head)
            began = time.perf_counter()
            try:
                answer = await asyncio.wait_for(ask_once(request), GIVE_UP_SECONDS)
            except (OSError, EOFError, TimeoutError):
                seen.torn["crowd"] += 1
                continue
            seen.note("crowd", answer, time.perf_counter() - began)
            if answer.status == 200:
                oracle.was_acknowledged(ids)

    async def ask_once(request: bytes) -> Answer:
        """On a connection of its own: an early answer may come before the body has gone out."""
        async with await Wire.open(address_of(server)) as wire:
            return await wire.ask(request)

    await asyncio.gather(*(one() for _ in range(clients)))


def _big_body(ids: list[str], noise: str) -> bytes:
    events = (
        f'{{"type":"track","event":"Big","userId":"crowd-{name[-2:]}","messageId":"{name}","properties":{{"x":"{noise}"}}}}'
        for name in ids
    )
    return f'{{"batch":[{",".join(events)}]}}'.encode()


# Memory


def own_mb(process: psutil.Process) -> float:
    """Memory that no other process can share, in MB: not PostgreSQL's buffers, not the code."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0  # it is ending


class Memory:
    """How much memory each process of a server has, once a second."""

    def __init__(self, server: LiveServer) -> None:
        self._server = psutil.Process(server.process.pid)
        self.samples: list[dict[str, float]] = []

    def sample(self) -> dict[str, float]:
        """MB by process, named by what it runs and its number."""
        found: dict[str, float] = {}
        for process in [self._server, *self._server.children(recursive=True)]:
            try:
                found[f"{_name(process)} {process.pid}"] = own_mb(process)
            except (psutil.Error, OSError):
                continue
        self.samples.append(found)
        return found

    async def run(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    def peak(self, name: str) -> float:
        return max(mb for sample in self.samples for process, mb in sample.items() if process.startswith(name))


def _name(process: psutil.Process) -> str:
    command = process.cmdline()
    for name in ("api", "worker", "serve"):
        if name in command[:5]:
            return name
    title = command[0].removeprefix("postgres: ") if command else process.name()
    return "postgres" if "/" in title else f"postgres {title.split('(')[0].strip()}"


def from_quarter_to_end(samples: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """MB at a quarter of the time and at its end, each the middle of three samples, of all processes that lived on."""
    quarter = len(samples) // 4
    early, late = _middle(samples[quarter - 1 : quarter + 2]), _middle(samples[-3:])
    return {process: (early[process], late[process]) for process in early.keys() & late.keys()}


def _middle(samples: list[dict[str, float]]) -> dict[str, float]:
    everywhere = set.intersection(*(set(sample) for sample in samples))
    return {name: sorted(sample[name] for sample in samples)[len(samples) // 2] for name in everywhere}


def grown(samples: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Those of them that needed more and more."""
    return {
        process: (early, late)
        for process, (early, late) in from_quarter_to_end(samples).items()
        if late > GROWTH * early + GRAIN_MB
    }


# All together


def address_of(server: LiveServer) -> str:
    return server.url.removeprefix("http://")


@asynccontextmanager
async def beside(*works: Awaitable[None]) -> AsyncIterator[Callable[[], None]]:
    """Work that goes on until the block ends. What it yields raises what ended one of them before its time."""
    tasks = [asyncio.ensure_future(work) for work in works]

    def check() -> None:
        for task in tasks:
            if task.done():
                task.result()

    try:
        yield check
        check()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""The site's chat under load: visitors and colleagues connected to a real server, words going both ways, and how soon
each is before the other's eyes: at either on its socket.

    python -m bench.chat --visitors 500 --operators 50 --rate 30 --seconds 60
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from bench.machine import percentile
from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.domains.delivery.service import accounts
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster

SHOP = "https://shop.example"
OWNER = ("owner@shop.example", "an owner's long password")
AT_ONCE = 24

Found = dict[str, Any]


@contextmanager
def server() -> Generator[tuple[str, str, Home]]:
    """An installation with a chat: where it is, its write key, its home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Home(Path(tempfile.mkdtemp(prefix="ov-bench-")) / "home")
    command = [sys.executable, "-m", "onevoice", "serve", "--home", str(home.path), "--port", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "ONEVOICE_TRUSTED_PROXIES": "127.0.0.1"}
    )
    assert process.stdout
    next(line for line in process.stdout if "Onevoice is at" in line)
    installed = bootstrap.installation(Cluster(home).url, home.secrets(SystemChance()), name="bench", max_connections=2)
    key = bootstrap.create_key(installed, scope="write", name="site", channel="site", site="main")
    login, password = OWNER
    bootstrap.create_account(installed, login=login, name="Olga", password=password, role="owner", language="en")
    wanted = accounts.AccountCreate("chat", "chat", "main", {"brand": "Northfold", "origins": SHOP})
    with installed.database.transaction() as conn:
        accounts.create(
            conn, wanted, sending.manifests(), sending.sealer(installed),
            actor="bench", clock=installed.clock, chance=installed.chance,
        )  # fmt: skip
    installed.database.close()
    try:
        yield f"http://127.0.0.1:{port}", key, home
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


class Visitor:
    def __init__(self, number: int) -> None:
        self.number = number
        self.secret = f"secret-of-visitor-{number:08}"
        self.pid = ""
        self.last = 0
        self.said = 0


class Drive:
    def __init__(self, url: str, key: str, visitors: int, operators: int) -> None:
        self.url, self.key = url, key
        self.client = httpx.AsyncClient(base_url=url, timeout=60, limits=httpx.Limits(max_connections=AT_ONCE))
        self.visitors = [Visitor(number) for number in range(visitors)]
        self.watched = self.visitors[:operators]
        self.to_desk: list[float] = []
        self.to_visitor: list[float] = []
        self.errors: list[str] = []
        self.asked = 0
        self.waits = 0
        self.frame_bytes = 0
        self._on_way: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._chance = random.Random(3)

    async def log_in(self) -> None:
        login, password = OWNER
        form = {"login": login, "password": password}
        answer = await self.client.post("/login", data=form, headers={"Origin": self.url})
        assert answer.status_code == 303, answer.text
        self.client.headers.update({"Origin": self.url, "X-Onevoice-Csrf": self.client.cookies["onevoice_csrf"]})

    async def say(self, who: Visitor, text: str) -> None:
        who.said += 1
        body = {
            "key": self.key, "secret": who.secret, "id": f"line-{who.said:06}", "text": text,
            "device": f"visitor-{who.number}", "language": "en",
        }  # fmt: skip
        headers = {
            "Origin": SHOP,
            "X-Forwarded-For": f"10.{who.number >> 14}.{who.number >> 7 & 127}.{who.number & 127}",
        }
        answer = await self.client.post("/v1/chat/say", content=json.dumps(body), headers=headers)
        if answer.status_code != 200:
            self.errors.append(f"say {answer.status_code}")

    async def begin(self, home: Home) -> None:
        """Each says something once; then it is known who is who."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(who: Visitor) -> None:
            async with gate:
                await self.say(who, "Hello")

        await asyncio.gather(*(one(each) for each in self.visitors))
        query = (
            "select split_part(v.value #>> '{}', '-', 2)::int, n.pid from identity.vault v join identity.node n"
            " on n.nid = v.nid where v.key = '' and v.value #>> '{}' like 'visitor-%%' and n.base = n.nid"
        )
        with psycopg.connect(Cluster(home).url, autocommit=True) as conn:
            while True:
                found = dict(conn.execute(query).fetchall())
                row = conn.execute("select count(*) from conversations.said").fetchone()
                if len(found) == len(self.visitors) and row and row[0] >= len(self.visitors):
                    break
                await asyncio.sleep(0.5)
        for each in self.visitors:
            each.pid = str(found[each.number])

    @contextlib.asynccontextmanager
    async def all_connected(self) -> AsyncGenerator[None]:
        address = self.url.replace("http", "ws", 1)
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        async with contextlib.AsyncExitStack() as stack:
            tasks: list[asyncio.Task[None]] = []
            for who in self.visitors:
                opened = await stack.enter_async_context(connect(f"{address}/v1/chat/socket", origin=Origin(SHOP)))
                await opened.send(json.dumps({"key": self.key, "secret": who.secret, "after": 1}))
                tasks.append(asyncio.create_task(self._at_visitor(opened)))
            for who in self.watched:
                desk = await stack.enter_async_context(
                    connect(f"{address}/api/socket", origin=Origin(self.url), additional_headers={"Cookie": cookie})
                )
                await desk.send(json.dumps({"subscribe": [f"conversation:{who.pid}", "inbox"]}))
                lines, counts = asyncio.Event(), asyncio.Event()
                tasks.append(asyncio.create_task(self._at_desk(desk, who, (lines, counts))))
                tasks.append(asyncio.create_task(self._asking(lines, "/api/conversations?limit=50", 0.7)))
                tasks.append(asyncio.create_task(self._asking(counts, "/api/conversations/counts", 3)))
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _at_visitor(self, opened: ClientConnection) -> None:
        async for frame in opened:
            text = json.loads(frame).get("line", {}).get("text")
            due = self._due.pop(text, None)
            if due is not None:
                self.to_visitor.append(time.time() - due)

    async def _get(self, path: str) -> httpx.Response:
        self.asked += 1
        self.waits += 1
        try:
            return await self.client.get(path)
        finally:
            self.waits -= 1

    async def settled(self) -> None:
        """All that pages ask for as they open has been answered."""
        asked = -1
        while self.waits or asked != self.asked:
            asked = self.asked
            await asyncio.sleep(4)

    async def _asking(self, told: asyncio.Event, path: str, rest: float) -> None:
        """As the console asks: at once, then with a rest."""
        while True:
            await told.wait()
            told.clear()
            await self._get(path)
            await asyncio.sleep(rest)

    async def _at_desk(self, opened: ClientConnection, who: Visitor, told: tuple[asyncio.Event, ...]) -> None:
        lines, counts = told
        async for frame in opened:
            self.frame_bytes += len(frame)
            said = json.loads(frame)
            topic = said["topic"]
            if topic == "inbox":
                if "lines" not in said:
                    lines.set()
                if said.get("moved", True):
                    counts.set()
            if not topic.startswith("conversation:"):
                continue
            items = said.get("items")
            if items is None:
                answer = await self._get(f"/api/conversations/profile:{who.pid}/thread?limit=10")
                if answer.status_code != 200:
                    self.errors.append(f"thread {answer.status_code}")
                    continue
                items = answer.json()["data"]
            now = time.time()
            for item in items:
                since = self._on_way.pop(item.get("text") or "", None)
                if since is not None:
                    self.to_desk.append(now - since)

    async def go(self, rate: float, seconds: float) -> None:
        """Half of the words are theirs, half ours; each comes when its time has come, however slow the answers are."""
        begun = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            who = self._chance.choice(self.watched)
            task = asyncio.create_task(self._one(who, number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for _ in range(75):
            if not (self._on_way or self._due):
                break
            await asyncio.sleep(0.2)

    async def _one(self, who: Visitor, number: int) -> None:
        text = f"word {number}"
        if number % 2:
            self._on_way[text] = time.time()
            await self.say(who, text)
            return
        body = {"key": f"k{number}", "text": text, "knows": 0, "channel": "chat", "anyway": True}
        self._due[text] = time.time() + 6
        answer = await self.client.post(f"/api/conversations/profile:{who.pid}/replies", json=body)
        told: dict[str, Any] = answer.json()
        if answer.status_code == 200 and told["state"] == "queued":
            self._due[text] = datetime.fromisoformat(told["due_at"]).timestamp()
        else:
            self.errors.append(f"reply {answer.status_code} {told.get('why')}")
            self._due.pop(text, None)

    @property
    def lost(self) -> int:
        return len(self._on_way) + len(self._due)


def processor(home: Home) -> dict[str, float]:
    """Seconds of the processor so far, by what the process is; `load` is this one."""
    found: dict[str, float] = {"load": sum(psutil.Process().cpu_times()[:2])}
    data = str(Cluster(home).data)
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if data in line:
            name = "postgres"
        elif str(home.path) in line and line[3] in {"api", "worker", "sender"}:
            name = line[3]
        else:
            continue
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                found[name] = found.get(name, 0.0) + sum(each.cpu_times()[:2])
    return found


def memory(home: Home) -> dict[str, float]:
    """MiB by what the process is."""
    found: dict[str, float] = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        line = process.info["cmdline"] or []
        if str(home.path) in line and len(line) > 3 and line[3] in {"api", "worker", "sender"}:
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    found[line[3]] = found.get(line[3], 0.0) + each.memory_info().rss / 2**20
    return {name: round(value) for name, value in sorted(found.items())}


async def drive(url: str, key: str, home: Home, visitors: int, operators: int, rate: float, seconds: float) -> Found:
    run = Drive(url, key, visitors, operators)
    await run.log_in()
    begun = time.monotonic()
    await run.begin(home)
    print(f"  {visitors:,} chats begun and linked in {time.monotonic() - begun:.0f} s", flush=True)
    async with run.all_connected():
        begun = time.monotonic()
        await run.settled()
        print(f"  all connected and at rest after {time.monotonic() - begun:.0f} s", flush=True)
        quarter: dict[str, float] = {}
        bare: list[float] = []

        async def look() -> None:
            await asyncio.sleep(seconds / 4)
            quarter.update(memory(home))

        async def ask() -> None:
            """What a request takes that does nothing, in the same run."""
            while True:
                since = time.monotonic()
                await run.client.get("/healthz")
                bare.append(time.monotonic() - since)
                await asyncio.sleep(0.1)

        busy = processor(home)
        run.asked = run.frame_bytes = 0
        beside = [asyncio.create_task(look()), asyncio.create_task(ask())]
        await run.go(rate, seconds)
        beside[1].cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        busy = {name: spent - busy.get(name, 0.0) for name, spent in processor(home).items()}
    await run.client.aclose()
    end = memory(home)
    return {
        "visitors": visitors, "operators": operators, "rate": rate, "seconds": seconds,
        "words": int(rate * seconds), "seen": len(run.to_desk) + len(run.to_visitor), "lost": run.lost,
        "to_desk_p50_ms": _ms(run.to_desk, 0.5), "to_desk_p95_ms": _ms(run.to_desk, 0.95),
        "to_visitor_p50_ms": _ms(run.to_visitor, 0.5), "to_visitor_p95_ms": _ms(run.to_visitor, 0.95),
        "bare_p95_ms": _ms(bare, 0.95), "refused": len(run.errors),
        "asked_per_word": round(run.asked / int(rate * seconds), 2),
        "told_kb_per_word": round(run.frame_bytes / 1000 / int(rate * seconds), 2),
        "processor_ms_per_word": " ".join(
            f"{name} {spent * 1000 / int(rate * seconds):.1f}" for name, spent in sorted(busy.items())
        ),
        "memory_growth": round(max(end[name] / quarter[name] for name in end if quarter.get(name)), 2),
        "memory_end_mb": " ".join(f"{name} {size:.0f}" for name, size in end.items()),
    }  # fmt: skip


def _ms(seconds: list[float], share: float) -> float | None:
    return round(percentile(seconds, share) * 1000, 1) if seconds else None


def run(visitors: int, operators: int, rate: float, seconds: float) -> Found:
    """rate: words a second, half of them theirs."""
    with server() as (url, key, home):
        return asyncio.run(drive(url, key, home, visitors, operators, rate, seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=500)
    parser.add_argument("--operators", type=int, default=50)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    print(json.dumps(run(**vars(parser.parse_args())), indent=1))


if __name__ == "__main__":
    main()

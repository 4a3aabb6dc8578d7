"""Webhooks in, over HTTP: each delivery is checked, mapped and on disk with its event before it is answered. Beside as
many connections that only insert the payload and commit, in the same run.
"""

import asyncio
import base64
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench import intake, wire
from bench.machine import percentile, spread
from onevoice.domains.webhooks.rules import signature

CONNECTIONS = 12
PAID_ORDERS: dict[str, Any] = {
    "rules": [
        {
            "when": [{"path": "status", "op": "is", "values": ["paid"]}],
            "make": "track",
            "event": {"text": "Order Completed"},
            "user_id": "customer.id",
            "identifiers": [{"kind": "email", "path": "customer.email"}],
            "time": {"path": "paid_at"},
            "properties": {
                "fields": [
                    {"name": "order_id", "path": "id", "type": "text"},
                    {"name": "total", "path": "total", "type": "money"},
                    {"name": "currency", "path": "currency"},
                ]
            },
        }
    ]
}
"""Also what tests/webhooks begins with."""


def payload(number: int) -> bytes:
    """An order of about 1 KB."""
    lines = [{"sku": f"SKU-{number + line}", "name": "Wool socks, long, grey", "price": "49.90"} for line in range(12)]
    order = {
        "id": number,
        "status": "paid",
        "paid_at": "2026-11-20T10:15:00+01:00",
        "customer": {"id": number % 5_000, "email": f"c{number % 5_000}@shop.example"},
        "total": "129,90",
        "currency": "PLN",
        "lines": lines,
    }
    return json.dumps(order).encode()


def delivery(path: str, secret: bytes, identifier: str, body: bytes) -> bytes:
    """A whole request, signed."""
    told = str(int(time.time()))
    signed = signature.sign(secret, identifier, told, body)
    return wire.post(
        path, body, f"webhook-id: {identifier}", f"webhook-timestamp: {told}", f"webhook-signature: {signed}"
    )


def door(address: str, home: Path) -> tuple[str, bytes]:
    """Path and secret of a webhook that has a mapping."""
    command = [sys.executable, "-m", "onevoice", "keys", "create", "secret", "--home", str(home), "--name", "hooks"]
    command += ["--allow", "webhooks.edit", "--allow", "events.read"]
    key = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    with httpx.Client(base_url=f"http://{address}", headers={"Authorization": f"Bearer {key}"}) as client:
        answer = client.post("/api/webhooks", json={"name": "bench hooks", "channel": "shop"})
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        change = {"based_on": 0, "mapping": PAID_ORDERS}
        client.put(f"/api/webhooks/{made['id']}/mapping", json=change).raise_for_status()
    return httpx.URL(made["address"]).path, base64.b64decode(made["secret"].removeprefix("whsec_"))


async def send(address: str, requests: list[bytes], waits: list[float]) -> float:
    """Deliveries a second. Each must be answered by 200."""

    async def one(mine: list[bytes]) -> None:
        async with await wire.Wire.open(address) as connection:
            for request in mine:
                began = time.perf_counter()
                answer = await connection.ask(request)
                waits.append(time.perf_counter() - began)
                assert answer.status == 200, answer

    began = time.perf_counter()
    await asyncio.gather(*(one(requests[first::CONNECTIONS]) for first in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - began)


def bare(url: str, bodies: list[bytes]) -> float:
    """Payloads a second that are only inserted, one a commit."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("drop table if exists bare_hooks")
        conn.execute("create table bare_hooks (body jsonb)")
    ready = threading.Barrier(CONNECTIONS + 1)

    def one(mine: list[bytes]) -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            ready.wait()
            for body in mine:
                conn.execute("insert into bare_hooks values (%s)", (body.decode(),))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        work = [pool.submit(one, bodies[first::CONNECTIONS]) for first in range(CONNECTIONS)]
        ready.wait()
        began = time.perf_counter()
        for each in work:
            each.result()
        took = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as conn:
        assert conn.execute("select count(*) from bare_hooks").fetchone() == (len(bodies),)
        conn.execute("drop table bare_hooks")
    return len(bodies) / took


def run(rounds: int, each: int) -> dict[str, object]:
    """Rounds of ours and of the limit in turns; then every delivery and its event is counted."""
    ours: list[float] = []
    limit: list[float] = []
    waits: list[float] = []
    with intake.server() as (address, _, url, home):
        path, secret = door(address, home)
        for turn in range(rounds):
            bodies = [payload(turn * each + number) for number in range(each)]
            limit.append(bare(url, bodies))
            requests = [delivery(path, secret, f"m{turn}-{number}", body) for number, body in enumerate(bodies)]
            ours.append(asyncio.run(send(address, requests, waits)))
        with psycopg.connect(url) as conn:
            kept = conn.execute("select count(*), count(distinct message_id) from webhooks.delivery").fetchone()
        assert kept == (rounds * each, rounds * each), kept
        deadline = time.monotonic() + 120
        while intake.linked(url) < rounds * each:
            assert time.monotonic() < deadline, "the linker takes what the webhooks made"
            time.sleep(0.2)
    return {
        "deliveries": rounds * each,
        "ours": spread(ours),
        "limit": spread(limit),
        "ratio": sorted(ours)[rounds // 2] / sorted(limit)[rounds // 2],
        "p95_ms": 1000 * percentile(waits, 0.95),
    }

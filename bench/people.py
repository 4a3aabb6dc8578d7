"""Reading and operating: profile pages, merge, undo and split of large profiles, how soon an event is readable."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.intake import drain, linked, server
from bench.machine import percentile

ORDINARY_PEOPLE = 2_000


def _events(person: str, identifiers: int, count: int) -> list[dict[str, Any]]:
    """`count` events of one account that was seen on `identifiers` browsers."""
    start = datetime.now(UTC) - timedelta(days=300)
    return [
        {
            "type": "track",
            "event": ("Product Viewed", "Product Added", "Cart Viewed")[i % 3],
            "messageId": f"{person}-{i}",
            "userId": person,
            "anonymousId": f"{person}-browser-{i % identifiers}",
            "timestamp": (start + timedelta(seconds=i * 200)).isoformat(),
            "properties": {"name": f"Tatra boots {i % 40}", "price": 389.0, "currency": "PLN"},
        }
        for i in range(count)
    ]


class _Api:
    def __init__(self, address: str, write_key: str, home: Path) -> None:
        self.url = f"http://{address}"
        made = subprocess.run(
            [sys.executable, "-m", "onevoice", "keys", "create", "secret", "--name", "bench", "--home", str(home)],
            check=True,
            capture_output=True,
            text=True,
        )
        self._write = httpx.Client(auth=(write_key, ""), timeout=60)
        self._read = httpx.Client(headers={"Authorization": f"Bearer {made.stdout.strip()}"}, timeout=60)

    def send(self, events: list[dict[str, Any]]) -> None:
        for start in range(0, len(events), 500):
            answer = self._write.post(f"{self.url}/v1/batch", json={"batch": events[start : start + 500]})
            assert answer.status_code == 200, answer.text

    def get(self, path: str) -> dict[str, Any]:
        answer = self._read.get(self.url + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._read.post(self.url + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def timed(self, path: str, body: dict[str, Any] | None = None) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        answer = self.get(path) if body is None else self.post(path, body)
        return 1000 * (time.perf_counter() - began), answer


def run(operations: int, heavy_events: int, identifiers: int, ordinary_events: int, seconds: int) -> dict[str, object]:
    """operations: of merge, undo and split each, between profiles of `heavy_events` and `identifiers`."""
    with server() as (address, key, url, home):
        api = _Api(address, key, home)
        _limit(url, identifiers)
        total = 0
        for person in ("left", "right"):
            api.send(_events(person, identifiers // 2, heavy_events))
            total += heavy_events
        each = max(1, ordinary_events // ORDINARY_PEOPLE)
        for first in range(0, ORDINARY_PEOPLE, 100):
            batch = [event for n in range(first, first + 100) for event in _events(f"p{n}", 3, each)]
            api.send(batch)
            total += len(batch)
        drain(url, total)
        _settle(url)
        print(f"  {total:,} events stored", flush=True)
        times: dict[str, list[float]] = {"merge": [], "undo": [], "split": [], "merge_over": [], "undo_over": []}
        for _ in range(operations):
            _merge_and_undo(api, times["merge"], times["undo"])
        _limit(url, identifiers // 2)
        for _ in range(max(1, operations // 10)):
            _merge_and_undo(api, times["merge_over"], times["undo_over"])
        for number in range(operations):
            name = f"anonymous_id:left-browser-{number}"
            took, _answer = api.timed(
                "/api/identity/splits", {"profile": "user_id:left", "identifiers": [name], "reason": "bench"}
            )
            times["split"].append(took)
        pages: dict[str, list[float]] = {"page": [], "events": [], "heavy page": []}
        for number in range(300):
            ref = f"user_id:p{(number * 37) % ORDINARY_PEOPLE}"
            pages["page"].append(api.timed(f"/api/profiles/{ref}")[0])
            pages["events"].append(api.timed(f"/api/profiles/{ref}/events")[0])
        for _ in range(40):
            pages["heavy page"].append(api.timed("/api/profiles/user_id:right")[0])
        waits = _readable(api, seconds)
        assert linked(url) >= total
    return {
        "stored": total,
        "heavy_events": heavy_events,
        "identifiers": identifiers,
        **{f"{name}_p95_ms": percentile(values, 0.95) for name, values in {**times, **pages}.items()},
        "readable_p95_ms": percentile(waits, 0.95),
        "readable_p50_ms": percentile(waits, 0.5),
    }


def _merge_and_undo(api: _Api, merges: list[float], undos: list[float]) -> None:
    body = {"from": "user_id:right", "into": "user_id:left", "reason": "bench"}
    took, made = api.timed("/api/identity/merges", body)
    merges.append(took)
    undos.append(api.timed(f"/api/identity/merges/{made['id']}/undo", {})[0])


def _limit(url: str, browsers: int) -> None:
    """A person may have so many browsers. The default of 100 would keep the large profiles from becoming large."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "update identity.kind set per_profile = %(n)s, per_profile_weak = %(n)s where name = 'anonymous_id'",
            {"n": browsers},
        )


def _settle(url: str) -> None:
    """Until the lists of customers have followed the load, as they would have long before an operator acts."""
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(
            "select coalesce(min(p.seq), 0) < (select max(seq_to) from identity.batch) from profiles.position p"
        ).fetchone() != (False,):
            time.sleep(0.2)


def _readable(api: _Api, seconds: int) -> list[float]:
    """At 1,000 events a second in batches of 50: from before sending one to its person's page showing it, in ms."""
    waits: list[float] = []
    began = time.perf_counter()
    number = 0
    while (passed := time.perf_counter() - began) < seconds:
        person = f"soon-{number}"
        batch = [
            {"type": "track", "event": "Seen", "userId": f"{person}-{i}", "messageId": f"{person}-{i}"}
            for i in range(50)
        ]
        sent = time.perf_counter()
        api.send(batch)
        if number % 4 == 0:
            while api._read.get(f"{api.url}/api/profiles/user_id:{person}-49").status_code != 200:  # noqa: SLF001
                time.sleep(0.005)
            waits.append(1000 * (time.perf_counter() - sent))
        number += 1
        time.sleep(max(0.0, number * 0.05 - (time.perf_counter() - began)))
    del passed
    return waits

"""The outbox: personalised messages a second from asking to the provider's word on disk, through gate, records and
rendering; then the same with the campaign asked for before. Beside the provider's own channel without any of it.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.machine import cluster
from onevoice import bootstrap
from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts import Ask, Content
from onevoice.domains.delivery.service import accounts, asking
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home

TOKEN = "sandbox-token"
ASKED_AT_ONCE = 1_000


@contextmanager
def provider() -> Iterator[str]:
    """The null provider in a process of its own: it counts by key."""
    command = [sys.executable, "-m", "onevoice.sandbox.provider", "--port", "0"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().strip().rsplit(" ", maxsplit=1)[-1]
    finally:
        process.terminate()
        process.wait(timeout=20)


def people(url: str, count: int) -> list[int]:
    """Persons of three identifiers each, who agreed to offers by e-mail; the nids of their addresses."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "insert into identity.node (nid, kind, digest, pid, base, learnt)"
            " select n, case n %% 3 when 1 then 4 when 2 then 1 else 21 end, md5(n::text)::uuid, n - (n - 1) %% 3, n,"
            " '2026-01-01' from generate_series(1, %s) n",
            (count * 3,),
        )
        conn.execute("select setval('identity.node_id', %s)", (count * 3 + 1,))
        conn.execute(
            "insert into identity.vault (id, nid, key, digest, value)"
            " select n, n, '', md5(n::text)::uuid, to_jsonb('p' || n || '@n.example') from generate_series(1, %s) n"
            " where n %% 3 = 1",
            (count * 3,),
        )
        conn.execute(
            "insert into privacy.consent (nid, purpose, channel, act, source, happened, learnt, actor, proof, key)"
            " select n, 'promotions', '*', 'confirm', 'page', '2026-01-01', '2026-01-01', 'bench', '{}', 'k' || n"
            " from generate_series(1, %s) n where n %% 3 = 1",
            (count * 3,),
        )
        conn.commit()
        conn.autocommit = True
        conn.execute("analyze")
    return [3 * number + 1 for number in range(count)]


def asks(nids: list[int], turn: int) -> list[Ask]:
    return [
        Ask(
            key=f"c{turn}-{nid}",
            person=nid,
            site="pl",
            message_class="marketing",
            purpose="promotions",
            asked_by="bench",
            words=Content(f"Hello, number {nid}: the boots you looked at are {nid % 40}% off until Friday."),
            channels=("sandbox",),
        )
        for nid in nids
    ]


@contextmanager
def sender(home: Path, url: str, place: str) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "ONEVOICE_RUNNING_URL": url, "ONEVOICE_ALLOWED_PLACES": place}
    process = subprocess.Popen([sys.executable, "-m", "onevoice", "sender", "--home", str(home)], env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _sent(conn: psycopg.Connection) -> int:
    row = conn.execute("select count(*) from delivery.message where state = 3").fetchone()
    return row[0] if row else 0


def _await(conn: psycopg.Connection, count: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while _sent(conn) < count:
        if time.monotonic() > until:
            raise AssertionError(f"{_sent(conn)} of {count} sent in {seconds:.0f} s")
        time.sleep(0.05)


def run(count: int, senders: int = 1) -> dict[str, object]:
    """`count` messages asked for while they are sent; then `count` more that wait already."""
    with cluster() as made, provider() as address:
        place = address.removeprefix("http://")
        home = Home(Path(made.folder) / "bench-home")
        home = Home(Path("/tmp") / f"ov-outbox-{os.getpid()}")
        secrets = home.secrets(SystemChance())
        installed = bootstrap.installation(made.url, secrets, name="bench")
        channels = bootstrap.manifests()
        nids = people(made.url, 2 * count)
        with installed.database.transaction() as conn:
            details = SiteDetails("Northfold", time_zone="Pacific/Auckland")
            sites.create(conn, "pl", details, actor="bench", clock=installed.clock)
            conn.execute("insert into delivery.policy values (1, '{\"hours\": [0, 0]}', '2026-01-01', 'bench')")
            accounts.create(
                conn,
                accounts.AccountCreate("sandbox", "null", "pl", {"url": address, "token": TOKEN}),
                channels,
                bootstrap.sealer(installed),
                actor="bench",
                clock=installed.clock,
                chance=installed.chance,
            )
        found: dict[str, Any] = {"messages": count, "senders": senders}
        with psycopg.connect(made.url, autocommit=True) as conn, running(home, made.url, place, senders):
            time.sleep(2)
            began = time.perf_counter()
            _ask(installed, channels, asks(nids[:count], 1))
            found["asked a second beside sending"] = round(count / (time.perf_counter() - began))
            _await(conn, count, 40)
            found["end to end a second"] = round(count / (time.perf_counter() - began))
        _ask(installed, channels, asks(nids[count:], 2))
        with psycopg.connect(made.url, autocommit=True) as conn, running(home, made.url, place, senders):
            while _sent(conn) == count:
                time.sleep(0.01)
            first, began = _sent(conn), time.perf_counter()
            _await(conn, 2 * count, 40)
            found["sent a second"] = round((2 * count - first) / (time.perf_counter() - began))
            row = conn.execute("select count(*), count(distinct message_id) from delivery.decision").fetchone()
            found["records"] = row
            size = conn.execute("select sum(octet_length(body)) / count(*) from delivery.decision").fetchone()
            found["bytes a record"] = int(size[0]) if size else 0
        ledger = httpx.get(f"{address}/ledger", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).json()
        found["ledger"] = ledger if not isinstance(ledger, list) else len(ledger)
        installed.database.close()
    return found


def _ask(installed: bootstrap.Installation, channels: Any, wanted: list[Ask]) -> None:
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        with installed.database.transaction() as conn:
            asking.ask(conn, wanted[start : start + ASKED_AT_ONCE], channels, [], clock=installed.clock)


@contextmanager
def running(home: Home, url: str, place: str, senders: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(senders):
            stack.enter_context(sender(home.path, url, place))
        yield


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))

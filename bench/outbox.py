"""The outbox: personalised messages a second from asking to the provider's word on disk, through gate, records and
rendering. Beside an outbox that does none of that, through the same channel to the same provider, in the same run.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.machine import cluster, spread
from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.messages import Ask, Content, Outgoing
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.contracts.templates import PlainParts, TemplateSource, Variant
from onevoice.domains.delivery.ports import Tools
from onevoice.domains.delivery.rules.facts import Policy
from onevoice.domains.delivery.service import accounts, asking, policy, templates, why
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.egress import Egress
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
        for key, value in (("first_name", "'Anna ' || n"), ("city", "'Town ' || n % 90")):
            conn.execute(
                "insert into profiles.trait (nid, key, happened, priority, hash, learnt, source_id, value)"
                f" select n, %s, '2026-01-01', 50, md5(n::text)::uuid, '2026-01-01', 1, to_jsonb({value})"
                " from generate_series(1, %s) n where n %% 3 = 1".replace("n % 90", "n %% 90"),
                (key, count * 3),
            )
        conn.commit()
        conn.autocommit = True
        conn.execute("analyze")
    return [3 * number + 1 for number in range(count)]


TEMPLATE = TemplateSource(
    "en",
    (
        Variant(
            "sandbox",
            "en",
            PlainParts(
                "Hello {{ customer.first_name | default: 'you' }}, {{ product }} in size {{ size }} "
                "is {{ price_minor | money: 'PLN' }} until Friday"
                "{% if customer.traits.city %}, also in {{ customer.traits.city }}{% endif %}. "
                "{{ site.title }}, {{ preferences_url }}"
            ),
        ),
    ),
)


def asks(nids: list[int], turn: int) -> list[Ask]:
    return [
        Ask(
            key=f"c{turn}-{nid}",
            person=nid,
            site="pl",
            message_class="marketing",
            purpose="promotions",
            asked_by="bench",
            template=1,
            version=1,
            context={"product": f"Boots {nid % 400}", "price_minor": 38900 + nid % 1000, "size": nid % 9 + 36},
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


async def _bare(url: str, address: str, count: int, turn: int) -> float:
    """Messages a second of an outbox that only keeps, claims, sends by the same channel and settles: no gate, no
    records, no template, nothing shared, one process.
    """
    place = address.removeprefix("http://")
    egress = Egress(allowed=frozenset({place}))
    channel = sending.channels()["sandbox"]
    adaptor = channel.open({"url": address, "token": TOKEN}, Tools(SystemClock(), SystemChance(), egress))
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("drop table if exists bare_outbox")
        conn.execute("create table bare_outbox (id bigint primary key, state int not null, text text not null)")
        for start in range(0, count, ASKED_AT_ONCE):
            with conn.cursor() as cursor, cursor.copy("copy bare_outbox from stdin") as copy:
                for number in range(start, min(start + ASKED_AT_ONCE, count)):
                    copy.write_row((number, 1, f"Hello number {number}"))
        while True:
            rows = conn.execute(
                "update bare_outbox set state = 2 where id in (select id from bare_outbox where state = 1 order by id"
                " limit 128 for update skip locked) returning id, text"
            ).fetchall()
            if not rows:
                break
            outgoing = [Outgoing(MessageId(n), f"bare-{turn}-{n}", "p@n.example", Content(text)) for n, text in rows]
            await asyncio.gather(*(adaptor.send(each) for each in outgoing))
            conn.execute("update bare_outbox set state = 3 where id = any(%s)", ([n for n, _ in rows],))
    took = time.perf_counter() - began
    await adaptor.close()
    await egress.close()
    return count / took


def run(rounds: int, each: int) -> dict[str, object]:
    """In turns: `each` messages bare; `each` asked for while they are sent; `each` that wait already."""
    bare: list[float] = []
    whole: list[float] = []
    asked: list[float] = []
    sent: list[float] = []
    with cluster() as made, provider() as address, tempfile.TemporaryDirectory() as folder:
        place = address.removeprefix("http://")
        home = Home(Path(folder))
        installed = bootstrap.installation(made.url, home.secrets(SystemChance()), name="bench")
        channels = bootstrap.manifests()
        nids = people(made.url, 2 * each * rounds)
        _furnish(installed, address)
        groups = iter([nids[start : start + each] for start in range(0, len(nids), each)])
        done = 0
        with psycopg.connect(made.url, autocommit=True) as conn:
            for turn in range(rounds):
                bare.append(asyncio.run(_bare(made.url, address, each, turn)))
                with sender(home.path, made.url, place):
                    time.sleep(2)
                    began = time.perf_counter()
                    _ask(installed, channels, asks(next(groups), turn))
                    asked.append(each / (time.perf_counter() - began))
                    done += each
                    _await(conn, done, 300)
                    whole.append(each / (time.perf_counter() - began))
                _ask(installed, channels, asks(next(groups), turn))
                with sender(home.path, made.url, place):
                    while _sent(conn) == done:
                        time.sleep(0.01)
                    first, began = _sent(conn), time.perf_counter()
                    _await(conn, done + each, 300)
                    sent.append((done + each - first) / (time.perf_counter() - began))
                done += each
            row = conn.execute("select count(*), avg(octet_length(body))::int from delivery.decision").fetchone()
        assert row is not None
        ledger = httpx.get(f"{address}/ledger", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).json()
        assert (ledger["accepted"], ledger["doubled"]) == (done + rounds * each, 0), ledger
        wrong = [each for step in why.verify(installed.database) for each in step.wrong]
        assert wrong == []
        installed.database.close()
    return {
        "messages": done,
        "ours": spread(whole),
        "asked": spread(asked),
        "sent": spread(sent),
        "limit": spread(bare),
        "ratio": statistics.median(whole) / statistics.median(bare),
        "records": row[0],
        "record_bytes": row[1],
    }


def _furnish(installed: bootstrap.Installation, address: str) -> None:
    """A site that is never quiet, a template, an account at the provider."""
    with installed.database.transaction() as conn:
        sites.create(conn, "pl", SiteDetails("Northfold"), actor="bench", clock=installed.clock)
        policy.change(conn, Policy(hours=(0, 0)), based_on=0, actor="bench", clock=installed.clock)
        made = templates.create(
            conn, "pl", "boots", "marketing", "promotions", TEMPLATE, actor="bench", clock=installed.clock
        )
        templates.publish(conn, made.id, revision=1, actor="bench", clock=installed.clock)
        accounts.create(
            conn,
            accounts.AccountCreate("sandbox", "null", "pl", {"url": address, "token": TOKEN}),
            bootstrap.manifests(),
            bootstrap.sealer(installed),
            actor="bench",
            clock=installed.clock,
            chance=installed.chance,
        )


def _ask(installed: bootstrap.Installation, channels: Any, wanted: list[Ask]) -> None:
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        with installed.database.transaction() as conn:
            asking.ask(conn, wanted[start : start + ASKED_AT_ONCE], channels, bootstrap.SOURCES, clock=installed.clock)

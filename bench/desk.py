"""The desk at volume: following the log, the inbox, a long thread, and search in all that was ever said, as the
service gives them. Beside the search, in the same run, the same query as PostgreSQL plans it by itself.
"""

import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from bench.machine import cluster, percentile
from onevoice.bootstrap import sending
from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.conversations.contracts import VIEWS
from onevoice.domains.conversations.rules import words
from onevoice.domains.conversations.service import following, reading, searching
from onevoice.domains.conversations.store.episodes import Filter, Reach
from onevoice.domains.delivery.service import accounts
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
COMMON = (
    "boots size small order parcel return refund price hello thanks please delivery card shop today tomorrow".split()
    + "ботинки размер заказ посылка возврат здравствуйте спасибо доставка магазин завтра".split()
    + "buty rozmiar zamówienie paczka zwrot dzień dobry dziękuję dostawa sklep jutro".split()
)
RARE_WORDS = 50_000


def run(people: int, said: int, long: int, asked: int) -> dict[str, object]:
    """said: of everybody, of which `long` are of one customer. asked: queries of each kind."""
    with cluster() as found:
        database = Database(found.url)
        database.open()
        source = _brand(database)
        _fill(found.url, source, people, said, long)
        print(f"  {said:,} messages of {people:,} customers stored", flush=True)
        clock = ManualClock(NOW)
        took = _follow(database, clock)
        with psycopg.connect(found.url, autocommit=True) as conn:
            conn.execute("vacuum analyze")
        times = _times(database, people, asked)
        with database.transaction() as conn:
            row = conn.execute(
                "select (select count(*) from conversations.said), (select count(*) from conversations.episode),"
                " (select count(*) from conversations.episode where state = 0)"
            ).fetchone()
            assert row is not None
            assert row[0] == said
        database.close()
    return {
        "said": said, "people": people, "long": long, "followed": round(said / took), "episodes": row[1],
        "open": row[2], **{f"{name}_p95_ms": percentile(each, 0.95) for name, each in times.items()},
    }  # fmt: skip


def _brand(database: Database) -> int:
    clock, chance = ManualClock(NOW), SystemChance()
    with database.transaction() as conn:
        sites.create(conn, "pl", SiteDetails("Northfold"), actor="bench", clock=clock)
        wanted = accounts.AccountCreate(
            "sandbox", "main", "pl", {"url": "http://127.0.0.1:1", "token": "sandbox-token"}
        )
        sealer = Sealer(b"s" * 32, accounts.PURPOSE)
        made = accounts.create(conn, wanted, sending.manifests(), sealer, actor="bench", clock=clock, chance=chance)
    return int(made.source_id)


def _fill(url: str, source: int, people: int, said: int, long: int) -> None:
    """People of one address each. They and we speak in turns; the last word is theirs, and recent."""
    chance = random.Random(7)
    rare = [f"word{number}" for number in range(RARE_WORDS)]
    with psycopg.connect(url) as conn:
        conn.execute(
            "insert into identity.node (nid, kind, digest, pid, base, learnt)"
            " select n, 4, md5(n::text)::uuid, n, n, '2024-01-01' from generate_series(1, %s) n",
            (people,),
        )
        conn.execute(
            "insert into identity.vault (id, nid, key, digest, value)"
            " select n, n, '', md5(n::text)::uuid, to_jsonb('p' || n || '@n.example') from generate_series(1, %s) n",
            (people,),
        )
        names = {
            name: conn.execute(
                "insert into identity.name (type, name) values ('track', %s) returning id", (name,)
            ).fetchone()[0]  # pyright: ignore[reportOptionalSubscript] - an insert gives its row
            for name in ("Message Received", "Message Sent")
        }
        each = (said - long) // (people - 1)
        of = [*itertools.repeat(1, long), *(nid for nid in range(2, people + 1) for _ in range(each))]
        of += [people] * (said - len(of))
        counts = dict.fromkeys(range(1, people + 1), 0)
        totals = dict.fromkeys(range(1, people + 1), 0)
        for nid in of:
            totals[nid] += 1
        with (
            conn.cursor() as cursor,
            cursor.copy(
                "copy identity.event (seq, nid, happened, hash, learnt, name_id, source_id, channel, ids, message_id,"
                " body) from stdin"
            ) as copy,
        ):
            for seq, nid in enumerate(of, 1):
                counts[nid] += 1
                left = totals[nid] - counts[nid]
                theirs = left % 2 == 0
                at = NOW - timedelta(days=left * (0.005 if nid == 1 else 45), seconds=nid % 86_000)
                text = " ".join(chance.choices(COMMON, k=8) + chance.choices(rare, k=4))
                told = {"text": text} if theirs else {"text": text, "author": "Olga", "class": "conversational"}
                name = names["Message Received" if theirs else "Message Sent"]
                copy.write_row(
                    (seq, nid, at, f"{seq:032x}", at, name, source, 0, [nid], f"m{seq}", Jsonb({"properties": told}))
                )
        conn.execute("insert into identity.batch (seq_to, seq_from, linked_at) values (%s, 1, %s)", (said, NOW))


def _follow(database: Database, clock: ManualClock) -> float:
    began = time.perf_counter()
    before = -1
    while True:
        with database.transaction() as conn:
            found = following.follow(conn, clock=clock)
        if found.seq == before:
            return time.perf_counter() - began
        before = found.seq


def _times(database: Database, people: int, asked: int) -> dict[str, list[float]]:
    chance = random.Random(11)
    found: dict[str, list[float]] = {}

    def measure(name: str, work: Callable[[psycopg.Connection], object]) -> None:
        with database.transaction() as conn:
            began = time.perf_counter()
            work(conn)
            found.setdefault(name, []).append(1000 * (time.perf_counter() - began))

    def who(nid: int) -> reading.Person:
        with database.transaction() as conn:
            return reading.person(conn, f"profile:{nid}", b"v" * 32)

    heavy = who(1)
    deep = {"thread": None, "deep thread": (NOW - timedelta(days=250), 0, 2**62)}
    kinds: dict[str, Callable[[], str]] = {
        "rare": lambda: f"word{chance.randrange(RARE_WORDS)}",
        "frequent": lambda: chance.choice(COMMON),
        "two words": lambda: f"{chance.choice(COMMON)} word{chance.randrange(RARE_WORDS)}",
        "two frequent": lambda: " ".join(chance.sample(COMMON, 2)),
        "three frequent": lambda: " ".join(chance.sample(COMMON, 3)),
        "half typed": lambda: chance.choice(COMMON)[:3],
        "not there": lambda: f"{chance.choice(COMMON)} nowhere",
    }
    for _ in range(asked):
        for view in ("open", "unassigned", "closed"):
            measure("inbox", lambda conn, view=view: reading.inbox(conn, Filter(view, 1), 50))
        measure("waiting", lambda conn: reading.inbox(conn, Filter("open", 1, "waiting"), 50))
        measure("counts", lambda conn: reading.Counts(ManualClock(NOW)).of(conn, [Filter(view, 1) for view in VIEWS]))
        for name, before in deep.items():
            measure(name, lambda conn, before=before: reading.thread(conn, heavy, before, 50))
        other = Reach(chance.randrange(2, people), 0, NOW, NOW).person
        measure(
            "short thread",
            lambda conn, nid=other: reading.thread(conn, reading.person(conn, f"profile:{nid}", b"v" * 32), None, 50),
        )
        for name, make in kinds.items():
            text = make()
            measure(f"search {name}", lambda conn, text=text: searching.search(conn, text, before=None, limit=50))
            measure(
                f"bare {name}",
                lambda conn, text=text: conn.execute(
                    "select seq from conversations.said where words @@ %s::tsquery order by at desc, seq desc limit 51",
                    (words.query(text),),
                ).fetchall(),
            )
    found["search"] = [each for name in kinds for each in found[f"search {name}"]]
    found["bare search"] = [each for name in kinds for each in found[f"bare {name}"]]
    return found

"""The real linker, on a real PostgreSQL, against the reference model: told the same step by step, and compared."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from harness import (
    LOOSE,
    PEOPLE,
    TIGHT,
    CrashError,
    Identifier,
    Member,
    Observation,
    Pair,
    Rehearsal,
    Who,
    World,
    machine,
)
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from mutants import STORIES, tell
from psycopg import Connection

from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import AsOf, SourceInfo
from onevoice.domains.identity.rules import tokens
from onevoice.domains.identity.rules.observe import digest_of, message_hash
from onevoice.domains.identity.service import operate, references
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service.link import Linker
from onevoice.domains.identity.service.prepare import Incoming
from onevoice.domains.identity.store import links
from onevoice.domains.profiles.service import cards, folds, reading
from onevoice.kit.db import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32
YEAR = timedelta(days=365)
SOURCES = {number: SourceInfo(number, f"source {number}", "site", None, number) for number in (0, 1)}
TABLES = (
    "events.seen identity.link identity.node identity.vault identity.evidence identity.edge identity.cannot"
    " identity.action identity.event identity.batch identity.moved profiles.counter profiles.trait profiles.spend"
    " profiles.card profiles.pulse profiles.position"
).split()


def moment(second: int) -> datetime:
    return START + timedelta(seconds=second)


class Reader:
    def __init__(self, database: Database, as_of: AsOf) -> None:
        self._database = database
        self._as_of = as_of

    def _reference(self, conn: Connection, who: Who) -> str:
        if len(who) == 2:
            return f"{who[0]}:{who[1]}"
        return f"profile:{epoch_nodes(conn, who[:2])[who[2]]}"

    def _found(self, conn: Connection, who: Who) -> identity.Profile:
        return identity.profile(conn, self._reference(conn, who), KEY, self._as_of)

    def partition(self) -> set[frozenset[Member]]:
        with self._database.transaction() as conn:
            if self._as_of.learnt is None:
                return partition_now(conn)
            return self._partition_then(conn)

    def _partition_then(self, conn: Connection) -> set[frozenset[Member]]:
        bases = conn.execute("select nid from identity.node where nid = base and learnt <= %s", (self._as_of.learnt,))
        parts: dict[int, set[tuple[int, datetime]]] = {}
        for (base,) in bases.fetchall():
            for node in [
                base,
                *(row[0] for row in conn.execute("select nid from identity.node where base = %s", (base,))),
            ]:
                found = identity.profile(conn, f"profile:{node}", KEY, self._as_of)
                parts[found.id] = {(member.nid, member.from_at) for member in found.members}
        names = {
            row[0]: row[1:]
            for row in conn.execute(
                "select n.nid, k.name, v.value #>> '{}', n.base from identity.node n"
                " join identity.kind k on k.id = n.kind join identity.vault v on v.nid = n.base and v.key = ''"
            )
        }
        opened: dict[int, list[int]] = {}
        order = {
            row[0]: row[1:]
            for row in conn.execute(
                "select nid, from_at, coalesce(mark, '00000000-0000-0000-0000-000000000000'), coalesce(logout, false)"
                " from identity.node"
            )
        }
        for members in parts.values():
            for nid, _ in members:
                opened.setdefault(names[nid][2], []).append(nid)
        for nids in opened.values():
            nids.sort(key=lambda nid: order[nid])
        return {
            frozenset((names[nid][0], names[nid][1], opened[names[nid][2]].index(nid)) for nid, _ in members)
            for members in parts.values()
        }

    def counters(self, who: Who) -> Mapping[str, int]:
        view = self._view(who)
        return {name: counter.count for name, counter in view.counters.items() if name not in {"identify", "alias"}}

    def traits(self, who: Who) -> Mapping[str, Any]:
        return {name: value.value for name, value in self._view(who).current.items()}

    def _view(self, who: Who) -> reading.View:
        with self._database.transaction() as conn:
            return reading.view_of(conn, self._found(conn, who), as_of=self._as_of, sources=SOURCES)

    def events(self, who: Who) -> Sequence[bytes]:
        with self._database.transaction() as conn:
            found = self._found(conn, who)
            page, more = identity.timeline(conn, found.members, identity.TimelineQuery(self._as_of, limit=500))
            assert more is None
            return [event.hash for event in page]


def epoch_nodes(conn: Connection, identifier: Identifier) -> list[int]:
    rows = conn.execute(
        "select e.nid from identity.node n join identity.node e on e.base = n.nid where n.digest = %s::uuid"
        " and e.until_at >= e.from_at order by e.from_at, e.mark nulls first, e.logout nulls first",
        (digest_of(KEY, *identifier).hex(),),
    )
    return [row[0] for row in rows]


def partition_now(conn: Connection) -> set[frozenset[Member]]:
    rows = conn.execute(
        "select n.pid, k.name, v.value #>> '{}', row_number() over (partition by n.base order by n.from_at,"
        " n.mark nulls first, n.logout nulls first) - 1 from identity.node n join identity.kind k on k.id = n.kind"
        " join identity.vault v on v.nid = n.base and v.key = '' where n.until_at >= n.from_at"
    )
    parts: dict[int, set[Member]] = {}
    for pid, kind, value, index in rows:
        parts.setdefault(pid, set()).add((kind, value, index))
    return {frozenset(part) for part in parts.values()}


class Product(Reader):
    """Binds the linker and the folds, in one transaction a batch, as the linking job does."""

    crash_points = ("before the commit", "between linking and folding")
    source_priorities = (0, 1)

    def __init__(self, database: Database, kinds: Mapping[str, Any]) -> None:
        super().__init__(database, AsOf())
        self._crash: str | None = None
        self._linker = Linker(KEY, events.unseen, cache_entries=64, link_key=KEY)
        with database.transaction() as conn:
            for table in TABLES:
                conn.execute(f"delete from {table}")
            conn.execute("update profiles.size set people = 0")
            for name, (_, limit, weak, _) in kinds.items():
                names = [name] if name != "messenger" else ["telegram"]
                conn.execute(
                    "update identity.kind set per_profile = %s, per_profile_weak = %s where name = any(%s)",
                    (limit, weak, names),
                )

    def hash_of(self, message_id: str, source_priority: int) -> bytes:
        return message_hash(source_priority, message_id)

    def order(self, identifier: Identifier) -> Any:
        return digest_of(KEY, *identifier)

    def send(self, link: tuple[str, Identifier]) -> None:
        name, (kind, value) = link
        with self._database.transaction() as conn:
            to = references.locate(conn, f"{kind}:{value}", KEY)[0]
            links.add(conn, [(int(name), to, START - YEAR, START + YEAR)])

    def crash_next(self, point: str | None) -> None:
        self._crash = point

    def apply(self, batch: Sequence[Observation]) -> None:
        frames = [Incoming(o.source_priority, moment(o.learnt), None, [encode(o)]) for o in batch]
        at = max((moment(o.learnt) for o in batch), default=START)
        try:
            with self._database.transaction() as conn:
                linked, refused = self._linker.link(conn, self._linker.prepare(conn, frames, SOURCES), at)
                assert not refused
                self._crash_at("between linking and folding")
                folds.apply(conn, linked, SOURCES)
                self._crash_at("before the commit")
        except BaseException:
            self._linker.forget()
            raise

        self._index()

    def _index(self) -> None:
        """The cards follow each step; at the end they are what they would be had they been made anew."""
        with self._database.transaction() as conn:
            while cards.index(conn).behind:
                pass

    def _crash_at(self, point: str) -> None:
        if self._crash == point:
            self._crash = None
            raise CrashError

    def _locate(self, conn: Connection, who: Who) -> int:
        return references.locate(conn, self._reference(conn, who), KEY)[0]

    def merge(self, x: Who, y: Who, at: int) -> Any:
        with self._database.transaction() as conn:
            ends = self._locate(conn, x), self._locate(conn, y)
            made = operate.merge(conn, *ends, actor="test", reason="test", at=moment(at)).id
        self._index()
        return made

    def undo(self, merge_id: Any, at: int) -> None:
        with self._database.transaction() as conn:
            operate.undo(conn, merge_id, actor="test", at=moment(at))
        self._index()

    def rehearse_undo(self, merge_id: Any, at: int) -> Rehearsal:
        with self._database.transaction() as conn, conn.transaction(force_rollback=True):
            done = operate.undo(conn, merge_id, actor="test", at=moment(at))
            return Rehearsal(partition_now(conn), bool(done.moves), [merge.id for merge in done.held_by])

    def split(self, who: Who, identifiers: Collection[Identifier], at: int) -> None:
        with self._database.transaction() as conn:
            operate.split(conn, self._locate(conn, who), list(identifiers), actor="test", reason="test", at=moment(at))
        self._index()

    def as_of(self, happened: int, known: int) -> Reader:
        return Reader(self._database, AsOf(moment(happened), moment(known)))

    def close(self) -> None:
        self._linker.forget()
        with self._database.transaction() as conn:
            kept = [conn.execute(f"select * from profiles.{table} order by pid").fetchall() for table in KEPT]
            people = conn.execute("select people from profiles.size").fetchall()
            pids = [row[0] for row in conn.execute("select distinct pid from identity.node")]
            for table in KEPT:
                conn.execute(f"delete from profiles.{table}")
            conn.execute("update profiles.size set people = 0")
            cards.refresh(conn, pids)
            anew = [conn.execute(f"select * from profiles.{table} order by pid").fetchall() for table in KEPT]
            assert kept == anew
            assert people == conn.execute("select people from profiles.size").fetchall()


KEPT = ("card", "pulse")


def encode(seen: Observation) -> bytes:
    token = {"link_token": tokens.make(int(seen.link[0]), tokens.key_of(KEY))} if seen.link else {}
    kind = "identify" if seen.name is None else "track"
    return msgspec.json.encode(
        {
            "type": kind,
            "event": seen.name,
            "messageId": seen.message_id,
            "timestamp": moment(seen.happened).isoformat(),
            "traits": dict(seen.traits),
            "context": {"externalIds": [external(*identifier) for identifier in sorted(seen.identifiers)], **token},
        }
    )


def external(kind: str, value: str) -> dict[str, str]:
    return {"id": value, "type": kind.removeprefix("external:")}


@pytest.fixture
def open_product(database: Database) -> Callable[[Mapping[str, Any]], Product]:
    return lambda kinds: Product(database, kinds)


CAREFUL = settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "6")),
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
def test_the_linker_agrees_with_the_model(open_product: Callable[..., Product], kinds: Mapping[str, Any]) -> None:
    run_state_machine_as_test(machine(World(open_product, kinds)), settings=CAREFUL)


# A split and three others; then operators join who is apart, and take joins back in any order.
AT_ODDS = {
    "opening": (frozenset((PEOPLE[5], PEOPLE[8])), frozenset(PEOPLE[1:2]), frozenset(PEOPLE[2:3])),
    "events": 3,
    "places": (),
    "splits": 4,
    "crashes": False,
}


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
def test_it_agrees_where_links_are_opened(open_product: Callable[..., Product], kinds: Mapping[str, Any]) -> None:
    run_state_machine_as_test(machine(World(open_product, kinds, links=True)), settings=CAREFUL)


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
def test_it_agrees_where_operators_are_at_odds(open_product: Callable[..., Product], kinds: Mapping[str, Any]) -> None:
    run_state_machine_as_test(machine(World(open_product, kinds, **AT_ODDS)), settings=CAREFUL)


@pytest.mark.parametrize("kinds", [TIGHT, LOOSE], ids=["tight", "loose"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_it_agrees_in_each_story(
    open_product: Callable[..., Product], story: Callable[[Pair], None], kinds: Mapping[str, Any]
) -> None:
    tell(story, open_product(kinds), kinds)

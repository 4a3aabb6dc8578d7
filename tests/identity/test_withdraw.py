"""Taking an import back: with it and without it again is as though it had never come, whatever came around it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_linker_stateful import KEY, SOURCES, TABLES, epoch_nodes, external, moment, partition_now

from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.service import operate, references, withdraw
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service.link import Linker
from onevoice.domains.identity.service.prepare import Incoming
from onevoice.domains.profiles.service import cards, folds, reading
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError

MORE_TABLES = [*TABLES, "identity.imported", "identity.said_again", "identity.withdrawn", "identity.known_before"]
IDENTIFIERS = [
    ("user_id", "u1"),
    ("user_id", "u2"),
    ("user_id", "u3"),
    ("loyalty_card", "c1"),
    ("email", "e1@x.pl"),
    ("email", "e2@x.pl"),
    ("telegram", "t1"),
    ("device", "d1"),
    ("device", "d2"),
    ("anonymous_id", "a1"),
    ("anonymous_id", "a2"),
]
UNDONE, KEPT_IMPORT = 7, 8
LATER = 1_000


@dataclass(frozen=True)
class Said:
    """One event. via: the import it came by, 0 for none."""

    ids: tuple[tuple[str, str], ...]
    happened: int
    name: str
    message: str
    via: int

    @property
    def raw(self) -> bytes:
        order = {"total": 10 + self.happened, "currency": "PLN"} if self.name == "Order Completed" else {}
        return msgspec.json.encode(
            {
                "type": "identify" if self.name == "identify" else "track",
                "event": None if self.name == "identify" else self.name,
                "messageId": self.message,
                "timestamp": moment(self.happened).isoformat(),
                "properties": order,
                "traits": {"city": f"city {self.message}", "first_name": f"n{self.happened}"},
                "context": {"externalIds": [external(*each) for each in self.ids]},
            }
        )


class Road:
    """Links batches, each learnt at its number, and takes an import back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.linker = Linker(KEY, events.unseen, cache_entries=64)
        self.clock = 20
        with database.transaction() as conn:
            for table in MORE_TABLES:
                conn.execute(f"delete from {table}")
            conn.execute("update profiles.size set people = 0")

    def link(self, batch: Sequence[Said], at: int | None = None) -> None:
        self.clock += 1
        at = self.clock if at is None else at
        frames = [Incoming(1, moment(at), None, [said.raw], said.via or None) for said in batch]
        with self.database.transaction() as conn:
            linked, refused = self.linker.link(conn, self.linker.prepare(conn, frames, SOURCES), moment(self.clock))
            assert not refused
            folds.apply(conn, linked, SOURCES)
        self.index()

    def undo(self, import_id: int, limit: int = 3) -> None:
        self.clock += 1
        while True:
            with self.database.transaction() as conn:
                done = withdraw.withdraw(conn, import_id, limit, moment(self.clock))
                folds.refold(conn, sorted(done.refold), {1: 1})
                events.forget_messages(conn, done.hashes)
            if not done.seen:
                break
        self.index()

    def forget_seen(self) -> None:
        """What happens after 90 days: a message that comes again is new."""
        with self.database.transaction() as conn:
            conn.execute("delete from events.seen")

    def act(self, kind: str, left: Any, right: Any) -> bool:
        """What an operator does; False where it cannot be done."""
        self.clock += 1
        done = {"actor": "test", "reason": "test", "at": moment(self.clock)}
        with self.database.transaction() as conn:
            try:
                nid, _ = references.locate(conn, f"{left[0]}:{left[1]}", KEY)
                if kind == "split":
                    operate.split(conn, nid, [left], **done)
                else:
                    operate.merge(conn, nid, references.locate(conn, f"{right[0]}:{right[1]}", KEY)[0], **done)
            except DomainError:
                return False
        self.index()
        return True

    def index(self) -> None:
        with self.database.transaction() as conn:
            while cards.index(conn).behind:
                pass

    def look(self) -> dict[Any, Any]:
        """Everything that a reader can see, by the values of identifiers: numbers differ from road to road."""
        with self.database.transaction() as conn:
            seen: dict[Any, Any] = {
                (identifier, index): self._person(conn, nid, AsOf())
                for identifier in IDENTIFIERS
                for index, nid in enumerate(epoch_nodes(conn, identifier))
            }
            seen = {who: person for who, person in seen.items() if person is not None}
            seen["parts"] = self._parts(conn)
            seen["cards"] = conn.execute(
                "select c.name, c.contact, c.city, p.last_at, p.first_at, p.events, p.channels, p.orders, p.spent_minor"
                " from profiles.card c join profiles.pulse p using (pid)"
                " order by 1, 2, 3, 4, 5, 6, 7, 8, 9"
            ).fetchall()
            seen["size"] = conn.execute("select people from profiles.size").fetchall()
        return seen

    def numbers(self) -> list[int]:
        with self.database.transaction() as conn:
            return [row[0] for row in conn.execute("select nid from identity.node order by nid")]

    def living(self) -> list[int]:
        with self.database.transaction() as conn:
            return [nid for identifier in IDENTIFIERS for nid in epoch_nodes(conn, identifier)]

    def known(self, numbers: Sequence[int], at: int | None) -> dict[int, Any]:
        """What was known by then; now, if None."""
        as_of = AsOf(None, None if at is None else moment(at))
        with self.database.transaction() as conn:
            return {nid: self._person(conn, nid, as_of) for nid in numbers}

    @staticmethod
    def _parts(conn: Any) -> Any:
        with conn.transaction(force_rollback=True):
            conn.execute("delete from identity.node where learnt > '9999-01-01'")
            return partition_now(conn)

    @staticmethod
    def _person(conn: Any, nid: int, as_of: AsOf) -> Any:
        try:
            found = identity.profile(conn, f"profile:{nid}", KEY, as_of)
        except references.UnknownProfileError:
            return None
        view = reading.view_of(conn, found, as_of=as_of, sources=SOURCES)
        page, _ = identity.timeline(conn, found.members, identity.TimelineQuery(as_of, limit=500))
        return (
            sorted((member.kind, member.value, member.from_at, member.until_at) for member in found.members),
            {member.value: member.learnt for member in found.members if member.nid == member.base},
            {name: counter.count for name, counter in view.counters.items()},
            {name: value.value for name, value in view.current.items()},
            [event.hash for event in page],
            view.spend if hasattr(view, "spend") else None,
        )


@dataclass(frozen=True)
class Story:
    """batches: what is linked together. undo_behind: number of the batch. acts: by the number of the batch before."""

    batches: list[list[Said]]
    undo_behind: int
    acts: dict[int, tuple[str, Any, Any]]

    def never(self, road: Road) -> None:
        """As though the import had never come."""
        for number, batch in enumerate(self.batches):
            road.link([said for said in batch if said.via != UNDONE])
            road.clock += number == self.undo_behind
            if number in self.acts:
                road.act(*self.acts[number])

    def undone(self, road: Road, limit: int) -> tuple[int, list[int], Any]:
        """Returns: what was known right before the undo: when, of whom, what."""
        then: tuple[int, list[int], Any] = (0, [], None)
        for number, batch in enumerate(self.batches):
            road.link(batch)
            if number == self.undo_behind:
                numbers = road.numbers()
                then = road.clock, numbers, road.known(numbers, road.clock)
                road.undo(UNDONE, limit)
            if number in self.acts:
                road.act(*self.acts[number])
        return then


SAID = st.builds(
    lambda ids, happened, name, via: (tuple(sorted(ids)), happened, name, via),
    st.sets(st.sampled_from(IDENTIFIERS), min_size=1, max_size=3),
    st.integers(0, 12),
    st.sampled_from(["identify", "Seen", "Seen", "Order Completed", "Signed Out"]),
    st.sampled_from([0, 0, UNDONE, UNDONE, KEPT_IMPORT]),
)


@st.composite
def roads(draw: Any) -> Story:
    """What is said, what operators do before the import begins or after its undo, and where that stands."""
    rows = draw(st.lists(SAID, min_size=2, max_size=14))
    said = [Said(ids, happened, name, f"m{number}", via) for number, (ids, happened, name, via) in enumerate(rows)]
    cuts = sorted(draw(st.sets(st.integers(1, len(said) - 1), max_size=4)))
    batches = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    last = max((number for number, batch in enumerate(batches) if any(s.via == UNDONE for s in batch)), default=0)
    behind = draw(st.integers(last, len(batches) - 1))
    first = next((number for number, batch in enumerate(batches) if any(s.via == UNDONE for s in batch)), 0)
    free = [*range(first), *range(behind, len(batches))]
    act = st.tuples(st.sampled_from(["merge", "split"]), st.sampled_from(IDENTIFIERS), st.sampled_from(IDENTIFIERS))
    acts = draw(st.dictionaries(st.sampled_from(free), act, max_size=2))
    return Story(batches, behind, acts)


CAREFUL = settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "40")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@CAREFUL
@given(story=roads(), limit=st.sampled_from([1, 3, 100]))
def test_with_it_and_without_it_again_is_as_though_it_had_never_come(
    database: Database, story: Story, limit: int
) -> None:
    never = Road(database)
    story.never(never)
    expected = never.look()
    undone = Road(database)
    at, numbers, before = story.undone(undone, limit)
    assert differences(undone.look(), expected) == {}
    # As of a time before the undo everything is as it was known then.
    assert differences(undone.known(numbers, at), before) == {}
    # Computed anew from the whole ledger it is what stands.
    standing = undone.known(numbers := undone.living(), None)
    assert differences(undone.known(numbers, LATER), standing) == {}


def differences(left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    return {key: (left.get(key), right.get(key)) for key in {*left, *right} if left.get(key) != right.get(key)}


U1, U2, E1, D1, D2 = ("user_id", "u1"), ("user_id", "u2"), ("email", "e1@x.pl"), ("device", "d1"), ("device", "d2")
LAST = 900
"""A moment by which all was learnt."""


def said(message: str, happened: int, *ids: tuple[str, str], name: str = "Seen", via: int = 0) -> Said:
    return Said(tuple(sorted(ids)), happened, name, message, via)


def whose(road: Road, reference: str, at: int | None = None) -> list[str]:
    """The values of a profile's identifiers, as known then."""
    as_of = AsOf(None, None if at is None else moment(at))
    with road.database.transaction() as conn:
        return sorted(member.value for member in identity.profile(conn, reference, KEY, as_of).members)


class TestAMessageThatIsStoredTwice:
    """A file tells another moment of it than its sender's clock, and `events.seen` has forgotten it."""

    def test_only_what_the_file_said_of_it_is_withdrawn(self, database: Database) -> None:
        road = Road(database)
        road.link([said("in", 5, U1, D1)])
        road.link([said("out", 10, U1, D1, name="Signed Out")])
        expected = road.look()
        road.forget_seen()
        road.link([said("out", 11, U1, D1, name="Signed Out", via=UNDONE)])
        road.undo(UNDONE)
        assert differences(road.look(), expected) == {}
        assert whose(road, "device:d1") == whose(road, "device:d1", LAST) == ["d1"]

    def test_what_it_says_live_is_written_down_once_only_the_file_had_said_it(self, database: Database) -> None:
        road = Road(database)
        road.link([said("in", 5, U1, E1, D1, via=UNDONE)])
        road.forget_seen()
        road.link([said("in", 6, U1, E1, D1)])
        road.undo(UNDONE)
        assert whose(road, "device:d1") == whose(road, "device:d1", LAST) == ["d1", "e1@x.pl", "u1"]

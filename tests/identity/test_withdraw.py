"""Taking an import back: with it and without it again is as though it had never come, whatever came around it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_linker_stateful import KEY, SOURCES, TABLES, epoch_nodes, external, moment, partition_now

from onevoice.domains.events.service import log as events
from onevoice.domains.events.service.plan import Personal
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.rules import tokens
from onevoice.domains.identity.service import operate, references, sealing, withdraw
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service.link import Linker
from onevoice.domains.identity.service.prepare import Incoming
from onevoice.domains.identity.store import links
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
    """One event. via: the import it came by, 0 for none. link: the number of the one that it opened."""

    ids: tuple[tuple[str, str], ...]
    happened: int
    name: str
    message: str
    via: int
    link: int | None = None

    @property
    def raw(self) -> bytes:
        token = {} if self.link is None else {"link_token": tokens.make(self.link, tokens.key_of(KEY))}
        order = {"total": 10 + self.happened, "currency": "PLN"} if self.name == "Order Completed" else {}
        return msgspec.json.encode(
            {
                "type": "identify" if self.name == "identify" else "track",
                "event": None if self.name == "identify" else self.name,
                "messageId": self.message,
                "timestamp": moment(self.happened).isoformat(),
                "properties": order,
                "traits": {"city": f"city {self.message}", "first_name": f"n{self.happened}"},
                "context": {"externalIds": [external(*each) for each in self.ids], **token},
            }
        )


class Road:
    """Links batches, each learnt at its number, and takes an import back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.linker = Linker(KEY, events.unseen, cache_entries=64, link_key=KEY)
        self.clock = 20
        with database.transaction() as conn:
            for table in MORE_TABLES:
                conn.execute(f"delete from {table}")
            conn.execute("update profiles.size set people = 0")

    def link(self, batch: Sequence[Said], delay: int = 0) -> None:
        self.clock += 1
        received = moment(self.clock - delay)
        frames = [Incoming(1, received, None, [said.raw], said.via or None) for said in batch]
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

    def send(self, number: int, to: tuple[str, str]) -> None:
        """A link for somebody who is known."""
        with self.database.transaction() as conn:
            nid, _ = references.locate(conn, f"{to[0]}:{to[1]}", KEY)
            links.add(conn, [(number, nid, moment(0), moment(LATER))])

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
                (identifier, index): self._person(conn, f"profile:{nid}", AsOf())
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

    def look_back(self, at: int) -> dict[Any, Any]:
        """What was known by then, by the values of identifiers."""
        with self.database.transaction() as conn:
            return {who: self._person(conn, f"{who[0]}:{who[1]}", AsOf(None, moment(at))) for who in IDENTIFIERS}

    def known(self, numbers: Sequence[int], at: int | None) -> dict[int, Any]:
        """What was known by then; now, if None."""
        as_of = AsOf(None, None if at is None else moment(at))
        with self.database.transaction() as conn:
            return {nid: self._person(conn, f"profile:{nid}", as_of) for nid in numbers}

    @staticmethod
    def _parts(conn: Any) -> Any:
        with conn.transaction(force_rollback=True):
            conn.execute("delete from identity.node where learnt > '9999-01-01'")
            return partition_now(conn)

    @staticmethod
    def _person(conn: Any, reference: str, as_of: AsOf) -> Any:
        try:
            found = identity.profile(conn, reference, KEY, as_of)
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
    """batches: what is linked together, each with how long it had been received before. undo_behind: number of the
    batch. acts: by the number of the batch before; and so links, to whom.
    """

    batches: list[tuple[list[Said], int]]
    undo_behind: int
    acts: dict[int, tuple[str, Any, Any]]
    links: dict[int, tuple[str, str]]

    def never(self, road: Road) -> None:
        """As though the import had never come; what others said after it, they had said in its words."""
        said = [each for batch, _ in self.batches[: self.undo_behind + 1] for each in batch]
        others: dict[str, int] = {}
        for each in said:
            if each.via != UNDONE:
                others[each.message] = min(each.via, others.get(each.message, each.via))
        for number, (batch, delay) in enumerate(self.batches):
            told = [
                each if each.via != UNDONE else replace(each, via=others[each.message], link=None)
                for each in batch
                if each.via != UNDONE or each.message in others
            ]
            road.link(told, delay)
            road.clock += number == self.undo_behind
            self._behind(number, road)

    def undone(self, road: Road, limit: int) -> None:
        """Before the undo and after it, the same was known at any moment before."""
        for number, (batch, delay) in enumerate(self.batches):
            road.link(batch, delay)
            if number == self.undo_behind:
                numbers, moments = road.numbers(), range(road.clock, 20, -2)
                before = {at: road.known(numbers, at) for at in moments}
                road.undo(UNDONE, limit)
                for at in moments:
                    assert differences(road.known(numbers, at), before[at]) == {}
            self._behind(number, road)

    def _behind(self, number: int, road: Road) -> None:
        if number in self.acts:
            road.act(*self.acts[number])
        if number in self.links:
            road.send(number, self.links[number])


SAID = st.tuples(
    st.sets(st.sampled_from(IDENTIFIERS), min_size=1, max_size=3).map(lambda ids: tuple(sorted(ids))),
    st.integers(0, 12),
    st.sampled_from(["identify", "Seen", "Seen", "Order Completed", "Signed Out"]),
    st.sampled_from([0, 0, UNDONE, UNDONE, KEPT_IMPORT]),
    st.sampled_from([None, None, 0, 1, 2, 3]),
)


@st.composite
def roads(draw: Any) -> Story:
    """What is said, also again, or received before what was linked before it; links that are sent and opened; what
    operators do before the import begins or after its undo; and where that stands.
    """
    said = [
        Said(*row[:3], f"m{number}", *row[3:])
        for number, row in enumerate(draw(st.lists(SAID, min_size=2, max_size=14)))
    ]
    for again, via in draw(
        st.lists(st.tuples(st.sampled_from(said), st.sampled_from([0, UNDONE, KEPT_IMPORT])), max_size=3)
    ):
        said.insert(draw(st.integers(0, len(said))), replace(again, via=via))
    cuts = sorted(draw(st.sets(st.integers(1, len(said) - 1), max_size=4)))
    batches = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    numbers = range(len(batches))
    undone = [number for number in numbers if any(each.via == UNDONE for each in batches[number])] or [0]
    behind = draw(st.integers(undone[-1], numbers[-1]))
    free = [*range(undone[0]), *range(behind, len(batches))]
    act = st.tuples(st.sampled_from(["merge", "split"]), st.sampled_from(IDENTIFIERS), st.sampled_from(IDENTIFIERS))
    acts = draw(st.dictionaries(st.sampled_from(free), act, max_size=2))
    links: dict[int, tuple[str, str]] = {}
    for number in numbers:
        known = [who for batch in batches[: number + 1] for each in batch if each.via != UNDONE for who in each.ids]
        named = sorted({who for who in known if who[0] not in {"device", "anonymous_id"}})
        if named and draw(st.booleans()):
            links[number] = draw(st.sampled_from(named))
    delays = draw(st.lists(st.sampled_from([0, 0, 0, 1, 3]), min_size=len(batches), max_size=len(batches)))
    return Story(list(zip(batches, delays, strict=True)), behind, acts, links)


CAREFUL = settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "15")),
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
    expected, moments = never.look(), range(never.clock, 20, -1)
    known = {at: never.look_back(at) for at in moments}
    undone = Road(database)
    story.undone(undone, limit)
    assert differences(undone.look(), expected) == {}
    # Also to whoever asks for what was known at a moment since.
    over = 22 + story.undo_behind + sum(number < story.undo_behind for number in story.acts)
    for at in (at for at in moments if at > over):
        assert differences(undone.look_back(at), known[at]) == {}
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


class TestWhatIsReceivedBeforeTheUndoAndLinkedAfterIt:
    def test_what_was_known_in_between_can_be_asked(self, database: Database) -> None:
        road = Road(database)
        road.link([said("m1", 10, U1, D1, via=UNDONE)])
        road.clock = 40
        road.undo(UNDONE)
        road.link([said("m2", 20, U2, D1)], delay=5)
        assert whose(road, "device:d1") == whose(road, "device:d1", LAST) == ["d1", "u2"]
        assert whose(road, "device:d1", 30) == ["d1", "u1"]
        assert whose(road, "device:d1", 38) == ["d1", "u2"]


class TestSealing:
    def test_what_was_taken_back_is_sealed_too(self, database: Database) -> None:
        road = Road(database)
        road.link([said("m1", 10, U1, name="Order Completed", via=UNDONE), said("m2", 11, U1, name="Order Completed")])
        road.undo(UNDONE)
        with database.transaction() as conn:
            sealing.follow(conn, Personal(1, {("track", "Order Completed"): [("properties", "currency")]}), moment(50))
            while not sealing.step(conn, KEY, moment(51)).idle:
                pass
            bodies = conn.execute(
                "select body::text from identity.withdrawn union all select body::text from identity.event"
            ).fetchall()
        assert len(bodies) == 2
        assert not [body for (body,) in bodies if "PLN" in body]
        with database.transaction() as conn:
            found = identity.profile(conn, "user_id:u1", KEY, AsOf(None, moment(21)))
            query = identity.TimelineQuery(AsOf(None, moment(21)), limit=9)
            page, _ = identity.timeline(conn, found.members, query)
        assert [event.body["properties"]["currency"] for event in page] == ["PLN", "PLN"]


class TestWhoIsForgotten:
    """Only the file had spoken of e1."""

    def test_what_links_to_them_tied_stays_one_now_and_as_known_then(self, database: Database) -> None:
        road = Road(database)
        road.link([said("m", 1, E1, via=UNDONE)])
        for number, device in enumerate((D1, D2)):
            road.send(number, E1)
            road.link([replace(said(f"o{number}", 20, device), link=number)])
        before = road.clock
        road.undo(UNDONE)
        for reference in ("device:d1", "device:d2"):
            assert whose(road, reference, before) == ["d1", "d2", "e1@x.pl"]
            assert whose(road, reference) == whose(road, reference, LAST) == ["d1", "d2"]

    def test_who_was_merged_with_them_by_hand_stays_one_now_and_as_known_then(self, database: Database) -> None:
        road = Road(database)
        road.link([said("m", 1, E1, via=UNDONE)])
        road.link([said("m1", 1, U1), said("m2", 1, ("telegram", "t1"))])
        assert road.act("merge", E1, U1)
        assert road.act("merge", E1, ("telegram", "t1"))
        road.undo(UNDONE)
        assert whose(road, "user_id:u1") == whose(road, "user_id:u1", LAST) == ["t1", "u1"]


class TestOnePersonOfManyEvents:
    def test_their_folds_are_worked_out_once(self, database: Database) -> None:
        road = Road(database)
        road.link([said(f"m{number}", number, U1, via=UNDONE) for number in range(7)])
        road.link([said("m", 3, U1)])
        refolds: list[set[int]] = []
        with database.transaction() as conn:
            while (done := withdraw.withdraw(conn, UNDONE, 3, moment(LATER))).seen:
                refolds.append(done.refold)
                folds.refold(conn, sorted(done.refold), {1: 1})
        assert [len(each) for each in refolds] == [0, 0, 1]
        with database.transaction() as conn:
            found = identity.profile(conn, "user_id:u1", KEY, AsOf())
            view = reading.view_of(conn, found, as_of=AsOf(), sources=SOURCES)
        assert view.counters["Seen"].count == 1

"""Holds any linker against the reference model: what a linker must offer, and the machine that drives both.

To bind a linker, write a class with the methods of `Linker`, then run `machine(World(open_linker=...))`; the directed
stories of `mutants` play on it as well.
"""

import hashlib
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from reference_model import KINDS, ReferenceModel

Identifier = tuple[str, str]  # kind, normalised value; of a shared one, its latest epoch is meant
Member = tuple[str, str, int]  # kind, normalised value, index of the epoch (0 where there is but one)
Who = Identifier | Member


class CrashError(Exception):
    """The linker died at the armed point and has been started again; the batch will come again."""


@dataclass(frozen=True)
class Observation:
    """One event as linking sees it: identifiers normalised, skew corrected, times in whole seconds.

    An adapter can carry every identifier in `context.externalIds`, so that its traits are `traits` and nothing else.
    """

    message_id: str
    hash: bytes
    identifiers: frozenset[Identifier]
    happened: int
    learnt: int
    name: str | None = None  # of a track call, and then it is counted
    traits: Mapping[str, str | None] = field(default_factory=dict)  # of an identify call; None removes
    logout: bool = False  # then the name is "Signed Out"
    source_priority: int = 0
    link: tuple[str, Identifier] | None = None  # a link that was opened: its name, and whom it was sent to


class Reader(Protocol):
    def partition(self) -> AbstractSet[frozenset[Member]]: ...

    def counters(self, who: Who) -> Mapping[str, int]: ...

    def traits(self, who: Who) -> Mapping[str, Any]: ...

    def events(self, who: Who) -> Sequence[bytes]:
        """Their hashes, newest first; the order of those that happened at the same time is free."""
        ...


class Linker(Reader, Protocol):
    crash_points: Sequence[str]  # where `apply` can be made to die; empty: nowhere
    source_priorities: Sequence[int]  # those an observation may have

    def hash_of(self, message_id: str, source_priority: int) -> bytes: ...

    def order(self, identifier: Identifier) -> Any:
        """What breaks a tie between two identifiers of one kind."""
        ...

    def apply(self, batch: Sequence[Observation]) -> None:
        """Link a batch, all of it or nothing. Raises: CrashError."""
        ...

    def crash_next(self, point: str | None) -> None:
        """Arm: the next `apply` dies there."""
        ...

    def send(self, link: tuple[str, Identifier]) -> None:
        """A link is made for somebody who is known; events may open it from now on, and before."""
        ...

    def merge(self, x: Who, y: Who, at: int) -> Any: ...

    def undo(self, merge_id: Any, at: int) -> None: ...

    def rehearse_undo(self, merge_id: Any, at: int) -> "Rehearsal | None":
        """What an undo would come to; None where a linker rehearses nothing."""
        ...

    def split(self, who: Who, identifiers: Collection[Identifier], at: int) -> None: ...

    def as_of(self, happened: int, known: int) -> Reader | None:
        """What was known then, of the events that had happened by then; None where a linker keeps no history."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Rehearsal:
    partition: AbstractSet[frozenset[Member]]
    moves: bool  # whether it says that anybody moves
    held_by: Sequence[Any]  # the merges by which it says that they stay together


def blake(message_id: str, source_priority: int = 0) -> bytes:
    return hashlib.blake2b(f"{source_priority} {message_id}".encode(), digest_size=16).digest()


class Reading(ReferenceModel):
    """The model between two changes: what was worked out once is not worked out again."""

    def __init__(self, model: ReferenceModel) -> None:
        self.__dict__.update(vars(model))
        self.epochs, self.partition = cache(super().epochs), cache(super().partition)


def members(model: ReferenceModel) -> set[frozenset[Member]]:
    parts = model.partition()
    identifiers = {node[:2] for part in parts for node in part}
    index = {node: number for i in identifiers for number, (node, _) in enumerate(model.epochs(i))}
    return {frozenset((*node[:2], index[node]) for node in part) for part in parts}


def node_of(model: ReferenceModel, who: Who) -> Any:
    return model.epochs(who[:2])[who[2] if len(who) == 3 else -1][0]


def member_of(model: ReferenceModel, node: Any) -> Member:
    opened = [now for now, _ in model.epochs(node[:2])]
    return (*node[:2], opened.index(model.epoch(node)))


def tied_by_hand(model: ReferenceModel, numbers: Iterable[int]) -> set[frozenset[Any]]:
    """The parts that these merges alone make."""
    edges = [edge for number in numbers for edge in model.operator_edges(number)]
    return model.kruskal({node for part in model.partition() for node in part}, edges, [])


class Pair:
    """A linker and the model: told the same, and compared."""

    def __init__(self, linker: Linker, kinds: Mapping[str, Any] = KINDS) -> None:
        self.linker, self.model = linker, ReferenceModel(kinds, linker.order)
        self.reading, self.parts = Reading(self.model), members(self.model)
        self.merges: list[Any] = []  # the linker's ids, at the model's numbers

    def observation(self, message_id: str, source_priority: int = 0, **fields: Any) -> Observation:
        digest = self.linker.hash_of(message_id, source_priority)
        return Observation(message_id, digest, source_priority=source_priority, **fields)

    def apply(self, batch: Sequence[Observation], crash: str | None = None) -> None:
        before = self.parts
        for observation in batch:
            self.model.observe(observation)
        self.linker.crash_next(crash)
        try:
            self.linker.apply(batch)
        except CrashError:
            assert self.linker.partition() in (before, members(self.model)), "half of a batch stayed behind"
            self.linker.apply(batch[::-1])  # what is read again need not be cut or ordered as before
        self.linker.crash_next(None)
        self.compare()

    def merge(self, x: Who, y: Who, at: int) -> None:
        self.merges.append(self.linker.merge(x, y, at))
        self.model.merge(node_of(self.model, x), node_of(self.model, y), at)
        self.compare()

    def undo(self, number: int, at: int) -> None:
        before, said = self.parts, self.model.operator_edges(number)
        rehearsed = self.linker.rehearse_undo(self.merges[number], at)
        assert self.linker.partition() == before, "a rehearsal leaves nothing behind"
        self.linker.undo(self.merges[number], at)
        self.model.undo(number, at)
        self.compare()
        if rehearsed is not None:
            assert rehearsed.partition == self.parts
            assert rehearsed.moves == (self.parts != before)
            self.compare_held(said, [self.merges.index(merge) for merge in rehearsed.held_by])

    def compare_held(self, said: Sequence[Any], held_by: Sequence[int]) -> None:
        """Those that a rehearsed undo names are the merges by which a pair of the undone one stays together."""
        pairs = [set(edge[3:]) for edge in said]
        assert set(held_by) <= set(self.standing())
        assert not held_by or any(pair <= part for pair in pairs for part in self.reading.partition())
        for pair in pairs:
            named, all_of_them = (
                any(pair <= part for part in tied_by_hand(self.reading, numbers))
                for numbers in (held_by, self.standing())
            )
            assert named == all_of_them

    def split(self, who: Who, identifiers: Collection[Identifier], at: int) -> None:
        self.linker.split(who, identifiers, at)
        self.model.split(node_of(self.model, who), identifiers, at)
        self.compare()

    def apart(self, members: Iterable[Member]) -> list[tuple[Member, Member]]:
        home = {member: part for part in self.parts for member in part}
        return [(x, y) for x, y in combinations(members, 2) if home[x] is not home[y]]

    def asserted_before(self) -> list[tuple[Member, Member]]:
        """What merges have tied, standing or not, and is apart now: to be merged by the same ends again."""
        edges = {edge for merge in self.model.merges for edge in merge.edges}
        pairs = {(member_of(self.reading, a), member_of(self.reading, b)) for a, b in edges}
        return sorted(pair for pair in pairs if self.apart(pair))

    def standing(self) -> list[int]:
        """Numbers of the merges that can be undone."""
        return [number for number in range(len(self.merges)) if self.reading.operator_edges(number)]

    def compare(self) -> None:
        self.reading = Reading(self.model)
        self.parts = members(self.reading)
        assert self.linker.partition() == self.parts

    def everybody(self) -> list[Who]:
        """One member of each profile, and each identifier."""
        return sorted({min(part) for part in self.parts} | {member[:2] for part in self.parts for member in part})

    def compare_reads(self, who: Iterable[Who]) -> None:
        for each in who:
            agree(self.linker, self.reading, each)

    def compare_as_of(self, happened: int, known: int, who: Iterable[Who]) -> None:
        reader, then = self.linker.as_of(happened, known), Reading(self.model.known(known))
        if reader is None:
            return
        assert reader.partition() == members(then)
        for each in who:
            if any(each[:2] in event.identifiers for event in then.seen.values()):
                agree(reader, then, each[:2], happened)


def agree(reader: Reader, model: ReferenceModel, who: Who, *until: int) -> None:
    node = node_of(model, who)
    events = {event.hash: event.happened for event in model.events(node, *until)}
    found = list(reader.events(who))
    assert sorted(found) == sorted(events), who
    assert sorted(found, key=lambda key: -events[key]) == found, who
    assert reader.counters(who) == model.counters(node, *until), who
    assert reader.traits(who) == model.traits(node, *until), who


# Limits small enough to be met. Anchor priority, limit, limit through tier 5 and weaker, shared.
TIGHT = {**KINDS, "email": (4, 1, 1, 0), "phone": (5, 1, 1, 0), "device": (7, 3, 3, 1), "anonymous_id": (8, 3, 3, 1)}
LOOSE = {**KINDS, "email": (4, 2, 2, 0), "phone": (5, 2, 2, 0), "loyalty_card": (2, 2, 1, 0)}
PEOPLE = (
    ("user_id", "u1"),
    ("user_id", "u2"),
    ("loyalty_card", "CARD1"),
    ("loyalty_card", "CARD2"),
    ("loyalty_card", "CARD3"),
    ("email", "a@shop.example"),
    ("email", "b@shop.example"),
    ("email", "c@shop.example"),
    ("phone", "+48512345671"),
    ("phone", "+48512345672"),
    ("telegram", "700100"),
    ("external:crm", "17"),
)
PLACES = (("device", "tablet"), ("device", "till"), ("anonymous_id", "w1"), ("anonymous_id", "w2"))


@dataclass(frozen=True)
class World:
    """How hard to look, and where: few identifiers and few moments meet often."""

    open_linker: Callable[[Mapping[str, Any]], Linker]
    kinds: Mapping[str, Any] = field(default_factory=lambda: LOOSE)
    people: tuple[Identifier, ...] = PEOPLE
    places: tuple[Identifier, ...] = PLACES
    moments: int = 6
    least: int = 1  # identifiers of a person in an identify call
    most: int = 3
    operator: bool = True
    crashes: bool = True
    opening: tuple[frozenset[Identifier], ...] = ()  # events that are told before anything else
    events: int = 1000  # then only operators act
    splits: int = 1000  # each takes merges with it: few leave many to be undone
    links: bool = False  # are sent and opened


def machine(world: World) -> type[RuleBasedStateMachine]:
    """Both are told the same, step by step, and must be of one mind after each."""
    moments, pauses = st.integers(0, world.moments), st.integers(0, 1)
    people, places = st.sampled_from(world.people), st.sampled_from(world.places or world.people)
    some_people = st.frozensets(people, min_size=world.least, max_size=world.most)
    some_places = st.frozensets(places, max_size=2) if world.places else st.just(frozenset())
    seldom = st.sampled_from((False, False, False, True))
    traits = st.dictionaries(st.sampled_from(("name", "city")), st.sampled_from(("Ada", "Żywiec", None)), max_size=2)
    fate = st.sampled_from(("now", "now", "queue", "hold"))
    lively = precondition(lambda self: self.count < world.events)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.pair = Pair(world.open_linker(world.kinds), world.kinds)
            self.clock, self.count, self.splits, self.queue, self.held, self.sent = 100, 0, 0, [], [], []
            self.links: dict[int, tuple[str, Identifier]] = {}

        def send(self, fate: str, pause: int, priority: int = 0, **fields: Any) -> None:
            self.clock += pause
            self.count += 1
            known = self.pair.linker.source_priorities
            seen = self.pair.observation(f"m{self.count}", known[priority % len(known)], learnt=self.clock, **fields)
            (self.held if fate == "hold" else self.queue).append(seen)
            if fate == "now":
                self.deliver()

        @initialize()
        def open(self) -> None:
            for identifiers in world.opening:
                self.send("now", 0, identifiers=identifiers, happened=0)

        def deliver(self, crash: str | None = None) -> None:
            batch, self.queue = self.queue, []
            self.sent += batch
            self.pair.apply(batch, crash)

        @lively
        @rule(
            who=some_people,
            where=some_places,
            traits=traits,
            happened=moments,
            priority=pauses,
            fate=fate,
            pause=pauses,
        )
        def identify(self, who, where, traits, happened, priority, fate, pause) -> None:
            self.send(fate, pause, priority, identifiers=who | where, traits=traits, happened=happened)

        @lively
        @rule(who=people, previous=places, happened=moments, fate=fate, pause=pauses)
        def alias(self, who, previous, happened, fate, pause) -> None:
            self.send(fate, pause, identifiers=frozenset((who, previous)), happened=happened)

        @lively
        @rule(
            who=st.frozensets(people, max_size=1),
            where=some_places,
            name=st.sampled_from(("Viewed", "Bought")),
            happened=moments,
            fate=fate,
            pause=pauses,
        )
        def track(self, who, where, name, happened, fate, pause) -> None:
            if who | where:
                self.send(fate, pause, identifiers=who | where, name=name, happened=happened)

        @precondition(lambda self: world.places and self.count < world.events)
        @rule(who=st.frozensets(people, max_size=1), where=some_places, happened=moments, fate=fate, pause=pauses)
        def logout(self, who, where, happened, fate, pause) -> None:
            if who | where:
                self.send(fate, pause, identifiers=who | where, name="Signed Out", logout=True, happened=happened)

        @precondition(lambda self: world.links and self.count < world.events and (self.links or self.named()))
        @rule(
            data=st.data(),
            number=st.integers(1, 3),
            who=st.sampled_from((frozenset(), frozenset(), frozenset(), frozenset(world.people[:1]))),
            where=st.frozensets(places, min_size=1, max_size=2),
            happened=moments,
            fate=fate,
            pause=pauses,
            logout=seldom,
        )
        def open_link(self, data, number, who, where, happened, fate, pause, logout) -> None:
            """By whomever it was sent to, or by whoever it was forwarded to."""
            if number not in self.links:
                if not self.named():
                    return
                self.links[number] = (f"{number}", data.draw(st.sampled_from(self.named())))
                self.pair.linker.send(self.links[number])
            name = "Signed Out" if logout else "Viewed"
            link = self.links[number]
            self.send(fate, pause, identifiers=who | where, name=name, logout=logout, happened=happened, link=link)

        def named(self) -> list[Identifier]:
            known = {member[:2] for part in self.pair.parts for member in part}
            return sorted(who for who in known if not self.pair.model.kind(who)[3])

        @precondition(lambda self: self.queue)
        @rule(data=st.data())
        def deliver_out_of_order(self, data) -> None:
            self.queue = data.draw(st.permutations(self.queue))
            self.deliver()

        @precondition(lambda self: self.held)
        @rule()
        def deliver_delayed(self) -> None:
            self.queue, self.held = self.queue + self.held, []
            self.deliver()

        @precondition(lambda self: self.sent and self.count < world.events)
        @rule(data=st.data(), pause=pauses)
        def duplicate(self, data, pause) -> None:
            self.clock += pause
            self.queue.append(replace(data.draw(st.sampled_from(self.sent)), learnt=self.clock))

        @precondition(lambda self: world.crashes and self.queue and self.pair.linker.crash_points)
        @rule(data=st.data())
        def crash(self, data) -> None:
            self.deliver(data.draw(st.sampled_from(tuple(self.pair.linker.crash_points))))

        @precondition(lambda self: world.operator and len(self.pair.parts) > 1)
        @rule(data=st.data(), undone=seldom)
        def merge(self, data, undone) -> None:
            parts = sorted(map(sorted, self.pair.parts))
            one, other = data.draw(st.lists(st.sampled_from(parts), min_size=2, max_size=2, unique_by=tuple))
            self.join(data.draw(st.sampled_from(one)), data.draw(st.sampled_from(other)), undone)

        @precondition(lambda self: self.pair.asserted_before())
        @rule(data=st.data(), undone=seldom)
        def merge_again(self, data, undone) -> None:
            """As a second operator does, or the same one after a split, an undo, or evidence that moved somebody."""
            self.join(*data.draw(st.sampled_from(self.pair.asserted_before())), undone)

        def join(self, x, y, undone) -> None:
            self.clock += 1
            both = [member for part in self.pair.parts if not part.isdisjoint((x, y)) for member in part]
            before = self.pair.linker.partition()
            self.pair.merge(x, y, self.clock)
            assert any(part.issuperset(both) for part in self.pair.linker.partition()), "not one profile"
            if undone:
                self.clock += 1
                self.pair.undo(len(self.pair.merges) - 1, self.clock)
                assert self.pair.linker.partition() == before, "undo after merge is the identity"

        @precondition(lambda self: self.pair.standing())
        @rule(data=st.data())
        def undo(self, data) -> None:
            self.undo_one(data.draw(st.sampled_from(self.pair.standing())))

        def undo_one(self, number) -> None:
            self.clock += 1
            self.pair.undo(number, self.clock)

        @precondition(lambda self: world.operator and len(self.pair.parts) > 1)
        @rule(seed=st.integers(0, 2**32), length=st.integers(10, 30))
        def quarrel(self, seed, length) -> None:
            """Operators of two minds about the same four: each takes back what another did, and does it again."""
            chance = random.Random(seed)  # drawn one by one they would be few, and tame
            walls = sorted({member_of(self.pair.reading, end) for link in self.pair.model.cannot for end in link[:2]})
            few = [*walls[:2], *(min(part) for part in self.pair.parts if part.isdisjoint(walls[:2]))][:4]
            for _ in range(length):
                standing, apart = self.pair.standing(), self.pair.apart(few)
                if apart and (not standing or chance.random() < 0.9):
                    self.join(*chance.choice(apart), undone=False)
                elif standing:
                    self.undo_one(chance.choice(standing))

        @precondition(lambda self: world.operator and self.splits < world.splits and self.splittable())
        @rule(data=st.data())
        def split(self, data) -> None:
            self.clock += 1
            self.splits += 1
            part = sorted(data.draw(st.sampled_from(self.splittable())))
            identifiers = sorted({member[:2] for member in part})
            size = len(identifiers) - 1
            named = data.draw(st.frozensets(st.sampled_from(identifiers), min_size=1, max_size=size))
            self.pair.split(data.draw(st.sampled_from(part)), named, self.clock)
            for side in self.pair.linker.partition():
                assert len({member[:2] in named for member in side.intersection(part)}) < 2, "still together"

        def splittable(self) -> list[list[Member]]:
            return sorted(sorted(part) for part in self.pair.parts if len({member[:2] for member in part}) > 1)

        @rule(happened=moments, back=st.integers(0, 6))
        def look_back(self, happened, back) -> None:
            self.pair.compare_as_of(happened, self.clock - back, self.pair.everybody()[:3])

        def teardown(self) -> None:
            try:
                self.queue, self.held = self.queue + self.held, []
                self.deliver()
                self.pair.compare_reads(self.pair.everybody())
            finally:
                self.pair.linker.close()

    return Machine

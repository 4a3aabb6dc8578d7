"""Wrong linkers, each spoilt in one place, and for each a story that tells it from a right one.

A story works on any linker: `tell(story, linker)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness import PEOPLE, TIGHT, Linker, Observation, Pair
from incremental_double import IncrementalDouble

U1, U2, E1, E2, X = ("user_id", "u1"), ("user_id", "u2"), PEOPLE[5], PEOPLE[6], ("phone", "+48512345671")
CARD1, CARD2, TABLET = ("loyalty_card", "CARD1"), ("loyalty_card", "CARD2"), ("device", "tablet")


class GreedyUnion(IncrementalDouble):
    """Who came first stays; what does not fit is left out and never thought of again."""

    def refuse(self, key):
        pass


class ForgetsRefused(IncrementalDouble):
    """A retraction looks only at the edges that had been used."""

    def edges_around(self, node):
        edges, part = self.state.edges, self.state.part
        return [k for k in edges if part[k[0]] is part[k[1]]] if node in self.state.removed else edges


class TraitTiesByPosition(IncrementalDouble):
    def stamp(self, event):
        return event.happened, event.source_priority


class EdgeTiesById(IncrementalDouble):
    """Of two edges of one moment the one between the older nodes goes first."""

    def rank(self, key):
        return key[2], self.state.edges[key][0], key[:2]


class KeepsCacheAfterRollback(IncrementalDouble):
    def forget(self):
        pass


class NeverContested(IncrementalDouble):
    """A pair that is known already is passed over, also where something had been refused."""

    def contested(self, key):
        return False


class BoldFastPath(IncrementalDouble):
    """The fast path asks for the limit of the new edge's tier, though weaker edges hold the part together."""

    def caution(self, tier):
        return tier


class EpochAtArrival(IncrementalDouble):
    """An event keeps the epoch that it found when it arrived."""

    def place(self, anchor, event):
        return self.cache.setdefault(event.hash, super().place(anchor, event))


class LearntAtArrival(IncrementalDouble):
    """What arrives after a split counts as learnt after it."""

    def claim(self, ends, when, learnt, tier, **kind):
        retracted = self.state.retracted.get(frozenset(end[:2] for end in ends), -1)
        super().claim(ends, when, max(learnt, retracted + 1), tier, **kind)


class UndoByPair(IncrementalDouble):
    """Undo takes back whatever an operator said of the two identifiers, also in another merge."""

    def undo(self, number, at):
        for claims in self.state.claims.values():
            merges = {claim[-1] for claim in claims} - {None}
            if number in merges:
                self.state.undone |= {merge for merge in merges if merge < number or merge == max(merges)}
        super().undo(number, at)


def seen(
    pair: Pair, *identifiers: Any, happened: int, learnt: int = 100, message: str = "", **more: Any
) -> Observation:
    message = message or f"{identifiers} {happened} {learnt}"
    return pair.observation(message, identifiers=frozenset(identifiers), happened=happened, learnt=learnt, **more)


def by_hash(pair: Pair) -> list[str]:
    return sorted(("one", "other"), key=lambda message: pair.linker.hash_of(message, 0))


def late_older_edge(pair: Pair) -> None:
    pair.apply([seen(pair, E1, X, happened=5)])
    pair.apply([seen(pair, E2, X, happened=3)])


def refused_edge_comes_to_use(pair: Pair) -> None:
    pair.apply([seen(pair, E1, X, happened=3), seen(pair, E2, X, happened=5)])
    pair.split(E1, [X], 101)


def two_traits_of_one_moment(pair: Pair) -> None:
    low, high = by_hash(pair)
    for message in (high, low):
        pair.apply([seen(pair, U1, happened=3, message=message, traits={"city": message})])


def two_edges_of_one_moment(pair: Pair) -> None:
    low, high = by_hash(pair)
    pair.apply([seen(pair, E1, X, happened=3, message=high)])
    pair.apply([seen(pair, E2, X, happened=3, message=low)])


def batch_rolled_back(pair: Pair) -> None:
    for number, point in enumerate(pair.linker.crash_points):
        batch = [seen(pair, ("phone", f"+4851234568{number}{n}"), happened=n, name="Viewed") for n in range(3)]
        pair.apply(batch, point)


def refused_pair_was_older(pair: Pair) -> None:
    pair.apply([seen(pair, E1, X, happened=10), seen(pair, E2, X, happened=20)])
    pair.apply([seen(pair, E2, X, happened=5)])


def strong_edge_over_weak_ones(pair: Pair) -> None:
    pair.apply([seen(pair, CARD2, X, happened=1)])
    pair.apply([seen(pair, U1, X, happened=2)])
    pair.apply([seen(pair, U1, CARD1, happened=3)])


def late_login(pair: Pair) -> None:
    pair.apply([seen(pair, U1, TABLET, happened=7), seen(pair, TABLET, happened=8, name="Viewed")])
    pair.apply([seen(pair, U2, TABLET, happened=6)])


def learnt_before_the_split(pair: Pair) -> None:
    pair.apply([seen(pair, U1, E1, happened=5), seen(pair, E1, X, happened=5)])
    pair.split(U1, [X], 102)
    pair.apply([seen(pair, E1, X, happened=4, learnt=101)])
    pair.apply([seen(pair, U2, E1, happened=1, learnt=103)])


def the_same_pair_merged_twice(pair: Pair) -> None:
    """An older merge that a cannot-link put out of force, and a newer one of the same two."""
    pair.apply([seen(pair, E1, X, happened=1), seen(pair, U2, happened=1), seen(pair, CARD1, happened=1)])
    pair.split(E1, [X], 101)
    pair.merge(U2, X, 102)
    pair.merge(CARD1, E1, 103)
    pair.merge(CARD1, U2, 104)  # withdraws the cannot-link
    pair.undo(1, 105)
    pair.merge(E1, U2, 106)
    pair.undo(2, 107)  # and so sets it again: the merge of 106 stands, and is refused
    pair.merge(E1, U2, 108)
    pair.undo(3, 109)
    assert any({E1, U2} <= {member[:2] for member in part} for part in pair.parts)


Story = Callable[[Pair], None]


def tell(story: Story, linker: Linker, kinds: Mapping[str, Any] = TIGHT) -> None:
    """Raises: AssertionError where the linker and the reference model are of two minds."""
    pair = Pair(linker, kinds)
    story(pair)
    pair.compare_reads(pair.everybody())


@dataclass(frozen=True)
class Mutant:
    spoilt: type[IncrementalDouble]
    story: Story
    world: Mapping[str, Any] | None = None  # where a search finds it as well
    examples: int = 0  # and within how many


QUIET = {"kinds": TIGHT, "places": (), "moments": 3, "most": 2, "operator": False, "crashes": False}
RIVALS = {**QUIET, "people": (E1, E2, X), "least": 2}
TORN = {**RIVALS, "operator": True, "people": (U1, U2, E1, E2, X)}
MUTANTS = (
    Mutant(GreedyUnion, late_older_edge, RIVALS, 1000),
    Mutant(ForgetsRefused, refused_edge_comes_to_use, TORN, 1000),
    Mutant(TraitTiesByPosition, two_traits_of_one_moment, {**QUIET, "people": (E1, E2), "moments": 1}, 1000),
    Mutant(EdgeTiesById, two_edges_of_one_moment, {**RIVALS, "moments": 1}, 1000),
    Mutant(KeepsCacheAfterRollback, batch_rolled_back, {**RIVALS, "crashes": True}, 1000),
    Mutant(NeverContested, refused_pair_was_older, RIVALS, 1000),
    Mutant(BoldFastPath, strong_edge_over_weak_ones, {**QUIET, "people": (U1, CARD1, CARD2, X), "least": 2}, 1000),
    Mutant(EpochAtArrival, late_login, {**RIVALS, "places": (TABLET,)}, 1000),
    Mutant(LearntAtArrival, learnt_before_the_split, {**TORN, "places": (TABLET,), "most": 3}, 1000),
    Mutant(UndoByPair, the_same_pair_merged_twice),
)
STORIES = tuple(mutant.story for mutant in MUTANTS)

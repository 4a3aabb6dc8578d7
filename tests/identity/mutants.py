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


def seen(pair: Pair, *identifiers: Any, happened: int, learnt: int = 100, message: str = "",
         **more: Any) -> Observation:
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
    world: Mapping[str, Any]  # where to search
    examples: int  # within how many it must be found


PLAIN = {"operator": False, "crashes": False}
MUTANTS = (
    Mutant(GreedyUnion, late_older_edge, {}, 50),
    Mutant(ForgetsRefused, refused_edge_comes_to_use, {}, 50),
    Mutant(TraitTiesByPosition, two_traits_of_one_moment, {}, 50),
    Mutant(EdgeTiesById, two_edges_of_one_moment, {}, 50),
    Mutant(KeepsCacheAfterRollback, batch_rolled_back, {}, 50),
    Mutant(NeverContested, refused_pair_was_older, {}, 50),
    Mutant(BoldFastPath, strong_edge_over_weak_ones, {}, 50),
    Mutant(EpochAtArrival, late_login, {}, 50),
    Mutant(LearntAtArrival, learnt_before_the_split, {}, 50),
)

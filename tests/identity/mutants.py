"""Wrong linkers, each spoilt in one place, and for each a story that tells it from a right one.

A story works on any linker: `tell(story, linker)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness import PEOPLE, TIGHT, Linker, Observation, Pair
from incremental_double import IncrementalDouble

U1, U2, E1, E2, X = ("user_id", "u1"), ("user_id", "u2"), PEOPLE[5], PEOPLE[6], ("phone", "+48512345671")
CARD1, CARD2 = ("loyalty_card", "CARD1"), ("loyalty_card", "CARD2")
TABLET, TILL = ("device", "tablet"), ("device", "till")
CRM1, CRM2, TELEGRAM, VIBER = ("external:crm", "1"), ("external:crm", "2"), ("telegram", "700100"), ("viber", "700200")


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


class WithdrawsOnce(IncrementalDouble):
    """Of two merges over one split only the first counts as having withdrawn it."""

    def withdraws(self, standing, ends, one, other):
        return not standing and super().withdraws(standing, ends, one, other)


class RestoresForAll(IncrementalDouble):
    """An undo puts a split back in force, whoever else had withdrawn it."""

    def undo(self, number, at):
        for merges in self.state.cannot.values():
            if number in merges:
                merges.clear()
        super().undo(number, at)


class SplitBeforeMerge(IncrementalDouble):
    """What a split said stops also a merge that came after it."""

    def stopped(self, key, one, other, cannot):
        return any(ends & one and ends & other for ends in cannot)


class RestoresAtItsOwn(IncrementalDouble):
    """An undo looks again only at those whom the merge had tied."""

    def restored(self, links):
        return set()


class EverybodyOpens(IncrementalDouble):
    """Whoever opens a link is who it was sent to."""

    def goes_before(self, when, known):
        return when != known

    def forget_opening(self, opening):
        pass


class FirstToArrive(IncrementalDouble):
    """Of those who open a link the one counts of whom we learnt first."""

    def goes_before(self, when, known):
        return False


class JoinsByLink(IncrementalDouble):
    """A link ties whoever is logged in where it is opened."""

    def has_name(self, part):
        return False


class TrustsLinks(IncrementalDouble):
    """What a link has tied is tied, whoever logs in there later."""

    def may_give_way(self, tier):
        return False


def seen(
    pair: Pair, *identifiers: Any, happened: int, learnt: int = 100, message: str = "", **more: Any
) -> Observation:
    message = message or f"{identifiers} {happened} {learnt}"
    return pair.observation(message, identifiers=frozenset(identifiers), happened=happened, learnt=learnt, **more)


def together(pair: Pair, *who: Any) -> bool:
    """Of a shared identifier any of its epochs will do."""
    return any({*who} <= {member[:2] for member in part} for part in pair.parts)


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


def one_tablet_merged_twice(pair: Pair) -> None:
    """Two epochs of it, each by a merge of its own."""
    pair.apply(
        [
            seen(pair, U1, happened=1),
            seen(pair, TABLET, happened=1),
            seen(pair, TABLET, happened=3, name="Signed Out", logout=True),
        ]
    )
    pair.merge(U1, (*TABLET, 0), 101)
    pair.merge(U1, (*TABLET, 1), 102)
    pair.undo(1, 103)
    assert together(pair, U1, TABLET)


def told_over_one_split(pair: Pair) -> None:
    """A split, and then three merges: the last two each join what it had parted."""
    pair.apply([seen(pair, TELEGRAM, VIBER, happened=1), *(seen(pair, who, happened=1) for who in (E1, U2, CARD1))])
    pair.split(TELEGRAM, [VIBER], 101)
    ties = ((E1, TELEGRAM), (U2, VIBER))
    pair.apply([seen(pair, *both, happened=2, learnt=102) for both in ties])
    pair.merge(CARD1, E1, 103)
    pair.merge(CARD1, U2, 104)
    pair.undo(0, 105)
    pair.merge(E1, U2, 106)
    assert together(pair, TELEGRAM, VIBER)


def two_merges_over_one_split(pair: Pair) -> None:
    told_over_one_split(pair)
    pair.undo(1, 107)
    assert together(pair, E1, TELEGRAM, U2, VIBER), "the merge of 106 stands, and had withdrawn the split as well"
    pair.undo(2, 108)
    assert not together(pair, TELEGRAM, VIBER)


def two_merges_over_one_split_undone_in_the_other_order(pair: Pair) -> None:
    told_over_one_split(pair)
    pair.undo(2, 107)
    pair.undo(1, 108)
    assert not together(pair, TELEGRAM, VIBER)


def a_merge_stands_over_a_split_within_one_side(pair: Pair) -> None:
    """It ties who a limit would leave out, and so both whom a split had parted and an older merge had joined."""
    pair.apply([seen(pair, U1, CRM1, happened=1), seen(pair, U2, CRM2, happened=1), seen(pair, CARD1, happened=1)])
    pair.split(U1, [CRM1], 101)
    pair.apply([seen(pair, CARD1, CRM1, happened=3, learnt=102)])
    pair.merge(U1, CARD1, 103)
    pair.merge(U2, U1, 104)
    pair.undo(0, 105)
    assert together(pair, U1, U2, CRM1)
    pair.undo(1, 106)
    assert not together(pair, U1, CRM1)


def an_undo_restores_what_has_gone_elsewhere(pair: Pair) -> None:
    pair.apply([seen(pair, TELEGRAM, VIBER, happened=1), seen(pair, CARD1, happened=1), seen(pair, U2, happened=1)])
    pair.split(TELEGRAM, [VIBER], 101)
    pair.apply([seen(pair, *both, happened=2, learnt=102) for both in ((CARD1, TELEGRAM), (U2, VIBER))])
    pair.merge(CARD1, U2, 103)
    pair.split(CARD1, [TELEGRAM, VIBER], 104)
    pair.apply([seen(pair, TELEGRAM, VIBER, happened=3, learnt=105)])
    assert together(pair, TELEGRAM, VIBER)
    pair.undo(0, 106)
    assert not together(pair, TELEGRAM, VIBER)


def split_from_an_epoch_that_vanished(pair: Pair) -> None:
    pair.apply([seen(pair, U1, happened=1), seen(pair, TABLET, happened=5, name="Signed Out", logout=True)])
    pair.merge(U1, TABLET, 101)
    pair.apply(
        [seen(pair, TABLET, happened=3, learnt=102, name="Signed Out", logout=True)]
    )  # the logout of 5 now says nothing
    assert together(pair, U1, TABLET)
    pair.split(U1, [TABLET], 103)
    assert not together(pair, U1, TABLET)
    assert pair.standing() == []


LINK = ("1", E1)


def sent(pair: Pair) -> None:
    pair.apply([seen(pair, U1, E1, happened=1)])
    pair.linker.send(LINK)


def a_link_is_forwarded(pair: Pair) -> None:
    sent(pair)
    pair.apply([seen(pair, TABLET, happened=3, name="Viewed", link=LINK)])
    pair.apply([seen(pair, TILL, happened=4, name="Viewed", link=LINK)])
    assert together(pair, U1, TABLET)
    assert not together(pair, U1, TILL)


def who_opened_a_link_first_comes_late(pair: Pair) -> None:
    sent(pair)
    pair.apply([seen(pair, TILL, happened=4, name="Viewed", link=LINK)])
    assert together(pair, U1, TILL)
    pair.apply([seen(pair, TABLET, happened=3, name="Viewed", link=LINK)])
    assert together(pair, U1, TABLET)
    assert not together(pair, U1, TILL)


def a_link_is_opened_by_who_is_logged_in(pair: Pair) -> None:
    """No limit keeps the two apart: a phone number may well be that of the account."""
    sent(pair)
    pair.apply([seen(pair, X, TABLET, happened=2), seen(pair, TABLET, happened=3, name="Viewed", link=LINK)])
    assert together(pair, X, TABLET)
    assert not together(pair, U1, X)


def who_opened_a_link_logs_in(pair: Pair) -> None:
    sent(pair)
    pair.apply([seen(pair, TABLET, happened=3, name="Viewed", link=LINK)])
    pair.apply([seen(pair, X, TABLET, happened=5)])
    assert together(pair, X, TABLET)
    assert not together(pair, U1, TABLET)


def what_a_link_said_is_taken_back(pair: Pair) -> None:
    """By a split, and for good: neither the same browser nor the next one is tied by it."""
    sent(pair)
    pair.apply([seen(pair, TABLET, happened=3, name="Viewed", link=LINK)])
    pair.split(U1, [TABLET], 101)
    again = {"name": "Viewed", "link": LINK, "learnt": 102}
    pair.apply([seen(pair, TABLET, happened=4, **again), seen(pair, TILL, happened=5, **again)])
    assert not together(pair, U1, TABLET)
    assert not together(pair, U1, TILL)


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
FORWARDED = {**QUIET, "people": (U1, X), "places": (TABLET, TILL), "links": True}
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
    Mutant(EverybodyOpens, a_link_is_forwarded, FORWARDED, 1000),
    Mutant(FirstToArrive, who_opened_a_link_first_comes_late, FORWARDED, 1000),
    Mutant(JoinsByLink, a_link_is_opened_by_who_is_logged_in, FORWARDED, 1000),
    Mutant(TrustsLinks, who_opened_a_link_logs_in, FORWARDED, 1000),
    Mutant(UndoByPair, one_tablet_merged_twice),
    Mutant(WithdrawsOnce, two_merges_over_one_split),
    Mutant(RestoresForAll, two_merges_over_one_split),
    Mutant(SplitBeforeMerge, a_merge_stands_over_a_split_within_one_side),
    Mutant(RestoresAtItsOwn, an_undo_restores_what_has_gone_elsewhere),
)
STORIES = (
    *dict.fromkeys(mutant.story for mutant in MUTANTS),
    two_merges_over_one_split_undone_in_the_other_order,
    split_from_an_epoch_that_vanished,
    what_a_link_said_is_taken_back,
)

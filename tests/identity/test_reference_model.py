"""What the reference model itself must hold, before it may judge a linker."""

import ast
import random
from collections import Counter
from itertools import count, permutations
from pathlib import Path

import pytest
import reference_model
from harness import KINDS, LOOSE, PEOPLE, PLACES, TIGHT, Observation, blake, tied_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from reference_model import BASE, ReferenceModel

QUIET = settings(max_examples=60, deadline=None, derandomize=True, database=None)
U1, U2, CARD1, CARD2, CARD3, E1, E2, E3, PHONE, PHONE2, *_ = PEOPLE
TABLET, TILL, W1, W2 = PLACES
numbers = count()


def event(*identifiers, happened=1, learnt=1, message="", **more):
    digest = blake(message or f"{next(numbers)}")
    return Observation(message, digest, frozenset(identifiers), happened, learnt, **more)


def model(*events, kinds=KINDS):
    made = ReferenceModel(kinds)
    for each in events:
        made.observe(each)
    return made


def together(made, *who):
    nodes = [node if len(node) == 3 else made.epochs(node)[-1][0] for node in who]
    return any(part.issuperset(nodes) for part in made.partition())


def answers(made):
    reads = {
        node: (made.counters(node), made.traits(node), [e.hash for e in made.events(node)])
        for part in made.partition()
        for node in part
    }
    return made.partition(), reads


moments = st.integers(0, 6)
observations = st.builds(
    lambda who, where, happened, learnt, name, traits, logout, priority, number: Observation(
        f"{number}",
        blake(f"{number}"),
        who | where or frozenset([W1]),
        happened,
        learnt,
        name,
        traits,
        logout,
        priority,
    ),
    st.frozensets(st.sampled_from(PEOPLE), max_size=2),
    st.frozensets(st.sampled_from(PLACES), max_size=2),
    moments,
    moments,
    st.sampled_from((None, "Viewed")),
    st.dictionaries(st.sampled_from(("name", "city")), st.sampled_from(("Ada", None)), max_size=1),
    st.sampled_from((False, False, True)),
    st.integers(0, 1),
    st.integers(0, 10**9),
)
evidence = st.lists(observations, max_size=14, unique_by=lambda each: each.hash)
limits = st.sampled_from((LOOSE, TIGHT))


class TestItself:
    def test_is_short_and_stands_alone(self):
        source = Path(reference_model.__file__).read_text(encoding="utf-8")
        imported = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in imported if isinstance(node, ast.ImportFrom)}
        assert len(source.splitlines()) <= 150
        assert names == {"collections", "math", "types"}


class TestOrder:
    @QUIET
    @given(evidence, limits, st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_of_arrival_matters(self, events, kinds, chance):
        again = events + events[:5]
        chance.shuffle(again)
        assert answers(model(*events, kinds=kinds)) == answers(model(*again, kinds=kinds))

    @QUIET
    @given(st.lists(observations, min_size=1, max_size=5, unique_by=lambda each: each.hash), limits)
    def test_in_none_of_the_orders_there_are(self, events, kinds):
        assert len({frozenset(model(*order, kinds=kinds).partition()) for order in permutations(events)}) == 1

    @QUIET
    @given(evidence, limits)
    def test_the_name_of_an_identifier_decides_ties_only_through_the_order_given(self, events, kinds):
        backwards = ReferenceModel(kinds, order=lambda identifier: [-ord(letter) for letter in identifier[1]])
        for each in events:
            backwards.observe(each)
        nodes = {node for part in backwards.partition() for node in part}
        assert {i for each in events for i in each.identifiers} == {node[:2] for node in nodes}


class TestLimits:
    @QUIET
    @given(evidence, limits)
    def test_hold_wherever_no_operator_spoke(self, events, kinds):
        made = model(*events, kinds=kinds)
        for part in made.partition():
            for kind, found in Counter(node[0] for node in part if node[2] == BASE).items():
                assert found <= made.kind((kind,))[1]

    @QUIET
    @given(evidence, limits)
    def test_weak_ties_alone_keep_to_the_weak_limit(self, events, kinds):
        made = model(*events, kinds=kinds)
        strong = made.kruskal({n for part in made.partition() for n in part}, [e for e in made.edges() if e[0] < 5], [])
        for part in made.partition():
            for kind in {node[0] for node in part}:
                alike = {node for node in part if node[0] == kind and node[2] == BASE}
                assert len(alike) <= made.kind((kind,))[2] or any(alike <= one for one in strong)

    def test_count_an_identifier_once_however_often_it_changes_hands(self):
        logins = [event(U1, TABLET, happened=2 * n) for n in range(6)]
        logouts = [event(TABLET, happened=2 * n + 1, logout=True) for n in range(6)]
        made = model(*logins, *logouts, kinds=TIGHT)
        held = [node for node, holder in made.epochs(TABLET) if holder]
        assert len(held) == 6
        assert together(made, U1, *held)

    def test_a_phone_of_two_users_never_fuses_them(self):
        events = [event(U1, PHONE), event(U2, PHONE), event(U1, E1), event(U2, E1), event(E1, PHONE, W1)]
        for order in permutations(events):
            assert not together(model(*order), U1, U2)

    def test_two_cards_on_one_phone_stay_apart(self):
        assert not together(model(event(CARD1, PHONE), event(CARD2, PHONE)), CARD1, CARD2)

    @pytest.mark.parametrize(
        "strong", [[event(CARD1, CARD2, happened=9)], [event(U1, CARD1, happened=9), event(U1, CARD2, happened=9)]]
    )
    def test_unless_strong_evidence_joins_them(self, strong):
        made = model(event(CARD1, PHONE), event(CARD2, PHONE), *strong)
        assert together(made, CARD1, CARD2, PHONE)

    def test_an_operator_may_go_beyond_any(self):
        made = model(event(U1, E1), event(U2, E2))
        made.merge(U1, U2, 5)
        assert together(made, U1, U2, E1, E2)

    def test_a_strong_edge_learnt_last_parts_what_weak_ones_had_joined(self):
        made = model(event(CARD2, PHONE, happened=1), event(U1, PHONE, happened=2))
        assert together(made, CARD2, U1)
        made.observe(event(U1, CARD1, happened=3))
        assert together(made, U1, CARD1)
        assert together(made, CARD2, PHONE)
        assert not together(made, U1, CARD2)


class TestKruskal:
    def test_an_older_edge_that_comes_late_takes_the_place_of_a_younger_one(self):
        made = model(event(E1, PHONE, happened=5), kinds=TIGHT)
        made.observe(event(E2, PHONE, happened=3))
        assert together(made, E2, PHONE)
        assert not together(made, E1, PHONE)

    def test_a_refused_pair_that_proves_older_is_used(self):
        made = model(event(E1, PHONE, happened=10), event(E2, PHONE, happened=20), kinds=TIGHT)
        assert together(made, E1, PHONE)
        made.observe(event(E2, PHONE, happened=5))
        assert together(made, E2, PHONE)

    def test_at_one_moment_the_smaller_hash_goes_first(self):
        low, high = sorted((f"{n}" for n in range(2)), key=blake)
        for first, second in permutations((event(E2, PHONE, message=low), event(E1, PHONE, message=high))):
            assert together(model(first, second, kinds=TIGHT), E2, PHONE)

    def test_the_anchor_is_the_strongest_identifier(self):
        edges = model(event(PHONE, E1, U1)).edges()
        assert {(tier, a[:2], b[:2]) for tier, _, _, a, b in edges} == {(5, E1, U1), (6, PHONE, U1)}


class TestEpochs:
    def test_history_before_login_belongs_to_the_first_login_only(self):
        made = model(
            event(TABLET, happened=1, name="Viewed"),
            event(TABLET, U1, happened=3),
            event(TABLET, U2, happened=5),
            event(TABLET, happened=6, name="Viewed"),
        )
        assert made.counters(U1) == {"Viewed": 1}
        assert [e.happened for e in made.events(U1)] == [3, 1]
        assert [e.happened for e in made.events(U2)] == [6, 5]

    def test_what_came_between_a_logout_and_the_next_login_stays_anonymous(self):
        made = model(
            event(TABLET, U1, happened=1),
            event(TABLET, happened=3, name="Signed Out", logout=True),
            event(TABLET, happened=4, name="Viewed"),
            event(TABLET, U2, happened=5),
        )
        assert made.counters(U1) == made.counters(U2) == {}
        middle = made.epochs(TABLET)[1][0]
        assert made.counters(middle) == {"Signed Out": 1, "Viewed": 1}

    def test_a_late_logout_refolds(self):
        made = model(event(TABLET, U1, happened=1), event(TABLET, happened=4, name="Viewed"))
        assert made.counters(U1) == {"Viewed": 1}
        made.observe(event(U1, TABLET, happened=3, name="Signed Out", logout=True))
        assert made.counters(U1) == {"Signed Out": 1}
        assert made.counters(TABLET) == {"Viewed": 1}

    def test_a_logout_that_nobody_preceded_keeps_the_time_before_it_apart(self):
        made = model(
            event(TABLET, happened=1, name="Viewed"),
            event(TABLET, happened=2, logout=True),
            event(TABLET, U1, happened=3),
        )
        assert [holder for _, holder in made.epochs(TABLET)] == [None, None, U1]
        assert made.counters(U1) == {}

    def test_a_second_logout_and_a_second_login_of_the_same_change_nothing(self):
        events = [event(TABLET, U1, happened=1), event(TABLET, U1, happened=2), event(TABLET, happened=3, logout=True)]
        made = model(*events, event(TABLET, happened=4, logout=True), event(U2, TABLET, happened=5))
        assert [holder for _, holder in made.epochs(TABLET)] == [U1, None, U2]

    def test_a_logout_with_its_person_is_the_end_of_their_login(self):
        made = model(event(TABLET, U1, happened=1, logout=True), event(TABLET, happened=1, name="Viewed"))
        assert [holder for _, holder in made.epochs(TABLET)] == [U1, None]
        assert made.counters(TABLET) == {"Viewed": 1}

    @QUIET
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2),
                st.booleans(),
                st.sampled_from((None, W1, W2)),
                st.integers(1, 2),
                moments,
                st.booleans(),
            ),
            max_size=14,
        ),
        st.booleans(),
    )
    def test_two_people_on_one_tablet_are_never_fused(self, visits, by_mail_only):
        people = [[E1, PHONE], [E2, PHONE2]] if by_mail_only else [[U1, E1, PHONE], [U2, E2, PHONE2]]
        events = []
        for who, tablet, browser, many, happened, logout in visits:
            named = {*([TABLET] if tablet or browser is None else []), *([browser] if browser else [])}
            named |= set(people[who][:many]) if who < 2 else set()
            events.append(event(*named, happened=happened, logout=logout))
        for part in model(*events).partition():
            assert len([one for one in people if {node[:2] for node in part}.intersection(one)]) < 2

    @QUIET
    @given(evidence)
    def test_each_event_lies_in_one_profile(self, events):
        made = model(*events, kinds=LOOSE)
        found = [e.hash for part in made.partition() for e in made.events(min(part))]
        assert sorted(found) == sorted(each.hash for each in events)


class TestWeakTies:
    def test_an_anonymous_history_goes_with_the_device_it_was_seen_on(self):
        made = model(event(TABLET, W1, happened=2, name="Viewed"), event(TABLET, U1, happened=1))
        assert together(made, U1, W1)

    def test_until_somebody_logs_in_with_it(self):
        made = model(event(TABLET, W1, happened=2), event(TABLET, U1, happened=1), event(U2, W1, happened=3))
        assert together(made, U2, W1)
        assert not together(made, U1, W1)

    def test_it_goes_with_the_first_it_was_seen_with_only(self):
        visits = [event(TABLET, E1, happened=1), event(TABLET, E2, happened=3)]
        made = model(*visits, event(TABLET, W1, happened=2), event(TABLET, W1, happened=4))
        assert together(made, W1, E1)
        assert not together(made, E1, E2)

    def test_what_came_after_a_logout_says_nothing_of_what_came_before(self):
        made = model(event(TABLET, U1, happened=1), event(W1, happened=2, logout=True), event(W1, TABLET, happened=3))
        assert not together(made, U1, (*W1, BASE))


class TestTraits:
    def test_the_latest_counts_then_the_better_source_then_the_greater_hash(self):
        low, high = sorted((f"t{n}" for n in range(2)), key=blake)
        events = [
            event(U1, happened=2, message=low, traits={"city": "third"}),
            event(U1, happened=2, message=high, traits={"city": "second"}),
            event(U1, happened=2, traits={"city": "first"}, source_priority=1),
            event(U1, happened=1, traits={"city": "fourth"}, source_priority=1),
        ]
        for last, wanted in ((0, "first"), (1, "first"), (3, "fourth")):
            assert {model(*order).traits(U1)["city"] for order in permutations(events[last:])} == {wanted}
        assert model(*events[:2]).traits(U1) == {"city": "second"}

    def test_null_removes_and_may_be_overtaken_by_an_older_value_never(self):
        removed = event(U1, E1, happened=3, traits={"city": None})
        assert model(removed, event(E1, happened=2, traits={"city": "old"})).traits(U1) == {}
        assert model(removed, event(E1, happened=4, traits={"city": "new"})).traits(U1) == {"city": "new"}


class TestMerge:
    def test_makes_one_of_two_whatever_the_limits_say(self):
        made = model(
            event(U1, E1), event(U2, E2), event(CARD1, PHONE), event(CARD1, CARD2), event(CARD3, PHONE2), kinds=TIGHT
        )
        made.merge(E1, E2, 5)
        made.merge(PHONE, PHONE2, 6)
        assert together(made, U1, U2, E1, E2)
        assert together(made, CARD1, CARD2, CARD3, PHONE, PHONE2)

    def test_leaves_later_evidence_to_the_limits(self):
        made = model(event(U1, E1), event(PHONE, E2))
        made.merge(U1, PHONE, 5)
        made.observe(event(U2, PHONE, happened=2, learnt=6))
        assert not together(made, U1, U2)
        assert together(made, U1, E1, PHONE, E2)

    def test_after_a_split_withdraws_what_kept_them_apart_and_gives_it_back(self):
        made = model(event(U1, E1))
        made.split(U1, [E1], 5)
        number = made.merge(E1, U1, 6)
        assert together(made, U1, E1)
        made.undo(number, 7)
        made.observe(event(U1, E1, learnt=8))
        assert not together(made, U1, E1)

    def test_parted_by_a_split_it_cannot_be_undone_any_more(self):
        made = model(event(U1), event(U2))
        number = made.merge(U1, U2, 5)
        assert made.operator_edges(number)
        made.split(U1, [U2], 6)
        assert not made.operator_edges(number)


class TestSplit:
    def test_holds_against_evidence_that_was_on_its_way(self):
        made = model(event(U1, E1, learnt=1))
        made.split(U1, [E1], 5)
        made.observe(event(U1, E1, learnt=5))
        assert not together(made, U1, E1)
        assert not [edge for edge in made.edges() if edge[3][:2] == E1]

    def test_and_against_later_evidence_too(self):
        made = model(event(U1, E1, learnt=1))
        made.split(U1, [E1], 5)
        made.observe(event(U1, E1, learnt=6))
        assert not together(made, U1, E1)
        assert [edge for edge in made.edges() if edge[3][:2] == E1]

    def test_a_third_profile_that_a_limit_kept_away_does_not_hold_the_sides_together(self):
        one, other = ("telegram", "1"), ("viber", "2")
        made = model(
            event(E1, one), event(one, other), event(E2, one, happened=5), event(E2, other, happened=5), kinds=TIGHT
        )
        assert together(made, E1, one, other)
        made.split(E1, [E1, other], 9)
        assert not together(made, one, E1)
        assert not together(made, one, other)

    def test_not_even_by_what_had_held_one_side_together(self):
        one, other = ("telegram", "1"), ("viber", "2")
        made = model(
            event(E1, one, happened=1),
            event(one, other, happened=2),
            event(E2, other, happened=3),
            event(E2, one, happened=4),
            event(E1, other, happened=5),
            kinds=TIGHT,
        )
        assert together(made, E1, one, other)
        made.split(E1, [E1, other], 9)
        assert together(made, E2, other)
        assert not together(made, one, other)

    def test_of_a_tablet_means_each_of_its_epochs_there(self):
        made = model(
            event(U1, TABLET, happened=1), event(TABLET, happened=2, logout=True), event(U1, TABLET, happened=3)
        )
        made.split(U1, [TABLET], 9)
        assert not any(together(made, U1, node) for node, _ in made.epochs(TABLET))

    def test_marks_go_on_to_bound_epochs(self):
        made = model(event(U1, TABLET, happened=1), event(U2, TABLET, happened=3))
        made.split(U2, [TABLET], 9)
        assert [holder for _, holder in made.epochs(TABLET)] == [U1, U2]
        assert together(made, U1, (*TABLET, BASE))

    def test_a_later_login_joins_again_where_nothing_was_said_of_that_epoch(self):
        made = model(event(U1, TABLET, happened=1))
        made.split(U1, [TABLET], 5)
        made.observe(event(TABLET, happened=6, learnt=6, logout=True))
        made.observe(event(U1, TABLET, happened=7, learnt=7))
        assert together(made, U1, TABLET)
        assert not together(made, U1, (*TABLET, BASE))

    def test_survives_that_the_epoch_it_spoke_of_is_no_more(self):
        made = model(
            event(U1, TABLET, happened=1), event(TABLET, happened=4, logout=True), event(U2, TABLET, happened=6)
        )
        made.split(U2, [TABLET], 9)
        made.observe(event(U1, TABLET, happened=5, learnt=10))
        made.observe(event(U2, TABLET, happened=5, learnt=11, logout=True))
        assert {node[:2] for part in made.partition() for node in part} == {U1, U2, TABLET}
        assert not together(made, U2, TABLET)

    def test_needs_something_on_both_sides(self):
        made = model(event(U1, E1))
        made.split(U1, [PHONE], 5)
        made.split(U1, [U1, E1], 6)
        assert together(made, U1, E1)


class Model(RuleBasedStateMachine):
    """Evidence in the order in which it is learnt, with an operator at work."""

    def __init__(self):
        super().__init__()
        self.model, self.clock, self.live = ReferenceModel(LOOSE), 0, []

    def parts(self):
        return sorted(sorted(part) for part in self.model.partition())

    def pick(self, data):
        return data.draw(st.sampled_from(self.parts()))

    def two(self, data):
        return data.draw(st.lists(st.sampled_from(self.parts()), min_size=2, max_size=2, unique_by=tuple))

    @rule(data=st.data())
    def observe(self, data):
        self.clock += 1
        for each in data.draw(st.lists(observations, min_size=1, max_size=4)):
            self.model.observe(Observation(**{**vars(each), "learnt": self.clock}))
        self.keep()

    @precondition(lambda self: len(self.parts()) > 1)
    @rule(data=st.data())
    def merge_and_undo(self, data):
        one, other = map(min, self.two(data))
        before, self.clock = answers(self.model), self.clock + 2
        number = self.model.merge(one, other, self.clock - 1)
        assert together(self.model, one, other)
        self.model.undo(number, self.clock)
        assert answers(self.model) == before
        self.keep()

    @precondition(lambda self: len(self.parts()) > 1)
    @rule(data=st.data())
    def merge(self, data):
        self.clock += 1
        one, other = self.two(data)
        self.model.merge(one[0], other[-1], self.clock)
        assert together(self.model, *one, *other)
        self.keep()

    @precondition(lambda self: any(map(self.model.operator_edges, range(len(self.model.merges)))))
    @rule(data=st.data())
    def undo(self, data):
        self.clock += 1
        standing = [n for n in range(len(self.model.merges)) if self.model.operator_edges(n)]
        self.model.undo(data.draw(st.sampled_from(standing)), self.clock)
        self.keep()

    @precondition(lambda self: self.model.seen)
    @rule(data=st.data())
    def split(self, data):
        self.clock, part = self.clock + 1, self.pick(data)
        named = data.draw(st.frozensets(st.sampled_from([node[:2] for node in part]), min_size=1))
        self.model.split(part[0], named, self.clock)
        for side in self.model.partition():
            assert len({node[:2] in named for node in side.intersection(part)}) < 2 or named.issuperset(
                node[:2] for node in part
            )
        self.keep()

    def keep(self):
        self.live.append((self.clock, self.model.partition()))

    @invariant()
    def each_node_lies_in_one_part(self):
        partition = self.model.partition()
        assert sum(map(len, partition)) == len(set().union(*partition))

    def tied_by_hand(self):
        return tied_by_hand(self.model, range(len(self.model.merges)))

    @invariant()
    def no_part_holds_both_ends_of_a_cannot_link(self):
        tied = self.tied_by_hand()
        for _, ends in self.model.cannot_links():
            assert any(ends <= part for part in tied) or not any(ends <= part for part in self.model.partition())

    @invariant()
    def who_was_joined_by_hand_is_together(self):
        for part in self.tied_by_hand():
            assert any(part <= now for now in self.model.partition())

    @invariant()
    def only_an_operator_exceeds_a_limit(self):
        if not any(map(self.model.operator_edges, range(len(self.model.merges)))):
            for part in self.model.partition():
                for kind, found in Counter(node[0] for node in part if node[2] == BASE).items():
                    assert found <= self.model.kind((kind,))[1]

    @invariant()
    def the_order_of_the_evidence_does_not_matter(self):
        other = self.model.known(self.clock)
        events = list(other.seen.items())
        random.Random(self.clock).shuffle(events)
        other.seen = dict(events)
        assert other.partition() == self.model.partition()

    def teardown(self):
        for clock, partition in self.live:  # known at L = as it was then; known now = as it is
            assert self.model.known(clock).partition() == partition


def test_the_model_with_an_operator_at_work():
    run_state_machine_as_test(
        Model,
        settings=settings(max_examples=60, stateful_step_count=12, deadline=None, derandomize=True, database=None),
    )


class TestAsOf:
    @QUIET
    @given(evidence, limits)
    def test_now_is_live(self, events, kinds):
        made = model(*events, kinds=kinds)
        assert answers(made.known(6)) == answers(made)
        for part in made.partition():
            assert made.counters(min(part), 6) == made.counters(min(part))
            assert made.traits(min(part), 6) == made.traits(min(part))

    def test_an_undone_merge_is_known_until_it_was_undone(self):
        made = model(event(U1), event(U2))
        made.undo(made.merge(U1, U2, 5), 7)
        assert [together(made.known(at), U1, U2) for at in (4, 5, 6, 7)] == [False, True, True, False]

    def test_what_had_happened_is_folded_over_who_is_known_now(self):
        made = model(event(W1, happened=1, learnt=1, name="Viewed"), event(W1, U1, happened=3, learnt=3, name="Bought"))
        assert made.counters(U1, 2) == {"Viewed": 1}
        assert made.known(2).counters(W1) == {"Viewed": 1}
        assert {node[:2] for part in made.known(2).partition() for node in part} == {W1}

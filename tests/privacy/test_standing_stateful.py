"""Arbitrary consents and withdrawals, with joining and parting in between, against a model that fits on a page."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from consent_model import ConsentModel
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from ledger_factory import NOON, Town

from onevoice.domains.privacy.contracts import Asked, Said
from onevoice.domains.privacy.service import ledger, standing
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database

KINDS = ["email", "email", "telegram", "loyalty_card", "email"]
CHANNELS = ["email", "telegram"]
PURPOSES = ["back_in_stock", "reviews"]
people = st.integers(0, len(KINDS) - 1)
channels = st.sampled_from([*CHANNELS, "*"])


def machine(database: Database) -> type[RuleBasedStateMachine]:
    class Ledger(RuleBasedStateMachine):
        """Person: a set of indices into KINDS. Everybody begins alone."""

        def __init__(self) -> None:
            super().__init__()
            self.stack = ExitStack()
            self.conn = self.stack.enter_context(database.transaction())
            self.town = Town(self.conn)
            self.clock = ManualClock(NOON)
            self.chance = SeededChance(1)
            self.nodes = [self.town.node(kind) for kind in KINDS]
            self.model = ConsentModel(dict(zip(self.nodes, KINDS, strict=True)), {nid: nid for nid in self.nodes})
            self.before: dict[int, dict[tuple[int, str, str], str]] | None = None
            self.joined: tuple[int, int] | None = None
            self.said = 0

        def teardown(self) -> None:
            self.conn.rollback()
            self.stack.close()

        def how(self) -> Said:
            self.said += 1
            self.clock.advance(timedelta(seconds=1))
            self.before = None
            return Said("api", f"k{self.said}", proven=True)

        def states(self) -> dict[tuple[int, str, str], str]:
            keys = [(nid, purpose, channel) for nid in self.nodes for purpose in PURPOSES for channel in CHANNELS]
            asked = [Asked(self.town.pid(nid), nid, channel, purpose) for nid, purpose, channel in keys]
            return dict(zip(keys, [each.state for each in standing.standings(self.conn, asked)], strict=True))

        @rule(who=people, purpose=st.sampled_from([*PURPOSES, "*"]), channel=channels)
        def withdraw(self, who: int, purpose: str, channel: str) -> None:
            ledger.withdraw(self.conn, self.nodes[who], purpose, channel, self.how(), clock=self.clock)
            self.model.withdraw(self.nodes[who], purpose, channel)

        @rule(who=people, purpose=st.sampled_from(PURPOSES), channel=channels)
        def grant(self, who: int, purpose: str, channel: str) -> None:
            ledger.grant(self.conn, self.nodes[who], purpose, channel, self.how(), clock=self.clock)
            self.model.allow(self.nodes[who], purpose, channel, CHANNELS)

        @rule(who=people, channel=channels)
        def lift(self, who: int, channel: str) -> None:
            ledger.lift(self.conn, self.nodes[who], channel, self.how(), clock=self.clock)
            self.model.allow(self.nodes[who], "*", channel, CHANNELS)

        @rule(who=people, purpose=st.sampled_from(PURPOSES), channel=st.sampled_from(CHANNELS), answer=st.booleans())
        def request(self, who: int, purpose: str, channel: str, answer: bool) -> None:
            nid, key = self.nodes[who], b"k" * 32
            options = {"clock": self.clock, "chance": self.chance, "key": key}
            asked = ledger.request(self.conn, nid, purpose, channel, self.how(), **options)
            self.model.request(nid, purpose, channel)
            if answer and asked.token is not None:
                ledger.confirm(self.conn, asked.token, self.how(), clock=self.clock, key=key)
                self.model.allow(nid, purpose, channel, CHANNELS)

        @rule(one=people, two=people)
        def join(self, one: int, two: int) -> None:
            left, right = self.model.person(self.nodes[one]), self.model.person(self.nodes[two])
            if self.nodes[two] in left:
                return
            apart = self.states()
            self.town.join(*left, *right)
            self.model.part |= dict.fromkeys([*left, *right], min(*left, *right))
            together = self.states()
            for (nid, purpose, channel), state in apart.items():
                if state == "withdrawn" and nid in {*left, *right} and not self.lifted_by_joining(nid):
                    assert together[nid, purpose, channel] == "withdrawn", "joined, and less strict than apart"
            self.before, self.joined = {0: apart}, (one, two)
            self.sides = (left, right)

        def lifted_by_joining(self, nid: int) -> bool:
            """Whether something that was lifted while they were one before counts again."""
            person = self.model.person(nid)
            return any(line.via is not None and {line.nid, line.via} <= {*person} for line in self.model.lines)

        @precondition(lambda self: self.before is not None)
        @rule()
        def part_again(self) -> None:
            for side in self.sides:
                self.town.join(*side)
                self.model.part |= dict.fromkeys(side, min(side))
            assert self.before is not None
            assert self.states() == self.before[0], "parted again, and not as they were"
            self.before = None

        @rule(who=people)
        def leave(self, who: int) -> None:
            person = self.model.person(self.nodes[who])
            rest = [nid for nid in person if nid != self.nodes[who]]
            if not rest:
                return
            for side in ([self.nodes[who]], rest):
                self.town.join(*side)
                self.model.part |= dict.fromkeys(side, min(side))
            self.before = None

        @invariant()
        def is_what_the_model_says(self) -> None:
            for (nid, purpose, channel), state in self.states().items():
                assert state == self.model.state(nid, purpose, channel), (nid, purpose, channel)

    return Ledger


class TestLedger:
    @pytest.mark.long
    def test_whatever_is_said_for_long(self, database: Database) -> None:
        run_state_machine_as_test(
            machine(database),
            settings=settings(
                max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )

    def test_whatever_is_said(self, database: Database) -> None:
        run_state_machine_as_test(
            machine(database),
            settings=settings(
                max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )

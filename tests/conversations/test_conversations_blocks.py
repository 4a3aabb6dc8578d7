"""Blocked addresses: what comes from them is kept and opens nothing, until they are heard again."""

from itertools import product

import pytest

from onevoice.domains.conversations.contracts import VIEWS
from onevoice.domains.conversations.errors import UnknownAddressError, UnknownBlockError
from onevoice.domains.conversations.service import acting, blocking, reading
from onevoice.domains.conversations.store.episodes import Filter
from onevoice.domains.identity.errors import UnknownProfileError

VAULT = b"v" * 32
ANNA = "email:anna@n.example"


@pytest.fixture
def olga(desk):
    return desk.colleague("Olga")


def block(desk, olga, address=ANNA, reference=ANNA):
    desk.does(
        blocking.block, address, "Insults", VAULT, actor="olga", account=olga, clock=desk.clock, reference=reference
    )


def blocked(desk, reference=ANNA):
    with desk.post.database.transaction() as conn:
        return reading.blocked(conn, reading.person(conn, reference, VAULT))


def lift(desk, olga, number, reference=ANNA):
    desk.does(blocking.lift, number, actor="olga", account=olga, clock=desk.clock, reference=reference)


def counts(desk, me):
    with desk.post.database.transaction() as conn:
        return [each.people for each in reading.Counts(desk.clock).of(conn, [Filter(view, me) for view in VIEWS])]


def said(desk, reference=ANNA):
    items = desk.thread(reference).items
    return [(each.properties["text"], each.blocked) for each in reversed(items) if isinstance(each, reading.Said)]


class TestBlock:
    def test_what_comes_begins_nothing_and_stands_in_the_thread(self, desk, olga):
        desk.knows(userId="u1", traits={"email": "anna@n.example"})
        block(desk, olga)
        desk.hears("You will pay for this")
        assert desk.episodes() == []
        assert counts(desk, olga) == [0] * len(VIEWS)
        assert said(desk) == [("You will pay for this", True)]

    def test_it_wakes_and_moves_nothing_that_is_there(self, desk, olga):
        desk.hears("Hello")
        desk.does(acting.see, 10**6, actor=olga)
        desk.does(acting.close, actor=olga, clock=desk.clock)
        before, counted = desk.episode(), counts(desk, olga)
        block(desk, olga)
        desk.post.later(minutes=1)
        desk.hears("And another thing")
        assert (desk.episode(), counts(desk, olga)) == (before, counted)
        assert not any(each.unread for each in desk.inbox("closed", olga))

    def test_lifted_they_are_heard_again(self, desk, olga):
        desk.hears("Hello")
        desk.does(acting.close, actor=olga, clock=desk.clock)
        block(desk, olga)
        desk.hears("Unheard")
        (found,) = blocked(desk)
        lift(desk, olga, found.id)
        desk.hears("I am sorry")
        assert (desk.episode().state, desk.episode().waiting_since) == ("open", desk.clock.now())
        assert said(desk) == [("Hello", False), ("Unheard", True), ("I am sorry", False)]
        with pytest.raises(UnknownBlockError):
            lift(desk, olga, found.id)

    def test_by_their_other_address_they_are_heard(self, desk, olga):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        desk.merge(ANNA, "telegram:501")
        block(desk, olga)
        desk.does(acting.close, actor=olga, clock=desk.clock)
        desk.hears("By mail again")
        assert desk.inbox() == []
        desk.hears("By telegram again", address="501", channel="telegram")
        assert len(desk.inbox()) == 1

    def test_it_goes_with_the_address(self, desk, olga):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        merged = desk.merge(ANNA, "telegram:501")
        block(desk, olga, "telegram:501")
        desk.undo(merged)
        assert [len(blocked(desk, each)) for each in (ANNA, "telegram:501")] == [0, 1]

    def test_who_blocked_it_and_why_is_told(self, desk, olga):
        desk.hears("Hello")
        block(desk, olga)
        with desk.post.database.transaction() as conn:
            found = reading.conversation(conn, reading.person(conn, ANNA, VAULT), olga)
        ((kept, kind, value),) = found.blocked
        assert (kept.reason, kept.account_id, kind, value) == ("Insults", olga, "email", "anna@n.example")

    def test_twice_is_once_and_both_are_audited(self, desk, olga):
        desk.hears("Hello")
        block(desk, olga)
        block(desk, olga)
        lift(desk, olga, blocked(desk)[0].id)
        with desk.post.database.transaction() as conn:
            told = conn.execute("select action, reason from access.audit where action like 'address.%' order by id")
            assert told.fetchall() == [("address.blocked", "Insults"), ("address.unblocked", None)]

    @pytest.mark.parametrize("address", ["profile:1", "email:tom@n.example"])
    def test_only_an_address_of_theirs(self, desk, olga, address):
        desk.hears("Hello")
        desk.hears("Hello", address="tom@n.example")
        with pytest.raises(UnknownAddressError):
            block(desk, olga, address)

    def test_an_address_that_nobody_knows(self, desk, olga):
        desk.hears("Hello")
        with pytest.raises(UnknownProfileError):
            block(desk, olga, "email:nobody@n.example")

    def test_a_block_of_somebody_else(self, desk, olga):
        desk.hears("Hello")
        desk.hears("Hello", address="tom@n.example")
        block(desk, olga)
        with pytest.raises(UnknownBlockError):
            lift(desk, olga, blocked(desk)[0].id, "email:tom@n.example")


def test_in_every_story_of_three_steps_a_blocked_word_changes_nothing_and_any_other_opens(desk, olga):
    for number, story in enumerate(product(("says", "blocks", "lifts", "closes"), repeat=3)):
        address = f"p{number}@n.example"
        reference = f"email:{address}"
        desk.hears("Hello", address)
        for step in (*story, "says"):
            desk.post.later(minutes=1)
            before, shut = desk.episode(reference), blocked(desk, reference)
            if step == "says":
                desk.hears("Word", address)
                found = desk.episode(reference)
                assert (found == before) if shut else (found.state == "open" and found.waiting_since), story
            elif step == "blocks":
                block(desk, olga, reference, reference)
            elif step == "lifts" and shut:
                lift(desk, olga, shut[0].id, reference)
            elif step == "closes":
                desk.does(acting.close, actor=olga, clock=desk.clock, reference=reference)

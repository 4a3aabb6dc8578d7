"""Writing the ledger: once per key, in the right order when two speak at once, and whole again after a hand merge."""

import threading
from datetime import timedelta

import pytest
from ledger_factory import NOON, Town
from public_pages import ANNA, MAIL, Pages
from public_pages import town as shop_of_anna

from onevoice.domains.privacy.contracts import Said
from onevoice.domains.privacy.errors import ConfirmationNeededError, InvalidPreferenceError, WithdrawnSinceError
from onevoice.domains.privacy.service import doors, ledger, standing, suppressing
from onevoice.domains.privacy.store import ledger as store
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database

OLA = "email:ola@example.com"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON + timedelta(hours=1))


def said(key: str, **more: object) -> Said:
    return Said("api", key, **more)  # type: ignore[arg-type]


class TestOnce:
    def test_a_key_is_taken_once(self, town: Town, clock: ManualClock) -> None:
        [mail] = town.person("email")
        first = ledger.grant(town.conn, mail, "reviews", "email", said("k1"), clock=clock)
        clock.advance(timedelta(minutes=1))
        ledger.withdraw(town.conn, mail, "reviews", "*", said("k2"), clock=clock)
        clock.advance(timedelta(minutes=1))
        again = ledger.grant(town.conn, mail, "reviews", "email", said("k1"), clock=clock)
        assert (again.repeated, again.lines) == (True, first.lines)
        assert town.state(mail, "reviews", "email") == "withdrawn"

    def test_what_an_import_tells_late_does_not_lift_what_was_said_since(self, town: Town, clock: ManualClock) -> None:
        mail, telegram = town.person("email", "telegram")
        ledger.withdraw(town.conn, telegram, "*", "*", said("k1"), clock=clock)
        old = said("k2", happened=NOON - timedelta(days=30))
        ledger.grant(town.conn, mail, "reviews", "email", old, clock=clock)
        assert town.state(mail, "reviews", "email") == "withdrawn"

    def test_a_typed_address_needs_a_proof_where_the_purpose_says_so(self, town: Town, clock: ManualClock) -> None:
        [mail] = town.person("email")
        with pytest.raises(ConfirmationNeededError):
            ledger.grant(town.conn, mail, "promotions", "email", said("k1"), clock=clock)
        ledger.grant(town.conn, mail, "promotions", "email", said("k1", proven=True), clock=clock)
        assert town.state(mail, "promotions", "email") == "granted"

    def test_where_from_is_kept_apart(self, town: Town, clock: ManualClock) -> None:
        [mail] = town.person("email")
        ledger.grant(town.conn, mail, "reviews", "email", said("k1", ip="198.51.100.7", agent="Mail"), clock=clock)
        assert town.conn.execute("select ip, agent from privacy.origin").fetchall() == [("198.51.100.7", "Mail")]
        town.conn.execute("delete from privacy.origin")


class TestWish:
    def test_a_stricter_wish_of_another_identifier_is_taken_back(self, town: Town, clock: ManualClock) -> None:
        mail, telegram = town.person("email", "telegram")
        until = clock.now() + timedelta(days=30)
        ledger.wish(town.conn, mail, {"per_week": 1, "pause_until": until}, said("k1"), clock=clock)
        clock.advance(timedelta(minutes=1))
        ledger.wish(town.conn, telegram, {"per_week": None, "pause_until": None}, said("k2"), clock=clock)
        pid = town.pid(mail)
        found = standing.preferences(town.conn, [pid])[pid]
        assert (found.per_week, found.pause_until) == (None, None)
        town.join(mail), town.join(telegram)
        assert standing.preferences(town.conn, [mail])[mail].per_week == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [("per_week", -1), ("per_week", True), ("hours", (1,)), ("hours", 7), ("hours", (0, 2000)), ("order", ("x",)),
         ("order", ("email", "email")), ("language", "de"), ("pause_until", NOON.replace(tzinfo=None)), ("colour", 1)],
    )  # fmt: skip
    def test_what_nobody_can_wish(self, town: Town, clock: ManualClock, name: str, value: object) -> None:
        [mail] = town.person("email")
        with pytest.raises(InvalidPreferenceError):
            ledger.wish(town.conn, mail, {name: value}, said("k1"), clock=clock)


class TestRaces:
    def test_a_consent_waits_for_a_withdrawal_and_then_gives_way(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as conn:
            mail, telegram = Town(conn).person("email", "telegram")
        outcome: list[object] = []

        def grant() -> None:
            try:
                with database.transaction() as conn:
                    outcome.append(ledger.grant(conn, mail, "reviews", "email", said("k2"), seen=0, clock=clock))
            except WithdrawnSinceError as error:
                outcome.append(error)

        with database.transaction() as conn:
            ledger.withdraw(conn, telegram, "reviews", "*", said("k1"), clock=clock)
            other = threading.Thread(target=grant)
            other.start()
            other.join(0.3)
            assert outcome == [], "it did not wait"
        other.join(10)
        assert [type(each) for each in outcome] == [WithdrawnSinceError]

    def test_of_many_of_one_key_one_is_written(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as conn:
            [mail] = Town(conn).person("email")
        done: list[bool] = []

        def grant() -> None:
            with database.transaction() as conn:
                done.append(ledger.grant(conn, mail, "reviews", "email", said("k"), clock=clock).repeated)

        threads = [threading.Thread(target=grant) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(done) == [False] + [True] * 7
        with database.transaction() as conn:
            assert len(store.lines_of_key(conn, "k")) == 1


class TestByHand:
    def test_joined_and_undone_by_the_linkers_own_hand(self, database: Database) -> None:
        """What the tests elsewhere do to identity's table, done as operators do it."""
        anna: Pages = shop_of_anna(database)
        anna.shop.person("ola", email="ola@example.com", at=1)
        anna.said("grant", MAIL, "reviews", "email")
        anna.said("withdraw", OLA, "*", "*")
        body = {"from": "user_id:ola", "into": ANNA, "reason": "one and the same"}
        merged = anna.shop.post("/api/identity/merges", body, at=2)
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        anna.now(3)
        anna.said("grant", MAIL, "reviews", "email")
        assert anna.state(MAIL, "reviews", "email") == "granted", "having seen it"
        assert anna.state(OLA, "reviews", "email") == "none", "of an address that never said so"
        undone = anna.shop.post(f"/api/identity/merges/{merged.json()['id']}/undo", {}, at=4)
        assert undone.status_code == 200, undone.text
        assert anna.state(MAIL, "reviews", "email") == "granted"
        assert anna.state(OLA, "reviews", "email") == "withdrawn"


class TestSuppress:
    def test_once_for_each_reason_that_stands(self, town: Town, clock: ManualClock) -> None:
        [mail] = town.person("email")
        first = suppressing.suppress(town.conn, mail, "hard_bounce", source="message:1", clock=clock)
        assert first is not None
        assert suppressing.suppress(town.conn, mail, "hard_bounce", source="message:2", clock=clock) is None
        assert suppressing.suppress(town.conn, mail, "complaint", source="message:3", clock=clock) is not None
        suppressing.lift(town.conn, first, actor="owner", because="mended", clock=clock)
        assert standing.suppressions(town.conn, [mail])[mail].reason == "complaint"
        assert suppressing.suppress(town.conn, mail, "hard_bounce", source="message:4", clock=clock) is not None


class TestHousekeeping:
    def test_doors_and_requests_are_forgotten_a_month_after_they_ran_out(self, town: Town, clock: ManualClock) -> None:
        [mail] = town.person("email")
        chance, key = SeededChance(1), b"k" * 32
        made = doors.make(town.conn, mail, actor="test", key=key, clock=clock, chance=chance)
        ledger.request(town.conn, mail, "promotions", "email", said("k1"), clock=clock, chance=chance, key=key)
        assert doors.housekeep(town.conn, made.expires + doors.KEEP) <= 1  # of the two the door lives longer
        assert doors.resolve(town.conn, made.token, key=key, now=clock.now()) is not None
        late = made.expires + doors.KEEP + timedelta(days=1)
        doors.housekeep(town.conn, late)
        assert doors.housekeep(town.conn, late) == 0
        assert doors.resolve(town.conn, made.token, key=key, now=clock.now()) is None
        assert town.conn.execute("select count(*) from privacy.request").fetchone() == (0,)
        assert len(town.conn.execute("select 1 from privacy.consent where key = 'k1'").fetchall()) == 1

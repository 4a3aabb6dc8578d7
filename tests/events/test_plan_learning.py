"""What the tracking plan learns, and that it is learnt once, within bounds, and in nobody's way."""

import threading
from datetime import timedelta

import psycopg
import pytest
from plan_factory import NOON, SITE, TILL, Shop, named, order

from onevoice.domains.events.contracts import Declared
from onevoice.domains.events.errors import ForeignLogError
from onevoice.domains.events.jobs import learn
from onevoice.domains.events.rules.shapes import ANY, ARRAY, BOOLEAN, INTEGER, NOTHING, NUMBER, OBJECT, TEXT, TIME
from onevoice.domains.events.service import learning, log, plan
from onevoice.domains.events.store import learning as store
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


class TestLearning:
    def test_an_event_is_counted_by_source_and_hour(self, shop):
        shop.send(order(), order(), hours=0.5)
        shop.send(order(), hours=1.5)
        shop.send(order(), source=TILL, hours=1.6)
        assert shop.learn() == 4
        assert shop.ask("select source_id, n, first_at, last_at from events.plan_flow order by 1") == [
            (SITE, 3, NOON + timedelta(hours=0.5), NOON + timedelta(hours=1.5)),
            (TILL, 1, NOON + timedelta(hours=1.6), NOON + timedelta(hours=1.6)),
        ]
        assert shop.ask("select source_id, hour, n from events.plan_hour order by 1, 2") == [
            (SITE, NOON, 2),
            (SITE, NOON + timedelta(hours=1), 1),
            (TILL, NOON + timedelta(hours=1), 1),
        ]

    def test_properties_are_learnt_with_their_kinds(self, shop):
        shop.receive(
            order(
                total=9.5,
                items=2,
                paid=True,
                note="x",
                at="2026-11-05T10:00:00Z",
                gift=None,
                products=[{"sku": "A", "price": 5}, {"sku": "B", "price": 4.5}],
                shipping={"method": "pickup"},
            )
        )
        assert shop.seen() == {
            (f"properties.{path}", kind): 1
            for path, kinds in {
                "total": (NUMBER, ANY),
                "items": (INTEGER, ANY),
                "paid": (BOOLEAN, ANY),
                "note": (TEXT, ANY),
                "at": (TIME, ANY),
                "gift": (NOTHING,),
                "products": (ARRAY, ANY),
                "products[]": (OBJECT, ANY),
                "products[].sku": (TEXT, ANY),
                "products[].price": (INTEGER, NUMBER, ANY),
                "shipping": (OBJECT, ANY),
                "shipping.method": (TEXT, ANY),
            }.items()
            for kind in kinds
        }

    def test_traits_are_learnt_wherever_they_stand(self, shop):
        shop.receive({"type": "identify", "userId": "u", "traits": {"plan": "gold"}})
        shop.receive({"type": "identify", "userId": "u", "context": {"traits": {"plan": "gold"}, "ip": "1.2.3.4"}})
        assert shop.seen("", "identify") == {
            (path, kind): 1 for path in ("traits.plan", "context.traits.plan") for kind in (TEXT, ANY)
        }

    def test_pages_are_one_event_whatever_they_are_called(self, shop):
        shop.receive(*({"type": "page", "userId": "u", "name": f"Page {n}"} for n in range(50)))
        assert shop.ask("select type, name from events.plan_event") == [("page", "")]

    def test_no_value_is_kept(self, shop):
        shop.receive(order(note="canary-value", canary_key={"canary@example.com": 1, "4711-0815-99": 2}))
        tables = shop.ask("select tablename from pg_tables where schemaname = 'events' and tablename like 'plan%%'")
        dump = "\n".join(str(shop.ask(f"select * from events.{table}")) for (table,) in tables)
        assert "canary_key.*" in dump
        assert not [word for word in ("canary-value", "canary@", "4711") if word in dump]


class TestOnce:
    def test_the_position_moves_with_what_was_learnt(self, shop):
        shop.receive(order())
        assert shop.learn() == 0
        assert shop.ask("select n from events.plan_flow") == [(1,)]

    def test_a_crash_before_the_commit_learns_nothing_and_after_it_all(self, shop, monkeypatch):
        shop.send(order(total=1))
        advance = log.advance

        def crash(*_):
            raise psycopg.OperationalError("gone")

        monkeypatch.setattr(log, "advance", crash)
        with pytest.raises(psycopg.OperationalError):
            shop.learner.step(10, NOON)
        assert shop.ask("select * from events.plan_flow") == []
        monkeypatch.setattr(log, "advance", advance)
        assert shop.learn() == 1
        assert shop.ask("select n from events.plan_flow") == [(1,)]

    def test_two_learners_count_once(self, shop):
        for hour in range(20):
            shop.send(*(order(total=n) for n in range(50)), hours=hour)
        other = Shop.__new__(Shop)
        other.__dict__.update(shop.__dict__, learner=learning.Learner(shop.database.transaction))

        def work(one):
            for _ in range(60):
                one.learner.step(100, NOON)

        threads = [threading.Thread(target=work, args=(one,)) for one in (shop, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shop.learn()
        assert shop.ask("select n from events.plan_flow") == [(1000,)]
        assert shop.ask("select sum(n)::int from events.plan_hour") == [(1000,)]

    def test_nobody_learns_while_another_holds_the_lock(self, shop):
        shop.send(order())
        with shop.database.transaction() as conn:
            assert store.hold_learner(conn)
            assert shop.learner.step(10, NOON).events == 0
        assert shop.learn() == 1

    def test_a_log_of_another_cluster_is_not_learnt_from(self, shop):
        shop.send(order())
        with shop.database.transaction() as conn:
            conn.execute("update events.cluster set stamp = '1'")
        with pytest.raises(ForeignLogError):
            shop.learner.step(10, NOON)


class TestBounds:
    def test_names_beyond_the_bound_are_others_and_an_alarm_says_so(self, shop, monkeypatch):
        monkeypatch.setattr(learning, "MAX_NAMES", 3)
        shop.receive(*(named(f"Name {n}") for n in range(10)), named("Name 1"))
        shop.receive(named("Name 1"), named("Name 99"))
        shop.receive(named("Own"), source=TILL)
        assert shop.ask("select count(*) from events.plan_flow where source_id = %s", SITE) == [(3,)]
        assert shop.ask("select n::int, others::int from events.plan_source order by source_id") == [(13, 8), (1, 0)]
        assert shop.alarms() == [("too_many_names", "", 8)]
        assert shop.ask("select n::int from events.plan_flow where event_id = %s", shop.event("Name 1")) == [(3,)]

    def test_a_million_names_cost_a_bounded_batch(self, shop, monkeypatch):
        monkeypatch.setattr(learning, "MAX_NEW_FLOWS", 5)
        monkeypatch.setattr(learning, "MAX_NAMES", 3)
        shop.receive(*(named(f"Name {n}") for n in range(20)))
        assert shop.ask("select count(*) from events.plan_event") == [(3,)]
        assert shop.ask("select n::int, others::int from events.plan_source") == [(20, 17)]

    def test_properties_beyond_the_bound_are_left_out_and_an_alarm_says_so(self, shop, monkeypatch):
        monkeypatch.setattr(learning, "MAX_PATHS", 2)
        shop.receive(order(a=1, b=1, c=1))
        shop.receive(order(a=1, d=1))
        assert shop.seen() == {
            (f"properties.{key}", kind): n for key, n in (("a", 2), ("b", 1)) for kind in (INTEGER, ANY)
        }
        assert shop.alarms() == [("too_many_properties", "", 2)]

    def test_shapes_beyond_the_bound_are_counted_without_being_looked_at(self, shop, monkeypatch):
        monkeypatch.setattr(learning, "MAX_SHAPES", 2)
        shop.receive(order(a=1), order(b=1), order(c=1), order(a=2))
        assert {path for path, _ in shop.seen()} == {"properties.a", "properties.b"}
        assert shop.ask("select n::int from events.plan_flow") == [(4,)]

    def test_one_source_opens_a_bounded_number_of_alarms(self, shop):
        shop.receive(order())
        shop.accept()
        shop.receive(*(named(f"Name {n}") for n in range(80)))
        assert len(shop.alarms()) == 50

    @pytest.mark.parametrize(
        "odd",
        [
            {"properties": "text"},
            {"traits": [1]},
            {"context": None},
            {"context": {"traits": 3}},
            {"event": 7},
            {"event": None},
            {"type": None},
            {"properties": {"": {"": [[[[[[1]]]]]]}}},
            {"properties": {"x" * 5000: 1, "ключ": "значение", "a.b": 1, "a[]": 2}},
        ],
    )
    def test_whatever_a_sender_writes_is_learnt_from(self, shop, odd):
        shop.receive({**order(), **odd})
        assert shop.ask("select n::int from events.plan_source") == [(1,)]

    def test_an_event_that_cannot_be_read_is_passed_over(self, shop):
        shop.receive({**order(), "context": "text"}, order())
        assert shop.ask("select n::int from events.plan_flow") == [(1,)]


class TestAlarms:
    def test_a_type_that_held_and_then_changed(self, shop):
        shop.receive(*(order(total=1.5) for _ in range(100)))
        shop.receive(order(total="1,50"), order(total=3))
        assert shop.alarms() == [("type_conflict", "properties.total", 1)]
        assert shop.ask("select detail from events.plan_alarm") == [
            ({"expected": "number", "came": ["text"], "declared": False},)
        ]

    def test_a_type_that_has_not_held_long_changes_in_silence(self, shop):
        shop.receive(*(order(total=1.5) for _ in range(98)), order(total="x"))
        assert shop.alarms() == []

    def test_kinds_that_get_on_with_each_other(self, shop):
        shop.receive(*(order(total=1, at="2026-01-01", note="x") for _ in range(200)))
        shop.receive(order(total=1.5, at=None, note="2026-01-01"), order(at="", note=""))
        assert shop.alarms() == []

    def test_a_declared_type_needs_no_hundred(self, shop):
        shop.receive(order(total=1))
        shop.change("Order Completed", **{"properties.total": Declared(type="integer")})
        shop.receive(order(total=1.5), order(total="x"))
        assert shop.alarms() == [("type_conflict", "properties.total", 2)]

    def test_a_name_that_is_not_in_the_plan_once_there_is_one(self, shop):
        shop.receive(order())
        shop.receive(named("Before"), source=TILL)
        assert shop.alarms() == []
        assert shop.accept() == 1
        shop.receive(named("After"), named("After"), named("Before"))
        shop.receive(named("Other"), source=TILL)
        assert shop.alarms() == [("unknown_event", "", 1), ("unknown_event", "", 2)]

    def test_an_archived_name_raises_nothing(self, shop):
        shop.receive(named("Old", total=1), order())
        shop.accept()
        shop.change("Old", **{"properties.total": Declared(required=True)})
        with shop.database.transaction() as conn:
            plan.archive(conn, shop.event("Old"), actor="dev", clock=shop.clock)
        shop.receive(named("Old"))
        assert shop.alarms() == []

    def test_a_required_property_that_is_missing_or_says_nothing(self, shop):
        shop.receive(order(total=1))
        shop.change("Order Completed", **{"properties.total": Declared(required=True)})
        shop.receive(order(total=1), order(), order(total=None))
        assert shop.alarms() == [("missing_property", "properties.total", 2)]

    def test_a_value_that_is_not_among_those_allowed(self, shop):
        shop.receive(order(currency="PLN"))
        rule = Declared(allowed=["PLN", "EUR", 1])
        shop.change("Order Completed", **{"properties.currency": rule, "properties.products[].unit": rule})
        shop.receive(
            order(currency="PLN"),
            order(currency=None),
            order(currency="canary"),
            order(currency=True),
            order(products=[{"unit": 1}, {"unit": "kg"}, {}]),
        )
        assert shop.alarms() == [
            ("value_not_allowed", "properties.currency", 2),
            ("value_not_allowed", "properties.products[].unit", 1),
        ]
        assert "canary" not in str(shop.ask("select * from events.plan_alarm"))

    def test_a_change_of_the_plan_closes_what_it_answers_and_what_is_still_wrong_opens_again(self, shop):
        shop.receive(order())
        shop.change("Order Completed", **{"properties.total": Declared(required=True)})
        shop.receive(order())
        assert len(shop.alarms()) == 1
        shop.change("Order Completed", **{"properties.note": Declared()})
        assert shop.alarms() == []
        shop.receive(order())
        assert shop.alarms() == [("missing_property", "properties.total", 1)]


class TestJob:
    def run(self, shop, *, until, busy=lambda _: False):
        stop = threading.Event()
        thread = threading.Thread(target=learn.run, args=(shop.database, SystemClock(), stop, busy))
        thread.start()
        try:
            for _ in range(400):
                if until():
                    return
                stop.wait(0.05)
            raise AssertionError("it never came")
        finally:
            stop.set()
            thread.join()

    def test_learns_what_comes(self, shop):
        shop.send(order())
        self.run(shop, until=lambda: shop.ask("select n::int from events.plan_flow") == [(1,)])

    def test_passes_over_what_fails_again_and_again(self, shop, monkeypatch):
        shop.send(named("Poison"))
        shop.send(order())
        shape_of = learning.paths_of

        def poisonous(shape):
            if shop.ask("select 1 from events.position where consumer = 'plan'") == []:
                raise ValueError("poison")
            return shape_of(shape)

        monkeypatch.setattr(learning, "paths_of", poisonous)
        monkeypatch.setattr(learn, "PAUSE_SECONDS", 0.01)
        self.run(shop, until=lambda: shop.ask("select n::int from events.plan_source") == [(1,)])
        assert shop.ask("select name from events.plan_event") == [("Order Completed",)]

    def test_steps_back_while_others_are_behind(self, shop, monkeypatch):
        monkeypatch.setattr(learn, "PAUSE_SECONDS", 0.0)
        monkeypatch.setattr(learn, "SHARE", 0.0001)

        def learnt_first_and_nothing_after():
            if shop.ask("select n::int from events.plan_flow") != [(1,)]:
                return False
            shop.send(order())
            threading.Event().wait(0.5)
            return shop.ask("select n::int from events.plan_flow") == [(1,)]

        shop.send(order())
        self.run(shop, until=learnt_first_and_nothing_after, busy=lambda _: True)

    def test_waits_for_a_database_that_is_away_and_passes_over_nothing(self, shop, monkeypatch):
        monkeypatch.setattr(learn, "PAUSE_SECONDS", 0.01)
        advance, failures = log.advance, []

        def fail(*given):
            if len(failures) < 5:
                failures.append(1)
                raise psycopg.OperationalError("away")
            advance(*given)

        monkeypatch.setattr(log, "advance", fail)
        shop.send(order())
        self.run(shop, until=lambda: shop.ask("select n::int from events.plan_flow") == [(1,)])
        assert len(failures) == 5

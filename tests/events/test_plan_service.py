"""The plan: declaring, accepting, changing, archiving; its alarms; and who falls silent."""

from datetime import timedelta

import pytest
from plan_factory import NOON, SITE, TILL, Shop, named, order

from onevoice.domains.access.service import audit
from onevoice.domains.events.contracts import Declared, PlanChange
from onevoice.domains.events.errors import (
    AlarmClosedError,
    InvalidPlanError,
    PlanConflictError,
    UnknownAlarmError,
    UnknownPlanEventError,
)
from onevoice.domains.events.service import alarms, log, plan
from onevoice.kit.db import Database


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def declare(shop, name="Gift Sent", **fields):
    with shop.database.transaction() as conn:
        return plan.declare(conn, ("track", name), PlanChange(**fields), actor="dev", clock=shop.clock)


def change(shop, event, version, **fields):
    with shop.database.transaction() as conn:
        return plan.change(conn, event, version, PlanChange(**fields), actor="dev", clock=shop.clock)


def lines(shop):
    with shop.database.transaction() as conn:
        found = audit.audit_log(conn, before=None, subject=None, limit=200)
    return [(each.audit.action, each.audit.before, each.audit.after) for each in reversed(found)]


class TestDeclare:
    def test_before_anything_has_come(self, shop):
        event = declare(shop, sources=[SITE], properties={"properties.sum": Declared(type="number", required=True)})
        assert (event.state, event.version, event.sources) == ("declared", 1, [SITE])
        shop.receive(named("Gift Sent"))
        assert shop.alarms() == [("missing_property", "properties.sum", 1)]

    def test_twice_is_a_conflict(self, shop):
        declare(shop)
        with pytest.raises(PlanConflictError):
            declare(shop)

    def test_a_source_that_does_not_exist_is_refused_and_nothing_is_left(self, shop):
        with pytest.raises(InvalidPlanError, match="does not exist"):
            declare(shop, sources=[99])
        assert shop.ask("select * from events.plan_event") == []

    def test_leaves_before_and_after_in_the_audit_log(self, shop):
        declare(shop, description="A gift")
        change(shop, 1, 1, description="A present", properties={"properties.sum": Declared(type="number")})
        change(shop, 1, 2, properties={"properties.sum": None})
        (first, none, declared), (second, was, now), (_, _, last) = lines(shop)
        assert (first, second) == ("plan.declared", "plan.changed")
        assert none["state"] == "learnt"
        assert declared["description"] == was["description"] == "A gift"
        assert now["properties"]["properties.sum"]["type"] == "number"
        assert (last["version"], last["properties"]) == (3, {})


class TestChange:
    def test_of_what_somebody_else_changed_is_refused(self, shop):
        declare(shop)
        change(shop, 1, 1, description="a")
        with pytest.raises(PlanConflictError):
            change(shop, 1, 1, description="b")

    def test_of_what_is_not_there(self, shop):
        with pytest.raises(UnknownPlanEventError):
            change(shop, 99, 0)

    def test_an_archived_event_is_declared_again(self, shop):
        declare(shop)
        with shop.database.transaction() as conn:
            plan.archive(conn, 1, actor="dev", clock=shop.clock)
        assert change(shop, 1, 2).state == "declared"

    def test_grows_no_further_than_its_bound(self, shop, monkeypatch):
        monkeypatch.setattr(plan.rules, "MAX_PROPERTIES", 2)
        declare(shop, properties={"properties.a": Declared(), "properties.b": Declared()})
        with pytest.raises(InvalidPlanError):
            change(shop, 1, 1, properties={"properties.c": Declared()})


class TestAccept:
    def test_takes_over_what_was_learnt(self, shop):
        shop.receive(*(order(total=n, note="x") for n in range(150)), order(total=1))
        shop.receive(order(total=5), source=TILL)
        with shop.database.transaction() as conn:
            event = plan.accept(conn, 1, actor="dev", clock=shop.clock)
        assert event.sources == [SITE, TILL]
        assert event.properties == {
            "properties.note": Declared(type="text"),
            "properties.total": Declared(type="integer"),
        }

    def test_of_a_source_takes_all_of_it_but_what_is_archived(self, shop):
        shop.receive(named("A"), named("B"), named("C"))
        shop.receive(named("D"), source=TILL)
        with shop.database.transaction() as conn:
            plan.archive(conn, shop.event("C"), actor="dev", clock=shop.clock)
        assert shop.accept() == 2
        assert shop.accept() == 0
        assert dict(shop.ask("select name, state from events.plan_event")) == {
            "A": "declared",
            "B": "declared",
            "C": "archived",
            "D": "learnt",
        }
        with shop.database.transaction() as conn:
            assert [(each.source_id, each.waiting) for each in plan.sources(conn)] == [(SITE, 0), (TILL, 1)]


class TestOverview:
    def test_pages_by_name_without_loss_or_repeat(self, shop):
        shop.receive(*(named(f"Event {n:02d}") for n in range(25)), {"type": "page", "userId": "u"})
        found, after = [], None
        while True:
            with shop.database.transaction() as conn:
                page = plan.overview(conn, after=after, source_id=None, text=None, state=None, limit=7, now=NOON)
            if not page:
                break
            found += [one.event.name for one in page]
            after = page[-1].event.id
        assert found == ["", *(f"Event {n:02d}" for n in range(25))]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"text": "ORDER"}, ["Order Completed"]),
            ({"text": "page"}, [""]),
            ({"text": "ЗАКАЗ"}, ["Заказ оформлен"]),
            ({"text": "%"}, []),
            ({"source_id": TILL}, ["Order Completed"]),
            ({"state": "declared"}, ["Gift Sent"]),
            ({}, ["", "Gift Sent", "Order Completed", "Заказ оформлен"]),
        ],
    )
    def test_filters(self, shop, wanted, found):
        shop.receive({"type": "page", "userId": "u"}, named("Заказ оформлен"))
        shop.receive(order(), source=TILL)
        declare(shop)
        with shop.database.transaction() as conn:
            every = {"after": None, "source_id": None, "text": None, "state": None, "limit": 50, "now": NOON}
            assert [one.event.name for one in plan.overview(conn, **{**every, **wanted})] == found

    def test_days_end_today(self, shop):
        shop.receive(order(), order(), hours=-24 * 27)
        shop.receive(order(), hours=0)
        shop.receive(order(), hours=-24 * 28)
        with shop.database.transaction() as conn:
            one, _ = plan.event(conn, 1, now=NOON)
        assert (one.days[0], sum(one.days), one.days[-1]) == (2, 3, 1)


# Silence


def lively(shop, source=SITE, name="Order Completed", weeks=3, each=20):
    """So many events an hour for some weeks up to noon, as if they had been learnt then."""
    shop.receive(named(name), source=source, hours=-weeks * 168)
    event = shop.event(name)
    with shop.database.transaction() as conn:
        conn.execute(
            "insert into events.plan_hour select %s, %s, %s::timestamptz + n * interval '1 hour', %s"
            " from generate_series(1, %s) n on conflict do nothing",
            (event, source, NOON - timedelta(weeks=weeks), each, weeks * 168 - 1),
        )
        conn.execute("update events.plan_flow set n = 1000, last_at = %s where event_id = %s", (NOON, event))
        conn.execute("update events.plan_source set last_at = %s where source_id = %s", (NOON, source))


def watch(shop, hours):
    """Housekeeping every half hour up to then."""
    while shop.clock.now() < NOON + timedelta(hours=hours):
        shop.clock.advance(timedelta(minutes=30))
        with shop.database.transaction() as conn:
            alarms.watch(conn, shop.clock.now())


class TestSilence:
    def test_a_source_that_stops_has_one_alarm_for_all_its_events(self, shop):
        lively(shop, name="A")
        lively(shop, name="B")
        watch(shop, 2)
        assert shop.alarms() == []
        watch(shop, 12)
        assert shop.ask("select kind, event_id, source_id from events.plan_alarm") == [("silence", 0, SITE)]

    def test_an_event_that_stops_while_its_source_speaks(self, shop):
        lively(shop, name="A")
        for hour in range(13):
            shop.receive(named("Other"), hours=hour)
        watch(shop, 12)
        assert shop.ask("select kind, event_id, source_id from events.plan_alarm") == [
            ("silence", shop.event("A"), SITE)
        ]

    def test_it_closes_when_something_comes_and_opens_anew_if_it_stops_again(self, shop):
        lively(shop)
        watch(shop, 12)
        shop.receive(order(), hours=12)
        assert shop.alarms() == []
        assert shop.ask("select closed_because, closed_at from events.plan_alarm") == [
            ("came_again", NOON + timedelta(hours=12))
        ]
        watch(shop, 24)
        assert len(shop.alarms()) == 1

    def test_what_is_not_expected_to_come_is_not_missed(self, shop):
        lively(shop)
        shop.receive(named("Other"), hours=11)
        change(shop, shop.event(), 0, expected=False)
        watch(shop, 12)
        assert shop.alarms() == []

    def test_archiving_ends_it(self, shop):
        lively(shop)
        shop.receive(named("Other"), hours=11)
        watch(shop, 12)
        assert [kind for kind, _, _ in shop.alarms()] == ["silence"]
        with shop.database.transaction() as conn:
            plan.archive(conn, shop.event(), actor="dev", clock=shop.clock)
        watch(shop, 13)
        assert shop.alarms() == []

    def test_a_pause_of_ours_is_no_silence_of_theirs(self, shop):
        lively(shop)
        watch(shop, 1)
        shop.clock.advance(timedelta(hours=30))
        watch(shop, 32)
        assert shop.alarms() == []
        watch(shop, 43)
        assert len(shop.alarms()) == 1

    def test_nobody_is_judged_while_the_log_has_not_been_read(self, shop):
        lively(shop)
        shop.send(order(), hours=1)
        watch(shop, 12)
        assert shop.alarms() == []
        shop.learn()
        watch(shop, 24)
        assert len(shop.alarms()) == 1

    def test_three_orders_a_day_raise_nothing_for_two_days(self, shop):
        lively(shop, each=0)
        with shop.database.transaction() as conn:
            conn.execute("update events.plan_hour set n = 1 where extract(hour from hour) in (9, 13, 18)")
            conn.execute("delete from events.plan_hour where n = 0")
        watch(shop, 48)
        assert shop.alarms() == []
        watch(shop, 24 * 12)
        assert [kind for kind, _, _ in shop.alarms()] == ["silence"]


class TestAlarms:
    def open(self, shop):
        declare(shop, properties={"properties.sum": Declared(required=True)})
        shop.receive(named("Gift Sent"))

    def acknowledge(self, shop, alarm=1):
        with shop.database.transaction() as conn:
            return alarms.acknowledge(conn, alarm, "being mended", actor="dev", clock=shop.clock)

    def listed(self, shop, **wanted):
        every = {"before": None, "state": None, "source_id": None, "event_id": None, "limit": 50}
        with shop.database.transaction() as conn:
            return [alarm.id for alarm in alarms.alarms(conn, **{**every, **wanted})]

    def test_an_acknowledged_one_counts_no_more_and_opens_no_second_one(self, shop):
        self.open(shop)
        found = self.acknowledge(shop)
        assert (found.acknowledged_by, found.reason) == ("dev", "being mended")
        shop.receive(named("Gift Sent"))
        assert shop.alarms() == [("missing_property", "properties.sum", 2)]
        with shop.database.transaction() as conn:
            assert alarms.open_alarms(conn) == 0
        assert lines(shop)[-1][0] == "plan.alarm_acknowledged"
        assert self.acknowledge(shop).acknowledged_at == found.acknowledged_at

    def test_a_closed_one_cannot_be_acknowledged_and_an_unknown_one_neither(self, shop):
        self.open(shop)
        change(shop, 1, 1)
        with pytest.raises(AlarmClosedError):
            self.acknowledge(shop)
        with pytest.raises(UnknownAlarmError):
            self.acknowledge(shop, 99)

    def test_what_was_not_seen_for_a_week_closes(self, shop):
        self.open(shop)
        watch(shop, 24 * 8)
        assert shop.ask("select closed_because from events.plan_alarm") == [("not_seen_again",)]

    def test_are_listed_by_state_source_and_event(self, shop):
        self.open(shop)
        declare(shop, "Other", properties={"properties.sum": Declared(required=True)})
        shop.receive(named("Other"), source=TILL)
        self.acknowledge(shop)
        assert self.listed(shop) == [2, 1]
        assert self.listed(shop, state="open") == [2]
        assert self.listed(shop, state="acknowledged") == [1]
        assert self.listed(shop, state="closed") == []
        assert self.listed(shop, source_id=SITE) == [1]
        assert self.listed(shop, event_id=2) == [2]
        assert self.listed(shop, before=2) == [1]

    def test_are_counted_for_metrics(self, shop):
        self.open(shop)
        with shop.database.transaction() as conn:
            alarms.measure(conn)
        assert alarms.STANDING.labels("missing_property")._value.get() == 1
        assert alarms.STANDING.labels("silence")._value.get() == 0


class TestRetention:
    def test_the_log_waits_for_the_learner(self, shop):
        shop.receive(order())
        with shop.database.transaction() as conn:
            assert log.lag(conn, "plan") == 0
            assert conn.execute("select consumer from events.position").fetchall() == [("plan",)]

    def test_hours_are_forgotten_when_nobody_needs_them(self, shop):
        shop.receive(order(), hours=-24 * 70)
        shop.receive(order())
        watch(shop, 1)
        assert shop.ask("select count(*) from events.plan_hour") == [(1,)]
        assert shop.ask("select n::int from events.plan_flow") == [(2,)]

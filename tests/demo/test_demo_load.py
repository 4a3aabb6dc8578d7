"""The stages of loading: shape, order, determinism, resuming, pace."""

import itertools
import json
import time
import tracemalloc
from collections import Counter
from datetime import timedelta

import pytest
from demo_shapes import START, faults, leaks, moment

from onevoice.demo.load import DemoPlan, plan
from onevoice.demo.places import SOURCES
from onevoice.demo.wire import Chunk
from onevoice.kit.clock import ManualClock

NAMES = {source.name for source in SOURCES}


def events(chunks: list[Chunk]) -> list[dict]:
    return [event for chunk in chunks for delivery in chunk.deliveries for event in delivery.events]


@pytest.fixture(scope="module")
def tail(demo: DemoPlan) -> list[Chunk]:
    return list(demo.stage2(first=demo.stage2_chunks - 30))


class TestStage1:
    def test_it_has_about_as_many_events_as_the_bar_says_and_some_hundred_people(self, demo, stage1):
        count = sum(chunk.count for chunk in stage1)
        assert 27_000 < count < 40_000
        assert abs(count - demo.stage1_events) < 0.1 * count
        assert 300 < sum(person.lively for person in demo.world.people.values()) < 600

    def test_chunks_are_numbered_and_hold_at_most_500_events(self, stage1):
        assert [chunk.index for chunk in stage1] == list(range(len(stage1)))
        assert max(chunk.count for chunk in stage1) <= 500

    def test_requests_come_in_the_order_received_and_none_after_the_start(self, stage1):
        received = [delivery.received_at for chunk in stage1 for delivery in chunk.deliveries]
        assert received == sorted(received)
        assert received[-1] <= START
        assert START - received[-1] < timedelta(minutes=30)

    def test_every_event_is_well_formed_from_a_known_source_and_nobodys(self, stage1):
        for chunk in stage1:
            for delivery in chunk.deliveries:
                assert delivery.source in NAMES
                for event in delivery.events:
                    assert faults(event) == []
                    assert leaks(event) == []

    def test_nothing_happens_after_it_was_received(self, stage1):
        for chunk in stage1:
            for delivery in chunk.deliveries:
                for event in delivery.events:
                    lag = delivery.sent_at - moment(event["timestamp"])
                    assert timedelta(milliseconds=-1) <= lag < timedelta(days=3)

    def test_the_trouble_is_there(self, stage1):
        ids = Counter(event["messageId"] for event in events(stage1))
        assert sum(count > 1 for count in ids.values()) > 100
        skews = {delivery.sent_at - delivery.received_at for chunk in stage1 for delivery in chunk.deliveries}
        assert len(skews) > 3
        named = Counter(event.get("event") for event in events(stage1))
        for name in ("Signed Out", "Email Bounced", "Chat Opened", "Order Completed", "Message Received"):
            assert named[name], name
        text = json.dumps(events(stage1))
        assert "test@test.com" in text
        assert "0000000000" in text

    def test_a_tablet_is_used_by_both_of_a_family(self, demo, stage1):
        users: dict[str, set[str]] = {}
        for event in events(stage1):
            if event.get("userId"):
                users.setdefault(event.get("anonymousId"), set()).add(event["userId"])
        tablets = {person.tablet for person in demo.world.people.values() if person.tablet}
        assert sum(len(users.get(tablet, ())) == 2 for tablet in tablets) > 5

    def test_repeats_say_the_same(self, stage1):
        seen: dict[str, dict] = {}
        for event in events(stage1):
            assert seen.setdefault(event["messageId"], event) == event

    def test_equal_seeds_give_equal_chunks(self, demo, stage1):
        assert list(plan(7, START).stage1()) == stage1

    def test_another_seed_gives_others_in_a_few_seconds(self, stage1):
        before = time.process_time()
        made = list(plan(8, START).stage1())
        assert time.process_time() - before < 5
        other = {event["messageId"] for event in events(made)}
        assert not other & {event["messageId"] for event in events(stage1) if event["context"]["channel"] == "site"}


class TestStage2:
    @pytest.mark.long
    def test_it_has_exactly_the_chunks_it_says_and_about_the_events(self, demo):
        orders, count, indexes = 0, 0, []
        for chunk in demo.stage2():
            indexes.append(chunk.index)
            count += chunk.count
            for delivery in chunk.deliveries:
                assert len(delivery.events) <= 500
                orders += sum(event["messageId"].startswith("shop-order") for event in delivery.events)
        assert indexes == list(range(demo.stage2_chunks))
        assert abs(count - demo.stage2_events) < 0.1 * count
        assert 145_000 < orders < 160_000

    def test_both_stages_have_every_order_once(self, demo, stage1):
        days = 25
        mine = Counter(
            event["messageId"]
            for event in events([*stage1, *demo.stage2(first=demo.stage2_chunks - days)])
            if event["messageId"].startswith("shop-order")
        )
        since = demo.world.midnight(1 - days)
        wanted = {f"shop-order-{basket.number}" for basket in demo._baskets(1 - days) if basket.at >= since}
        assert set(mine) == wanted
        assert set(mine.values()) == {1}

    def test_resuming_gives_the_same_chunks(self, demo, tail):
        at = demo.stage2_chunks - 10
        assert list(demo.stage2(first=at)) == [chunk for chunk in tail if chunk.index >= at]
        assert next(demo.stage2(first=1)) == next(itertools.islice(demo.stage2(), 1, 2))

    def test_events_are_well_formed_and_nobodys(self, demo, tail):
        for event in [*events(tail), *events([next(demo.stage2())])]:
            assert faults(event) == []
            assert leaks(event) == []

    def test_dates_lie_between_the_first_card_and_the_start(self, demo, tail):
        for chunk in [next(demo.stage2()), *tail]:
            for delivery in chunk.deliveries:
                assert START - timedelta(days=1500) < delivery.received_at <= START

    def test_it_shares_nothing_with_stage_1(self, stage1, tail):
        first = {event["messageId"] for event in events(stage1)}
        assert not first & {event["messageId"] for event in events(tail)}

    @pytest.mark.long
    def test_memory_is_that_of_a_day(self, demo):
        assert demo.names

        tracemalloc.start()
        for _ in itertools.islice(demo.stage2(first=demo.stage2_chunks - 40), 12):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 32 * 2**20


class TestLive:
    def run(self, demo: DemoPlan, seconds: float, rate: float, begin=START) -> tuple[list, ManualClock]:
        clock = ManualClock(begin)
        waits: list[float] = []

        def pause(wait: float) -> None:
            waits.append(wait)
            clock.advance(timedelta(seconds=wait + 0.001))

        made = []
        for delivery in demo.live(clock, pause, rate):
            assert delivery.received_at <= clock.now()
            if delivery.received_at > begin + timedelta(seconds=seconds):
                break
            made.append(delivery)
        assert max(waits) <= 0.5
        return made, clock

    def test_it_keeps_the_rate_from_the_first_minutes_on(self, demo):
        made, _ = self.run(demo, 1800, 6)
        assert 0.8 * 6 * 1800 < len(made) < 1.25 * 6 * 1800
        early = sum(delivery.received_at < START + timedelta(minutes=3) for delivery in made)
        assert 0.5 * 6 * 180 < early < 1.6 * 6 * 180

    def test_all_doors_move_and_events_are_well_formed(self, demo):
        made, _ = self.run(demo, 1800, 6)
        channels = Counter(event["context"]["channel"] for delivery in made for event in delivery.events)
        assert {"site", "app", "shop", "telegram", "email", "whatsapp"} <= set(channels)
        for delivery in made:
            assert delivery.source in NAMES
            assert len(delivery.events) == 1
            assert faults(delivery.events[0]) == []
            assert leaks(delivery.events[0]) == []

    def test_another_start_of_the_demo_repeats_no_message_id(self, demo):
        one, _ = self.run(demo, 120, 6)
        two, _ = self.run(demo, 120, 6, START + timedelta(minutes=1))
        ids = [{event["messageId"] for delivery in made for event in delivery.events} for made in (one, two)]
        assert not ids[0] & ids[1]

    def test_it_goes_on_from_the_present_after_a_sleep(self, demo):
        clock = ManualClock(START)
        traffic = demo.live(clock, lambda wait: clock.advance(timedelta(seconds=wait + 0.001)), 6)
        next(traffic)
        clock.advance(timedelta(days=3))
        caught_up = [next(traffic) for _ in range(6000)]
        assert sum(delivery.received_at < clock.now() - timedelta(minutes=40) for delivery in caught_up) < 4000
        assert caught_up[-1].received_at > START + timedelta(days=3) - timedelta(minutes=6)

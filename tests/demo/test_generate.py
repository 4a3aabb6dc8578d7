"""Events for benchmarks."""

import itertools
import json
import time
from collections import Counter

from onevoice.demo.generate import bench_events, message_id

PEOPLE, COUNT = 4_000, 40_000


def events(**options) -> list[dict]:
    made = bench_events(PEOPLE, COUNT, 3, **options)
    return [event for batch in made for event in json.loads(batch.body)["batch"]]


class TestBenchEvents:
    def test_there_are_as_many_as_asked_all_different_and_named_as_told(self):
        batches = list(bench_events(PEOPLE, 1_050, 3, run="r1"))
        assert [batch.count for batch in batches] == [100] * 10 + [50]
        for batch in batches:
            ids = [event["messageId"] for event in json.loads(batch.body)["batch"]]
            assert ids == [message_id("r1", number) for number in range(batch.first, batch.first + batch.count)]
        made = events()
        told = Counter(json.dumps({key: event[key] for key in event if key != "messageId"}) for event in made)
        assert len(told) == len(made) == COUNT

    def test_none_is_under_900_bytes_even_without_blanks(self):
        assert min(len(json.dumps(event, separators=(",", ":")).encode()) for event in events()) >= 900

    def test_equal_seeds_give_equal_bodies(self):
        one, two, other = (list(bench_events(500, 1_000, seed)) for seed in (1, 1, 2))
        assert one == two
        assert one != other

    def test_few_people_make_most_of_the_events(self):
        by_person = Counter(event.get("anonymousId", event.get("userId")) for event in events())
        most = sorted(by_person.values(), reverse=True)
        assert sum(most[: PEOPLE // 5]) > 0.6 * COUNT

    def test_the_asked_share_of_people_merge_two_profiles(self):
        users: set[str] = set()
        addresses: set[str] = set()
        merged: list[str] = []
        seen: set[str] = set()
        for event in events():
            person = (event.get("userId") or event["anonymousId"])[1:].removeprefix("-")
            seen.add(f"{int(person, 16) if not event.get('userId') else int(person)}")
            address = event.get("traits", {}).get("email", "")
            if address.startswith("m") and event.get("userId"):
                merged.append(event["userId"])
                assert event["userId"] in users
                assert address in addresses
            elif event.get("userId"):
                users.add(event["userId"])
            elif address:
                addresses.add(address)
        assert len(merged) == len(set(merged))
        assert 0.035 < len(merged) / len(seen) < 0.065

    def test_it_is_fast(self):
        before = time.process_time()
        for _ in itertools.islice(bench_events(20_000, 200_000, 1), 500):
            pass
        assert 50_000 / (time.process_time() - before) > 40_000

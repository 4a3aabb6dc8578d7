"""The year of purchases as orders of tills."""

import itertools
import re
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from demo_shapes import RAW_CODE, START, faults, leaks

from onevoice.demo.groceries import data_folder, groceries, pack
from onevoice.demo.load import DemoPlan
from onevoice.demo.purchases import BASKETS, FIRST, LAST, LINES, baskets, households, order, shift

FOLDER = data_folder()


class TestNames:
    def test_no_code_of_the_data_set_is_left(self):
        named = set(groceries(FOLDER).values())
        bad = [grocery for grocery in named if RAW_CODE.search(grocery.name) or RAW_CODE.search(grocery.category)]
        assert bad == []

    def test_every_word_of_a_name_is_written_like_a_name(self):
        words = {word for grocery in groceries(FOLDER).values() for word in grocery.name.partition(",")[0].split()}
        small = {word for word in words if not word[0].isupper()}
        assert small <= {"and", "to", "on", "of"}

    def test_products_are_told_apart(self):
        assert len(set(groceries(FOLDER).values())) > 10_000

    @pytest.mark.parametrize(
        ("size", "liquid", "metric"),
        [("16 OZ", False, "455 g"), ("64 OZ", True, "1.8 l"), ("2 L", False, "2 l"), ("1 CT", False, None),
         ("12 CT", False, "12 pcs"), ("5 LB", False, "2.3 kg"), ("?", False, None), (None, True, None)],
    )  # fmt: skip
    def test_sizes_are_metric(self, size, liquid, metric):
        assert pack(size, liquid=liquid) == metric


class TestShift:
    @pytest.mark.parametrize("days", range(9))
    def test_the_last_purchase_is_in_the_week_before_the_start(self, days):
        start = START + timedelta(days=days)
        assert timedelta() <= start - (LAST + shift(start)) < timedelta(weeks=1)

    def test_weekdays_stay(self):
        assert (shift(START) + timedelta(hours=6)) % timedelta(weeks=1) == timedelta()

    def test_people_shop_in_the_day(self):
        hours = [basket.at.hour + 1 for basket in itertools.islice(baskets(FOLDER, START), 20_000)]
        assert sum(7 <= hour <= 22 for hour in hours) > 0.95 * len(hours)


class TestBaskets:
    def test_every_basket_and_line_is_read_once_and_in_order(self):
        numbers, lines, before = set(), 0, datetime.min.replace(tzinfo=UTC)
        for basket in baskets(FOLDER, START):
            assert before <= basket.at <= START
            before = basket.at
            if basket.number < 10**11:
                numbers.add(basket.number)
                lines += len(basket.lines)
            else:
                assert basket.at > LAST + shift(START)
        assert (len(numbers), lines) == (BASKETS, LINES)

    def test_the_days_up_to_the_start_are_filled(self):
        days = {basket.at.date() for basket in baskets(FOLDER, START, START - timedelta(days=14))}
        assert {(START - timedelta(days=back)).date() for back in range(8)} <= days

    def test_reading_from_a_day_gives_the_same_baskets(self):
        since = FIRST + shift(START) + timedelta(days=200)
        late = list(itertools.islice(baskets(FOLDER, START, since), 500))
        everything = (basket for basket in baskets(FOLDER, START) if basket.at >= since)
        assert late == list(itertools.islice(everything, 500))

    @pytest.mark.long
    def test_memory_does_not_grow_with_the_year(self):
        def peak(count: int) -> int:
            tracemalloc.start()
            for _ in itertools.islice(baskets(FOLDER, START), count):
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        early = peak(8_000)
        assert peak(16_000) < 1.2 * early

    def test_there_are_2469_households(self):
        assert len(households(FOLDER)) == 2469

    def test_pandas_stays_out(self):
        assert "pandas" not in sys.modules


class TestOrder:
    def test_an_order_is_an_event_of_its_till_with_a_total_that_adds_up(self, demo: DemoPlan):
        for basket in itertools.islice(baskets(FOLDER, START), 0, 40_000, 40):
            person = demo.world.people[basket.household]
            made = order(basket, person, demo.names, seed=1)
            properties = made.event["properties"]
            assert faults(made.event) == []
            assert leaks(made.event) == []
            assert made.source == f"till {properties['till']}, {properties['town']}"
            assert properties["loyalty_card"] == person.card
            assert re.fullmatch(r"2200\d{8}", person.card)
            assert properties["currency"] == person.site.currency
            lines = properties["products"]
            assert len(lines) == len(basket.lines)
            assert properties["total_minor"] == sum(line["price_minor"] * line["quantity"] for line in lines)
            assert properties["total"] == properties["total_minor"] / 100
            assert all(line["price"] == line["price_minor"] / 100 and line["quantity"] >= 1 for line in lines)

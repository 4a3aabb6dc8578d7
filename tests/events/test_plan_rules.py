"""Shapes, types, and when silence is one."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.domains.events.contracts import Declared, PlanChange
from onevoice.domains.events.errors import InvalidPlanError
from onevoice.domains.events.rules import plan as rules
from onevoice.domains.events.rules import silence
from onevoice.domains.events.rules.shapes import (
    ANY,
    BOOLEAN,
    INTEGER,
    MAX_PATH_CHARS,
    NOTHING,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    paths_of,
    shape_of,
)
from onevoice.kit.paths import name_of, places, steps_of

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
KEYS = st.text(max_size=12)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5))


def spelt(properties):
    return {
        (path.removeprefix("properties."), kind) for path, kind in paths_of((shape_of(properties), NOTHING, NOTHING))
    }


class TestShapes:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (True, BOOLEAN),
            (1, INTEGER),
            (1.0, NUMBER),
            ("", NOTHING),
            (None, NOTHING),
            ("x", TEXT),
            ("2026-11-05", TIME),
            ("2026-11-05T12:00:00.000+01:00", TIME),
            ("2026-11-05 12:00", TIME),
            ("2026-xx-05", TEXT),
            ("1234-5678-9", TEXT),
        ],
    )
    def test_a_value_has_a_kind(self, value, kind):
        assert shape_of(value) == kind

    def test_events_that_look_alike_have_one_shape(self):
        assert shape_of({"a": 1, "b": [{"c": "x"}]}) == shape_of({"a": 2, "b": [{"c": "y"}, {"c": "z"}]})
        assert shape_of({"a": 1}) != shape_of({"a": 1.5})

    def test_depth_is_bounded(self):
        assert spelt({"a": {"b": {"c": {"d": {"e": 1}}}}}) == {
            ("a" + tail, kind) for tail in ("", ".b", ".b.c", ".b.c.d") for kind in (OBJECT, ANY)
        }

    @given(JSON)
    def test_no_value_makes_it_fall_and_paths_are_bounded(self, value):
        found = paths_of((shape_of({"x": value}), shape_of(value), shape_of(value)))
        assert all(0 < len(path) <= MAX_PATH_CHARS for path, _ in found)
        hash(shape_of(value))

    @given(st.dictionaries(KEYS, JSON, max_size=5))
    def test_what_is_named_can_be_found_again(self, properties):
        for path, kind in paths_of((shape_of(properties), NOTHING, NOTHING)):
            found = places({"properties": properties}, steps_of(path))
            assert found, path
            if kind not in {ANY, OBJECT}:
                assert any(shape_of(holder[key], 0) == kind for holder, key in found)


class TestNames:
    @pytest.mark.parametrize("key", ["anna@example.com", "2026-01-01", "12", "a.b", "x" * 65, "c0ffee12-34", "", "[]"])
    def test_a_value_is_no_name(self, key):
        assert name_of(key) == "*"

    @pytest.mark.parametrize("key", ["total", "address_line_1", "$set", "имя", "Zażółć", "UTM source"])
    def test_a_name(self, key):
        assert name_of(key) == (key if key != "$set" else "*")


class TestEstablished:
    def test_a_hundred_alike_establish_a_kind(self):
        assert rules.established({TEXT: 99}) is None
        assert rules.established({TEXT: 100}) == TEXT

    def test_what_says_nothing_does_not_count(self):
        assert rules.established({TEXT: 100, NOTHING: 5000, ANY: 100}) == TEXT

    def test_a_mixture_establishes_nothing(self):
        assert rules.established({TEXT: 500, BOOLEAN: 6}) is None
        assert rules.established({TEXT: 600, BOOLEAN: 6}) == TEXT

    @given(
        st.dictionaries(st.integers(1, 8), st.integers(0, 1000)), st.dictionaries(st.integers(1, 8), st.integers(1, 9))
    )
    def test_what_came_all_along_is_no_surprise(self, before, came):
        found = rules.surprising(None, before, came)
        if found is not None:
            expected, odd = found
            assert odd
            assert not any(rules.fits(expected, kind) for kind in odd)

    def test_the_first_fraction_among_whole_numbers_is_none(self):
        assert rules.surprising(None, {INTEGER: 500}, {NUMBER: 3}) is None
        assert rules.surprising(INTEGER, {INTEGER: 500}, {NUMBER: 3}) == (INTEGER, [NUMBER])

    def test_a_time_that_breaks_is_one(self):
        assert rules.surprising(None, {TIME: 500}, {TEXT: 1}) == (TIME, [TEXT])
        assert rules.surprising(None, {TEXT: 500}, {TIME: 1}) is None


class TestAsLearnt:
    def test_what_was_always_there_is_required_from_a_thousand_on(self):
        seen = {"properties.a": {ANY: 1000, TEXT: 1000}, "properties.b": {ANY: 999, NUMBER: 999}}
        assert rules.as_learnt(1000, seen, {}) == {
            "properties.a": Declared(type="text", required=True),
            "properties.b": Declared(type="number"),
        }
        assert not rules.as_learnt(999, {"properties.a": {ANY: 999, TEXT: 999}}, {})["properties.a"].required

    def test_what_is_declared_stays(self):
        kept = {"properties.a": Declared(type="time", personal=True)}
        assert rules.as_learnt(5000, {"properties.a": {ANY: 5000, TEXT: 5000}}, kept) == kept


class TestSound:
    @pytest.mark.parametrize(
        "path",
        [
            "total",
            "properties",
            "properties.",
            "traits..a",
            "properties.a[",
            "context.ip",
            "properties.1a",
            "properties.a@b",
        ],
    )
    def test_no_path(self, path):
        with pytest.raises(InvalidPlanError, match="is no path"):
            rules.require_sound("track", "A", PlanChange(properties={path: Declared()}))

    @pytest.mark.parametrize(
        "path",
        ["properties.total", "traits.a", "context.traits.plan", "properties.products[].price", "properties.by.*"],
    )
    def test_a_path(self, path):
        rules.require_sound("track", "A", PlanChange(properties={path: Declared(type="number")}))

    @pytest.mark.parametrize(
        "declared",
        [
            Declared(type="decimal"),
            Declared(type="any"),
            Declared(allowed=[]),
            Declared(type="object", allowed=["a"]),
            Declared(personal=True, allowed=["a"]),
        ],
    )
    def test_no_declaration(self, declared):
        with pytest.raises(InvalidPlanError):
            rules.require_sound("track", "A", PlanChange(properties={"properties.a": declared}))

    def test_what_money_is_added_up_from_cannot_be_personal(self):
        change = PlanChange(properties={"properties.total": Declared(personal=True)})
        rules.require_sound("track", "Other", change)
        with pytest.raises(InvalidPlanError, match="cannot be personal"):
            rules.require_sound("track", "Order Completed", change)

    @pytest.mark.parametrize(
        ("type_", "name"), [("track", ""), ("page", "Home"), ("tracks", "A"), ("track", "x" * 256)]
    )
    def test_no_name(self, type_, name):
        with pytest.raises(InvalidPlanError):
            rules.require_sound(type_, name, PlanChange())


# Silence

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def poisson(chance, rate):
    if rate > 50:
        return max(0, round(chance.gauss(rate, math.sqrt(rate))))
    count, product, bound = 0, 1.0, math.exp(-rate)
    while True:
        product *= chance.random()
        if product < bound:
            return count
        count += 1


def stream(rate, hours, seed):
    """Counts by the hour, and the moment of the last event of each."""
    chance = random.Random(seed)
    for n in range(hours):
        count = poisson(chance, rate(n, chance))
        if count:
            yield START + n * silence.HOUR, count, START + n * silence.HOUR + timedelta(minutes=chance.randrange(60))


def false_alarms(rate, hours, seed):
    """Of a stream that never stopped, judged before each arrival that ends a gap, when it was longest."""
    counts, last, raised = {}, None, 0
    for hour, count, at in stream(rate, 28 * 24 + hours, seed):
        if last is not None and hour - last > 3 * silence.HOUR and hour > START + timedelta(days=14):
            found = silence.judge(counts, START, last, hour)
            raised += bool(found and found.silent)
        counts[hour], last = count, at
    return raised


def office(each):
    return lambda n, _: each if 9 <= n % 24 < 18 and n // 24 % 7 < 5 else 0


STREAMS = {
    "three a day": lambda n, _: 0.125,
    "one an hour": lambda n, _: 1,
    "ten an hour": lambda n, _: 10,
    "a hundred an hour": lambda n, _: 100,
    "office hours": office(40),
    "office hours, few": office(0.4),
    "in bursts": lambda n, chance: 200 if chance.random() < 0.1 else 0,
    "fading": lambda n, _: 20 * 0.997**n,
    "clocks changed": lambda n, _: 50 if 9 <= (n + (n > 800)) % 24 < 18 else 0,
    "an import in between": lambda n, _: 100_000 if n == 500 else 2,
}


class TestSilence:
    @pytest.mark.parametrize("name", STREAMS)
    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 10**9))
    def test_a_steady_stream_raises_less_than_one_false_alarm_in_a_thousand_hours(self, name, seed):
        assert false_alarms(STREAMS[name], 1000, seed) < 1

    @pytest.mark.parametrize(
        ("name", "within"), [("three a day", 240), ("one an hour", 36), ("ten an hour", 8), ("a hundred an hour", 4)]
    )
    def test_a_stream_that_stops_is_missed(self, name, within):
        found = list(stream(STREAMS[name], 28 * 24, 7))
        counts = {hour: count for hour, count, _ in found}
        last = found[-1][2]
        at = next(
            n for n in range(1, 700) if (j := silence.judge(counts, START, last, last + n * silence.HOUR)) and j.silent
        )
        assert at <= within

    def test_a_night_without_orders_is_none_and_a_day_is_one(self):
        found = list(stream(office(40), 28 * 24 - 9, 3))
        counts = {hour: count for hour, count, _ in found}
        friday = max(at for hour, _, at in found if hour.weekday() == 4)
        monday = (friday + timedelta(days=3)).replace(hour=8, minute=30)
        assert not silence.judge(counts, START, friday, monday).silent
        assert silence.judge(counts, START, friday, monday.replace(hour=14)).silent

    def test_two_weeks_must_be_known(self):
        counts = {START + n * silence.HOUR: 10 for n in range(13 * 24)}
        last = START + timedelta(days=13)
        assert silence.judge(counts, START, last, last + timedelta(days=3)) is None

    def test_twenty_events_must_be_known(self):
        counts = {START + timedelta(days=n): 1 for n in range(0, 28, 2)}
        last = START + timedelta(days=28)
        assert silence.judge(counts, START, last, last + timedelta(days=20)) is None

    def test_nothing_known_is_no_judgement(self):
        assert silence.judge({}, START, START, START + timedelta(days=30)) is None

"""What is taken, what is mended and what is refused: each event by itself."""

import gzip
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from events_factory import NOON, frame, track
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.events.errors import TooLargeError, UnreadableBodyError
from onevoice.domains.events.rules import door as rules
from onevoice.kit import jsons


def settled(event: Any, kind: str | None = None) -> tuple[Any, rules.Fault | None]:
    return event, rules.settle(event, kind, lambda: "minted")


def code(event: Any, kind: str | None = None) -> str | None:
    fault = settled(event, kind)[1]
    return fault.code if fault else None


class TestTypes:
    @pytest.mark.parametrize(
        "event",
        [
            {"type": "identify", "userId": "u", "traits": {"email": "a@shop.example"}},
            {"type": "track", "anonymousId": "a", "event": "Cart Viewed", "properties": {"total": 9.5}},
            {"type": "page", "anonymousId": "a", "name": None, "properties": None, "context": None},
            {"type": "screen", "userId": "u", "name": "Home"},
            {"type": "group", "userId": "u", "groupId": 7},
            {"type": "alias", "userId": "u", "previousId": "a"},
        ],
    )
    def test_a_good_one_of_each_is_taken(self, event: dict[str, Any]) -> None:
        assert code(event) is None

    @pytest.mark.parametrize(
        ("event", "wanted"),
        [
            (5, "not_an_object"),
            (None, "not_an_object"),
            (["track"], "not_an_object"),
            ({"userId": "u"}, "unknown_type"),
            ({"userId": "u", "type": "merge"}, "unknown_type"),
            ({"userId": "u", "type": {"$ne": 1}}, "unknown_type"),
            ({"userId": "u", "type": "track"}, "event_missing"),
            ({"userId": "u", "type": "track", "event": "  "}, "event_missing"),
            ({"userId": "u", "type": "track", "event": ["x"]}, "event_missing"),
            ({"userId": "u", "type": "track", "event": "x" * 256}, "name_too_long"),
            ({"userId": "u", "type": "group"}, "group_id_missing"),
            ({"userId": "u", "type": "alias"}, "previous_id_missing"),
            ({"anonymousId": "u", "type": "alias", "previousId": "b"}, "previous_id_missing"),
            ({"userId": "u", "type": "page", "properties": "x"}, "not_an_object"),
            ({"userId": "u", "type": "identify", "traits": []}, "not_an_object"),
            ({"userId": "u", "type": "identify", "traits": {"x" * 256: 1}}, "name_too_long"),
            ({"userId": "u", "type": "identify", "context": {"traits": {"x" * 256: 1}}}, "name_too_long"),
            ({"userId": "u", "type": "page", "context": 5}, "not_an_object"),
            ({"userId": {"$gt": ""}, "type": "page"}, "invalid_id"),
            ({"userId": True, "type": "page"}, "invalid_id"),
            ({"userId": 1.5, "type": "page"}, "invalid_id"),
            ({"userId": "u" * 513, "type": "page"}, "id_too_long"),
            ({"userId": "u", "messageId": "m" * 513, "type": "page"}, "id_too_long"),
            ({"type": "page"}, "no_identifier"),
            ({"type": "page", "userId": " ", "anonymousId": None}, "no_identifier"),
            ({"type": "page", "traits": {"email": "a@shop.example"}}, "no_identifier"),
        ],
    )
    def test_a_bad_one_is_refused_with_a_reason(self, event: Any, wanted: str) -> None:
        fault = settled(event)[1]
        assert fault is not None
        assert fault.code == wanted
        assert fault.reason.endswith(".")

    def test_the_address_says_the_type(self) -> None:
        event, fault = settled({"userId": "u", "event": "Cart Viewed", "type": "page"}, "track")
        assert fault is None
        assert event["type"] == "track"

    @pytest.mark.parametrize(
        "more",
        [
            {"context": {"externalIds": [{"id": "1", "type": "crm"}]}},
            {"context": {"device": {"id": "d"}}},
            {"context": {"traits": {"phone": 48500}}},
            {"traits": {"loyalty_card": "C-1"}},
            {"context": {"traits": {"email": "a@shop.example"}}},
            {"properties": {"loyaltyCard": "C-1"}},
        ],
    )
    def test_any_identifier_is_enough(self, more: dict[str, Any]) -> None:
        assert code({"type": "identify", **more}) is None


class TestMending:
    def test_ids_that_are_numbers_become_text(self) -> None:
        event, _ = settled({"type": "group", "userId": 7, "anonymousId": 8.0, "groupId": -1, "messageId": 12})
        assert [event[key] for key in ("userId", "anonymousId", "groupId", "messageId")] == ["7", "8", "-1", "12"]

    def test_a_missing_message_id_is_made_and_flagged(self) -> None:
        event, _ = settled(track(None))
        assert event["messageId"] == "minted"
        assert event["context"] == {"_flags": ["message_id_made"]}

    @pytest.mark.parametrize("value", ["yesterday", "", {}, [], True, 1e30, "0001-01-01T00:00:00+14:00x"])
    def test_a_time_that_is_none_is_dropped_and_flagged(self, value: Any) -> None:
        event, fault = settled(track(timestamp=value))
        assert fault is None
        assert "timestamp" not in event
        assert event["context"]["_flags"] == ["bad_time"]

    @pytest.mark.parametrize(
        "value", ["2026-11-05T12:00:00Z", "2026-11-05T12:00:00.1234567+03:00", "2026-11-05", 1762344000, 1762344000000]
    )
    def test_times_in_use_are_kept_as_they_are(self, value: Any) -> None:
        event, _ = settled(track(timestamp=value, originalTimestamp=value, sentAt=value))
        assert [event[key] for key in ("timestamp", "originalTimestamp", "sentAt")] == [value] * 3
        assert "context" not in event

    def test_senders_cannot_flag_or_name_a_dead_letter(self) -> None:
        event, _ = settled(track(writeKey="k", context={"_flags": ["x"], "_letter": 5, "ip": "::1"}))
        assert "writeKey" not in event
        assert event["context"] == {"ip": "::1"}

    def test_what_the_reader_mended_is_flagged(self) -> None:
        opened = rules.open_body(b'{"batch": [{"a": NaN}, {"b": 1}]}', single=False)
        mended = [jsons.mend(event) for event in opened.events]
        assert opened.suspect
        assert [each.flags for each in mended] == [("not_a_number",), ()]


class TestBody:
    def test_gzip_is_known_by_its_first_bytes(self) -> None:
        raw = jsons.encode({"batch": [track()]})
        for packed in (raw, gzip.compress(raw), zlib.compress(raw), gzip.compress(raw[:9]) + gzip.compress(raw[9:])):
            assert rules.open_body(packed, single=False).events == [track()]

    def test_a_gzip_bomb_is_refused_before_it_unfolds(self) -> None:
        bomb = gzip.compress(b" " * 200_000_000)
        assert len(bomb) < rules.MAX_BODY_BYTES
        with pytest.raises(TooLargeError):
            rules.unzip(bomb)

    def test_many_small_gzips_in_a_row_are_bounded_too(self) -> None:
        with pytest.raises(TooLargeError):
            rules.unzip(gzip.compress(b" " * 60_000) * 20)

    @pytest.mark.parametrize("cut", [3, 20, -1])
    def test_a_cut_gzip_is_unreadable(self, cut: int) -> None:
        with pytest.raises(UnreadableBodyError):
            rules.unzip(gzip.compress(jsons.encode({"batch": [track()]}))[:cut])

    @pytest.mark.parametrize(
        "raw", [b"", b"[]", b"5", b"{}", b'{"batch": {}}', b'{"batch": null}', b'{"batch": [', b"\x1f\x8bnot gzip"]
    )
    def test_what_holds_no_list_of_events_is_unreadable(self, raw: bytes) -> None:
        with pytest.raises(UnreadableBodyError):
            rules.open_body(raw, single=False)

    def test_a_batch_has_so_many_events_at_most(self) -> None:
        with pytest.raises(TooLargeError):
            rules.open_body(b'{"batch": [%s]}' % b",".join([b"1"] * 10_001), single=False)


class TestFrame:
    def test_one_bad_event_does_not_sink_its_batch(self) -> None:
        made = frame(track("a"), {"type": "track"}, 7, track("b"))
        assert [event["messageId"] for event in jsons.read(made.events).value] == ["a", "b"]
        assert made.count == 2
        assert [each.code for each in made.rejections] == ["event_missing", "not_an_object"]

    def test_an_event_too_large_is_laid_aside_alone(self) -> None:
        made = frame(track("a"), track("big", properties={"text": "x" * 300_000}), track("b"))
        assert made.count == 2
        [refused] = made.rejections
        assert (refused.code, refused.message_id) == ("event_too_large", "big")
        assert len(refused.event) < 10_000

    def test_a_refused_event_takes_its_batchs_sent_at_along(self) -> None:
        sent = "2026-11-05T13:00:00Z"
        made = frame({"type": "track", "messageId": "m", "timestamp": "2026-11-05T12:30:00Z"}, sent_at=sent)
        event = rules.revived(jsons.read(made.rejections[0].event).value, 1, NOON)
        assert event["timestamp"] == (NOON - timedelta(minutes=30)).isoformat()

    def test_a_bad_message_id_is_none(self) -> None:
        made = frame({"type": "page", "userId": "u", "messageId": "m" * 600}, {"type": "x", "messageId": {}})
        assert [each.message_id for each in made.rejections] == [None, None]


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
Known = st.sampled_from(
    "type messageId userId anonymousId groupId previousId event name properties traits context timestamp sentAt".split()
)
Events = st.dictionaries(Known | st.text(max_size=5), Json | st.sampled_from(sorted(rules.TYPES)), max_size=10)


class TestWhateverComes:
    @given(Events, st.sampled_from([None, *sorted(rules.TYPES)]))
    def test_what_is_taken_has_the_shape_that_readers_count_on(self, event: Any, kind: str | None) -> None:
        if rules.settle(event, kind, lambda: "minted") is not None:
            assert rules.preserved(event, NOON)
            return
        assert event["type"] in rules.TYPES
        assert event["messageId"]
        for key in ("messageId", "userId", "anonymousId", "groupId", "previousId"):
            assert event.get(key) is None or isinstance(event[key], str)
        for key in ("properties", "traits", "context"):
            assert event.get(key) is None or isinstance(event[key], dict)
        if event["type"] == "track":
            assert event["event"].strip()

    @given(Events)
    def test_settling_again_changes_nothing(self, event: Any) -> None:
        if rules.settle(event, None, lambda: "minted") is None:
            again = jsons.read(jsons.encode(event)).value
            once = jsons.encode({**again, "context": {**(again.get("context") or {}), "_flags": None}})
            assert rules.settle(again, None, lambda: "another") is None
            assert jsons.encode({**again, "context": {**(again.get("context") or {}), "_flags": None}}) == once

    @given(Events, st.datetimes(timezones=st.just(UTC)))
    def test_a_time_is_never_after_it_was_learnt(self, event: Any, received: datetime) -> None:
        assert rules.happened(event, received, None) <= received

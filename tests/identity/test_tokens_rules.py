"""Tokens of links: short, signed, and in nothing that is stored."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.identity.rules import tokens
from onevoice.domains.identity.rules.tokens import lives, make, may_carry, number_in, number_of, with_token, without

KEY = tokens.key_of(b"k" * 32)
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
numbers = st.integers(0, 2**56 - 1)
TOKEN = make(42, KEY)


class TestToken:
    @given(numbers)
    def test_is_short_and_names_its_link(self, number: int) -> None:
        token = make(number, KEY)
        assert len(token) == 20
        assert set(token) <= set(string.ascii_letters + string.digits + "-_")
        assert number_of(token, KEY) == number

    @given(numbers, st.integers(0, 19), st.sampled_from(string.ascii_letters + string.digits + "-_"))
    def test_any_changed_character_is_ignored(self, number: int, place: int, sign: str) -> None:
        token = make(number, KEY)
        changed = token[:place] + sign + token[place + 1 :]
        assert changed == token or number_of(changed, KEY) is None

    @pytest.mark.parametrize("odd", ["", TOKEN[:-1], TOKEN + "A", TOKEN + "=", "ż" * 20, " " * 20, None, 7, [TOKEN]])
    def test_anything_else_is_ignored(self, odd: Any) -> None:
        assert number_of(odd, KEY) is None

    def test_of_another_installation_is_ignored(self) -> None:
        assert number_of(TOKEN, tokens.key_of(b"l" * 32)) is None

    def test_the_installations_key_signs_nothing_itself(self) -> None:
        assert number_of(TOKEN, b"k" * 32) is None


class TestWithToken:
    @pytest.mark.parametrize(
        ("address", "wanted"),
        [
            ("https://shop.example", "https://shop.example?ov=T"),
            ("https://shop.example/a?b=%20c&d", "https://shop.example/a?b=%20c&d&ov=T"),
            ("https://shop.example/#/a?b=1", "https://shop.example/?ov=T#/a?b=1"),
            ("https://shop.example/?ov=old&b=1", "https://shop.example/?b=1&ov=T"),
            ("myshop://boots", "myshop://boots?ov=T"),
            ("myshop:///boots?x=1", "myshop:///boots?x=1&ov=T"),
        ],
    )
    def test_where_it_goes(self, address: str, wanted: str) -> None:
        assert with_token(address, "T") == wanted


def event(**fields: Any) -> bytes:
    return msgspec.json.encode({"type": "page", "messageId": "m", "anonymousId": "a", **fields})


class TestOpened:
    @pytest.mark.parametrize(
        "fields",
        [
            {"context": {"link_token": TOKEN}},
            {"context": {"page": {"url": f"https://shop.example/?a=1&ov={TOKEN}#x"}}},
            {"context": {"page": {"search": f"?ov={TOKEN}"}}},
            {"properties": {"search": f"?ov={TOKEN}&a=1"}},
            {"properties": {"link_token": TOKEN}},
            {"type": "screen", "properties": {"url": f"myshop://boots?ov={TOKEN}"}},
            {"type": "track", "event": "Deep Link Opened", "properties": {"url": f"myshop://boots?ov={TOKEN}"}},
            {"type": "track", "event": "Application Opened", "properties": {"url": f"https://shop.example?ov={TOKEN}"}},
            {"context": {"link_token": "x" * 20, "page": {"search": f"?ov={TOKEN}"}}},
        ],
    )
    def test_where_clients_tell_of_it(self, fields: dict[str, Any]) -> None:
        raw = event(**fields)
        assert may_carry(raw)
        assert number_in(raw, KEY) == 42

    @pytest.mark.parametrize(
        "fields",
        [
            {"context": {"page": {"referrer": f"https://shop.example/?ov={TOKEN}"}}},
            {"type": "track", "event": "Message Sent", "properties": {"url": f"https://shop.example/?ov={TOKEN}"}},
            {"properties": {"text": f"look: https://shop.example/?ov={TOKEN}"}},
            {"context": {"page": {"search": f"?nov={TOKEN}"}}},
            {"context": {"page": {"url": f"https://shop.example/#ov={TOKEN}"}}},
            {"context": {"page": {"search": f"?ov={TOKEN}x"}}},
            {"context": {"page": {"search": 7}, "link_token": [TOKEN]}, "properties": None},
            {"context": {"page": {"search": "?" + "a=1&" * 500 + f"ov={TOKEN}"}}},
        ],
    )
    def test_where_it_only_stands(self, fields: dict[str, Any]) -> None:
        assert number_in(event(**fields), KEY) is None

    def test_a_list_is_no_event(self) -> None:
        assert number_in(b'["link_token"]', KEY) is None


places = st.sampled_from(
    [
        "https://shop.example/?ov={}",
        "https://shop.example/?a=1&ov={}",
        "https://shop.example/?ov={}&a=1#top",
        "?a=1&ov={}&b=2",
        "ov={}",
        "ov={}&a=1",
        "/go?to=https%3A%2F%2Fshop.example%2F%3Fov%3D{}%26a%3D1",
        "myshop://boots?ov={}",
        "see https://shop.example/?ov={} and come",
    ]
)


class TestWithout:
    @given(st.dictionaries(st.sampled_from(("url", "search", "path", "referrer", "note")), places, max_size=5), numbers)
    def test_no_token_is_left_anywhere(self, fields: dict[str, str], number: int) -> None:
        token = make(number, KEY)
        filled = {key: place.format(token) for key, place in fields.items()}
        raw = event(context={"page": filled, "link_token": token}, properties=filled, name=filled.get("note"))
        left = without(raw)
        assert token.encode() not in left
        assert msgspec.json.decode(left)["messageId"] == "m", "still JSON"
        assert without(left) == left

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("https://a.b/?ov={}", "https://a.b/"),
            ("https://a.b/?ov={}#x", "https://a.b/#x"),
            ("https://a.b/?ov={}&c=1", "https://a.b/?c=1"),
            ("https://a.b/?c=1&ov={}", "https://a.b/?c=1"),
            ("https://a.b/?c=1&ov={}&d=2", "https://a.b/?c=1&d=2"),
            ("?ov={}", ""),
            ("/go?to=https%3A%2F%2Fa.b%2F%3Fov%3D{}", "/go?to=https%3A%2F%2Fa.b%2F"),
        ],
    )
    def test_the_rest_is_left_as_it_was(self, sent: str, kept: str) -> None:
        left = without(event(context={"page": {"url": sent.format(TOKEN)}}))
        assert msgspec.json.decode(left)["context"]["page"]["url"] == kept

    @pytest.mark.parametrize("own", ["?ov=1", "?nov=" + "x" * 20, "?ov=" + "x" * 21, "?ov=" + "x" * 19, "cov=5"])
    def test_what_is_no_token_stays(self, own: str) -> None:
        raw = event(context={"page": {"search": own}})
        assert without(raw) == raw

    @given(st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=4))
    def test_what_carries_none_is_known_at_a_glance(self, properties: dict[str, str]) -> None:
        raw = event(properties=properties)
        assert may_carry(raw) or without(raw) == raw


class TestLives:
    @pytest.mark.parametrize(
        ("happened", "learnt", "counts"),
        [
            (NOON, NOON, True),
            (NOON - timedelta(seconds=1), NOON, False),
            (NOON + WEEK, NOON + WEEK, True),
            (NOON + WEEK + timedelta(seconds=1), NOON + WEEK + timedelta(seconds=1), False),
            (NOON + timedelta(days=6), NOON + 2 * WEEK, True),
            (NOON + timedelta(days=6), NOON + 2 * WEEK + timedelta(seconds=1), False),
        ],
    )
    def test_from_when_to_when(self, happened: datetime, learnt: datetime, *, counts: bool) -> None:
        assert lives(happened, learnt, NOON, NOON + WEEK) == counts

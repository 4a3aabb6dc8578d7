"""What is personal leaves the body; what stands in its place cannot be forged."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.identity.rules.personal import (
    PERSONAL_ANYWHERE,
    PERSONAL_PROPERTIES,
    PERSONAL_TRAITS,
    Place,
    fill,
    find,
    may_hold,
    references,
)

KEYS = st.sampled_from(["email", "phone", "address", "name", "total", "@vault", "@@vault", "items", "ip", "recipient"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def seal(value: Any, personal: frozenset[str]) -> dict[int, Any]:
    """Does what linking does; gives the vault."""
    places: list[Place] = []
    find(value, personal, places)
    vault: dict[int, Any] = {}
    for number, (holder, key) in enumerate(places):
        vault[number] = holder[key]
        holder[key] = {"@vault": number}
    return vault


def keys_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in keys_of(item))]
    if isinstance(value, list):
        return [key for item in value for key in keys_of(item)]
    return []


class TestFind:
    def test_first_level(self) -> None:
        body = {"email": "a@b.pl", "plan": "gold"}
        assert seal(body, PERSONAL_TRAITS) == {0: "a@b.pl"}
        assert body == {"email": {"@vault": 0}, "plan": "gold"}

    def test_deeper_down_and_in_lists(self) -> None:
        body = {"order": {"recipient": "Jan", "parcels": [{"phone": 48600123456, "weight": 2}]}}
        assert set(seal(body, PERSONAL_PROPERTIES).values()) == {"Jan", 48600123456}
        assert "Jan" not in json.dumps(body)
        assert "48600123456" not in json.dumps(body)

    def test_a_name_is_personal_of_people_only(self) -> None:
        assert not seal({"products": [{"name": "Boots"}], "name": "Boots"}, PERSONAL_PROPERTIES)
        assert seal({"name": "Anna"}, PERSONAL_TRAITS)
        assert not seal({"pet": {"name": "Rex"}}, PERSONAL_TRAITS)

    def test_an_address_is_kept_whole(self) -> None:
        body = {"address": {"street": "Długa 1", "city": "Gdańsk"}}
        assert seal(body, PERSONAL_TRAITS) == {0: {"street": "Długa 1", "city": "Gdańsk"}}

    @pytest.mark.parametrize("nothing", [None, True, False])
    def test_what_says_nothing_of_anybody_stays(self, nothing: object) -> None:
        body = {"email": nothing}
        assert not seal(body, PERSONAL_TRAITS)
        assert body == {"email": nothing}


class TestForgery:
    @pytest.mark.parametrize("place", ["{}", '{{"x": {}}}', "[[{}]]", '{{"a": {{"b": [1, {}]}}}}'])
    def test_a_sender_cannot_ask_for_somebody_elses_value(self, place: str) -> None:
        body = {"given": json.loads(place.format('{"@vault": 7}'))}
        sent = json.loads(json.dumps(body))
        seal(body, PERSONAL_PROPERTIES)
        assert references(body) == set()
        assert fill(body, {7: "somebody's address"}) == sent

    def test_nor_by_escaping_it_beforehand(self) -> None:
        body: dict[str, Any] = {"x": {"@@vault": 7}}
        seal(body, PERSONAL_PROPERTIES)
        assert fill(body, {7: "secret"}) == {"x": {"@@vault": 7}}


class TestRoundTrip:
    @given(JSON, st.sampled_from([PERSONAL_TRAITS, PERSONAL_PROPERTIES, PERSONAL_ANYWHERE]))
    def test_what_is_shown_is_what_was_sent(self, value: Any, personal: frozenset[str]) -> None:
        sent = json.loads(json.dumps(value))
        vault = seal(value, personal)
        assert references(value) == set(vault)
        assert fill(value, vault) == sent

    @given(JSON)
    def test_nothing_personal_is_left(self, value: Any) -> None:
        seal(value, PERSONAL_ANYWHERE)

        def check(item: Any) -> None:
            for inner in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
                check(inner)
            for key, inner in item.items() if isinstance(item, dict) else ():
                if key in PERSONAL_ANYWHERE and not (inner is None or isinstance(inner, bool)):
                    assert list(inner) == ["@vault"]

        check(value)

    def test_an_erased_value_is_null(self) -> None:
        assert fill({"email": {"@vault": 1}}, {}) == {"email": None}


class TestMayHold:
    @given(JSON)
    def test_it_never_misses(self, value: Any) -> None:
        raw = msgspec.json.encode(value)
        places: list[Place] = []
        before = json.dumps(value)
        find(value, PERSONAL_PROPERTIES, places)
        if places or json.dumps(value) != before:
            assert may_hold(raw)

    @pytest.mark.parametrize("key", sorted(PERSONAL_PROPERTIES))
    def test_every_key(self, key: str) -> None:
        assert may_hold(msgspec.json.encode({"a": [{key: 1}]}))

    def test_it_spares_what_holds_nothing(self) -> None:
        assert not may_hold(msgspec.json.encode({"emails": 1, "name": "phone", "note": '"email'}))

"""What a customer's row is made of."""

from datetime import timedelta
from typing import Any

import pytest
from card_people import NOON

from onevoice.domains.profiles.rules.cards import (
    Identifier,
    build,
    city,
    display_name,
    fields,
    fingerprint,
    grams,
    names,
    reach,
    surest_first,
)
from onevoice.domains.profiles.rules.search import parse
from onevoice.kit.spelling import phrases
from onevoice.kit.text import trigrams


def known(*texts: str) -> list[Identifier]:
    """Identifiers, each learnt a minute after the one before."""
    parted = (text.partition(":") for text in texts)
    return [Identifier(kind, value, NOON + timedelta(minutes=at)) for at, (kind, _, value) in enumerate(parted)]


class TestDisplayName:
    @pytest.mark.parametrize(
        ("traits", "name"),
        [
            ({"name": "Anna Kowalska", "firstName": "A."}, "Anna Kowalska"),
            ({"fullName": "  Ирина \n Ковальская "}, "Ирина Ковальская"),
            ({"firstName": "Anna", "lastName": "Kowalska"}, "Anna Kowalska"),
            ({"first_name": "Anna"}, "Anna"),
            ({"lastName": "Kowalska", "firstName": "  "}, "Kowalska"),
            ({"name": None, "firstName": 7}, None),
            ({"name": ""}, None),
            ({}, None),
        ],
    )
    def test_comes_from_the_traits_that_hold_one(self, traits: dict[str, Any], name: str | None) -> None:
        assert display_name(traits) == name

    def test_is_bounded(self) -> None:
        assert len(display_name({"name": "a" * 10_000}) or "") == 200


class TestNames:
    def test_the_one_in_force_then_those_of_other_identifiers(self) -> None:
        assert names({"name": ["Anna Kowalska-Nowak", "Anna Nowak"]}) == ["Anna Kowalska-Nowak", "Anna Nowak"]

    def test_a_first_name_alone_goes_with_each_surname(self) -> None:
        assert names({"firstName": ["Anna"], "lastName": ["Kowalska", "Nowak"]}) == ["Anna Kowalska", "Anna Nowak"]

    def test_a_name_that_was_removed_is_none(self) -> None:
        assert names({"name": [None]}) == []


class TestCity:
    @pytest.mark.parametrize(
        ("traits", "found"),
        [
            ({"city": ["Gdańsk"]}, "Gdańsk"),
            ({"address": [{"city": " Toruń "}]}, "Toruń"),
            ({"city": [None], "address": [{"city": "Łódź"}]}, "Łódź"),
            ({"address": ["Długa 1"]}, "Długa 1"),
            ({"address": [{"street": "Długa"}]}, None),
            ({"city": [7]}, None),
            ({}, None),
        ],
    )
    def test_from_its_trait_or_the_address(self, traits: dict[str, list[Any]], found: str | None) -> None:
        assert city(traits) == found


class TestSurestFirst:
    def test_mail_before_phone_before_messenger_before_card_before_browser(self) -> None:
        given = known("anonymous_id:a_1", "loyalty_card:22", "telegram:7", "external:crm:9", "phone:+48", "email:a@b.c")
        order = [one.kind for one in surest_first(given)]
        assert order == ["email", "phone", "telegram", "loyalty_card", "external", "anonymous_id"]

    def test_of_one_kind_the_newest_first(self) -> None:
        assert [one.value for one in surest_first(known("email:old@b.c", "email:new@b.c"))] == ["new@b.c", "old@b.c"]

    def test_an_erased_value_is_no_contact(self) -> None:
        assert surest_first(known("email:")) == []


class TestFields:
    def test_of_many_browsers_the_newest(self) -> None:
        given = known(*(f"anonymous_id:a{number}" for number in range(30)))
        assert [field.text for field in fields(given, {})] == [f"a{number}" for number in range(29, 21, -1)]

    def test_epochs_of_one_browser_are_one(self) -> None:
        assert len(fields(known("device:d1", "device:d1"), {})) == 1

    def test_user_names_are_searched(self) -> None:
        assert [field.text for field in fields([], {"username": ["dasha_kov", 7, None]})] == ["dasha_kov"]


class TestBuild:
    def test_a_person(self) -> None:
        card = build(
            known("anonymous_id:a_7f3c", "email:a.kowalska@poczta.example", "phone:+48601233998", "telegram:55"),
            {"name": ["Anna Kowalska"], "city": ["Gdańsk"]},
        )
        assert (card.name, card.contact_kind, card.contact, card.city) == (
            "Anna Kowalska",
            "email",
            "a.kowalska@poczta.example",
            "Gdańsk",
        )
        lines = card.haystack.split("\n")
        assert " ana kovalska" in lines
        assert " 48601233998" in lines

    def test_a_visitor_has_no_name_and_closes_the_alphabet(self) -> None:
        visitor = build(known("anonymous_id:a_7f3c"), {})
        named = build(known("anonymous_id:a_1"), {"name": ["Яков"]})
        assert visitor.name is None
        assert visitor.contact == "a_7f3c"
        assert visitor.sort_key > named.sort_key

    @pytest.mark.parametrize(
        "typed",
        ["анна", "kowal", "walska", "a.k", "601 233", "0601 233", "4410", "a_7f", "dasha", "nowak", "k", "ko"],
    )
    def test_every_part_asked_for_is_among_the_grams(self, typed: str) -> None:
        card = build(
            known("email:a.k@poczta.example", "phone:+48601233998", "loyalty_card:220010934410", "anonymous_id:a_7f3c"),
            {"name": ["Anna Kowalska", "Anna Nowak"], "username": ["dasha_kov"]},
        )
        (part,) = parse(typed)
        standing = [phrase for phrase in part.phrases if phrase in card.haystack]
        assert standing
        assert all(set(trigrams(phrase)) <= set(card.grams) for phrase in standing)

    def test_of_a_long_visitor_id_the_beginning_is_found(self) -> None:
        card = build(known("anonymous_id:507f191e-810c-4197-9d0a-123456789abc"), {})
        for typed in ("507f191e", "507f191e-810c-4197-9d0a-123456789abc"):
            (part,) = parse(typed)
            assert any(phrase in card.haystack for phrase in part.phrases)

    def test_phrases_never_stand_across_two_fields(self) -> None:
        card = build(known("email:anna@b.example"), {"name": ["Jan Nowak"]})
        assert phrases("nowak anna")[0] not in card.haystack

    def test_grams_are_distinct_and_sorted(self) -> None:
        found = grams(" ana ana\n ana")
        assert found == sorted(set(found))


class TestReach:
    def test_addresses_and_messengers_are_doors_and_phones_are_not(self) -> None:
        assert reach(known("phone:+48", "user_id:1", "device:d")) == 0
        assert reach(known("email:a@b.c", "telegram:1", "telegram:2")) == 1 << 12 | 1 << 4


class TestFingerprint:
    def test_does_not_depend_on_the_order_of_identifiers(self) -> None:
        given = known("email:a@b.c", "phone:+48")
        assert fingerprint(given, []) == fingerprint(given[::-1], [])

    def test_changes_with_a_value_and_with_a_trait(self) -> None:
        prints = {
            fingerprint(known("email:a@b.c"), []),
            fingerprint(known("email:a@b.d"), []),
            fingerprint(known("email:"), []),
            fingerprint(known("email:a@b.c"), [("name", '"A"')]),
            fingerprint(known("email:a@b.c"), [("name", '"A"'), ("name", '"B"')]),
            fingerprint(known("email:a@b.c"), [("name", '"B"'), ("name", '"A"')]),
        }
        assert len(prints) == 6

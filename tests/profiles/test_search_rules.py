"""What was typed, what matched, what to offer instead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.domains.profiles.rules.cards import Field
from onevoice.domains.profiles.rules.search import (
    Match,
    best,
    close_numbers,
    halves,
    in_the_form_of,
    matches,
    parse,
)

# A busy machine is no fault of the code.
UNHURRIED = settings(deadline=None)
FIELDS = [Field("name", "Anna Kowalska"), Field("email", "a.kowalska@poczta.example"), Field("phone", "+48601233998")]


class TestParse:
    @pytest.mark.parametrize(
        ("typed", "parts"),
        [
            ("kowalska 0601 999", ["kowalska", "0601 999"]),
            ("  Anna\tKowalska ", ["Anna", "Kowalska"]),
            ("anna 601 233 kowalska 0938", ["anna", "601 233", "kowalska", "0938"]),
            ("+48 (601) 233-998", ["+48 (601) 233-998"]),
            ("anna.k a_7f3c R-8841", ["anna.k", "a_7f3c", "R-8841"]),
            ("anna ANNA анна", ["anna"]),
            ("", []),
            ("?! --", []),
        ],
    )
    def test_words_and_numbers(self, typed: str, parts: list[str]) -> None:
        assert [part.text for part in parse(typed)] == parts

    @pytest.mark.parametrize(
        ("typed", "digits"),
        [
            ("601 233", "601233"),
            ("0601 233", "601233"),
            ("0938", "0938"),
            ("0048 601", "48601"),
            ("8 903 123-45-67", "9031234567"),
            ("8841", "8841"),
            ("00000", "00000"),
            ("a601", ""),
        ],
    )
    def test_a_number_is_asked_for_as_it_is_stored(self, typed: str, digits: str) -> None:
        assert parse(typed)[0].digits == digits

    def test_a_long_query_is_cut(self) -> None:
        assert len(parse(" ".join(f"word{chr(97 + number)}" for number in range(20)))) == 8

    @UNHURRIED
    @given(st.text(max_size=60))
    def test_anything_may_be_typed(self, typed: str) -> None:
        for part in parse(typed):
            assert part.phrases
            assert all(len(phrase) >= 2 for phrase in part.phrases)
            # What goes to the index holds nothing but letters, digits and spaces.
            assert all(letter.isalnum() or letter == " " for phrase in part.phrases for letter in phrase)


class TestMatches:
    def test_a_place_for_each_part(self) -> None:
        assert matches(parse("ковал 601"), FIELDS) == [
            Match("name", "Anna Kowalska", 5, 10),
            Match("phone", "+48601233998", 3, 6),
        ]

    def test_the_first_field_that_has_it(self) -> None:
        assert matches(parse("poczta"), FIELDS) == [Match("email", "a.kowalska@poczta.example", 11, 17)]

    def test_shown_is_what_lies_outside_of_the_name(self) -> None:
        found = matches(parse("kowal 601"), FIELDS)
        assert best(found, "Anna Kowalska") == found[1]
        assert best(found[:1], "Anna Kowalska") == found[0]
        assert best([], None) is None

    def test_another_name_counts_as_outside(self) -> None:
        fields = [Field("name", "Anna Kowalska"), Field("name", "Anna Nowak")]
        found = matches(parse("anna nowak"), fields)
        assert best(found, "Anna Kowalska") == Match("name", "Anna Nowak", 5, 10)


class TestCloseNumbers:
    def test_one_digit_apart_and_how_many_have_each(self) -> None:
        (part,) = parse("0601 999")
        hay = [" ana\n 48601998233", " 48601989000\n 48601998777", " 48601999000", " 601", ""]
        assert close_numbers(part, hay) == {"601998": 2, "601989": 1}

    def test_a_short_number_is_close_to_everything_and_offers_nothing(self) -> None:
        assert close_numbers(parse("601")[0], [" 602"]) == {}

    @UNHURRIED
    @given(st.from_regex(r"[1-7][0-9]{4,9}", fullmatch=True), st.data())
    def test_half_of_a_close_number_is_right(self, digits: str, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(digits) - 1))
        wrong = digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 :]
        assert close_numbers(parse(digits)[0], [f" 48{wrong}"]).keys() >= {wrong}
        assert any(half in wrong for half in halves(digits))


class TestInTheFormOf:
    @pytest.mark.parametrize(
        ("typed", "digits", "form"),
        [
            ("0601 999", "601998", "601 998"),
            ("+48 (601) 233-998", "48601233999", "+48 (601) 233-999"),
            ("601999", "601998", "601998"),
            ("8 903 123-45-67", "9031234568", "903 123-45-68"),
        ],
    )
    def test_grouped_as_typed(self, typed: str, digits: str, form: str) -> None:
        assert in_the_form_of(typed, digits) == form

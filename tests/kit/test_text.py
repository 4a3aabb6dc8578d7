"""Folding, alphabetical order and grams."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.kit.text import fold, sort_key, transliterate, trigrams

# A busy machine is no fault of the code.
UNHURRIED = settings(deadline=None)
POLISH = "aąbcćdeęfghijklłmnńoóprsśtuwyzźż"
RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"


def ordered(names: list[str]) -> list[str]:
    return sorted(frozenset(names), key=sort_key)


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Łukasz", "lukasz"),
            ("ŻÓŁĆ", "zolc"),
            ("Ёлкина", "елкина"),
            ("Straße", "strasse"),
            ("Đorđe Ærø", "dorde aero"),
            ("Пётр", "петр"),
            ("e\u0301", "e"),
            ("山田", "山田"),
            ("", ""),
        ],
    )
    def test_leaves_what_is_typed_in_a_hurry(self, text: str, folded: str) -> None:
        assert fold(text) == folded

    @UNHURRIED
    @given(st.text())
    def test_folding_twice_changes_nothing(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)


class TestTransliterate:
    @pytest.mark.parametrize(
        ("text", "latin"),
        [("Щербаков", "Shcherbakov"), ("ЮЛИЯ", "YULIYA"), ("Объезд", "Obezd"), ("Łódź, Киів", "Łódź, Kiiv")],
    )
    def test_spells_cyrillic_in_latin(self, text: str, latin: str) -> None:
        assert transliterate(text) == latin


class TestSortKey:
    def test_polish_order(self) -> None:
        names = ["Ada", "Ązel", "Cyryl", "Ćwik", "Dorota", "Lis", "Luz", "Łabędź", "Nowak", "Ńko", "Ola", "Óra", "Sas"]
        names += ["Śliwa", "Zenon", "Źrebak", "Żak"]
        assert ordered(names) == names

    def test_russian_order_with_yo_beside_ye(self) -> None:
        names = ["Ева", "Ёлкина", "Енин", "Жук", "Иванов", "Йорданов", "Кузнецов", "Щукин", "Эйхе", "Юрьев", "Яковлев"]
        assert ordered(names) == names

    def test_ukrainian_letters_have_their_places(self) -> None:
        names = ["Гай", "Ґалаґан", "Дрозд", "Ера", "Єва", "Жук", "Ира", "Іра", "Їжак", "Кіт"]
        assert ordered(names) == names

    def test_digits_then_latin_then_cyrillic(self) -> None:
        names = ["7 Eleven", "Adam", "zenon", "Адам", "яков"]
        assert ordered(names) == names

    def test_foreign_accents_stand_with_their_letters(self) -> None:
        names = ["Muller", "Müller", "Mullerowa", "Mune"]
        assert ordered(names) == names

    def test_hyphen_counts_as_space_and_case_as_nothing(self) -> None:
        names = ["Anna KOWALSKA", "anna kowalska-Nowak", "Anna Kowalska Zofia", "Anna Kowalski"]
        assert ordered(names) == names

    def test_keys_of_different_names_differ(self) -> None:
        assert sort_key("Елкин") != sort_key("Ёлкин")

    @UNHURRIED
    @given(st.lists(st.text(POLISH, max_size=6) | st.text(RUSSIAN, max_size=6)))
    def test_agrees_with_the_alphabets(self, names: list[str]) -> None:
        place = {letter: at for at, letter in enumerate(POLISH + RUSSIAN)}
        assert sorted(names, key=sort_key) == sorted(names, key=lambda name: [place[letter] for letter in name])


class TestTrigrams:
    @UNHURRIED
    @given(st.text(), st.integers(0, 20), st.integers(3, 20))
    def test_a_part_has_no_gram_the_whole_has_not(self, text: str, start: int, length: int) -> None:
        part = text[start : start + length]
        assert len(part) == 2 or set(trigrams(part)) <= set(trigrams(text))

    def test_letters_of_the_three_languages_never_collide(self) -> None:
        grams = ["".join(run) for run in itertools.product(" az0ąжяёґ9", repeat=3)]
        assert len({trigrams(gram)[0] for gram in grams}) == len(grams)

    @UNHURRIED
    @given(st.text())
    def test_fits_int4_and_is_sorted(self, text: str) -> None:
        found = trigrams(text)
        assert found == sorted(set(found))
        assert all(0 <= gram < 2**31 for gram in found)

    def test_two_characters_are_one_gram_of_their_own(self) -> None:
        assert len(trigrams(" k")) == 1
        assert not set(trigrams(" k")) & set(trigrams(" ko"))
        assert trigrams("k") == trigrams("") == []

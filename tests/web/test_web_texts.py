"""The server's own texts, in every language of the house."""

from dataclasses import fields
from datetime import UTC, datetime
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.kit import i18n
from onevoice.kit.i18n import LANGUAGES, Counted, Phrase
from onevoice.web import texts

PHRASES = {name: each for name, each in vars(texts).items() if isinstance(each, Phrase)}
COUNTED = {name: each for name, each in vars(texts).items() if isinstance(each, Counted)}


class TestCatalogue:
    def test_is_not_empty(self):
        assert len(PHRASES) >= 10
        assert COUNTED

    @pytest.mark.parametrize("shape", [Phrase, Counted])
    def test_a_text_has_every_language(self, shape):
        assert tuple(field.name for field in fields(shape)) == LANGUAGES

    @pytest.mark.parametrize("name", PHRASES)
    def test_no_translation_is_empty_or_forgotten(self, name):
        said = {language: PHRASES[name].to(language) for language in LANGUAGES}
        assert all(text.strip() == text and text for text in said.values())
        assert said["ru"] != said["en"]
        assert name == "LOGIN" or said["pl"] != said["en"]

    @pytest.mark.parametrize("name", COUNTED)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_plural_form_is_there_and_none_too_many(self, name, language):
        forms = getattr(COUNTED[name], language)
        assert set(forms) == i18n.plural_categories(language)
        assert all([field for _, field, _, _ in Formatter().parse(form) if field] == ["n"] for form in forms.values())

    def test_russian_is_cyrillic_and_polish_is_not(self):
        cyrillic = {chr(code) for code in range(0x400, 0x500)}
        for each in PHRASES.values():
            assert cyrillic & set(each.ru)
            assert not cyrillic & set(each.pl + each.en)


class TestPreferred:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            (None, "en"),
            ("", "en"),
            ("de", "en"),
            ("ru", "ru"),
            ("ru-RU,ru;q=0.9,en-US;q=0.8", "ru"),
            ("en;q=0.5, pl;q=0.9", "pl"),
            ("pl;q=0, ru;q=0.1", "ru"),
            ("PL-pl", "pl"),
            ("*", "en"),
            ("pl;q=7", "en"),
            ("pl;q=high, ru;q=0.2", "ru"),
            ("rural", "en"),
        ],
    )
    def test_choice(self, header, language):
        assert i18n.preferred(header) == language

    @given(st.text())
    def test_nonsense_is_english_not_an_error(self, header):
        assert i18n.preferred(header) in LANGUAGES

    def test_a_long_header_is_not_read_to_its_end(self):
        assert i18n.preferred(",".join(["xx"] * 10_000 + ["pl"])) == "en"


class TestBound:
    def test_a_one_letter_word_stays_with_the_next(self):
        assert i18n.bound("i w domu, a z nim o czymś", "pl") == "i\u00a0w\u00a0domu, a\u00a0z\u00a0nim o\u00a0czymś"
        assert i18n.bound("вход в систему", "ru") == "вход в\u00a0систему"

    def test_english_needs_none(self):
        assert i18n.bound("a door", "en") == "a door"


class TestMoment:
    @pytest.mark.parametrize(
        ("language", "said"),
        [("en", "3 May 2026, 14:03"), ("ru", "3 мая 2026, 14:03"), ("pl", "3 maja 2026, 14:03")],
    )
    def test_says_the_month_as_the_language_does(self, language, said):
        assert i18n.moment(datetime(2026, 5, 3, 14, 3, tzinfo=UTC), language) == said

"""Texts of the pages that the server itself renders, in every language of the house.

A text holds all languages, so a missing translation cannot be built, let alone shipped.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeGuard, get_args

from babel import Locale
from babel.dates import format_datetime

Language = Literal["en", "ru", "pl"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "en"

# What each language calls itself: a switch is read by people who may not know the present language.
OWN_NAMES: Final[dict[Language, str]] = {"en": "English", "ru": "Русский", "pl": "Polski"}

_LOCALES: Final = {language: Locale.parse(language) for language in LANGUAGES}
_ONE_LETTER_WORD = re.compile(r"(?<!\w)(\w) (?=\w)")
_RANGES_MAX = 20


@dataclass(frozen=True)
class Phrase:
    en: str
    ru: str
    pl: str

    def to(self, language: Language) -> str:
        return bound(getattr(self, language), language)


@dataclass(frozen=True)
class Counted:
    """A phrase with a number in it, written `{n}`: one form for each plural category of each language."""

    en: dict[str, str]
    ru: dict[str, str]
    pl: dict[str, str]

    def to(self, language: Language, n: int) -> str:
        forms: dict[str, str] = getattr(self, language)
        return bound(forms[plural_category(n, language)].format(n=n), language)


def is_language(text: str | None) -> TypeGuard[Language]:
    return text in LANGUAGES


def plural_category(n: int, language: Language) -> str:
    """The category of the Unicode plural rules, such as "few".

    >>> [plural_category(n, "ru") for n in (1, 2, 5, 21)]
    ['one', 'few', 'many', 'one']
    """
    return str(_LOCALES[language].plural_form(n))


def plural_categories(language: Language) -> frozenset[str]:
    """The categories that whole numbers fall into. Fractions, which have one of their own, are never counted here."""
    return frozenset(plural_category(n, language) for n in range(200))


def moment(at: datetime, language: Language) -> str:
    """A date and a time as this language writes them, on a 24-hour clock."""
    return format_datetime(at, "d MMMM y, HH:mm", tzinfo=at.tzinfo, locale=_LOCALES[language])


def bound(text: str, language: Language) -> str:
    """Russian and Polish keep a one-letter word with the next one: its space does not break.

    >>> len(bound("вход в систему", "ru").split(" "))
    2
    """
    return text if language == "en" else _ONE_LETTER_WORD.sub("\\1\u00a0", text)


def preferred(accept_language: str | None) -> Language:
    """The best language for an `Accept-Language` header; English when it names none of ours or makes no sense.

    >>> preferred("de;q=0.9, pl-PL;q=0.8, en;q=0.1")
    'pl'
    """
    best: tuple[float, Language] = (0.0, DEFAULT)
    for part in (accept_language or "").split(",")[:_RANGES_MAX]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.split("-", maxsplit=1)[0].strip().lower()
        weight = _weight(parameter)
        if is_language(language) and weight > best[0]:
            best = (weight, language)
    return best[1]


def _weight(parameter: str) -> float:
    if not parameter.strip():
        return 1.0
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
    return float(found[1]) if found else 0.0

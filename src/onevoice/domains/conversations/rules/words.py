"""Words of what was said, as the search knows them: English, Russian and Polish, in any form and without marks.

Stems are Snowball's (Porter's language of 1980, snowballstem.org). Which language a word is of is not asked: a Latin
one is kept by its English and its Polish stem and as it stands.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import snowballstemmer

from onevoice.kit.text import fold

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
_FLEETING = re.compile(r"([бвгджзклмнпрстфхцчшщbcdfghjklmnprstwz])[еоe]([кцkc])$")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LONGEST = 60
MOST = 2_000
"""Words of one message that are kept: more is no conversation."""
MOST_ASKED = 12

_english = snowballstemmer.stemmer("english")
_polish = snowballstemmer.stemmer("polish")
_russian = snowballstemmer.stemmer("russian")


@lru_cache(100_000)
def _forms(word: str) -> tuple[str, ...]:
    """The word as it stands, and its stems, folded; the former first."""
    languages = (_russian,) if _CYRILLIC.search(word) else (_english, _polish)
    stems = [fold(language.stemWord(word)) for language in languages]
    found = dict.fromkeys([fold(word), *stems, *_plain(word), *map(_fleeting, stems)])
    return tuple(each for each in found if each)


def _fleeting(stem: str) -> str:
    """The vowel that other forms of a Russian or Polish word have not: ботинок, ботинки; sandałek, sandałka."""
    return _FLEETING.sub(r"\1\2", stem)


def _plain(word: str) -> Iterator[str]:
    """Of a word without its marks the stem: people type both."""
    plain = fold(word)
    if plain != word and not _CYRILLIC.search(plain):
        yield fold(_polish.stemWord(plain))


def _split(text: str) -> Iterator[re.Match[str]]:
    return _WORD.finditer(text)


def lexemes(texts: Iterable[str]) -> list[str]:
    """What of these texts is kept for the search, sorted, each once.

    >>> lexemes(["Do the BOOTS run small?"])
    ['boot', 'boots', 'do', 'run', 'small', 'the']
    """
    found: set[str] = set()
    for text in texts:
        for count, match in enumerate(_split(text)):
            if count >= MOST:
                break
            found.update(form[:LONGEST] for form in _forms(match[0][:LONGEST].lower()))
    return sorted(found)


def query(text: str) -> str | None:
    """As a tsquery: every word, in any of its forms; the last one may be half typed. None: there is no word in it.

    >>> query("boots sma")
    "('boots' | 'boot') & ('sma' | 'sma':*)"
    """
    asked = [match[0][:LONGEST].lower() for match in _split(text)][:MOST_ASKED]
    if not asked:
        return None
    parts: list[str] = []
    for number, word in enumerate(asked):
        forms = [_quoted(form) for form in _forms(word)]
        if number == len(asked) - 1:
            forms.append(f"{_quoted(fold(word))}:*")
        parts.append("(" + " | ".join(forms) + ")")
    return " & ".join(parts)


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def found_in(text: str, asked: str) -> list[tuple[int, int]]:
    """Where in a text the words that were asked for stand: [start, end) by character, in order.

    >>> found_in("The boots, and a boot.", "boots")
    [(4, 9), (17, 21)]
    """
    words = [match[0][:LONGEST].lower() for match in _split(asked)][:MOST_ASKED]
    forms = {form for word in words for form in _forms(word)}
    last = fold(words[-1]) if words else None
    marks: list[tuple[int, int]] = []
    for match in _split(text):
        word = match[0][:LONGEST].lower()
        if forms.intersection(_forms(word)) or (last is not None and fold(word).startswith(last)):
            marks.append(match.span())
    return marks


EXCERPT = 160
_BEFORE = 50


def excerpt(text: str, asked: str) -> tuple[str, list[tuple[int, int]]]:
    """The part of a text in which most of what was asked for stands, and where in that part.

    >>> excerpt("Do they run small?", "small")
    ('Do they run small?', [(12, 17)])
    """
    flat = " ".join(text.split())
    marks = found_in(flat, asked)
    if len(flat) <= EXCERPT or not marks:
        return flat[:EXCERPT], [mark for mark in marks if mark[1] <= EXCERPT]
    best = max(marks, key=lambda mark: sum(mark[0] <= other[0] < mark[0] + EXCERPT - _BEFORE for other in marks))
    start = max(0, min(best[0] - _BEFORE, len(flat) - EXCERPT))
    if start and (space := flat.find(" ", start, best[0])) >= 0:
        start = space + 1
    part = flat[start : start + EXCERPT]
    return part, [(a - start, b - start) for a, b in marks if a >= start and b <= start + len(part)]

"""One spelling for many: a skeleton that Kowalska, Ковальская and kovalskaya share.

Who keeps an index keeps all `lines` of a text, who asks takes `phrases`: a query finds a text when one of its phrases
stands in one of the lines. Most words have one form; where a spelling can be read in two ways (Polish ch in Chmiel,
English ch in Chekhov) the index keeps both. What was typed of a word so far stands at the beginning of one of its
forms, so that people find whom they want before they have typed the name to its end.

Letters come to few symbols: g and h are one (Olga, Olha, Генрик), so are z and its soft and hard kin (Żuk, Zuk, Жук),
s and sz, and c, cz, ц and ч ("ts"). Doubled letters count once. Spellings differ most about glides (j, y, i, й, ь
before a vowel), hence most rules are about them.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from onevoice.kit.text import APOSTROPHES, fold

MAX_FORMS = 8
MIN_SUBSTRING = 3
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_WORD = re.compile(rf"(?:[^\W\d_]|[\u0300-\u036f])(?:[^\W\d_]|[\u0300-\u036f]|[{APOSTROPHES}](?=[^\W\d_]))*|\d+")
_HARD_VOWELS = frozenset("aeou")
_GLIDES = frozenset("ijy")
_SOFT = "ь"
_LONG_FEMININE = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """How a group of letters may be read: what an index keeps, what a query looks for (one of them suffices).

    Groups of one `rule` in a word are read alike, so that forms stay few.
    """

    rule: str
    kept: tuple[str, ...]
    sought: tuple[str, ...]


class Sound(NamedTuple):
    """A reading of the letters [start, end)."""

    reading: Reading
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Form:
    """A skeleton, and for each of its symbols the letters it came from: [starts[i], ends[i])."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@lru_cache(maxsize=1 << 12)
def _plain(text: str) -> Reading:
    return Reading("", (text,), (text,))


_AMBIGUOUS = {
    "ch": Reading("ch", ("ts", "h"), ("ts", "h")),
    "kh": Reading("kh", ("h", "kh"), ("h",)),
    "ph": Reading("ph", ("f", "ph"), ("f",)),
    "rz": Reading("rz", ("z", "rz"), ("z",)),
    "ř": Reading("rz", ("z", "rz"), ("z",)),
    "sch": Reading("sch", ("s", "sts"), ("s", "sts")),
    "щ": Reading("sch", ("sts", "s"), ("sts", "s")),
    "c": Reading("c", ("ts", "k"), ("k", "ts")),
}
_DECIDED = {
    "tsch": "ts", "tch": "ts", "cz": "ts", "tz": "ts", "sz": "s", "sh": "s", "zh": "z", "th": "t",
    "x": "ks", "q": "k", "w": "v", "g": "h", "ł": "l", "ż": "z", "ź": "z", "ž": "z", "ś": "s", "š": "s", "ń": "n",
    "ć": "ts", "č": "ts", "ç": "ts",
    "б": "b", "в": "v", "г": "h", "ґ": "h", "д": "d", "ж": "z", "з": "z", "к": "k", "л": "l", "м": "m", "н": "n",
    "п": "p", "р": "r", "с": "s", "т": "t", "ў": "v", "ф": "f", "х": "h", "ц": "ts", "ч": "ts", "ш": "s",
}  # fmt: skip
_SPELLED = {group: _plain(text) for group, text in _DECIDED.items()} | _AMBIGUOUS
_LONGEST = max(map(len, _SPELLED))
_OPENING = {group[0] for group in _SPELLED if len(group) > 1}
_VOWELS = {
    "а": "a", "о": "o", "у": "u", "э": "e", "е": "e", "и": "i", "ы": "i", "і": "i", "й": "j", "ъ": _SOFT, "ь": _SOFT,
    "я": "ja", "ю": "ju", "є": "je", "ї": "ji", "ё": "ё",
}  # fmt: skip
# N is the nasal's consonant: m before b and p, else n. Dąbrowska is also Домбровская, Wałęsa Валенса.
_VOWEL_READINGS = {
    "ó": Reading("ó", ("o", "u"), ("o",)),
    "ą": Reading("ą", ("a", "oN"), ("a", "oN")),
    "ę": Reading("ę", ("e", "eN"), ("e", "eN")),
}
_INITIAL = {
    "a": _plain("ja"),
    "u": _plain("ju"),
    "o": _plain("jo"),
    "e": Reading("je", ("e", "je"), ("e",)),
    "ё": Reading("jo", ("e", "jo"), ("e", "jo")),
    "ó": Reading("ó", ("jo", "ju"), ("jo",)),
    "ą": Reading("ą", ("ja", "joN"), ("ja", "joN")),
    "ę": Reading("ę", ("e", "eN", "je"), ("e", "eN")),
}
_BETWEEN_VOWELS = _INITIAL | {"e": _plain("e")}
_YO = Reading("io", ("io", "e", "o"), ("e", "o"))
_IO = Reading("io", ("io", "e", "o"), ("io",))
_SOFTENED = {
    "a": _plain("ia"),
    "u": Reading("iu", ("u", "iu"), ("u",)),
    "e": Reading("ie", ("e", "ie"), ("e",)),
    "o": _YO,
    "ё": _YO,
    "ó": Reading("ó", ("io", "o", "u"), ("io",)),
    "ą": Reading("ą", ("ia", "ioN"), ("ia", "ioN")),
    "ę": Reading("ę", ("e", "eN", "ie"), ("e", "eN")),
}
_AFTER_GLIDE = _SOFTENED.keys()
# A glide at the end of what was typed may open a vowel yet to come.
_OPEN_START = Reading("open", ("i",), ("i", "j"))
# The end of Сергей is the middle of Андреев.
_OPEN_END = Reading("open", ("i",), ("",))
_IO_AFTER = frozenset("fptdmnlsz")


class _Reader:
    """Reads one word from left to right into sounds."""

    def __init__(self, word: str) -> None:
        spelled = [_spelled(letter) for letter in word]
        self._letters = "".join(spelled)
        self._at = [index for index, letters in enumerate(spelled) for _ in letters]
        self._size = len(word)
        self.sounds: list[Sound] = []
        self._before = ""

    def read(self) -> list[Sound]:
        at = 0
        while at < len(self._letters):
            letter = self._letters[at]
            if letter in _GLIDES or letter in (_SOFT, "ё"):
                at = self._glide(at)
            elif letter in _VOWEL_READINGS:
                self._before = "v"
                at = self._take(self._nasal(_VOWEL_READINGS[letter], at + 1), at, at + 1)
            else:
                at = self._group(at)
        return self.sounds

    def _take(self, reading: Reading, start: int, end: int) -> int:
        """Add a sound for letters [start, end). Silent letters belong to the sound before them."""
        first = self._at[start]
        last = self._at[end] if end < len(self._letters) else self._size
        self.sounds.append(Sound(reading, first, max(last, first + 1)))
        return end

    def _group(self, at: int) -> int:
        group = self._letters[at]
        if group in _OPENING:
            longer = (self._letters[at : at + length] for length in range(_LONGEST, 1, -1))
            group = next((one for one in longer if one in _SPELLED), group)
        end = at + len(group)
        if group == "c":
            return self._c(at)
        self._before = "v" if group in _HARD_VOWELS else "c"
        return self._take(_SPELLED.get(group) or _plain(group), at, end)

    def _c(self, at: int) -> int:
        """Polish c is ts, English c is k before most letters: Nowicka and Victoria."""
        self._before = "c"
        end = at + 2 if self._letters.startswith("cc", at) else at + 1
        following = self._letters[end] if end < len(self._letters) else ""
        if following and following in "eiyęьё":
            return self._take(_plain("ts"), at, end)
        return self._take(_plain("k") if following == "t" else _AMBIGUOUS["c"], at, end)

    def _nasal(self, reading: Reading, following: int) -> Reading:
        labial = following < len(self._letters) and self._letters[following] in "bpбп"
        consonant = "m" if labial else "n"
        kept, sought = (
            tuple(text.replace("N", consonant) for text in texts) for texts in (reading.kept, reading.sought)
        )
        return Reading(reading.rule, kept, sought)

    def _glide(self, at: int) -> int:
        end = at
        while end < len(self._letters) and (self._letters[end] in _GLIDES or self._letters[end] == _SOFT):
            end += 1
        vowel = self._letters[end] if end < len(self._letters) else ""
        if vowel in _AFTER_GLIDE:
            before, self._before = self._before, "v"
            return self._take(self._nasal(self._onglide(before, at, end, vowel), end + 1), at, end + 1)
        if all(letter == _SOFT for letter in self._letters[at:end]):
            return self._silent(at, end)
        before, self._before = self._before, "v"
        if not vowel and before != "c":
            return self._take(_OPEN_END if before else _OPEN_START, at, end)
        return self._take(_plain("i"), at, end)

    def _onglide(self, before: str, at: int, end: int, vowel: str) -> Reading:
        if not before:
            yolkin = vowel == "o" and self._letters[at] == "y"
            return _INITIAL["ё" if yolkin else vowel]
        if before == "v":
            return _BETWEEN_VOWELS[vowel]
        if vowel == "o" and self._letters[at:end] == "i" and not self._is_yo(at, end):
            return _IO
        return _SOFTENED[vowel]

    def _is_yo(self, at: int, end: int) -> bool:
        """Whether io may stand for ё: Piotr is Пётр, Mario is no Марё."""
        following = self._letters[end + 1] if end + 1 < len(self._letters) else ""
        closed = bool(following) and following not in _HARD_VOWELS and following not in _GLIDES
        return closed and self._letters[at - 1] in _IO_AFTER

    def _silent(self, at: int, end: int) -> int:
        if self.sounds:
            last = self.sounds.pop()
            until = self._at[end] if end < len(self._letters) else self._size
            self.sounds.append(Sound(last.reading, last.start, until))
        return max(end, at + 1)


@lru_cache(maxsize=1 << 12)
def _spelled(written: str) -> str:
    """One written letter in the letters that rules are about."""
    return "".join(_VOWELS.get(letter) or _bare(letter) for letter in written.casefold())


def _bare(letter: str) -> str:
    """The letter if a rule names it, else without its marks."""
    if letter in _SPELLED or letter in _VOWEL_READINGS:
        return letter
    if letter in APOSTROPHES:
        return ""
    if letter.isdigit():
        return str(unicodedata.digit(letter, letter))
    return "".join(plain for plain in fold(letter) if plain.isalnum())


def _sounds(word: str) -> tuple[Sound, ...]:
    return tuple(_Reader(unicodedata.normalize("NFC", word)).read())


def _spell(sounds: tuple[Sound, ...], chosen: list[str]) -> Form:
    """The chosen readings in a row, doubled letters once."""
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for sound, reading in zip(sounds, chosen, strict=True):
        for symbol in reading:
            if text and text[-1] == symbol and symbol.isalpha():
                ends[-1] = sound.end
                continue
            text.append(symbol)
            starts.append(sound.start)
            ends.append(sound.end)
    return Form("".join(text), tuple(starts), tuple(ends))


def _placed(word: str) -> tuple[Form, ...]:
    sounds = _sounds(word)
    found = {form.text: form for form in (_spell(sounds, way) for way in _choices(sounds, sought=False)) if form.text}
    return tuple(found.values())


def _choices(sounds: tuple[Sound, ...], *, sought: bool) -> Iterator[list[str]]:
    """Every way to read the word, at most MAX_FORMS, the likeliest first.

    Groups of one rule are read alike, except that the last may differ from those before it: Siergiej, typed as far as
    Siergi, is a whole "ie" and half of another.
    """
    options = [sound.reading.sought if sought else sound.reading.kept for sound in sounds]
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for at, readings in enumerate(options):
        if len(readings) > 1:
            groups.setdefault((sounds[at].reading.rule, readings), []).append(at)
    ways = [_ways(len(readings), repeated=len(places) > 1) for (_, readings), places in groups.items()]
    chosen = [readings[0] for readings in options]
    for picks in itertools.islice(itertools.product(*ways), MAX_FORMS):
        for (earlier, last), places in zip(picks, groups.values(), strict=True):
            for at in places:
                chosen[at] = options[at][earlier]
            chosen[places[-1]] = options[places[-1]][last]
        yield chosen


def _ways(readings: int, *, repeated: bool) -> list[tuple[int, int]]:
    alike = [(number, number) for number in range(readings)]
    return alike + [(0, number) for number in range(1, readings)] if repeated else alike


def _texts(word: str, *, sought: bool) -> dict[str, None]:
    """The forms without their places: most are wanted so."""
    found = (_DOUBLED.sub(r"\1", "".join(way)) for way in _choices(_sounds(word), sought=sought))
    return dict.fromkeys(form for form in found if form)


@lru_cache(maxsize=1 << 16)
def forms(word: str) -> tuple[str, ...]:
    """What an index keeps of a word.

    >>> forms("Коваленко"), forms("Chmiel")
    (('kovalenko',), ('tsmel', 'tsmiel', 'hmel', 'hmiel'))
    """
    return tuple(_texts(word, sought=False))


@lru_cache(maxsize=1 << 12)
def needles(word: str) -> tuple[str, ...]:
    """What to look for when somebody has typed this much of a word.

    >>> needles("kowalska"), needles("Ковальская"), needles("kovalskaya"), needles("хмель")
    (('kovalska',), ('kovalska',), ('kovalska',), ('hmel',))
    """
    return tuple(dict.fromkeys(_without_feminine(form) for form in _texts(word, sought=True)))


def _without_feminine(form: str) -> str:
    """Ковальская is Kowalska: the long ending is not asked for."""
    return form[:-2] if len(form) >= _LONG_FEMININE and form.endswith("aja") else form


def lines(text: str) -> tuple[str, ...]:
    """What an index keeps of a text: its words' forms, a space before each, one line for each way to read it.

    >>> lines("Anna Kowalska-Nowak"), lines("Chmiel 7")
    ((' ana kovalska novak',), (' tsmel 7', ' tsmiel 7', ' hmel 7', ' hmiel 7'))
    """
    read = [found for word in _WORD.findall(text) if (found := forms(word))]
    if not read:
        return ()
    longest = max(map(len, read))
    return tuple("".join(" " + word[min(way, len(word) - 1)] for word in read) for way in range(longest))


@lru_cache(maxsize=1 << 10)
def phrases(typed: str) -> tuple[str, ...]:
    """What to look for in an index's lines when this was typed: any of them suffices. Empty: nothing to look for.

    Three symbols may stand anywhere, fewer only at the beginning of a word.

    >>> phrases("walska"), phrases("ко"), phrases("anna.k"), phrases("a_7f")
    (('valska',), (' ko',), ('ana k',), ('a 7 f',))
    """
    read = [found for word in _WORD.findall(typed) if (found := needles(word))]
    ways = itertools.islice(itertools.product(*read), MAX_FORMS)
    found = (" ".join(way) for way in ways if way)
    return tuple(phrase if len(phrase) >= MIN_SUBSTRING else " " + phrase for phrase in found)


def find(text: str, sought: tuple[str, ...]) -> tuple[int, int] | None:
    """Where in a text, as written, the first of the phrases stands: [start, end), or None.

    >>> find("Ирина Коваленко", phrases("kowal")), find("m.kowalczyk@poczta.example", phrases("коваль"))
    ((6, 11), (2, 7))
    """
    if len(sought) == 1 and sought[0].isdecimal() and text.isascii():
        # A number is written as it is looked for, and most texts hold none: no need to read them.
        at = text.find(sought[0])
        return (at, at + len(sought[0])) if at >= 0 else None
    for starts, ends, line in _traced(text):
        for phrase in sought:
            at = line.find(phrase)
            if at >= 0:
                first = at + (phrase[0] == " ")
                return starts[first], ends[at + len(phrase) - 1]
    return None


@lru_cache(maxsize=1 << 10)
def _traced(text: str) -> tuple[tuple[list[int], list[int], str], ...]:
    """The lines of a text, and for each of their symbols the letters it came from."""
    read = [(match.start(), found) for match in _WORD.finditer(text) if (found := _placed(match.group()))]
    ways = max((len(found) for _, found in read), default=0)
    traced: list[tuple[list[int], list[int], str]] = []
    for way in range(ways):
        starts: list[int] = []
        ends: list[int] = []
        symbols: list[str] = []
        for offset, found in read:
            form = found[min(way, len(found) - 1)]
            starts += [offset, *(offset + start for start in form.starts)]
            ends += [offset, *(offset + end for end in form.ends)]
            symbols.append(" " + form.text)
        traced.append((starts, ends, "".join(symbols)))
    return tuple(traced)

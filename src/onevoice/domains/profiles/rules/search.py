"""What a person typed into the search field: what all of it asks for, what matched, what to offer when nobody did."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onevoice.domains.profiles.errors import ProfilesError
from onevoice.domains.profiles.rules.cards import Field
from onevoice.kit.spelling import find, phrases

MAX_PARTS = 8
_NUMERIC = re.compile(r"[+(]*\d[\d()+./-]*")
_UUID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Zeros before a national number are typed, not stored; the last digits of a card may begin with one that counts.
_TRUNK_DIGITS = 5
_RUSSIAN_TRUNK_DIGITS = 7
CLOSE_DIGITS = 5
_DIGITS = re.compile(r"\d+")


class SlowSearchError(ProfilesError):
    """The search took too long."""

    code = "slow_search"
    kind = "unavailable"


class Part(NamedTuple):
    """One thing asked for. It is found where any of its phrases stands; all parts of a query must be found.

    text: as typed. digits: of a number what is looked for, else empty.
    """

    text: str
    phrases: tuple[str, ...]
    digits: str


class Match(NamedTuple):
    """Where a part was found: text[start:end] of a field."""

    field: str
    text: str
    start: int
    end: int


def parse(query: str) -> tuple[Part, ...]:
    """Words, and numbers written in groups as one number each.

    >>> [(part.text, part.phrases) for part in parse("kowalska 0601 999")]
    [('kowalska', ('kovalska',)), ('0601 999', ('601999',))]
    """
    parts: dict[tuple[str, ...], Part] = {}
    for text in _grouped(query.split()):
        digits = _number(text) if all(_NUMERIC.fullmatch(token) for token in text.split()) else ""
        part = Part(text, phrases(digits or _UUID.sub(r"\1", text)), digits)
        if part.phrases and part.phrases not in parts and len(parts) < MAX_PARTS:
            parts[part.phrases] = part
    return tuple(parts.values())


def _grouped(tokens: Iterable[str]) -> list[str]:
    """Groups of digits side by side are one number."""
    found: list[str] = []
    number = False
    for token in tokens:
        numeric = _NUMERIC.fullmatch(token) is not None
        if numeric and number:
            found[-1] += " " + token
        else:
            found.append(token)
        number = numeric
    return found


def _number(text: str) -> str:
    """The digits to look for: +48 601, 0601 and 8 (903) 123-45-67 as the E.164 form holds them."""
    digits = "".join(_DIGITS.findall(text))
    if len(digits) >= _TRUNK_DIGITS and digits.startswith("0"):
        return digits.lstrip("0") or digits
    if len(digits) >= _RUSSIAN_TRUNK_DIGITS and digits.startswith("8"):
        return digits[1:]
    return digits


def matches(parts: Sequence[Part], fields: Sequence[Field]) -> list[Match]:
    """Where each part stands in the texts as they are shown, at most one place for each part."""
    found: list[Match] = []
    for part in parts:
        for field, text in fields:
            place = find(text, part.phrases)
            if place is not None:
                found.append(Match(field, text, *place))
                break
    return found


def best(found: Sequence[Match], name: str | None) -> Match | None:
    """The one to show: outside of the name if any part was found there, since the name stands in the row anyway."""
    outside = (match for match in found if match.text != name)
    return next(outside, found[0] if found else None)


def close_numbers(part: Part, haystacks: Iterable[str]) -> dict[str, int]:
    """Numbers in the haystacks that differ from the part in one digit, and in how many haystacks each stands.

    >>> close_numbers(parse("601 999")[0], [" 48601998233", " 48601989000 601"])
    {'601998': 1, '601989': 1}
    """
    size = len(part.digits)
    counts: dict[str, int] = {}
    if size < CLOSE_DIGITS:
        return counts
    for haystack in haystacks:
        runs = {
            run[at : at + size]
            for run in _DIGITS.findall(haystack)
            for at in range(len(run) - size + 1)
            if _one_apart(run[at : at + size], part.digits)
        }
        for run in runs:
            counts[run] = counts.get(run, 0) + 1
    return counts


def _one_apart(one: str, other: str) -> bool:
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def in_the_form_of(typed: str, digits: str) -> str:
    """Digits in groups as somebody typed theirs.

    >>> in_the_form_of("0601 999", "601998")
    '601 998'
    """
    places = [at for at, letter in enumerate(typed) if letter.isdigit()]
    form = list(typed)
    for place in places[: len(places) - len(digits)]:
        form[place] = ""
    for place, digit in zip(places[len(places) - len(digits) :], digits, strict=True):
        form[place] = digit
    return "".join(form).strip()


def halves(digits: str) -> tuple[str, str]:
    """A number with one wrong digit is right in one of its halves."""
    middle = len(digits) // 2
    return digits[:middle], digits[middle:]

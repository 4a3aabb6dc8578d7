"""What the list of customers shows of a profile, and by which words search finds it. Pure; `service.cards` calls it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from onevoice.domains.identity.contracts import CHANNEL_NUMBER
from onevoice.kit.spelling import lines
from onevoice.kit.text import sort_key, trigrams

NAME_TRAITS = ("name", "fullName", "full_name")
FIRST_NAME_TRAITS = ("firstName", "first_name")
LAST_NAME_TRAITS = ("lastName", "last_name")
HANDLE_TRAITS = ("username",)
CITY_TRAITS = ("city", "address")
CARD_TRAITS = (*NAME_TRAITS, *FIRST_NAME_TRAITS, *LAST_NAME_TRAITS, *HANDLE_TRAITS, *CITY_TRAITS)
"""The traits that a card is made of."""

MESSENGERS = ("telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger")
CONTACTS = ("email", "phone", *MESSENGERS, "loyalty_card", "user_id")
"""Kinds of identifiers from the surest contact on; external ids follow, then what names a device and no person."""

SHARED = ("anonymous_id", "device", "chat")
# A profile may hold a hundred browsers. Who looks for one has its id from a log or a screen, and these are recent.
_MOST_OF_KIND = {"anonymous_id": 8, "device": 4, "chat": 4}
_MOST_FIELDS = 40
_LONGEST_TEXT = 200
_VISITOR_SYMBOLS = 13
# Behind every alphabet: people without a name close the list.
_UNNAMED = "\U0010fffd"


class Identifier(NamedTuple):
    kind: str
    value: str
    learnt: datetime


class Field(NamedTuple):
    """A text that search looks into; `field` is "name", "username" or a kind of identifier."""

    field: str
    text: str


class Card(NamedTuple):
    """The part of a customer's row that changes seldom.

    reach: doors that an identifier opens (bit = channel number), whether or not the person has come by them.
    """

    name: str | None
    sort_key: str
    contact_kind: str | None
    contact: str | None
    city: str | None
    reach: int
    haystack: str
    grams: list[int]


Traits = Mapping[str, Sequence[Any]]
"""Per trait the values that the profile's identifiers hold, the winning one first."""


def display_name(traits: Mapping[str, Any]) -> str | None:
    """The name as people would say it, from the traits that hold one.

    >>> display_name({"firstName": " Anna ", "lastName": "Kowalska"}), display_name({"name": 7})
    ('Anna Kowalska', None)
    """
    whole = _first_text(traits, NAME_TRAITS)
    if whole:
        return whole
    parts = (_first_text(traits, FIRST_NAME_TRAITS), _first_text(traits, LAST_NAME_TRAITS))
    return " ".join(part for part in parts if part) or None


def _first_text(traits: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    for key in keys:
        value = traits.get(key)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:_LONGEST_TEXT]
    return None


def names(traits: Traits) -> list[str]:
    """The name in force, then others that identifiers of the profile still hold."""
    held = max((len(values) for values in traits.values()), default=0)
    ranked = [
        {key: values[min(place, len(values) - 1)] for key, values in traits.items() if values} for place in range(held)
    ]
    found = (display_name(one) for one in ranked)
    return list(dict.fromkeys(name for name in found if name))


def city(traits: Traits) -> str | None:
    for key in CITY_TRAITS:
        value = traits[key][0] if traits.get(key) else None
        if isinstance(value, Mapping):
            value = value.get("city")
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:_LONGEST_TEXT]
    return None


def surest_first(identifiers: Iterable[Identifier]) -> list[Identifier]:
    """From the surest contact to what names only a device; of one kind the newest first."""
    places = {kind: place for place, kind in enumerate(CONTACTS)} | {kind: 100 + n for n, kind in enumerate(SHARED)}
    newest = sorted(identifiers, key=lambda one: (one.learnt, one.value), reverse=True)
    return sorted((one for one in newest if one.value), key=lambda one: places.get(one.kind, 50))


def fields(identifiers: Iterable[Identifier], traits: Traits) -> list[Field]:
    """Every text that search looks into, the most telling first."""
    return list(_fields(identifiers, traits))[:_MOST_FIELDS]


def _fields(identifiers: Iterable[Identifier], traits: Traits) -> Iterator[Field]:
    for name in names(traits):
        yield Field("name", name)
    for key in HANDLE_TRAITS:
        for value in traits.get(key, ()):
            if isinstance(value, str) and value.strip():
                yield Field(key, value.strip()[:_LONGEST_TEXT])
    seen: dict[tuple[str, str], None] = {}
    left = dict(_MOST_OF_KIND)
    for kind, value, _ in surest_first(identifiers):
        # Epochs of one browser share its value.
        if (kind, value) in seen or left.get(kind) == 0:
            continue
        seen[kind, value] = None
        if kind in left:
            left[kind] -= 1
        yield Field(kind, value[:_LONGEST_TEXT])


def haystack(searched: Iterable[Field]) -> str:
    """The lines in which `rules.search` looks for phrases. Of a visitor's long id the beginning must do."""
    found: dict[str, None] = {}
    for field, text in searched:
        for line in lines(text[:_VISITOR_SYMBOLS] if field in SHARED else text):
            found[line] = None
    return "\n".join(found)


def grams(lines_of_text: str) -> list[int]:
    """The index's keys of a haystack: runs of three symbols, and of each word the first symbol behind its space."""
    found: set[int] = set()
    for line in lines_of_text.split("\n"):
        found.update(trigrams(line))
    for first in {word[0] for word in lines_of_text.split()}:
        found.update(trigrams(" " + first))
    return sorted(found)


def build(identifiers: Sequence[Identifier], traits: Traits) -> Card:
    searched = fields(identifiers, traits)
    name = next((text for field, text in searched if field == "name"), None)
    best = next(iter(surest_first(identifiers)), None)
    text = haystack(searched)
    shown = name or (_UNNAMED + best.value if best else _UNNAMED)
    return Card(
        name,
        sort_key(shown) if name else shown,
        best.kind if best else None,
        best.value if best else None,
        city(traits),
        reach(identifiers),
        text,
        grams(text),
    )


def reach(identifiers: Iterable[Identifier]) -> int:
    """The doors that identifiers open by themselves: an address is a door to mail, a messenger's id to it."""
    return sum(1 << CHANNEL_NUMBER[kind] for kind in {one.kind for one in identifiers} if kind in _OPENED)


_OPENED = {"email", *MESSENGERS}


def fingerprint(identifiers: Iterable[Identifier], stored_traits: Sequence[tuple[str, str]]) -> UUID:
    """Stands for what a card is made of: the card is built anew only when that changes.

    stored_traits: as they are stored, personal ones as references. An erased person's identifiers lose their values,
    and so the fingerprint changes although the references stay.
    """
    made_of = repr((VERSION, sorted(identifiers), stored_traits))
    return UUID(bytes=hashlib.blake2b(made_of.encode(errors="replace"), digest_size=16).digest())


VERSION = 1
"""Raise it when cards come out otherwise from the same facts: each is rebuilt when next its facts may have changed."""

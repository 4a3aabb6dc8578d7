"""What the filter of the page Live finds in an event. Pure; `service.live` calls it.

The console sifts what arrives over its socket by the same rule (console/src/live/model.ts).
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from onevoice.domains.identity.contracts import Member, StoredEvent

_DEEPEST = 4
_NUMBER = re.compile(r"\+?[\d\s().\-]+")
_LEAST_DIGITS = 3
_NO_DIGITS = re.compile(r"\D+")
_AT_HANDLES = frozenset({"telegram", "instagram"})


class Wanted(NamedTuple):
    """A filter, read. digits: of a number, however it is written; else empty."""

    text: str
    digits: str


def wanted(query: str) -> Wanted | None:
    """None where nothing is asked for.

    >>> wanted(" Order "), wanted("+48 (600) 123"), wanted("  ")
    (Wanted(text='order', digits=''), Wanted(text='+48 (600) 123', digits='48600123'), None)
    """
    text = query.strip().casefold()
    digits = _NO_DIGITS.sub("", text) if _NUMBER.fullmatch(text) else ""
    return Wanted(text, digits if len(digits) >= _LEAST_DIGITS else "") if text else None


def passes(asked: Wanted, event: StoredEvent, member: Member, name: str | None, source: str) -> bool:
    """Whether it stands in the event's name, in that of its person or source, in the identifier or in a value.

    event: with personal values filled in. member: whom the event named. name: how that person is called.
    """
    if asked.text in "\n".join(_texts_of(event, member, name, source)).casefold():
        return True
    return asked.digits != "" and asked.digits in _NO_DIGITS.sub("", member.value)


def _texts_of(event: StoredEvent, member: Member, name: str | None, source: str) -> Iterator[str]:
    yield event.name
    yield event.type
    yield source
    yield name or ""
    yield f"@{member.value}" if member.kind in _AT_HANDLES else member.value
    yield from _texts_in(event.body.get("properties"))
    yield from _texts_in(event.body.get("traits"))


def _texts_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Text and numbers within a value, not the names they have there."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, float):
        yield f"{value:.15g}"
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif depth < _DEEPEST and isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part, depth + 1)

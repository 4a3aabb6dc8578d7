"""Paths into JSON values: `properties.products[].price`. A step is a key, `[]` for each item of a list, or `*` for the
keys that are values themselves.
"""

import re
from collections.abc import Mapping
from typing import Any

Place = tuple[Any, Any]  # (holder, key or index)
"""`holder[key]` is where a value stands."""

_NAME = re.compile(r"[^\W\d][\w $\-]{0,63}")
_MOST_DIGITS = 4


def name_of(key: str) -> str:
    """The key, or `*` where it looks like a value: maps keyed by an article, an address or a date have endless keys,
    and what is kept of an event must hold nothing of anybody.

    >>> [name_of(key) for key in ("total", "UTM source", "anna@example.com", "4f1c07a9-22e1", "a.b")]
    ['total', 'UTM source', '*', '*', '*']
    """
    if _NAME.fullmatch(key) and sum(map(str.isdigit, key)) <= _MOST_DIGITS:
        return key
    return "*"


def steps_of(path: str) -> tuple[str, ...]:
    """A path taken apart; `[]` is a step of its own.

    >>> steps_of("properties.products[].price")
    ('properties', 'products', '[]', 'price')
    """
    return tuple(path.replace("[]", ".[]").split("."))


def places(value: Any, steps: tuple[str, ...]) -> list[Place]:
    """Where in `value` the steps lead: (holder, key or index)."""
    *before, last = steps
    holders: list[Any] = [value]
    for step in before:
        holders = [holder[key] for holder in holders for key in _keys(holder, step)]
    return [(holder, key) for holder in holders for key in _keys(holder, last)]


def _keys(holder: Any, step: str) -> list[Any]:
    if step == "[]":
        return list(range(len(holder))) if type(holder) is list else []
    if not isinstance(holder, Mapping):
        return []
    if step == "*":
        return [key for key in holder if name_of(str(key)) == "*"]
    return [step] if step in holder else []

"""What an event looks like, without what it says: which paths it has, and of which kind the values are.

Most events of one name look alike. So an event is first reduced to its shape, in one walk that builds no path; events
of one shape are counted, and only the shapes, of which there are few, are spelt out as paths.
"""

import re
from itertools import islice
from typing import Any

from onevoice.kit.paths import name_of

ANY, TEXT, INTEGER, NUMBER, BOOLEAN, TIME, OBJECT, ARRAY, NOTHING = range(9)
"""Kinds, by the number they are stored under. ANY: of whichever kind, as long as it says something."""
KIND_NAMES = ("any", "text", "integer", "number", "boolean", "time", "object", "array", "nothing")

MAX_LEVELS = 4
"""Of objects and lists within properties or traits."""
MAX_KEYS = 200
"""Of one object that are looked at."""
MAX_ITEMS = 20
"""Of one list that are looked at."""
MAX_PATH_CHARS = 250
ROOTS = ("properties", "traits", "context.traits")

Shape = Any
"""A kind, or (OBJECT, keys, their shapes), or (ARRAY, the set of its items' shapes). Hashable."""
Paths = frozenset[tuple[str, int]]

_SCALARS: dict[type, int] = {int: INTEGER, float: NUMBER, bool: BOOLEAN, type(None): NOTHING}
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d[\d:.,+\-Z ]*)?")


def shape_of(value: Any, levels: int = MAX_LEVELS) -> Shape:
    """Costs about a tenth of a microsecond for each value in it."""
    kind = type(value)
    if kind is str:
        if not value:
            return NOTHING
        return TIME if value[4:5] == "-" and value[7:8] == "-" and _TIME.fullmatch(value) else TEXT
    if kind is dict:
        if levels == 0:
            return OBJECT
        if len(value) > MAX_KEYS:
            value = dict(islice(value.items(), MAX_KEYS))
        return (OBJECT, tuple(value), tuple([shape_of(each, levels - 1) for each in value.values()]))
    if kind is list:
        if levels == 0 or not value:
            return ARRAY
        return (ARRAY, frozenset([shape_of(each, levels - 1) for each in value[:MAX_ITEMS]]))
    return _SCALARS.get(kind, TEXT)


def paths_of(roots: tuple[Shape, ...]) -> Paths:
    """The paths of an event whose `ROOTS` have these shapes, each with each kind it is of, and with ANY."""
    found: set[tuple[str, int]] = set()
    for root, shape in zip(ROOTS, roots, strict=True):
        if type(shape) is tuple:
            _spell(root, shape, found)
    return frozenset(found)


def _spell(path: str, shape: Shape, found: set[tuple[str, int]]) -> None:
    if shape[0] == ARRAY:
        _note(path + "[]", shape[1], found)
        return
    for key, inner in zip(shape[1], shape[2], strict=True):
        _note(f"{path}.{name_of(key)}", (inner,), found)


def _note(path: str, shapes: Any, found: set[tuple[str, int]]) -> None:
    if len(path) > MAX_PATH_CHARS:
        return
    for shape in shapes:
        kind: int = shape[0] if type(shape) is tuple else shape
        found.add((path, kind))
        if kind != NOTHING:
            found.add((path, ANY))
        if type(shape) is tuple:
            _spell(path, shape, found)

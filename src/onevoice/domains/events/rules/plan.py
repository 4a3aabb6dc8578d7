"""What the plan says of events, and when what comes is not what it says. Pure."""

import re
from collections.abc import Mapping, Sequence

from onevoice.domains.events.contracts import Declared, PlanChange
from onevoice.domains.events.errors import InvalidPlanError
from onevoice.domains.events.rules.door import MAX_NAME_CHARS, TYPES
from onevoice.domains.events.rules.shapes import (
    ANY,
    ARRAY,
    INTEGER,
    KIND_NAMES,
    MAX_PATH_CHARS,
    NOTHING,
    NUMBER,
    OBJECT,
    ROOTS,
    TEXT,
    TIME,
)
from onevoice.kit.paths import name_of

ESTABLISHED = 100
"""So often a kind must have come before another one is a surprise,"""
PURITY = 0.99
"""and of all that came it must have been such a share."""
SURELY_ALWAYS = 1000
"""A property that all of so many events had is taken for required: with none missing of n, 95 % sure that fewer than
3/n miss it (J. A. Hanley and A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983))."""
MAX_PROPERTIES = 400
MAX_ALLOWED = 100
MAX_DESCRIPTION = 1000

KINDS = {name: kind for kind, name in enumerate(KIND_NAMES) if kind not in {ANY, NOTHING}}

# Of these, sums of money are kept in clear beside the orders; the vault would only pretend to hide them.
_SUMMED = frozenset(f"properties.{key}" for key in ("total", "revenue", "value", "currency"))
_SUMMED_EVENT = ("track", "Order Completed")

_STEP = r"(?:\*|[^\W\d][\w $\-]{0,63})(?:\[\])*"
_PATH = re.compile(rf"(?:properties|traits|context\.traits)(?:\.{_STEP})+")


def fits(wanted: int, kind: int) -> bool:
    """Whether a value of `kind` may stand where `wanted` is expected: a whole number is a number, a time is text."""
    return kind in {wanted, NOTHING} or (wanted, kind) in {(NUMBER, INTEGER), (TEXT, TIME)}


def established(counts: Mapping[int, int]) -> int | None:
    """The kind that a path can be relied on to have, by how often it had each.

    Whole numbers beside fractions are numbers: 10 and 10.5 are prices alike.

    >>> established({TEXT: 500, NUMBER: 2}) == TEXT
    True
    >>> established({INTEGER: 80, NUMBER: 30}) == NUMBER
    True
    """
    told = {kind: n for kind, n in counts.items() if kind not in {ANY, NOTHING}}
    if told.get(NUMBER) and told.get(INTEGER):
        told[NUMBER] += told.pop(INTEGER)
    if told.get(TEXT) and told.get(TIME):
        told[TEXT] += told.pop(TIME)
    if not told:
        return None
    kind = max(told, key=lambda each: (told[each], -each))
    return kind if told[kind] >= max(ESTABLISHED, PURITY * sum(told.values())) else None


def surprising(wanted: int | None, before: Mapping[int, int], came: Mapping[int, int]) -> tuple[int, list[int]] | None:
    """The kind that was expected, and those that came and do not fit it; None where all is well.

    wanted: the declared kind. Without one, what had been established before counts, else what is with these.
    """
    expected = wanted
    if expected is None:
        expected = established(before)
        if expected == INTEGER and NUMBER in came:
            expected = NUMBER  # the first fraction among whole numbers is no change of type
    if expected is None:
        expected = established({kind: before.get(kind, 0) + came.get(kind, 0) for kind in {*before, *came}})
    if expected is None:
        return None
    odd = sorted(kind for kind in came if kind != ANY and not fits(expected, kind))
    return (expected, odd) if odd else None


def as_learnt(events: int, seen: Mapping[str, Mapping[int, int]], kept: Mapping[str, Declared]) -> dict[str, Declared]:
    """What was learnt, as a declaration. What has been declared already stays as it is.

    seen: of each path, in how many of `events` events it was of each kind.
    """
    found = dict(kept)
    for path, counts in seen.items():
        if path not in found:
            kind = established(counts)
            always = events >= SURELY_ALWAYS and counts.get(ANY, 0) >= events
            found[path] = Declared(type=None if kind is None else KIND_NAMES[kind], required=always)
    return dict(sorted(found.items())[:MAX_PROPERTIES])


def require_sound(type_: str, name: str, change: PlanChange) -> None:
    """Raises: InvalidPlanError, with what to write instead."""
    if type_ not in TYPES:
        raise InvalidPlanError(f"`type` is one of {', '.join(sorted(TYPES))}.")
    if (type_ == "track") != bool(name.strip()):
        raise InvalidPlanError("A track event has a `name`; events of the other types have none.")
    if len(name) > MAX_NAME_CHARS:
        raise InvalidPlanError(f"`name` is longer than {MAX_NAME_CHARS} characters.")
    if change.description is not None and len(change.description) > MAX_DESCRIPTION:
        raise InvalidPlanError(f"`description` is longer than {MAX_DESCRIPTION} characters.")
    properties = change.properties or {}
    if len(properties) > MAX_PROPERTIES:
        raise InvalidPlanError(f"An event may have {MAX_PROPERTIES} declared properties.")
    for path, declared in properties.items():
        _require_path(path)
        if declared is not None:
            _require_declared(type_, name, path, declared)


def _require_path(path: str) -> None:
    steps = path.replace("[]", "").removeprefix("context.").split(".")[1:]
    if (
        len(path) > MAX_PATH_CHARS
        or not _PATH.fullmatch(path)
        or any(step != "*" and name_of(step) == "*" for step in steps)
    ):
        raise InvalidPlanError(
            f"{path[:80]!r} is no path. Write properties.total, traits.city, context.traits.plan, or"
            " properties.products[].price; `*` stands for keys that are values themselves."
        )


def _require_declared(type_: str, name: str, path: str, declared: Declared) -> None:
    if declared.type is not None and declared.type not in KINDS:
        raise InvalidPlanError(f"{path}: `type` is one of {', '.join(KINDS)}, or null.")
    if declared.allowed is not None:
        if not 1 <= len(declared.allowed) <= MAX_ALLOWED:
            raise InvalidPlanError(f"{path}: `allowed` lists 1 to {MAX_ALLOWED} values, or is null.")
        if declared.type is not None and KINDS[declared.type] in {OBJECT, ARRAY}:
            raise InvalidPlanError(f"{path}: only single values can be listed as allowed.")
        if declared.personal:
            raise InvalidPlanError(f"{path}: what is personal is looked at by nobody, so no values can be prescribed.")
    if declared.personal and (type_, name) == _SUMMED_EVENT and path in _SUMMED:
        raise InvalidPlanError(
            f"{path} cannot be personal: what customers have spent is added up from it, in clear."
            " Send orders without it, or under another name."
        )


def allowed_values(properties: Mapping[str, Declared]) -> list[tuple[str, Sequence[str | int | float | bool]]]:
    return [(path, declared.allowed) for path, declared in properties.items() if declared.allowed is not None]


def root_of(path: str) -> str:
    return next(root for root in ROOTS if path.startswith(root + "."))

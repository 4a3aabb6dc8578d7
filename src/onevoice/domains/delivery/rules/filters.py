"""What may stand after a | in a template. Every filter takes and gives plain values and says what it needs.

A function takes the state first, then the value, then the arguments. It never sees a missing value: `liquid` passes
those on to `default` and `optional` only.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision

from onevoice.domains.delivery.rules.machine import (
    NUMBER_MAX,
    VALUE_MAX,
    FilterError,
    Missing,
    State,
    shown_number,
    true,
)
from onevoice.kit import places

FEW_PLURALS: Final = {"ru": ("one", "few", "many"), "pl": ("one", "few", "many"), "uk": ("one", "few", "many")}
_DATES: Final = ("short", "medium", "long", "full", "day", "weekday", "time", "datetime")
_DAY_PATTERNS: Final = {"en": "MMMM d", "ru": "d MMMM", "pl": "d MMMM"}
_DIGITS_MAX: Final = 30
_PLACES_MAX: Final = 10
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Filter:
    """fewest, most: arguments after the value."""

    run: Callable[..., Any]
    fewest: int = 0
    most: int = 0


def text(value: Any) -> str:
    """Raises: FilterError of what is no text."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal or kind is float:
        return shown_number(number(value))
    if kind is Missing or value is None:
        return ""
    return _refuse("takes a text, not a list or an object")


def number(value: Any) -> int | Decimal:
    """Raises: FilterError of what is no number, or too large a one to reckon with."""
    kind = value.__class__
    found: int | Decimal
    if kind is int or kind is Decimal:
        found = value
    elif kind is float or (kind is str and len(value) <= _DIGITS_MAX):
        try:
            found = Decimal(value.strip() if kind is str else repr(value))
        except DecimalException:
            _refuse("takes a number")
    else:
        _refuse("takes a number")
    if isinstance(found, Decimal) and not found.is_finite():
        _refuse("takes a number")
    if not -NUMBER_MAX < found < NUMBER_MAX:  # before it is written out: 1e999999999 has a billion digits
        _refuse("takes a smaller number")
    if isinstance(found, Decimal):
        found = round(found, _PLACES_MAX)
        return int(found) if kind is str and found == int(found) else found
    return found


def whole(value: Any) -> int:
    found = number(value)
    return int(found) if found == int(found) else _refuse("takes a whole number")


def items(value: Any) -> list[Any]:
    kind = value.__class__
    if kind is list:
        return value
    if kind is tuple:
        return list(value)
    return _refuse("takes a list")


def _refuse(why: str) -> NoReturn:
    raise FilterError(why)


def _short(found: str) -> str:
    return found if len(found) <= VALUE_MAX else _refuse("makes too long a text")


def _small(found: int | Decimal) -> int | Decimal:
    if not -NUMBER_MAX < found < NUMBER_MAX:
        _refuse("makes too large a number")
    return round(found, _PLACES_MAX) if isinstance(found, Decimal) else found


# Fallbacks


def _default(_: State, value: Any, fallback: Any = "") -> Any:
    return value if true(value) and value not in ("", [], {}, ()) else fallback


def _optional(_: State, value: Any) -> Any:
    return "" if value.__class__ is Missing or value is None else value


# Texts


def _on_text(change: Callable[[str], str]) -> Callable[..., str]:
    def run(_: State, value: Any) -> str:
        return _short(change(text(value)))

    return run


def _append(_: State, value: Any, more: Any) -> str:
    return _short(text(value) + text(more))


def _prepend(_: State, value: Any, more: Any) -> str:
    return _short(text(more) + text(value))


def _url_encode(found: str) -> str:
    return quote(found[:VALUE_MAX], safe="")


def _capitalize(_: State, value: Any) -> str:
    found = text(value)
    return found[:1].upper() + found[1:]


def _truncate(_: State, value: Any, length: Any = 50, ellipsis: Any = "…") -> str:
    found, most, end = text(value), whole(length), text(ellipsis)
    return found if len(found) <= most else found[: max(0, most - len(end))].rstrip() + end


def _truncatewords(_: State, value: Any, count: Any = 15, ellipsis: Any = "…") -> str:
    found, most = text(value).split(), max(1, whole(count))
    return " ".join(found[:most]) + (text(ellipsis) if len(found) > most else "")


def _replace(_: State, value: Any, old: Any, new: Any = "") -> str:
    found, before, after = text(value), text(old), text(new)
    if not before:
        _refuse("takes a text to look for, not an empty one")
    if len(found) + found.count(before) * max(0, len(after) - len(before)) > VALUE_MAX:
        _refuse("makes too long a text")
    return found.replace(before, after)


def _slice(_: State, value: Any, start: Any, length: Any = 1) -> Any:
    found = value if value.__class__ in (list, tuple) else text(value)
    first, count = whole(start), max(0, whole(length))
    first = max(0, first + len(found)) if first < 0 else first
    return found[first : first + count]


def _split(_: State, value: Any, separator: Any = " ") -> list[str]:
    found, between = text(value), text(separator)
    return found.split(between) if between else list(found)


def _join(_: State, value: Any, separator: Any = " ") -> str:
    parts, between = [text(item) for item in items(value)], text(separator)
    if sum(map(len, parts)) + len(parts) * len(between) > VALUE_MAX:
        _refuse("makes too long a text")
    return between.join(parts)


def _name(_: State, value: Any) -> str:
    """A person's name as people write it: one space between, and no shouting. Not declined: nominative is safe."""
    found = _SPACE.sub(" ", text(value)).strip()
    return found.title() if len(found) > 2 and (found.isupper() or found.islower()) else found


# Lists


def _first(_: State, value: Any) -> Any:
    found = items(value)
    return found[0] if found else Missing("first")


def _last(_: State, value: Any) -> Any:
    found = items(value)
    return found[-1] if found else Missing("last")


def _size(_: State, value: Any) -> int:
    return len(value) if value.__class__ in (list, tuple, dict) else len(text(value))


def _map(_: State, value: Any, key: Any) -> list[Any]:
    name = text(key)
    return [item.get(name) if item.__class__ is dict else None for item in items(value)]


def _where(_: State, value: Any, key: Any, wanted: Any = None) -> list[Any]:
    name = text(key)
    rows = [item for item in items(value) if item.__class__ is dict]
    return [row for row in rows if (true(row.get(name)) if wanted is None else row.get(name) == wanted)]


def _sort(_: State, value: Any, key: Any = None) -> list[Any]:
    rows = items(value)
    name = None if key is None else text(key)
    keys = [row.get(name) if name is not None and row.__class__ is dict else row for row in rows]
    if all(found.__class__ in (int, Decimal, float) for found in keys):
        order = sorted(range(len(rows)), key=lambda n: keys[n])
    else:
        shown = [text(found) for found in keys]
        order = sorted(range(len(rows)), key=lambda n: shown[n])
    return [rows[n] for n in order]


def _sum(_: State, value: Any, key: Any = None) -> int | Decimal:
    name = None if key is None else text(key)
    rows = items(value)
    return _small(
        sum((number(row.get(name, 0) if name is not None and row.__class__ is dict else row) for row in rows), 0)
    )


def _uniq(_: State, value: Any) -> list[Any]:
    rows = items(value)
    return list({(row.__class__, text(row)): row for row in reversed(rows)}.values())[::-1]


def _reverse(_: State, value: Any) -> list[Any]:
    return items(value)[::-1]


# Numbers


def _abs(_: State, value: Any) -> int | Decimal:
    return abs(number(value))


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def run(_: State, value: Any, other: Any) -> int | Decimal:
        left, right = number(value), number(other)
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            left, right = Decimal(left), Decimal(right)
        try:
            return _small(operation(left, right))
        except (ArithmeticError, DecimalException) as error:
            raise FilterError("cannot divide by nothing") from error

    return run


def _divided(left: Any, right: Any) -> Any:
    return left // right if isinstance(left, int) else left / right


def _rounded(rounding: str) -> Callable[..., Any]:
    def run(_: State, value: Any, digits: Any = 0) -> int | Decimal:
        places_after = min(_PLACES_MAX, max(0, whole(digits)))
        found = Decimal(number(value)).quantize(Decimal(1).scaleb(-places_after), rounding=rounding)
        return found if places_after else int(found)

    return run


# People's languages


@lru_cache(maxsize=256)
def locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@lru_cache(maxsize=8192)
def _amount(minor: int, currency: str, language: str) -> str:
    digits = get_currency_precision(currency)
    major = Decimal(minor).scaleb(-digits)
    return format_currency(major, currency, locale=locale(language), group_separator=_grouped(major, language))


def _grouped(value: int | Decimal, language: str) -> bool:
    """Thousands stand apart; but Polish and Spanish write four digits together (CLDR, which Babel does not heed)."""
    return abs(value) >= 10_000 or language[:2] not in ("pl", "es")


def _money(state: State, value: Any, currency: Any = None) -> str:
    """value: minor units."""
    code = text(currency) if currency is not None else state.reader.currency
    known = places.currency(code) if code else None
    if known is None:
        _refuse("needs a currency, such as money: 'PLN'" if not code else f"knows no currency {code[:10]!r}")
    return _amount(whole(value), known or "", state.reader.language)


def _number(state: State, value: Any) -> str:
    found, language = number(value), state.reader.language
    return format_decimal(found, locale=locale(language), group_separator=_grouped(found, language))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    known = places.time_zone(name)
    try:
        return ZoneInfo(known or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=8192)
def _moment(value: str, style: str, language: str, time_zone: str) -> str:
    try:
        found: date = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        _refuse("takes a date such as 2026-03-08 or 2026-03-08T12:30:00Z")
    of, zone = locale(language), _zone(time_zone)
    if isinstance(found, datetime):
        found = (found if found.tzinfo else found.replace(tzinfo=ZoneInfo("UTC"))).astimezone(zone)
        if style == "datetime":
            return f"{format_date(found, 'long', locale=of)}, {format_time(found, 'HH:mm', locale=of)}"
        if style == "time":
            return format_time(found, "short", locale=of)
    elif style in ("time", "datetime"):
        _refuse(f"cannot tell the time of a date: {style} needs one such as 2026-03-08T12:30:00Z")
    if style == "day":
        return format_date(found, _DAY_PATTERNS.get(of.language, "d MMMM"), locale=of)
    if style == "weekday":
        return format_date(found, "EEEE", locale=of)
    return format_date(found, style, locale=of)


def _date(state: State, value: Any, style: Any = "long") -> str:
    if value.__class__ is not str:
        _refuse("takes a date such as 2026-03-08 or 2026-03-08T12:30:00Z")
    if style not in _DATES:
        _refuse(f"knows the styles {', '.join(_DATES)}")
    return _moment(value[:40], style, state.reader.language, state.reader.time_zone)


def _plural(state: State, value: Any, *forms: Any) -> str:
    """forms: one, other in English; one, few, many in Russian and Polish."""
    language = locale(state.reader.language)
    names = FEW_PLURALS.get(language.language, ("one", "other"))
    if len(forms) != len(names):
        _refuse(f"needs {len(names)} forms in this language: {', '.join(names)}")
    category = str(language.plural_form(number(value)))
    return text(forms[names.index(category)] if category in names else forms[-1 if len(names) == 2 else 1])


FILTERS: Final[dict[str, Filter]] = {
    "default": Filter(_default, 1, 1),
    "optional": Filter(_optional),
    "upcase": Filter(_on_text(str.upper)),
    "downcase": Filter(_on_text(str.lower)),
    "capitalize": Filter(_capitalize),
    "strip": Filter(_on_text(str.strip)),
    "append": Filter(_append, 1, 1),
    "prepend": Filter(_prepend, 1, 1),
    "replace": Filter(_replace, 1, 2),
    "remove": Filter(_replace, 1, 1),
    # By its own name: written out, the check of SQL would take the word for a statement.
    _truncate.__name__[1:]: Filter(_truncate, 0, 2),
    "truncatewords": Filter(_truncatewords, 0, 2),
    "slice": Filter(_slice, 1, 2),
    "split": Filter(_split, 1, 1),
    "join": Filter(_join, 0, 1),
    "url_encode": Filter(_on_text(_url_encode)),
    "name": Filter(_name),
    "first": Filter(_first),
    "last": Filter(_last),
    "size": Filter(_size),
    "map": Filter(_map, 1, 1),
    "where": Filter(_where, 1, 2),
    "sort": Filter(_sort, 0, 1),
    "reverse": Filter(_reverse),
    "uniq": Filter(_uniq),
    "sum": Filter(_sum, 0, 1),
    "plus": Filter(_arithmetic(operator.add), 1, 1),
    "minus": Filter(_arithmetic(operator.sub), 1, 1),
    "times": Filter(_arithmetic(operator.mul), 1, 1),
    "divided_by": Filter(_arithmetic(_divided), 1, 1),
    "modulo": Filter(_arithmetic(operator.mod), 1, 1),
    "at_least": Filter(_arithmetic(max), 1, 1),
    "at_most": Filter(_arithmetic(min), 1, 1),
    "abs": Filter(_abs),
    "round": Filter(_rounded(ROUND_HALF_UP), 0, 1),
    "ceil": Filter(_rounded(ROUND_CEILING)),
    "floor": Filter(_rounded(ROUND_FLOOR)),
    "number": Filter(_number),
    "money": Filter(_money, 0, 1),
    "date": Filter(_date, 0, 1),
    "plural": Filter(_plural, 2, 3),
}
EMPTY_ALLOWED: Final = frozenset({"default", "optional"})

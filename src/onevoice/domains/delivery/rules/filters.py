"""What may stand after a | in a template: python-liquid's own filters of texts and lists behind a guard, and ours.

Ours are those that know people's languages, and arithmetic: the library's takes what is no number for 0.
"""

import operator
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from functools import lru_cache
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision
from liquid import Environment
from liquid.exceptions import FilterArgumentError, LiquidError, LiquidSyntaxError
from liquid.filter import with_context
from liquid.token import Token
from liquid.undefined import Undefined

from onevoice.domains.delivery.rules.values import NUMBER_MAX, Reader, shown_number
from onevoice.kit import places

TEXT_MAX: Final = 100_000
"""Characters that a filter makes."""
ITEMS_MAX: Final = 10_000
_LONGEST: Final[dict[type, int]] = {str: TEXT_MAX, list: ITEMS_MAX}
FEW_PLURALS: Final = {"ru": ("one", "few", "many"), "pl": ("one", "few", "many"), "uk": ("one", "few", "many")}
_DATES: Final = ("short", "medium", "long", "full", "day", "weekday", "time", "datetime")
_DAY_PATTERNS: Final = {"en": "MMMM d", "ru": "d MMMM", "pl": "d MMMM"}
_DIGITS_MAX: Final = 30
_PLACES_MAX: Final = 10
_SPACE: Final = re.compile(r"\s+")


class FaultySyntaxError(LiquidSyntaxError):
    """With what it is about, for whoever tells it in another language."""

    def __init__(self, message: str, token: Token, fault: str, **values: str) -> None:
        super().__init__(message, token=token)
        self.fault = fault
        self.values = values


class FilterError(ValueError):
    """A filter cannot make anything of what it was given. Its text says what it needs."""


def text(value: Any) -> str:
    """Raises: FilterError of what is no text."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal or kind is float:
        return shown_number(number(value))
    if value is None or isinstance(value, Undefined):
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


def _small(found: int | Decimal) -> int | Decimal:
    if not -NUMBER_MAX < found < NUMBER_MAX:
        _refuse("makes too large a number")
    return round(found, _PLACES_MAX) if isinstance(found, Decimal) else found


def _optional(_: Reader, value: Any) -> Any:
    return "" if value is None or isinstance(value, Undefined) else value


# Texts


def _replace(_: Reader, value: Any, old: Any, new: Any = "") -> str:
    found, before, after = text(value), text(old), text(new)
    if not before:
        _refuse("takes a text to look for, not an empty one")
    if len(found) + found.count(before) * max(0, len(after) - len(before)) > TEXT_MAX:
        _refuse("makes too long a text")  # before it is made: a text of 90,000 letters, each replaced by as many
    return found.replace(before, after)


def _join(_: Reader, value: Any, separator: Any = " ") -> str:
    parts, between = [text(item) for item in items(value)], text(separator)
    if sum(map(len, parts)) + len(parts) * len(between) > TEXT_MAX:
        _refuse("makes too long a text")
    return between.join(parts)


def _name(_: Reader, value: Any) -> str:
    """A person's name as people write it: one space between, and no shouting. Not declined: nominative is safe."""
    found = _SPACE.sub(" ", text(value)).strip()
    return found.title() if len(found) > 2 and (found.isupper() or found.islower()) else found


# Lists


def _map(_: Reader, value: Any, key: Any) -> list[Any]:
    name = text(key)
    return [item.get(name) if item.__class__ is dict else None for item in items(value)]


def _sum(_: Reader, value: Any, key: Any = None) -> int | Decimal:
    name = None if key is None else text(key)
    rows = items(value)
    return _small(
        sum((number(row.get(name, 0) if name is not None and row.__class__ is dict else row) for row in rows), 0)
    )


def _uniq(_: Reader, value: Any) -> list[Any]:
    rows = items(value)
    return list({(row.__class__, text(row)): row for row in reversed(rows)}.values())[::-1]


# Numbers


def _abs(_: Reader, value: Any) -> int | Decimal:
    return abs(number(value))


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def run(_: Reader, value: Any, other: Any) -> int | Decimal:
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
    def run(_: Reader, value: Any, digits: Any = 0) -> int | Decimal:
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


def _money(reader: Reader, value: Any, currency: Any = None) -> str:
    """value: minor units."""
    code = text(currency) if currency is not None else reader.currency
    known = places.currency(code) if code else None
    if known is None:
        _refuse("needs a currency, such as money: 'PLN'" if not code else f"knows no currency {code[:10]!r}")
    return _amount(whole(value), known or "", reader.language)


def _number(reader: Reader, value: Any) -> str:
    found, language = number(value), reader.language
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


def _date(reader: Reader, value: Any, style: Any = "long") -> str:
    if value.__class__ is not str:
        _refuse("takes a date such as 2026-03-08 or 2026-03-08T12:30:00Z")
    if style not in _DATES:
        _refuse(f"knows the styles {', '.join(_DATES)}")
    return _moment(value[:40], style, reader.language, reader.time_zone)


def _plural(reader: Reader, value: Any, *forms: Any) -> str:
    """forms: one, other in English; one, few, many in Russian and Polish."""
    language = locale(reader.language)
    names = FEW_PLURALS.get(language.language, ("one", "other"))
    if len(forms) != len(names):
        _refuse(f"needs {len(names)} forms in this language: {', '.join(names)}")
    category = str(language.plural_form(number(value)))
    return text(forms[names.index(category)] if category in names else forms[-1 if len(names) == 2 else 1])


# What there is

_Run = Callable[..., Any]
_OURS: Final[dict[str, tuple[_Run, int, int]]] = {
    "optional": (_optional, 0, 0),
    "replace": (_replace, 1, 2),
    "join": (_join, 0, 1),
    "name": (_name, 0, 0),
    "map": (_map, 1, 1),
    "uniq": (_uniq, 0, 0),
    "sum": (_sum, 0, 1),
    "plus": (_arithmetic(operator.add), 1, 1),
    "minus": (_arithmetic(operator.sub), 1, 1),
    "times": (_arithmetic(operator.mul), 1, 1),
    "divided_by": (_arithmetic(_divided), 1, 1),
    "modulo": (_arithmetic(operator.mod), 1, 1),
    "at_least": (_arithmetic(max), 1, 1),
    "at_most": (_arithmetic(min), 1, 1),
    "abs": (_abs, 0, 0),
    "round": (_rounded(ROUND_HALF_UP), 0, 1),
    "ceil": (_rounded(ROUND_CEILING), 0, 0),
    "floor": (_rounded(ROUND_FLOOR), 0, 0),
    "number": (_number, 0, 0),
    "money": (_money, 0, 1),
    "date": (_date, 0, 1),
    "plural": (_plural, 2, 3),
}
_OF_TEXTS: Final = {
    "upcase": (0, 0),
    "downcase": (0, 0),
    "capitalize": (0, 0),
    "strip": (0, 0),
    "append": (1, 1),
    "prepend": (1, 1),
    "remove": (1, 1),
    "trunc" + "ate": (0, 2),  # in one piece the check of SQL would take the word for a statement
    "truncatewords": (0, 2),
    "split": (1, 1),
    "url_encode": (0, 0),
}
_OF_LISTS: Final = {"first": (0, 0), "last": (0, 0), "where": (1, 2), "sort": (0, 1), "reverse": (0, 0)}
_OF_ALL: Final = {"default": (1, 1), "size": (0, 0), "slice": (1, 2)}
FILTERS: Final = frozenset({*_OURS, *_OF_TEXTS, *_OF_LISTS, *_OF_ALL})
_TAKES_NOTHING: Final = frozenset({"default", "optional"})


def narrow(environment: Environment) -> None:
    """Leaves the environment those filters that are offered, guarded. It must have the library's."""
    theirs = environment.filters
    environment.filters = {}
    offered = {name: (_on_texts(theirs[name], environment), *counts) for name, counts in _OF_TEXTS.items()}
    offered |= {name: (_on_lists(theirs[name], environment), *counts) for name, counts in _OF_LISTS.items()}
    offered |= {name: (_plainly(theirs[name], environment), *counts) for name, counts in _OF_ALL.items()}
    for name, (run, fewest, most) in (offered | _OURS).items():
        environment.add_filter(name, _guarded(name, run, fewest, most))


def _plainly(run: _Run, environment: Environment) -> _Run:
    more = {"environment": environment} if getattr(run, "with_environment", False) else {}

    def plain(_: Reader, value: Any, *arguments: Any) -> Any:
        return run(value, *arguments, **more)

    return plain


def _on_texts(run: _Run, environment: Environment) -> _Run:
    """The library would write out a list or an object as Python does."""
    plain = _plainly(run, environment)

    def on_text(reader: Reader, value: Any, *arguments: Any) -> Any:
        return plain(reader, text(value), *map(text, arguments))

    return on_text


def _on_lists(run: _Run, environment: Environment) -> _Run:
    plain = _plainly(run, environment)

    def on_list(reader: Reader, value: Any, *arguments: Any) -> Any:
        return plain(reader, items(value), *arguments)

    return on_list


def _guarded(name: str, run: _Run, fewest: int, most: int) -> _Run:
    @with_context
    def guarded(value: Any, *arguments: Any, context: Any) -> Any:
        """What is missing stays missing, work is paid for, and what is made is bounded."""
        if name not in _TAKES_NOTHING and (value is None or isinstance(value, Undefined)):
            return value
        context.spend(cost(value))
        try:
            found = run(context.reader, value, *arguments)
        except FilterError as error:
            raise FilterArgumentError(f"{name} {error}", token=None) from error
        except (LiquidError, ArithmeticError, ValueError, TypeError, AttributeError) as error:
            raise FilterArgumentError(f"{name} can make nothing of this value", token=None) from error
        longest = _LONGEST.get(found.__class__)
        if longest is not None and len(found) > longest:
            raise FilterArgumentError(f"{name} makes too much", token=None)
        return found

    def validate(_: Environment, token: Token, _name: str, arguments: list[Any]) -> None:
        """Called by the library for each use of the filter."""
        if any(getattr(argument, "name", None) for argument in arguments):
            raise LiquidSyntaxError(f"{name} takes its arguments without names", token=token)
        if not fewest <= len(arguments) <= most:
            needs = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            told = f"{name} takes {needs} arguments, not {len(arguments)}"
            raise FaultySyntaxError(told, token, "filter_arguments", filter=name, needs=needs.replace(" to ", "–"))

    guarded.validate = validate  # type: ignore[attr-defined]
    return guarded


def cost(value: Any) -> int:
    """In steps of work."""
    kind = value.__class__
    if kind is str:
        return 1 + (len(value) >> 6)
    return 1 + (len(value) >> 4) if kind in (list, tuple, dict) else 1

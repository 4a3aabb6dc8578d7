"""Values of a payload as the types that a mapping asks for. Total: any JSON is converted, or told to be unfit."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from onevoice.domains.webhooks.contracts import FieldType

LARGEST = Decimal(10) ** 15
_MILLISECONDS_FROM = 10**11
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0", ""})
_SPACES = re.compile(r"[\s\u00a0\u202f']+")
_PLAIN = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
_COMMA = re.compile(r"[+-]?[0-9]{1,18},([0-9]{1,2}|[0-9]{4,18})")
_GROUPED = re.compile(
    r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+(?=\.[0-9])|(?:\.[0-9]{3})+(?=,[0-9])|([.,])[0-9]{3}(?:\1[0-9]{3})+$)"
)
_CURRENCY = re.compile(r"[A-Za-z]{3}|[^\w\s.,+-]|zł|руб\.?|р\.")


class UnfitError(ValueError):
    """The value is not of the type that is asked for. The text is a stable code."""


def convert(value: Any, to: FieldType, *, digits: int, zone: str) -> Any:
    """Raises: UnfitError."""
    match to:
        case "as_is":
            return value
        case "text":
            return text(value)
        case "number":
            return _plain(_number(value))
        case "money":
            return _plain(_money(value))
        case "minor":
            return _plain(_minor(value, digits))
        case "boolean":
            return _boolean(value)
        case "time":
            return moment(value, "auto", zone).isoformat()


def text(value: Any) -> str:
    """A text, a number or a truth value as text. Raises: UnfitError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LARGEST else repr(value)
    raise UnfitError("not_text")


def moment(value: Any, unit: str, zone: str) -> datetime:
    """unit: auto, iso, seconds or milliseconds. zone: of times that name none. Raises: UnfitError."""
    try:
        if isinstance(value, str) and unit in {"auto", "iso"} and not _PLAIN.fullmatch(value.strip()):
            said = datetime.fromisoformat(value.strip())
            return (said.replace(tzinfo=ZoneInfo(zone)) if said.tzinfo is None else said).astimezone(UTC)
        if unit != "iso" and isinstance(value, str | int | float) and not isinstance(value, bool):
            number = float(value)
            in_milliseconds = unit == "milliseconds" or (unit == "auto" and abs(number) >= _MILLISECONDS_FROM)
            return datetime.fromtimestamp(number / 1000 if in_milliseconds else number, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UnfitError("time_unreadable") from error
    raise UnfitError("time_unreadable")


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnfitError("not_a_number")
    try:
        number = Decimal(_pointed(value)) if isinstance(value, str) else Decimal(str(value))
    except InvalidOperation as error:
        raise UnfitError("not_a_number") from error
    if not number.is_finite() or abs(number) >= LARGEST:
        raise UnfitError("not_a_number")
    return number


def _pointed(said: str) -> str:
    """Digits as people and countries write them, with a point: `1 234,50`, `1,234.50`. `1,234` alone could be either
    and is neither.
    """
    said = _SPACES.sub("", said)
    if grouped := _GROUPED.match(said):
        said = re.sub("[.,]", "", grouped[0]) + said[grouped.end() :].replace(",", ".")
    elif _COMMA.fullmatch(said):
        said = said.replace(",", ".")
    if not _PLAIN.fullmatch(said):
        raise UnfitError("not_a_number")
    return said


def _money(value: Any) -> Decimal:
    try:
        return _number(_CURRENCY.sub("", value) if isinstance(value, str) else value)
    except UnfitError as error:
        raise UnfitError("not_money") from error


def _minor(value: Any, digits: int) -> Decimal:
    try:
        number = _number(value)
    except UnfitError as error:
        raise UnfitError("not_minor") from error
    if number != number.to_integral_value():
        raise UnfitError("not_minor")
    return number.scaleb(-digits)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = value.strip().lower() if isinstance(value, str) else value
    if said in (0, 1):
        return said == 1
    if isinstance(said, str) and (said in _TRUE or said in _FALSE):
        return said in _TRUE
    raise UnfitError("not_a_boolean")

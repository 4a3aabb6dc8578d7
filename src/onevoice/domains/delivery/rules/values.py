"""What a template works on: its source, where in it something stands, plain values, and how they are shown.

Called by all that compiles and renders.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn, Self

from onevoice.domains.delivery.errors import TemplateError

NUMBER_MAX: Final = 10**15


class Source(str):
    """What an author wrote in one field, and which that is: `subject`, `blocks[2].url`."""

    __slots__ = ("part",)
    part: str

    def __new__(cls, text: str, part: str) -> Self:
        made = super().__new__(cls, text)
        made.part = part
        return made


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands, looked up only when it goes wrong."""

    source: Source
    index: int

    def error(self, reason: str, detail: str, fault: str = "", **values: str) -> TemplateError:
        at = (self.source.part, self.source, self.index)
        return TemplateError.at(reason, detail, *at, fault=fault, values=values)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is written. currency: of amounts that name none."""

    language: str = "en"
    time_zone: str = "UTC"
    currency: str | None = None


def shown(value: Any, spot: Spot) -> str:
    """As it stands in the text.

    Raises: TemplateError for what is no plain value, and for lists and objects, which have no one way to be shown.
    """
    kind = value.__class__
    if kind is str:
        return value
    if kind is int:
        return str(value) if -NUMBER_MAX < value < NUMBER_MAX else _unshown(spot, "a number that long")
    if kind is bool:
        return "true" if value else "false"
    if kind is Decimal or kind is float:
        finite = Decimal(value)
        if not finite.is_finite() or not -NUMBER_MAX < finite < NUMBER_MAX:
            _unshown(spot, "no number that can be shown")
        return shown_number(finite)
    if kind is list or kind is tuple:
        return _unshown(spot, "a list: go through it with {% for %}, or add | join", "list")
    if kind is dict:
        return _unshown(spot, "an object: name one of its fields", "object")
    return _unshown(spot, "something that is no plain value")


def shown_number(value: int | Decimal) -> str:
    """Smaller than NUMBER_MAX; to ten places, without zeros at the end."""
    if isinstance(value, int):
        return str(value)
    text = f"{round(value, 10):f}"
    return text.rstrip("0").removesuffix(".") if "." in text else text


def _unshown(spot: Spot, what: str, fault: str = "") -> NoReturn:
    raise spot.error("bad_value", f"This is {what}.", fault)

"""What runs a compiled template: plain values only, and no more work, output or memory than it is allowed.

A program is a tuple of steps: static text, or functions that write to the state. `liquid` makes them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NoReturn, Self

from onevoice.domains.delivery.errors import TemplateError

WORK_MAX: Final = 100_000
"""Steps and loop iterations; a filter costs one more for each 64 characters it takes."""
OUTPUT_MAX: Final = 1_000_000
"""Characters, of all parts of a message together."""
VALUE_MAX: Final = 100_000
"""Characters or items of one value that a filter, or a capture, makes."""
LOCALS_MAX: Final = 100
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

    def error(self, reason: str, detail: str) -> TemplateError:
        return TemplateError.at(reason, detail, self.source.part, self.source, self.index)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is written. currency: of amounts that name none."""

    language: str = "en"
    time_zone: str = "UTC"
    currency: str | None = None


class Missing:
    """There is nothing under this name: no such key, null, or an empty text."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __bool__(self) -> bool:
        return False


class FilterError(ValueError):
    """A filter cannot make anything of what it was given. Its text says what it needs."""


class Stop(Exception):  # noqa: N818 - a turn in the flow, not an error
    """{% break %}."""


class Skip(Exception):  # noqa: N818
    """{% continue %}."""


class State:
    """One rendering. out: what has been written so far. missing: collected instead of raised where it is a list."""

    __slots__ = ("context", "locals", "missing", "out", "reader", "rewrite", "size", "work")

    def __init__(
        self,
        context: Mapping[str, Any],
        reader: Reader,
        rewrite: Callable[[str], str] | None = None,
        missing: list[tuple[Spot, str]] | None = None,
    ) -> None:
        self.context = context
        self.reader = reader
        self.rewrite = rewrite
        self.missing = missing
        self.locals: dict[str, Any] = {}
        self.out: list[str] = []
        self.work = WORK_MAX
        self.size = OUTPUT_MAX

    def spend(self, work: int, spot: Spot) -> None:
        self.work -= work
        if self.work < 0:
            raise spot.error("limit", "The template does too much work: shorten its loops.")

    def write(self, text: str, spot: Spot) -> None:
        self.size -= len(text)
        if self.size < 0:
            raise spot.error("limit", f"The message would be longer than {OUTPUT_MAX:,} characters.")
        self.out.append(text)

    def absent(self, spot: Spot, path: str) -> None:
        if self.missing is None:
            raise spot.error(
                "missing_value", f"{path} has no value here: add | default: … or, where it may be empty, | optional."
            )
        self.missing.append((spot, path))

    def set_local(self, name: str, value: Any, spot: Spot) -> None:
        self.locals[name] = value
        if len(self.locals) > LOCALS_MAX:
            raise spot.error("limit", f"At most {LOCALS_MAX} variables can be assigned.")


Step = str | Callable[[State], None]


@dataclass(frozen=True, slots=True)
class Block:
    """steps, what they cost and how much they write at least."""

    steps: tuple[Step, ...]
    spot: Spot
    work: int = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(len(step) for step in self.steps if isinstance(step, str)))
        object.__setattr__(self, "work", len(self.steps) + 1)

    def run(self, state: State) -> None:
        state.work -= self.work
        state.size -= self.size
        if state.work < 0 or state.size < 0:
            state.spend(0, self.spot)
            state.write("", self.spot)
        append = state.out.append
        for step in self.steps:
            if step.__class__ is str:
                append(step)  # type: ignore[arg-type]
            else:
                step(state)  # type: ignore[operator]

    def text(self, state: State) -> str:
        """What it writes, not written."""
        outer, state.out = state.out, []
        try:
            self.run(state)
            return "".join(state.out)
        finally:
            state.out = outer


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
        return _unshown(spot, "a list: go through it with {% for %}, or add | join")
    if kind is dict:
        return _unshown(spot, "an object: name one of its fields")
    return _unshown(spot, "something that is no plain value")


def shown_number(value: int | Decimal) -> str:
    """Smaller than NUMBER_MAX; to ten places, without zeros at the end."""
    if isinstance(value, int):
        return str(value)
    text = f"{round(value, 10):f}"
    return text.rstrip("0").removesuffix(".") if "." in text else text


def _unshown(spot: Spot, what: str) -> NoReturn:
    raise spot.error("bad_value", f"This is {what}.")


def true(value: Any) -> bool:
    """Only false and what is missing are not: as in Liquid, 0 is true."""
    return value is not False and value is not None and value.__class__ is not Missing


def within(items: Iterable[Any]) -> list[Any]:
    """Raises: FilterError where they are too many."""
    found = list(items)
    if len(found) > VALUE_MAX:
        raise FilterError("the list is too long")
    return found

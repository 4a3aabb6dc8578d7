"""A mapping that never holds more than it was allowed to."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V | None]):
    """Two generations: when the young one is full the old one is dropped. Keeps what was used lately, at the cost of
    two dictionaries, in constant time.

    `cache[key]` is None for what it does not hold, and the only way to look: a hit costs what it costs in a dict.
    """

    __slots__ = ("_half", "_old")

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._half = max(1, capacity // 2)
        self._old: dict[K, V | None] = {}

    def __missing__(self, key: K) -> V | None:
        value = self._old.get(key)
        if value is not None:
            self[key] = value
        return value

    def __setitem__(self, key: K, value: V | None) -> None:
        if len(self) >= self._half:
            self._old = dict(self)
            super().clear()
        super().__setitem__(key, value)

    def clear(self) -> None:
        super().clear()
        self._old = {}

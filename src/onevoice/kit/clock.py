"""Time as an argument: everything that needs to know the hour takes a `Clock`."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place where the machine's clock is read

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock for tests and rehearsals: it moves only when told."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._seconds += by.total_seconds()

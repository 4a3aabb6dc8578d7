"""Hours of the day in somebody's zone, over midnight and over changes of the clock."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)

Hours = tuple[int, int]
"""Minutes of the day, from (inclusive) and to (exclusive). From > to goes over midnight; equal: always."""


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def allows(at: datetime, zone: str, hours: Hours) -> bool:
    local = at.astimezone(_zone(zone))
    minute = local.hour * 60 + local.minute
    start, end = hours
    if start == end:
        return True
    return start <= minute < end if start < end else minute >= start or minute < end


def next_allowed(at: datetime, zone: str, hours: Hours) -> datetime:
    """`at` itself where it is allowed, else the first moment that is, in UTC.

    Where the clock leaps over the start, that is the leap itself.

    >>> next_allowed(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Europe/Warsaw", (2 * 60 + 30, 21 * 60)).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    if allows(at, zone, hours):
        return at
    return _first_minute(at.astimezone(UTC).replace(second=0, microsecond=0), zone, hours)


@lru_cache(maxsize=4096)
def _first_minute(after: datetime, zone: str, hours: Hours) -> datetime:
    """Hours begin at whole minutes, so looking at each is exact whatever the clock does. A batch asks for the same."""
    moment = after
    for _ in range(3 * DAY_MINUTES):
        moment += _MINUTE
        if allows(moment, zone, hours):
            return moment
    return moment  # a change of the clock that takes out the hours on three days: nowhere on earth

"""Times as senders write them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

MAX_WAIT_SECONDS = 86_400.0
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def parse_time(value: Any) -> datetime | None:
    """An aware UTC time from ISO 8601 text or epoch numbers (seconds or milliseconds), else None.

    >>> parse_time("2026-05-03T14:03:00+02:00").isoformat()
    '2026-05-03T12:03:00+00:00'
    >>> parse_time("yesterday")
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """How long to wait by a Retry-After header in seconds or as an HTTP date; None if it says nothing.

    A fraction of seconds is taken too, as some send it. A day at most: more is a mistake, or malice.

    >>> now = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
    >>> retry_after_seconds("7", now), retry_after_seconds("Sun, 03 May 2026 12:01:30 GMT", now)
    (7.0, 90.0)
    >>> retry_after_seconds("soon", now), retry_after_seconds("-3", now)
    (None, None)
    """
    if value is None or len(value) > 64:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment) - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds.total_seconds(), 0.0), MAX_WAIT_SECONDS)

"""Times as senders write them."""

from datetime import UTC, datetime
from typing import Any


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

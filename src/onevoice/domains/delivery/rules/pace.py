"""How fast an account may go: a token bucket, and a circuit breaker over it. Shared by all senders as one row."""

from datetime import datetime, timedelta

from onevoice.domains.delivery.contracts.accounts import Pace

FAILURES_TO_TRIP = 5
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)
TRIPS_TO_LEAVE = 2
"""So often tripped in a row, an account is passed over where another can do the same."""


def take(pace: Pace, at: datetime, wanted: int, per_second: float, burst: int) -> tuple[Pace, int]:
    """How many may be sent now, at most `wanted`, and what is left.

    After it tripped a single one goes first, to see.
    """
    if pace.blocked_until is not None and at < pace.blocked_until:
        return pace, 0
    elapsed = max(0.0, (at - pace.at).total_seconds())
    tokens = min(float(burst), pace.tokens + elapsed * per_second)
    most = 1 if pace.trips else wanted
    given = max(0, min(most, int(tokens)))
    return pace._replace(tokens=tokens - given, at=max(at, pace.at), blocked_until=None), given


def wait_seconds(pace: Pace, at: datetime, per_second: float) -> float:
    """How long until something may be sent again."""
    if pace.blocked_until is not None and at < pace.blocked_until:
        return (pace.blocked_until - at).total_seconds()
    return 0.0 if pace.tokens >= 1 else (1 - pace.tokens) / per_second


def succeeded(pace: Pace) -> Pace:
    return pace._replace(failures=0, trips=0)


def failed(pace: Pace, at: datetime, after_seconds: float | None) -> Pace:
    """A failure that says something of the account. after_seconds: what the provider asked for, which always holds."""
    failures = pace.failures + 1
    until, trips = pace.blocked_until, pace.trips
    if failures >= FAILURES_TO_TRIP or trips:
        until = _later(until, at + min(FIRST_REST * 2 ** min(trips, 10), LONGEST_REST))
        failures, trips = 0, trips + 1
    if after_seconds is not None:
        until = _later(until, at + timedelta(seconds=after_seconds))
    return pace._replace(failures=failures, trips=trips, blocked_until=until)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)

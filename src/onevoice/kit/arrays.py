"""Arrays as PostgreSQL's text literals, to be passed as one parameter with a cast: `%s::bigint[]`.

Joining text is several times as fast as the driver's dumping element by element: the counters of 50,000 events took
0.58 s of Python, and take 0.08. Only for values that need no quoting.
"""

from collections.abc import Iterable
from datetime import datetime


def numbers(values: Iterable[int]) -> str:
    """Of integers.

    >>> numbers([1, -2])
    '{1,-2}'
    """
    return "{" + ",".join(map(str, values)) + "}"


def times(values: Iterable[datetime]) -> str:
    """Aware times."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def hexes(values: Iterable[bytes]) -> str:
    """For uuid[]: 16 bytes each."""
    return "{" + ",".join([value.hex() for value in values]) + "}"

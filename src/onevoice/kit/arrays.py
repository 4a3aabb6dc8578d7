"""Arrays as PostgreSQL's text literals, to be passed as one parameter with a cast: `%s::bigint[]`.

Joining text is several times as fast as the driver's dumping element by element: the counters of 50,000 events took
0.58 s of Python, and take 0.08.
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


def spans(pairs: Iterable[tuple[datetime, datetime]]) -> tuple[str, str]:
    """Of beginnings and of ends; many a span begins and ends at one moment, which is written once."""
    first: list[str] = []
    last: list[str] = []
    for begin, end in pairs:
        text = begin.isoformat()
        first.append(text)
        last.append(text if end is begin else end.isoformat())
    return "{" + ",".join(first) + "}", "{" + ",".join(last) + "}"


def texts(values: Iterable[str]) -> str:
    """Of any texts: each is quoted."""
    return "{" + ",".join(['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]) + "}"

"""The last channels of somebody's thread, as the edge of a line in the inbox shows them."""

from collections.abc import Iterable
from itertools import groupby

MOST = 4


def strand(newest_first: Iterable[str]) -> list[str]:
    """One after the other, the oldest first; a channel that was kept to is there once.

    >>> strand(["telegram", "telegram", "email", "telegram"])
    ['telegram', 'email', 'telegram']
    """
    return [channel for channel, _ in groupby(newest_first)][:MOST][::-1]

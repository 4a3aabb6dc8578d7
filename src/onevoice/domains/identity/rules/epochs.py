"""Epochs of a shared identifier: whose it was, when. A function of its login and logout marks alone.

History before a login belongs to the first login only; what came between a logout and the next login stays anonymous.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from onevoice.domains.identity.contracts import BEGINNING


class Mark(NamedTuple):
    """A login of `holder`, or a logout (holder None), on one shared identifier. Sorts by (happened, hash, logout)."""

    happened: datetime
    hash: bytes
    logout: bool
    holder: int | None
    learnt: datetime
    """A retraction kills what was learnt before it."""


MarkKey = tuple[datetime, bytes, bool]
"""(happened, hash, logout): the order of marks."""


class Epoch(NamedTuple):
    """Runs from `start` to the next epoch's start. `key` is None for the base, else the place of its mark."""

    start: datetime
    key: MarkKey | None
    holder: int | None
    tie: tuple[datetime, bytes] | None
    """(happened, hash) of the earliest live login of the holder within the epoch; None when all were retracted."""


def _order(mark: Mark) -> MarkKey:
    return mark.happened, mark.hash, mark.logout


def epochs(marks: Iterable[Mark], retracted: Mapping[int, datetime]) -> list[Epoch]:
    """The epochs in order, the base first.

    retracted: holder to when the latest retraction of its tie with this identifier was learnt. Retracted marks still
    bound epochs; they tie nobody.
    """
    found = [Epoch(BEGINNING, None, None, None)]
    base_open = True
    for mark in sorted(marks, key=_order):
        current = found[-1]
        if mark.logout:
            if current.holder is not None or base_open:
                found.append(Epoch(mark.happened, _order(mark), None, None))
            base_open = False
            continue
        holder = mark.holder
        live = holder is not None and mark.learnt > retracted.get(holder, BEGINNING)
        tie = (mark.happened, mark.hash) if live else None
        if base_open:
            found[-1] = Epoch(current.start, current.key, holder, tie)
            base_open = False
        elif current.holder != holder:
            found.append(Epoch(mark.happened, _order(mark), holder, tie))
        elif current.tie is None and tie is not None:
            found[-1] = Epoch(current.start, current.key, holder, tie)
    return found


def epoch_at(found: Sequence[Epoch], moment: datetime) -> int:
    """Index of the epoch that an event of `moment` belongs to: the last one that had begun."""
    for index in range(len(found) - 1, 0, -1):
        if found[index].start <= moment:
            return index
    return 0


def epoch_of(found: Sequence[Epoch], key: MarkKey) -> int:
    """Index of the epoch that holds a place among the marks."""
    for index in range(len(found) - 1, 0, -1):
        opened = found[index].key
        if opened is not None and opened <= key:
            return index
    return 0

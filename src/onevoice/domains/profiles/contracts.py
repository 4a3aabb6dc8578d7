"""What the folds hold."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

CounterKey = tuple[int, int, int]
"""(nid, name_id, channel)."""


class Span(msgspec.Struct, gc=False):
    """How often, first and last."""

    n: int
    first_at: datetime
    last_at: datetime


class TraitRank(NamedTuple):
    """Decides between values of one trait: the latest happened; then the better source; then the hash of the event.

    Compares so that the greater wins.
    """

    happened: datetime
    priority: int
    hash: bytes


class TraitFold(NamedTuple):
    rank: TraitRank
    learnt: datetime
    source_id: int
    value: Any


class Folds(NamedTuple):
    counters: dict[CounterKey, Span]
    traits: dict[tuple[int, str], TraitFold]
    spend: dict[tuple[int, str], tuple[int, int]]

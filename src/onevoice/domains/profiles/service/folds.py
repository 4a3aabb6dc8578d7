"""Folds, called by the linking job in its transaction."""

from collections.abc import Mapping, Sequence
from itertools import islice

from psycopg import Connection

from onevoice.domains.identity.contracts import Linked, SourceInfo
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules.folds import fold
from onevoice.domains.profiles.store import folds as store

REFOLD_CHUNK = 20_000


def apply(conn: Connection, linked: Linked, sources: Mapping[int, SourceInfo]) -> None:
    """Fold what a batch linked; shared identifiers whose past was parted anew are folded again from their events."""
    priorities = {source.id: source.priority for source in sources.values()}
    if linked.folds:
        store.add(conn, fold(linked.folds, priorities))
    if linked.refold:
        refold(conn, sorted(linked.refold), priorities)


def refold(conn: Connection, bases: Sequence[int], priorities: Mapping[int, int]) -> None:
    """Compute the folds of shared identifiers from their events, in chunks of bounded memory."""
    store.clear(conn, identity.epochs_of(conn, bases))
    events = identity.refolds(conn, bases)
    while chunk := list(islice(events, REFOLD_CHUNK)):
        store.add(conn, fold(chunk, priorities))

"""Traits of many people at once, for whoever decides about them."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.contracts import TraitRank
from onevoice.domains.profiles.store import folds as store


def traits_of(conn: Connection, pids: Sequence[int], keys: Sequence[str] | None = None) -> dict[int, dict[str, Any]]:
    """By person and trait the value that holds, as it is stored: personal ones are references into the vault.

    keys: None: all of them.
    """
    whose = {nid: pid for pid, nid in identity.nodes_of(conn, pids)}
    best: dict[tuple[int, str], tuple[TraitRank, Any]] = {}
    rows = store.traits_of(conn, list(whose)) if keys is None else store.some_traits_of(conn, list(whose), keys)
    for row in rows:
        place = (whose[row.nid], row.key)
        rank = TraitRank(row.happened, row.priority, row.hash)
        if place not in best or rank > best[place][0]:
            best[place] = (rank, row.value)
    found: dict[int, dict[str, Any]] = {}
    for (pid, key), (_, value) in sorted(best.items(), key=lambda item: item[0]):
        if value is not None:
            found.setdefault(pid, {})[key] = value
    return found

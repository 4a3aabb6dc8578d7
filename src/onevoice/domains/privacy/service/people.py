"""Whose identifiers these are, and what was said by them: what every answer of this domain begins with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.contracts import Line, Wish
from onevoice.domains.privacy.rules import standing as rules
from onevoice.domains.privacy.store import ledger as store

People = Mapping[int, Mapping[int, str]]
"""Profile to its identifiers, each with its kind."""


class Person(NamedTuple):
    """One identifier and all those of its person, each with its kind."""

    nid: int
    pid: int
    kinds: Mapping[int, str]


def person(conn: Connection, nid: int) -> Person:
    """Raises: LookupError for a number that never was an identifier."""
    pid = identity.identifiers_by_nid(conn, [nid])[nid].pid
    return Person(nid, pid, people(conn, [pid])[pid])


def people(conn: Connection, pids: Collection[int], also: Iterable[tuple[int, int]] = ()) -> People:
    """also: (profile, identifier) that the asker takes to be one, also where they have been parted since."""
    found: dict[int, dict[int, str]] = {pid: {} for pid in pids}
    for pid, nid, kind in identity.identifiers_of(conn, sorted(pids)):
        found[pid][nid] = kind
    missing = [(pid, nid) for pid, nid in also if nid not in found[pid]]
    if missing:
        known = identity.identifiers_by_nid(conn, sorted({nid for _, nid in missing}))
        for pid, nid in missing:
            if nid in known:
                found[pid][nid] = known[nid].kind
    return found


def lines(
    conn: Connection, who: People, purposes: Sequence[str] | None = None, *, upto: int | None = None
) -> dict[int, list[Line]]:
    """By profile, the lines that count. purposes: None for all; upto: as the ledger stood at that line."""
    said: dict[int, list[Line]] = {}
    for line in store.lines(conn, _everybody(who), purposes, upto=upto):
        said.setdefault(line.nid, []).append(line)
    return {
        pid: rules.counting((line for nid in nodes if nid in said for line in said[nid]), nodes)
        for pid, nodes in who.items()
    }


def lines_of(conn: Connection, who: Person, *, upto: int | None = None) -> list[Line]:
    return lines(conn, {who.pid: who.kinds}, upto=upto)[who.pid]


def wishes(conn: Connection, who: People, *, upto: int | None = None) -> dict[int, list[Wish]]:
    said: dict[int, list[Wish]] = {}
    for wish in store.wishes(conn, _everybody(who), upto=upto):
        said.setdefault(wish.nid, []).append(wish)
    return {
        pid: rules.counting((wish for nid in nodes if nid in said for wish in said[nid]), nodes)
        for pid, nodes in who.items()
    }


def _everybody(who: People) -> list[int]:
    return sorted({nid for nodes in who.values() for nid in nodes})

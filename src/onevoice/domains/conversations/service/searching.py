"""Search in all that was ever said, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.conversations.contracts import Said
from onevoice.domains.conversations.errors import EmptySearchError
from onevoice.domains.conversations.rules import hearing, words
from onevoice.domains.conversations.store import thread as store
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service import live


class Hit(NamedTuple):
    """said with its properties. excerpt, marks: what stands around the words, and [start, end) of them in it."""

    said: Said
    pid: int
    name: str | None
    excerpt: str
    marks: Sequence[tuple[int, int]]


def search(
    conn: Connection, text: str, *, before: tuple[datetime, int] | None, limit: int
) -> tuple[list[Hit], tuple[datetime, int] | None]:
    """Messages in which all the words stand, in any form; the last may be half typed. Where the next page begins.

    Without any text whatever was said last. The newest are looked through first, since of frequent words a page is
    found there; only of what is rarer the index is asked.

    Raises: EmptySearchError.
    """
    found = _found(conn, text, before, limit + 1)
    shown = found[:limit]
    more = (shown[-1].at, shown[-1].seq) if len(found) > limit else None
    return _hits(conn, shown, text), more


def _found(conn: Connection, text: str, before: tuple[datetime, int] | None, limit: int) -> list[Said]:
    if not text.strip():
        return store.newest(conn, before, limit)
    query = words.query(text)
    if query is None:
        raise EmptySearchError("Type a word to look for.")
    found = store.near(conn, query, before, limit)
    return found if len(found) == limit else store.all_with(conn, query, before, limit)


def _hits(conn: Connection, shown: Sequence[Said], text: str) -> list[Hit]:
    events = identity.by_seq(conn, [each.seq for each in shown])
    kept = [each for each in shown if each.seq in events]
    pids = [pid for _, pid in identity.owners_of(conn, [(each.nid, each.at) for each in kept])]
    names = live.names_of(conn, sorted(set(pids)))
    hits: list[Hit] = []
    for each, pid in zip(kept, pids, strict=True):
        properties = hearing.straight(events[each.seq].body.get("properties") or {})
        texts = hearing.searched(properties)
        best = max(texts, key=lambda one: len(words.found_in(one, text)), default="")
        hits.append(Hit(each, pid, names.get(pid), *words.excerpt(best, text)))
    return hits

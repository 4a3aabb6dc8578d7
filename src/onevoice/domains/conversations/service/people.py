"""Whose a conversation is: the identifiers of a person, and the times for which they are theirs."""

from collections.abc import Sequence

from psycopg import Connection

from onevoice.domains.conversations.store.episodes import Reach
from onevoice.domains.identity.service import reading as identity


def reaches(conn: Connection, pids: Sequence[int]) -> list[Reach]:
    """Of each profile."""
    return [
        Reach(pid, member.base, member.from_at, member.until_at)
        for pid, member in identity.members_of(conn, sorted(set(pids)))
    ]

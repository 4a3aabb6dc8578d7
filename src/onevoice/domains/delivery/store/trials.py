"""SQL of tests: how many were asked for lately, and which addresses were typed for them."""

from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection

from onevoice.domains.delivery.contracts.names import TYPED
from onevoice.domains.delivery.store.messages import STATE_NUMBER
from onevoice.kit import arrays

_UNDER_WAY = [STATE_NUMBER["planned"], STATE_NUMBER["queued"], STATE_NUMBER["sending"]]


def lock(conn: Connection) -> None:
    """Until the transaction ends one test is asked for at a time, so that none slips by the count."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended('delivery.test', 0))")


def count(conn: Connection, since: datetime, *, asked_by: str | None = None, fingerprint: bytes | None = None) -> int:
    """Those of somebody, or to one address. The class stands as a literal, so that its index is used."""
    row = conn.execute(
        "select count(*) from delivery.message where class = 3 and asked_at > %s"
        " and (%s::text is null or asked_by = %s) and (%s::uuid is null or fingerprint = %s::uuid)",
        (since, asked_by, asked_by, *[None if fingerprint is None else fingerprint.hex()] * 2),
    ).fetchone()
    return 0 if row is None else row[0]


def typed(conn: Connection, before: datetime, limit: int) -> dict[int, str]:
    """The addresses of tests that were asked for by then and are under way no more, by message."""
    rows = conn.execute(
        "select m.id, c.body->>'address' from delivery.message m join delivery.content c on c.message_id = m.id"
        " where m.class = 3 and m.asked_at <= %s and m.person = %s and m.fingerprint is not null"
        " and m.state <> all(%s) and c.body ? 'address' limit %s",
        (before, TYPED, _UNDER_WAY, limit),
    )
    return dict(rows.fetchall())


def forget(conn: Connection, shown: Mapping[int, str]) -> None:
    """Keep what is to be shown of each address in its place. Its fingerprint could be guessed back, and servers repeat
    it in what they answer.
    """
    numbers = arrays.numbers(shown)
    conn.execute(
        "update delivery.content c set body = c.body - 'address' || jsonb_build_object('shown', t.shown)"
        " from unnest(%s::bigint[], %s::text[]) t (id, shown) where c.message_id = t.id",
        (numbers, list(shown.values())),
    )
    conn.execute("update delivery.message set fingerprint = null where id = any(%s)", (numbers,))
    conn.execute("update delivery.attempt set detail = '' where message_id = any(%s)", (numbers,))

"""People as the linker and the folds leave them, for tests of cards and search."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from onevoice.domains.identity.contracts import CHANNEL_NUMBER

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


class People:
    """Writes what `refresh` reads. A person's identifiers get the node ids pid, pid + 1, ..."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        conn.execute(
            "insert into identity.name (id, type, name) overriding system value values (1, 'track', 'Seen')"
            " on conflict do nothing"
        )
        self.seq = 0
        self.next_nid = 1

    def add(
        self,
        *identifiers: str,
        traits: Mapping[str, Any] | None = None,
        events: Sequence[tuple[str, float]] = (("site", 0),),
        spent: Mapping[str, tuple[int, int]] | None = None,
        pid: int | None = None,
    ) -> int:
        """A person. identifiers: "kind:value"; events: (door, minutes after noon), all of the first identifier."""
        first = self.next_nid
        pid = pid or first
        for nid, text in enumerate(identifiers, first):
            kind, _, value = text.partition(":")
            self.conn.execute(
                "insert into identity.node (nid, kind, digest, pid, base, learnt)"
                " select %s, id, %s, %s, %s, %s from identity.kind where name = %s",
                (nid, digest(nid), pid, nid, minutes(nid), kind),
            )
            self.seal(nid, "", value)
        self.next_nid = first + len(identifiers)
        self.set_traits(first, traits or {})
        for door, minute in events:
            self.event(first, door, minute)
        for currency, (orders, minor) in (spent or {}).items():
            self.conn.execute("insert into profiles.spend values (%s, %s, %s, %s)", (first, currency, orders, minor))
        return pid

    def seal(self, nid: int, key: str, value: Any) -> int:
        row = self.conn.execute(
            "insert into identity.vault values (nextval('identity.vault_id'), %s, %s, %s, %s) returning id",
            (nid, key, digest(nid, key, repr(value)), Jsonb(value)),
        ).fetchone()
        assert row
        return row[0]

    def set_traits(self, nid: int, traits: Mapping[str, Any], at: float = 0) -> None:
        """Names go to the vault, as the linker puts them."""
        for key, value in traits.items():
            stored = {"@vault": self.seal(nid, key, value)} if "ame" in key else value
            self.conn.execute(
                "insert into profiles.trait (nid, key, happened, priority, hash, learnt, source_id, value)"
                " values (%s, %s, %s, 50, %s, %s, 1, %s) on conflict (nid, key) do update"
                " set happened = excluded.happened, value = excluded.value",
                (nid, key, minutes(at), digest(nid, key), minutes(at), Jsonb(stored)),
            )

    def event(self, nid: int, door: str, minute: float) -> None:
        self.seq += 1
        at = minutes(minute)
        self.conn.execute(
            "insert into profiles.counter values (%s, 1, %s, 1, %s, %s) on conflict (nid, name_id, channel)"
            " do update set n = profiles.counter.n + 1, last_at = greatest(profiles.counter.last_at, excluded.last_at)",
            (nid, CHANNEL_NUMBER[door], at, at),
        )
        self.conn.execute(
            "insert into identity.event (seq, nid, happened, hash, learnt, name_id, source_id, channel, ids,"
            " message_id, body) values (%s, %s, %s, %s, %s, 1, 1, %s, %s, %s, '{}')",
            (self.seq, nid, at, digest(nid, self.seq), at, CHANNEL_NUMBER[door], [nid], f"m{self.seq}"),
        )

    def join(self, nids: Sequence[int], pid: int) -> None:
        """What a merge or split does to membership."""
        touched = self.conn.execute("select distinct pid from identity.node where nid = any(%s)", (list(nids),))
        for (old,) in [*touched, (pid,)]:
            self.conn.execute("insert into identity.moved (pid) values (%s)", (old,))
        self.conn.execute("update identity.node set pid = %s where nid = any(%s)", (pid, list(nids)))


def digest(*parts: object) -> UUID:
    return UUID(bytes=blake2b(repr(parts).encode(), digest_size=16).digest())

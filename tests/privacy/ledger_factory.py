"""A small world for the consent ledger: identifiers made without the linker, people as sets of them."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from psycopg import Connection

from onevoice.domains.privacy.contracts import Act, Asked, Standing
from onevoice.domains.privacy.service import standing

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return NOON + timedelta(minutes=n)


class Town:
    """People are whoever `join` says they are: identity's own way to part and join is tried elsewhere."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._numbers = count(1)
        self._said = count(1)

    def node(self, kind: str, value: str | None = None) -> int:
        """A new identifier, a person by itself."""
        number = next(self._numbers)
        nid = 1_000 + number
        row = self.conn.execute("select id from identity.kind where name = %s", (kind,)).fetchone()
        assert row is not None
        self.conn.execute(
            "insert into identity.node (nid, kind, digest, pid, base, learnt) values (%s, %s, %s, %s, %s, %s)",
            (nid, row[0], uuid.UUID(int=nid), nid, nid, NOON),
        )
        text = value or f"{kind}{number}@example.com"
        self.conn.execute(
            "insert into identity.vault (id, nid, key, digest, value) values (%s, %s, '', %s, %s)",
            (nid, nid, uuid.UUID(int=nid), json.dumps(text)),
        )
        return nid

    def person(self, *kinds: str) -> list[int]:
        nodes = [self.node(kind) for kind in kinds]
        self.join(*nodes)
        return nodes

    def join(self, *nodes: int) -> None:
        self.conn.execute("update identity.node set pid = %s where nid = any(%s)", (min(nodes), list(nodes)))

    def pid(self, nid: int) -> int:
        row = self.conn.execute("select pid from identity.node where nid = %s", (nid,)).fetchone()
        assert row is not None
        return row[0]

    def say(self, nid: int, act: Act, purpose: str, channel: str, *, at: float = 0, via: int | None = None) -> None:
        """A line as it lies in the ledger, past every rule of how it gets there."""
        self.conn.execute(
            "insert into privacy.consent"
            " (nid, via, purpose, channel, act, source, happened, learnt, actor, proof, key)"
            " values (%s, %s, %s, %s, %s, 'test', %s, %s, 'test', '{}', %s)",
            (nid, via, purpose, channel, act, minutes(at), minutes(at), f"say:{next(self._said)}"),
        )

    def wish(self, nid: int, name: str, value: Any, *, at: float = 0, via: int | None = None) -> None:
        self.conn.execute(
            "insert into privacy.preference (nid, via, name, value, source, happened, learnt, actor, key)"
            " values (%s, %s, %s, %s, 'test', %s, %s, 'test', %s)",
            (nid, via, name, json.dumps(value), minutes(at), minutes(at), f"wish:{next(self._said)}"),
        )

    def standing(self, nid: int, purpose: str, channel: str, *, pid: int | None = None) -> Standing:
        return standing.standings(self.conn, [Asked(pid or self.pid(nid), nid, channel, purpose)])[0]

    def state(self, nid: int, purpose: str, channel: str, *, pid: int | None = None) -> str:
        return self.standing(nid, purpose, channel, pid=pid).state

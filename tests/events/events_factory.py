"""Events as clients send them, frames of them, and a consumer that reads them."""

from datetime import UTC, datetime
from typing import Any

from onevoice.domains.events.contracts import Frame
from onevoice.domains.events.rules import door as rules
from onevoice.domains.events.service import log as service
from onevoice.kit import jsons
from onevoice.kit.db import Database
from waiting import until

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
READER = "reader"


def track(message_id: str | None = "m-1", **more: Any) -> dict[str, Any]:
    event = {"type": "track", "userId": "u-1", "event": "Product Viewed", "messageId": message_id, **more}
    return {key: value for key, value in event.items() if value is not None}


def frame(*events: Any, source_id: int = 1, received_at: datetime = NOON, sent_at: str | None = None) -> Frame:
    opened = rules.open_body(jsons.encode({"batch": list(events), "sentAt": sent_at}), single=False)
    return service.frame_of(opened, None, source_id, received_at, lambda: "minted")


def read_all(database: Database, max_events: int = 1000, *, reader: str = READER) -> list[str]:
    """Message ids of everything the reader has not had, its position moved behind them."""
    found: list[str] = []
    while more := read_some(database, max_events, reader=reader):
        found += more
    return found


def read_some(database: Database, max_events: int, *, reader: str = READER) -> list[str]:
    """The same of one batch. PostgreSQL's own analyses hold readers back too: they are over within moments."""
    until(lambda: not _analysing(database), what="autovacuum holds a transaction id")
    with database.transaction() as conn:
        batch = service.read(conn, reader, max_events)
        service.advance(conn, reader, batch.end, NOON)
    assert batch.events == sum(len(record.events) for record in batch.records)
    return [jsons.read(bytes(raw)).value["messageId"] for record in batch.records for raw in record.events]


def _analysing(database: Database) -> bool:
    with database.transaction() as conn:
        found = conn.execute(
            "select 1 from pg_stat_activity where backend_type = 'autovacuum worker' and backend_xid is not null"
        )
        return found.fetchone() is not None

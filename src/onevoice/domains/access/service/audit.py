"""The audit log: who did what. Whoever changes something records it in the same transaction."""

from psycopg import Connection

from onevoice.domains.access.contracts import (
    Audit,
    AuditEntry,
)
from onevoice.domains.access.store import people as store
from onevoice.kit.clock import Clock


def record(conn: Connection, audit: Audit, *, clock: Clock) -> None:
    """Append to the audit log, in the transaction of what it tells about: both stand or neither."""
    store.insert_audit(conn, audit, clock.now())


def audit_log(
    conn: Connection, *, before: int | None = None, subject: str | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Newest first, older than the entry `before`."""
    return store.audit(conn, before=before, subject=subject, limit=limit)

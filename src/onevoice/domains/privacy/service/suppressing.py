"""Addresses that nothing must be sent to. It is about the address, not about what somebody wants."""

from datetime import datetime

from psycopg import Connection

from onevoice.domains.privacy.contracts import SuppressionReason
from onevoice.domains.privacy.store import suppressions as store


def suppress(conn: Connection, nid: int, reason: SuppressionReason, *, source: str, at: datetime) -> bool:
    """Whether it was not so before. source: what told it, such as `message:17`."""
    return store.add(conn, nid, reason, source, at)

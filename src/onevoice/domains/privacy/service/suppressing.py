"""Addresses that must not be written to, whatever their holder allows: they bounce, or somebody complained."""

from collections.abc import Sequence

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.privacy.contracts import Suppressed, SuppressionReason
from onevoice.domains.privacy.errors import UnknownSuppressionError
from onevoice.domains.privacy.store import suppressions as store
from onevoice.kit.clock import Clock


def suppress(
    conn: Connection, nid: int, reason: SuppressionReason, *, source: str, clock: Clock, actor: str | None = None
) -> int | None:
    """Once for each reason that stands; None where it stands already. actor: somebody of ours, who is audited."""
    made = store.add(conn, nid, reason, source, clock.now())
    if made is not None and actor is not None:
        audit.record(
            conn, Audit(actor, "suppression.added", f"suppression:{made}", after={"reason": reason}), clock=clock
        )
    return made


def lift(conn: Connection, suppression_id: int, *, actor: str, because: str, clock: Clock) -> Suppressed:
    """Raises: UnknownSuppressionError."""
    if not store.lift(conn, suppression_id, clock.now(), actor, because):
        raise UnknownSuppressionError(f"No suppression {suppression_id} stands. Load the list anew.")
    subject = f"suppression:{suppression_id}"
    audit.record(conn, Audit(actor, "suppression.lifted", subject, reason=because), clock=clock)
    return suppression(conn, suppression_id)


def suppression(conn: Connection, suppression_id: int) -> Suppressed:
    """Raises: UnknownSuppressionError."""
    found = store.by_id(conn, suppression_id)
    if found is None:
        raise UnknownSuppressionError(f"There is no suppression {suppression_id}.")
    return found


def page(
    conn: Connection,
    *,
    nids: Sequence[int] | None = None,
    lifted: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Suppressed]:
    """Newest first. nids: of these addresses only. lifted: those that stand no more too."""
    return store.page(conn, nids=nids, lifted=lifted, before=before, limit=limit)

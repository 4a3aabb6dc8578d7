"""Undoing an import: its events are taken back some at a time, each time exactly, so that it can stop and go on."""

import threading

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import withdraw
from onevoice.domains.imports import store
from onevoice.domains.imports.contracts import Import
from onevoice.domains.profiles.service import folds
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

STEP_EVENTS = 500
"""So many are one transaction: for that long live events wait to be linked."""
STEP_LETTERS = 5_000
WAIT_SECONDS = 0.5


def undo(database: Database, found: Import, linker: str, clock: Clock, stop: threading.Event) -> bool:
    """Take back what is left of the import, until it ends or `stop` is set. linker: the consumer that links events.
    Returns: whether it ended.

    What of it is not linked yet is waited for: it would come after its own undo. Live events are linked in between.
    """
    while not stop.is_set():
        with database.transaction() as conn:
            if events.is_read_of_import(conn, linker, found.id):
                break
        stop.wait(WAIT_SECONDS)
    with database.transaction() as conn:
        left = withdraw.total(conn, found.id)
        store.move_undo(conn, found.id, 0, found.undone + left, clock.now())
    while not stop.is_set():
        with database.transaction() as conn:
            if _step(conn, found.id, clock):
                continue
            # A letter that was replayed just before the undo began may only be in the log since the last look.
            if events.is_read_of_import(conn, linker, found.id):
                _end(conn, found, clock)
                return True
        stop.wait(WAIT_SECONDS)
    return False


def _step(conn: Connection, import_id: int, clock: Clock) -> bool:
    """False where nothing was left to take back."""
    done = withdraw.withdraw(conn, import_id, STEP_EVENTS, clock.now())
    if not done.seen:
        return events.forget_letters_of_import(conn, import_id, STEP_LETTERS) > 0
    if done.refold:
        priorities = {source.id: source.priority for source in source_infos(conn).values()}
        folds.refold(conn, sorted(done.refold), priorities)
    events.forget_messages(conn, done.hashes)
    store.move_undo(conn, import_id, done.seen, None, clock.now())
    bus.notify(conn, bus.LINKED)
    return True


def _end(conn: Connection, found: Import, clock: Clock) -> None:
    store.end_undo(conn, found.id, clock.now())
    done = store.find(conn, found.id)
    taken_back = done.undone if done is not None else 0
    who = found.undo_actor or found.actor
    told = Audit(who, "import.undone", f"import:{found.id}", after={"events": taken_back}, reason=found.undo_reason)
    audit.record(conn, told, clock=clock)

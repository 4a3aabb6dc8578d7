"""What the worker does for imports: rehearse, import, undo, one after the other. It goes on after a restart."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.imports import service, store
from onevoice.domains.imports.contracts import Import, ImportReport, State
from onevoice.domains.imports.jobs.run import Mint, rehearse, run_import
from onevoice.domains.imports.jobs.undo import undo
from onevoice.kit import db
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError

LEASE = 720_185_013
"""Session lock of the one worker that imports; the others wait for its connection to end."""
POLL_SECONDS = 1.0
NOTE_SECONDS = 0.5
ATTEMPTS = 5
SHOWN_NAMES = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Queue:
    """waiting: how many events wait to be linked. linker: the consumer that links them."""

    database: Database
    uploads: service.Uploads
    clock: Clock
    mint: Mint
    waiting: Callable[[], int]
    linker: str

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. What fails again and again is laid aside with the reason, and the next is done."""
        failures = 0
        while not stop.is_set():
            try:
                with db.dedicated(self.database.url, name="onevoice-imports") as conn:
                    while not stop.is_set() and not db.lease(conn, LEASE):
                        stop.wait(POLL_SECONDS)
                    while not stop.is_set():
                        if not self.step(stop, final=failures + 1 >= ATTEMPTS):
                            stop.wait(POLL_SECONDS)
                        failures = 0
            except psycopg.OperationalError:
                log.exception("imports_wait_for_the_database")
                stop.wait(POLL_SECONDS)
            except Exception:
                failures += 1
                log.exception("import_failed", attempt=failures)
                stop.wait(POLL_SECONDS)

    def step(self, stop: threading.Event, *, final: bool = False) -> bool:
        """Do what has waited longest. final: what fails now is not tried again. False where nothing waits."""
        with self.database.transaction() as conn:
            found = store.next_waiting(conn)
            if found is None:
                service.tidy(conn, self.uploads, self.clock.now())
                return False
        try:
            self._work(found, stop)
        except DomainError as error:
            self._fail(found, error.detail)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            if not final:
                raise
            log.exception("import_laid_aside", import_id=found.id)
            self._fail(found, f"It failed ({type(error).__name__}); the worker's log has the details.")
        return True

    def _work(self, found: Import, stop: threading.Event) -> None:
        if found.state == "undoing":
            if undo(self.database, found, self.linker, self.clock, stop):
                self.uploads.file(found.id, found.name).unlink(missing_ok=True)
        elif found.state == "rehearsing":
            self._rehearse(found, stop)
        else:
            self._import(found, stop)

    def _rehearse(self, found: Import, stop: threading.Event) -> None:
        halt, progress = self._watched(found.id, "rehearsing", stop)
        path = service.require_file(self.uploads, found)
        how = service.format_of(found.format)
        report = rehearse(
            path, how, found.source_id or 0, mint=self.mint, clock=self.clock, stop=halt, progress=progress
        )
        if report.finished:
            with self.database.transaction() as conn:
                if store.note(conn, found.id, "rehearsing", 1.0, told(report), self.clock.now()):
                    store.set_state(conn, found.id, "rehearsed", self.clock.now())

    def _import(self, found: Import, stop: threading.Event) -> None:
        path = service.require_file(self.uploads, found)
        if found.state == "queued":
            with self.database.transaction() as conn:
                if not store.note(conn, found.id, "queued", 0.0, None, self.clock.now()):
                    return
                store.set_state(conn, found.id, "running", self.clock.now())
        halt, progress = self._watched(found.id, "running", stop, noted=False)
        run_import(
            self.database,
            path,
            service.format_of(found.format),
            found.source_id or 0,
            mint=self.mint,
            waiting=self.waiting,
            clock=self.clock,
            stop=halt,
            progress=progress,
            console=True,
        )
        with self.database.transaction() as conn:
            done = store.find(conn, found.id)
            if done is None or done.state != "finished":
                return
            counts = {"records": done.records, "taken": done.taken, "refused": done.refused}
            line = Audit(found.actor, "import.finished", f"import:{found.id}", after={"file": found.name, **counts})
            audit.record(conn, line, clock=self.clock)
        path.unlink(missing_ok=True)

    def _watched(
        self, import_id: int, state: State, stop: threading.Event, *, noted: bool = True
    ) -> tuple["_Halt", Callable[[ImportReport], None]]:
        """An event that is set when the worker stops or nobody wants it any more, and what is told of progress."""
        halt = _Halt(stop)
        last = self.clock.monotonic()

        def progress(report: ImportReport) -> None:
            nonlocal last
            if self.clock.monotonic() - last < NOTE_SECONDS:
                return
            last = self.clock.monotonic()
            with self.database.transaction() as conn:
                found = told(report) if noted else None
                if not store.note(conn, import_id, state, report.share, found, self.clock.now()):
                    halt.set()

        return halt, progress

    def _fail(self, found: Import, why: str) -> None:
        with self.database.transaction() as conn:
            store.set_state(conn, found.id, "failed", self.clock.now(), why)


class _Halt(threading.Event):
    """Set when another event is, or by itself."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()


def told(report: ImportReport) -> dict[str, Any]:
    """A report as it is kept: counts and reasons, and nothing that a customer's record says."""
    return {
        "records": report.records,
        "taken": report.taken,
        "refused": report.refused,
        "repeated": report.repeated,
        "names": dict(report.names.most_common(SHOWN_NAMES)),
        "codes": dict(report.codes),
        "rows": [list(row) for row in report.rows],
        "first_at": report.first_at.isoformat() if report.first_at else None,
        "last_at": report.last_at.isoformat() if report.last_at else None,
        "undated": report.undated,
    }

"""Brings into the vault what was stored before its property was declared personal. Run by the worker; resumable."""

import threading

import structlog
from prometheus_client import Counter

from onevoice.domains.events.service import plan
from onevoice.domains.profiles.service import sealing
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

PAUSE_SECONDS = 2.0
SHARE = 0.25
"""While there is something to seal it holds the linker's lock for such a part of the time."""

SEALED = Counter("onevoice_sealed_events_total", "Stored events whose property was brought into the vault.")

log = structlog.get_logger(__name__)


def run(database: Database, vault_key: bytes, clock: Clock, stop: threading.Event) -> None:
    """Seal until `stop` is set."""
    known: plan.Personal | None = None
    while not stop.is_set():
        began = clock.monotonic()
        try:
            with database.transaction() as conn:
                known = sealing.follow(conn, known, clock.now())
            with database.transaction() as conn:
                sealed = sealing.step(conn, vault_key, clock.now())
        except Exception:
            log.exception("sealing_failed")
            stop.wait(10.0)
            continue
        SEALED.inc(sealed.events)
        stop.wait(PAUSE_SECONDS if sealed.idle else (clock.monotonic() - began) / SHARE)

"""Brings into the vault what was stored before its property was declared personal. Run by the worker; resumable."""

import threading

from prometheus_client import Counter

from onevoice.domains.events.service import plan
from onevoice.domains.profiles.jobs import turns
from onevoice.domains.profiles.service import sealing
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

SEALED = Counter("onevoice_sealed_events_total", "Stored events whose property was brought into the vault.")


def run(database: Database, vault_key: bytes, clock: Clock, stop: threading.Event) -> None:
    """Seal until `stop` is set."""
    known: plan.Personal | None = None

    def step() -> bool:
        nonlocal known
        with database.transaction() as conn:
            known = sealing.follow(conn, known, clock.now())
        with database.transaction() as conn:
            sealed = sealing.step(conn, vault_key, clock.now())
        SEALED.inc(sealed.events)
        return sealed.idle

    turns.take("sealing", step, clock, stop)

"""Keeps the cards of customers in step with what the linker commits. Run by the worker; one at a time does the work."""

import threading
from collections.abc import Callable

import structlog
from prometheus_client import Counter, Histogram

from onevoice.domains.profiles.service import cards
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database

REFRESHED = Counter("onevoice_refreshed_cards_total", "Cards brought in step with their profiles.")
BATCH_SECONDS = Histogram("onevoice_cards_batch_seconds", "How long a transaction that refreshes cards takes.")

_LONGEST_WAIT_SECONDS = 0.5

log = structlog.get_logger(__name__)


def run(
    database: Database,
    clock: Clock,
    stop: threading.Event,
    wait: Callable[[float], None],
) -> None:
    """Refresh cards until `stop` is set. wait: sleeps until something is linked, at most the given seconds."""
    failures = 0
    while not stop.is_set():
        began = clock.monotonic()
        try:
            with database.transaction() as conn:
                step = cards.index(conn)
        except Exception:
            failures += 1
            log.exception("cards_failed", attempt=failures)
            stop.wait(min(10.0, 0.1 * 2 ** min(failures, 7)))
            continue
        failures = 0
        if step.moved:
            BATCH_SECONDS.observe(clock.monotonic() - began)
            REFRESHED.inc(step.refreshed)
        if not step.behind:
            wait(_LONGEST_WAIT_SECONDS)

"""Looks at what other limits would do, and brings profiles into line with limits that were changed. Run by the worker;
resumable.
"""

import threading

from onevoice.domains.identity.service import limits
from onevoice.domains.profiles.jobs import turns
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database


def run(database: Database, clock: Clock, stop: threading.Event) -> None:
    """Work until `stop` is set."""

    def step() -> bool:
        with database.transaction() as conn:
            return not limits.step(conn, clock.now())

    turns.take("limits", step, clock, stop)

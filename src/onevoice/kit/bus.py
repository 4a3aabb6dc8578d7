"""Wake-ups between processes through PostgreSQL's NOTIFY. They carry no data: whoever wakes looks for itself."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import psycopg
import structlog
from psycopg import Connection, sql

from onevoice.kit.db import Database

LINKED = "onevoice_linked"
APPENDED = "onevoice_appended"

log = structlog.get_logger(__name__)


def notify(conn: Connection, *channels: str) -> None:
    """Wake the listeners once this transaction commits."""
    conn.execute("select pg_notify(channel, '') from unnest(%s::text[]) channel", (list(channels),))


async def wakeups(url: str, channel: str, *, at_least_every_seconds: float = 1.0) -> AsyncIterator[bool]:
    """Yields after every notification, many at once counting as one, and at least so often without any: whether it was
    woken, or may have missed that.

    Reconnects when the database went away; meanwhile it yields by the clock.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
                await conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield True
                while True:
                    woken = False
                    async for _ in conn.notifies(timeout=at_least_every_seconds, stop_after=1):
                        woken = True
                    yield woken
        except psycopg.Error:
            await asyncio.sleep(at_least_every_seconds)
            yield True


def listen(conn: Connection, channel: str) -> None:
    """Let this connection (autocommit) hear of a channel."""
    conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))


def wait(conn: Connection, *, timeout_seconds: float) -> bool:
    """Block on a connection that listens (autocommit) until a notification or the time-out."""
    return any(True for _ in conn.notifies(timeout=timeout_seconds, stop_after=1))


class Bell:
    """Wakes a channel's listeners for whoever commits often: in a transaction of its own, and only so often.

    A NOTIFY makes its transaction wait for those of all others, one after the other.
    """

    def __init__(self, database: Database, channel: str, *, every_seconds: float = 0.2) -> None:
        self._database = database
        self._channel = channel
        self._every = every_seconds
        self._lock = threading.Lock()
        self._rung = False
        self._busy = False

    def ring(self) -> None:
        """After a commit. At once where it was silent; else once for all who ring meanwhile. Never waits."""
        with self._lock:
            self._rung = True
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._toll, name="bell", daemon=True).start()

    def _toll(self) -> None:
        while self._again():
            try:
                with self._database.transaction() as conn:
                    notify(conn, self._channel)
            except psycopg.Error as error:  # whoever waits looks by the clock too
                log.warning("bell_failed", channel=self._channel, error=type(error).__name__)
            time.sleep(self._every)

    def _again(self) -> bool:
        with self._lock:
            self._busy, self._rung = self._rung, False
            return self._busy

"""Wake-ups between processes through PostgreSQL's NOTIFY. They carry no data: whoever wakes looks for itself."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
from psycopg import Connection, sql

LINKED = "onevoice_linked"
APPENDED = "onevoice_appended"


def notify(conn: Connection, channel: str) -> None:
    """Wake the listeners once this transaction commits."""
    conn.execute("select pg_notify(%s, '')", (channel,))


async def wakeups(url: str, channel: str, *, at_least_every_seconds: float = 1.0) -> AsyncIterator[None]:
    """Yields after every notification, many at once counting as one, and at least so often without any.

    Reconnects when the database went away; meanwhile it yields by the clock.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
                await conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield
                while True:
                    async for _ in conn.notifies(timeout=at_least_every_seconds, stop_after=1):
                        pass
                    yield
        except psycopg.Error:
            await asyncio.sleep(at_least_every_seconds)
            yield


def listen(conn: Connection, channel: str) -> None:
    """Let this connection (autocommit) hear of a channel."""
    conn.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))


def wait(conn: Connection, *, timeout_seconds: float) -> bool:
    """Block on a connection that listens (autocommit) until a notification or the time-out."""
    return any(True for _ in conn.notifies(timeout=timeout_seconds, stop_after=1))

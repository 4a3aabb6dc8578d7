"""The listener: what comes by polling, for every account that has it. Of all senders one listens, by a lease.

What was heard and how far go into the database together, so after a crash the rest is heard again and nothing twice.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Heard
from onevoice.domains.delivery.errors import ActionRequired, ChannelError
from onevoice.domains.delivery.jobs.send import Kit
from onevoice.domains.delivery.jobs.works import Works
from onevoice.domains.delivery.ports import Adaptor
from onevoice.domains.delivery.service import accounts, asking, hearing
from onevoice.kit import bus, db

LEASE = 8_204_417
LOOK_SECONDS = 5.0
AGAIN_SECONDS = 10.0

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Listener:
    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._stopping = asyncio.Event()
        self._works = Works(self._listen, "listen")
        self._changed = bus.Bell(kit.database, asking.CHANGED)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`; while another listens, wait for its end."""
        lease: psycopg.Connection | None = None
        try:
            while not self._stopping.is_set():
                try:
                    lease = await asyncio.to_thread(self._held, lease)
                    await self._works.keep(await asyncio.to_thread(self._accounts) if lease is not None else {})
                except psycopg.Error as error:
                    log.warning("listener_waits_for_database", error=type(error).__name__)
                    lease = None
                    await self._works.keep({})
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)
        finally:
            await self._works.keep({})
            if lease is not None:
                lease.close()

    def _held(self, lease: psycopg.Connection | None) -> psycopg.Connection | None:
        """The connection that holds the lease, still alive; None while another has it."""
        if lease is not None:
            db.require_alive(lease)
            return lease
        connection = db.dedicated(self._kit.database.url, name="onevoice-listener")
        if db.lease(connection, LEASE):
            return connection
        connection.close()
        return None

    def _accounts(self) -> dict[int, Account]:
        with self._kit.database.transaction() as conn:
            found = accounts.accounts(conn)
        return {
            int(each.id): each
            for each in found
            if not each.paused
            and each.trouble is None
            and (channel := self._kit.channels.get(each.channel)) is not None
            and "poll" in channel.manifest.capabilities.inbound
        }

    async def _listen(self, account: Account) -> None:
        """One account, for ever: what breaks off is taken up again from where it was written down."""
        while True:
            adaptor: Adaptor | None = None
            try:
                settings = await asyncio.to_thread(
                    self._with(lambda conn: accounts.opened(conn, account, self._kit.sealer))
                )
                adaptor = self._kit.channels[account.channel].open(settings, self._kit.tools)
                position = await asyncio.to_thread(self._with(lambda conn: hearing.position(conn, account.id)))
                async for heard in adaptor.listen(position):
                    if await asyncio.to_thread(self._with(self._taking(account, heard))):
                        self._changed.ring()
            except ActionRequired as error:
                log.warning("account_in_trouble", account=account.id, code=error.code)
                await asyncio.to_thread(self._with(self._noting(account, error)))
                return
            except ChannelError as error:
                log.warning("listening_broke_off", account=account.id, code=error.code)
            except psycopg.Error as error:
                log.warning("listener_waits_for_database", error=type(error).__name__)
            except Exception:
                log.exception("listening_failed", account=account.id)
            finally:
                if adaptor is not None:
                    await adaptor.close()
            await asyncio.sleep(AGAIN_SECONDS)

    def _taking(self, account: Account, heard: Heard) -> Callable[[psycopg.Connection], int]:
        manifest = self._kit.channels[account.channel].manifest
        return lambda conn: hearing.hear(
            conn,
            account,
            heard.items,
            manifest,
            vault_key=self._kit.vault_key,
            clock=self._kit.tools.clock,
            position=heard.position,
        )

    def _noting(self, account: Account, error: ActionRequired) -> Callable[[psycopg.Connection], None]:
        return lambda conn: accounts.note_trouble(conn, account.id, error, self._kit.tools.clock)

    def _with(self, work: Callable[[psycopg.Connection], _T]) -> Callable[[], _T]:
        def run() -> _T:
            with self._kit.database.transaction() as conn:
                return work(conn)

        return run

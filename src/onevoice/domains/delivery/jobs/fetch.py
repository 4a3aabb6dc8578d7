"""The fetcher: files that people sent and that their provider keeps. Any number of them may run."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog
from psycopg import Connection

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.files import Wanted
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.errors import ChannelError, Permanent, Retriable, UnknownAccountError
from onevoice.domains.delivery.jobs.send import Kit
from onevoice.domains.delivery.ports import Keeper
from onevoice.domains.delivery.service import accounts, files
from onevoice.kit import bus

FETCH_SECONDS = 120.0

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Fetcher:
    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`."""
        task = asyncio.create_task(self._fetch())
        await self._stopping.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _fetch(self) -> None:
        async for _ in bus.wakeups(self._kit.database.url, files.WAITING, at_least_every_seconds=2.0):
            try:
                while wanted := await self._with(lambda conn: files.claim(conn, self._kit.tools.clock.now())):
                    await asyncio.gather(*(self._one(each) for each in wanted))
            except psycopg.Error as error:
                log.warning("fetcher_waits_for_database", error=type(error).__name__)

    async def _one(self, wanted: Wanted) -> None:
        came = await self._came(wanted)
        if isinstance(came, ChannelError):
            log.warning("file_not_fetched", account=wanted.account_id, code=came.code)
        await self._with(lambda conn: files.fetched(conn, wanted, came, self._kit.tools.clock.now()))

    async def _came(self, wanted: Wanted) -> bytes | ChannelError:
        try:
            account, settings = await self._with(lambda conn: self._opened(conn, wanted))
        except UnknownAccountError:
            return Permanent("no_account", "Its account is there no more.")
        try:
            channel = self._kit.channels.get(account.channel)
            if channel is None:
                return Permanent("no_channel", "Its channel is there no more.")
            adaptor = channel.open(settings, self._kit.tools)
            try:
                if not isinstance(adaptor, Keeper):
                    return Permanent("no_files", "This channel gives no files.")
                return await asyncio.wait_for(adaptor.fetch(wanted.reference), FETCH_SECONDS)
            finally:
                await adaptor.close()
        except ChannelError as error:
            return error
        except TimeoutError:
            return Retriable("no_answer", f"Nothing came in {FETCH_SECONDS:.0f} s.")
        except Exception as error:
            log.exception("fetching_failed", account=wanted.account_id)
            return Retriable("adaptor_failed", type(error).__name__)

    def _opened(self, conn: Connection, wanted: Wanted) -> tuple[Account, dict[str, object]]:
        account = accounts.account(conn, AccountId(wanted.account_id))
        return account, dict(accounts.opened(conn, account, self._kit.sealer))

    async def _with(self, work: Callable[[Connection], _T]) -> _T:
        def run() -> _T:
            with self._kit.database.transaction() as conn:
                return work(conn)

        return await asyncio.to_thread(run)

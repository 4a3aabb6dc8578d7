"""The sender: takes what is due to the providers and writes down what they say. Any number of them may run.

One loop waits for sockets; everything that touches the database runs in threads, a short transaction each.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import structlog

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Accepted
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.jobs.works import Works
from onevoice.domains.delivery.ports import Adaptor, Channel, Tools
from onevoice.domains.delivery.service import accounts as account_service
from onevoice.domains.delivery.service import asking, claiming, rendering, saying, settling
from onevoice.domains.delivery.service.claiming import Claim, Claimed
from onevoice.domains.delivery.service.settling import Result
from onevoice.kit import bus
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

BATCH = 200
SEND_SECONDS = 90.0
"""Shorter than a lease: what a provider has not answered by then has to be called uncertain by us, not by others."""
IDLE_SECONDS = 5.0
LOOK_SECONDS = 2.0
A_MOMENT_SECONDS = 0.05
IN_FLIGHT_BATCHES = 3

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Kit:
    """What a sender works with."""

    database: Database
    channels: Mapping[str, Channel]
    tools: Tools
    sealer: Sealer
    renderer: rendering.Renderer
    vault_key: bytes


class Sender:
    def __init__(self, kit: Kit, *, threads: int = 6) -> None:
        self._kit = kit
        self._manifests = {name: channel.manifest for name, channel in kit.channels.items()}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sender")
        self._stopping = asyncio.Event()
        self._works = Works(self._work, "send")
        self._wakes: dict[int, asyncio.Event] = {}
        self._changed = bus.Bell(kit.database, asking.CHANGED)

    def stop(self) -> None:
        """What is in flight is finished and written down first."""
        self._stopping.set()
        self._wake()

    def _wake(self) -> None:
        for each in self._wakes.values():
            each.set()

    async def run(self) -> None:
        """Until `stop`."""
        async with _listening(self._kit.database.url, self._wake):
            while not self._stopping.is_set():
                try:
                    await self._look()
                except psycopg.Error as error:
                    log.warning("sender_waits_for_database", error=type(error).__name__)
                await _first(self._stopping, LOOK_SECONDS)
        await self._works.end()
        self._pool.shutdown()

    async def _look(self) -> None:
        """One worker for each account; one anew where its settings have changed; and what the dead have left."""
        accounts = await self._in_thread(self._housekeep)
        there = {
            int(each.id): each
            for each in accounts
            if not each.paused and each.trouble is None and each.channel in self._kit.channels
        }
        await self._works.keep(there)

    def _housekeep(self) -> list[Account]:
        with self._kit.database.transaction() as conn:
            changed = settling.recover(conn, self._manifests, at=self._kit.tools.clock.now())
            accounts = account_service.accounts(conn)
            changed += claiming.reroute(conn, accounts, self._manifests)
        if changed:
            self._changed.ring()
        return accounts

    async def _work(self, account: Account) -> None:
        """All that goes through one account, until cancelled; a batch in flight is never cut off."""
        self._wakes[account.id] = asyncio.Event()
        adaptor = await self._open(account)
        if adaptor is None:
            return
        flying: set[asyncio.Task[None]] = set()
        try:
            while not self._stopping.is_set():
                if len(flying) >= IN_FLIGHT_BATCHES:
                    _, flying = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                try:
                    pause = await self._batch(account, adaptor, flying)
                except psycopg.Error as error:
                    log.warning("sender_waits_for_database", error=type(error).__name__)
                    pause = LOOK_SECONDS
                if pause:
                    await self._rest(account.id, pause)
        finally:
            if flying:
                await asyncio.shield(asyncio.wait(flying))
            await adaptor.close()

    async def _rest(self, account_id: int, seconds: float) -> None:
        wake = self._wakes[account_id]
        await _first(wake, min(seconds, IDLE_SECONDS))
        wake.clear()

    async def _open(self, account: Account) -> Adaptor | None:
        def secrets() -> dict[str, Any]:
            with self._kit.database.transaction() as conn:
                return account_service.opened(conn, account, self._kit.sealer)

        try:
            return self._kit.channels[account.channel].open(await self._in_thread(secrets), self._kit.tools)
        except ChannelError as error:
            trouble = error

        def note() -> None:
            with self._kit.database.transaction() as conn:
                account_service.note_trouble(conn, account.id, trouble, self._kit.tools.clock)

        await self._in_thread(note)
        return None

    async def _batch(self, account: Account, adaptor: Adaptor, flying: set[asyncio.Task[None]]) -> float:
        """Claim some and let them fly. Gives how many seconds there is nothing to do."""
        most = min(BATCH, max(1, account.limits.concurrency * 4))
        claim, pause = await self._in_thread(lambda: self._claim(account, most))
        if claim is None:
            return pause
        if claim.claimed:
            task = asyncio.create_task(self._fly(account, adaptor, claim.claimed))
            flying.add(task)
            task.add_done_callback(flying.discard)
        return pause

    def _claim(self, account: Account, most: int) -> tuple[Claim | None, float]:
        database, clock = self._kit.database, self._kit.tools.clock
        with database.transaction() as conn:
            due = claiming.next_due(conn, account.id)
            now = clock.now()
        if due is None:
            return None, IDLE_SECONDS
        if due > now:
            return None, (due - now).total_seconds()
        with database.transaction() as conn:
            given, wait = claiming.take(conn, account, most, clock.now())
        if not given:
            return None, max(wait, 0.001)
        with database.transaction() as conn:
            claim = claiming.claim(conn, account, given, self._manifests, self._kit.renderer, at=clock.now())
        if claim.looked:
            self._changed.ring()
        if len(claim.claimed) < given:
            with database.transaction() as conn:
                claiming.give_back(conn, account.id, given - len(claim.claimed))
        return claim, 0.0 if claim.claimed else A_MOMENT_SECONDS

    async def _fly(self, account: Account, adaptor: Adaptor, claimed: Sequence[Claimed]) -> None:
        gate = asyncio.Semaphore(account.limits.concurrency)

        async def one(each: Claimed) -> Result:
            async with gate:
                return Result(each.outgoing, each.attempt, await _sent(adaptor, each))

        results = await asyncio.gather(*(one(each) for each in claimed))
        await self._settle(account, results)

    async def _settle(self, account: Account, results: Sequence[Result]) -> None:
        """What a provider said must be written down: without a database we wait for it, as long as the lease holds."""

        def settle() -> None:
            with self._kit.database.transaction() as conn:
                ended = settling.settle(
                    conn, account, results, self._manifests, clock=self._kit.tools.clock, chance=self._kit.tools.chance
                )
                kind = self._manifests[account.channel].capabilities.address_kind
                saying.tell(conn, account, ended, kind, self._kit.tools.clock.now())
            self._changed.ring()

        for wait in (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, None):
            try:
                await self._in_thread(settle)
            except psycopg.OperationalError:
                if wait is None:
                    log.exception("results_lost", account=account.id, count=len(results))
                    return
                await asyncio.sleep(wait)
            else:
                return

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


async def _sent(adaptor: Adaptor, each: Claimed) -> Accepted | ChannelError:
    """An adaptor that breaks its word takes nobody down: what it raised besides is of unknown outcome."""
    try:
        return await asyncio.wait_for(adaptor.send(each.outgoing), SEND_SECONDS)
    except (Retriable, Permanent, ActionRequired) as error:
        return error
    except TimeoutError:
        return Retriable("no_answer", f"Nothing was answered in {SEND_SECONDS:.0f} s.", accepted="maybe")
    except Exception as error:
        log.exception("adaptor_failed", message=each.outgoing.id)
        return Retriable("adaptor_failed", type(error).__name__, accepted="maybe")


async def _first(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


@contextlib.asynccontextmanager
async def _listening(url: str, wake: Callable[[], None]) -> AsyncGenerator[None]:
    async def listen() -> None:
        async for _ in bus.wakeups(url, asking.QUEUED, at_least_every_seconds=IDLE_SECONDS):
            wake()

    task = asyncio.create_task(listen())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

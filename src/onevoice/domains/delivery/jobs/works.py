"""One task for each account, for as long as the account is there and is the same."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog

from onevoice.domains.delivery.contracts.accounts import Account

log = structlog.get_logger(__name__)


class Works:
    def __init__(self, work: Callable[[Account], Coroutine[Any, Any, None]], name: str) -> None:
        self._work = work
        self._name = name
        self._running: dict[int, tuple[tuple[Any, ...], asyncio.Task[None]]] = {}

    async def keep(self, there: Mapping[int, Account]) -> None:
        """End what is not there or has changed, when it comes to its own end; begin what is missing, or broke down."""
        for number, (made_of, task) in list(self._running.items()):
            now = there.get(number)
            if now is None or _made_of(now) != made_of or task.done():
                del self._running[number]
                task.cancel()
                await self._ended(number, task)
        for number, account in there.items():
            if number not in self._running:
                task = asyncio.create_task(self._work(account), name=f"{self._name}-{number}")
                self._running[number] = (_made_of(account), task)

    async def end(self) -> None:
        """Wait until all have come to their own end."""
        for number, (_, task) in self._running.items():
            await self._ended(number, task)
        self._running.clear()

    async def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            log.error("account_broke_down", work=self._name, account=number, error=type(outcome).__name__)


def _made_of(account: Account) -> tuple[Any, ...]:
    """What changes when an account is changed. Its secrets cannot be seen, but the moment can."""
    return (account.channel, sorted(account.settings.items()), account.limits, account.changed_at)

"""Updates delivered to the bot's own address, one after the other, each until it is taken."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from onevoice.sandbox.telegram_forms import Parameters
from onevoice.sandbox.telegram_room import RefusedError, Room

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 2.0
"""Between attempts; Telegram's own are longer."""


class Webhook:
    """duplicates: each update is delivered twice, as happens when an answer is lost on its way."""

    def __init__(self, room: Room, carry_out: Callable[[str, Parameters], Any]) -> None:
        """carry_out: what an answer asks for; raises RefusedError."""
        self._room = room
        self._carry_out = carry_out
        self.url = ""
        self.secret = ""
        self.allowed: list[str] = []
        self.duplicates = False
        self.attempts = 0
        self.last_error = ""
        self._task: asyncio.Task[None] | None = None

    def set(self, given: Parameters) -> bool:
        """Raises: RefusedError."""
        url, secret = given.text("url"), given.text("secret_token")
        parts = urlsplit(url)
        if url and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if "secret_token" in given and not _SECRET.fullmatch(secret):
            raise RefusedError(400, "Bad Request: secret token contains unallowed characters")
        if given.flag("drop_pending_updates"):
            self._room.drop_waiting()
        self.url, self.secret, self.last_error = url, secret, ""
        self.allowed = given.value("allowed_updates") or []
        self.wake()
        return True

    def delete(self, *, drop: bool) -> bool:
        if drop:
            self._room.drop_waiting()
        self.url = self.secret = ""
        return True

    def info(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._room.waiting()),
        }
        if self.url:
            told |= {"max_connections": 40, "allowed_updates": self.allowed}
        if self.last_error:
            told |= {"last_error_date": self._room.seconds(), "last_error_message": self.last_error}
        return told

    def wake(self) -> None:
        """On the server's loop."""
        if self.url and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._deliver())

    async def _deliver(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while self.url and (waiting := self._room.waiting()):
            update = waiting[0]
            if self.allowed and not set(update) & set(self.allowed):
                self._room.confirm(update["update_id"])
                continue
            status, body = await self._posted(update)
            if 200 <= status < 300 and self.duplicates:
                status, body = await self._posted(update)
            if 200 <= status < 300:
                self._room.confirm(update["update_id"])
                self._reply(body)
                wait = FIRST_WAIT_SECONDS
            else:
                self.last_error = f"Wrong response from the webhook: {status}" if status else "Connection refused"
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def _posted(self, update: dict[str, Any]) -> tuple[int, bytes]:
        """The status, 0 where there was no answer, and the body."""
        self.attempts += 1
        parts = urlsplit(self.url)
        body = json.dumps(update).encode()
        secret = f"X-Telegram-Bot-Api-Secret-Token: {self.secret}\r\n" if self.secret else ""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{secret}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
                try:
                    writer.write(head.encode() + body)
                    answer = await reader.read(-1)
                finally:
                    writer.close()
            top, _, rest = answer.partition(b"\r\n\r\n")
            return int(top.split(b" ", 2)[1]), rest
        except (OSError, TimeoutError, ValueError, IndexError):
            return 0, b""

    def _reply(self, body: bytes) -> None:
        """An answer may be a call of its own."""
        try:
            said = json.loads(body)
            method = said.pop("method")
            self._carry_out(method, Parameters(said, {}))
        except (ValueError, AttributeError, KeyError, RefusedError):
            return

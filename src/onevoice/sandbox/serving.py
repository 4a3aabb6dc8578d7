"""The HTTP server under every stand-in: real sockets on loopback, in a thread of its own, that can misbehave.

It speaks as much of HTTP/1.1 as clients of APIs send: kept connections, one request behind the other, bodies with a
length or in chunks.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote

import msgspec

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 2**20
_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer that is none: nothing at all for `seconds` and then the end, a connection torn at once, or an answer
    torn in its middle.
    """

    kind: Literal["silence", "reset", "cut"]
    seconds: float = 0.0


Outcome = Reply | Trouble
Handler = Callable[[Request], Outcome | Awaitable[Outcome]]


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, msgspec.json.encode(value), {"content-type": "application/json", **(headers or {})})


class Server:
    """Serves from `start` to `stop`, or within a `with`. port 0: any that is free."""

    def __init__(self, handler: Handler, *, port: int = 0) -> None:
        self._handler = handler
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._connections: set[_Connection] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where the handler runs; what is not safe among threads is called through it."""
        return self._loop

    def start(self) -> None:
        """Raises: OSError."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(
                self._loop.create_server(lambda: _Connection(self._handler, self._connections), "127.0.0.1", self._port)
            )
        except OSError as error:
            self._failed = error
            self._loop.close()
            self._ready.set()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in [*self._connections]:
            connection.tear()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, connections: "set[_Connection]") -> None:
        self._handler = handler
        self._connections = connections
        self._buffer = bytearray()
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server gives
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while (request := self._next()) is not None:
                self._waiting.append(request)
        except (ValueError, IndexError, UnicodeDecodeError):
            self._write(Reply(400))
            self._transport.close()
            return
        self._serve()

    def _next(self) -> Request | None:
        """Raises: ValueError."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise ValueError("The head is too large.")
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, after = self._chunks(end + 4)
        else:
            after = end + 4 + int(headers.get("content-length", "0"))
            body = bytes(self._buffer[end + 4 : after]) if len(self._buffer) >= after else None
        if body is None:
            if len(self._buffer) > MAX_BODY:
                raise ValueError("The body is too large.")
            if headers.get("expect", "").lower() == "100-continue" and len(self._buffer) == end + 4:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        del self._buffer[:after]
        path, _, query = target.partition("?")
        return Request(method, unquote(path), dict(parse_qsl(query, keep_blank_values=True)), headers, body)

    def _chunks(self, at: int) -> tuple[bytes | None, int]:
        body = bytearray()
        while (end := self._buffer.find(b"\r\n", at)) >= 0:
            size = int(bytes(self._buffer[at:end]).split(b";")[0], 16)
            if len(self._buffer) < end + 2 + size + 2:
                break
            body += self._buffer[end + 2 : end + 2 + size]
            at = end + 2 + size + 2
            if size == 0:
                return bytes(body), at
        return None, 0

    def _serve(self) -> None:
        while self._waiting and self._task is None:
            outcome = self._handler(self._waiting.popleft())
            if isinstance(outcome, Reply):
                self._write(outcome)
            else:
                self._task = asyncio.get_running_loop().create_task(self._later(outcome))

    async def _later(self, outcome: Trouble | Awaitable[Outcome]) -> None:
        settled = outcome if isinstance(outcome, Trouble) else await outcome
        if isinstance(settled, Reply):
            self._write(settled)
        else:
            await self._misbehave(settled)
        self._task = None
        self._serve()

    async def _misbehave(self, trouble: Trouble) -> None:
        if trouble.kind == "silence":
            await asyncio.sleep(trouble.seconds)
        elif trouble.kind == "cut":
            self._transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ok": tr')
            await asyncio.sleep(0.05)
        self.tear()

    def tear(self) -> None:
        """Ends the connection as a failing network does, by a reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _write(self, reply: Reply) -> None:
        if self._transport.is_closing():
            return
        reason = _REASONS.get(reply.status, "Status")
        head = [f"HTTP/1.1 {reply.status} {reason}", f"content-length: {len(reply.body)}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        self._transport.write("\r\n".join([*head, "", ""]).encode("latin-1") + reply.body)

"""A proxy that misbehaves on purpose, between a client and the server: one fault for each request, by a script.

It speaks just enough HTTP/1.1 to know where a request ends. Faults that a network makes are made on the socket itself.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

MAX_HEAD = 64 * 1024
CORS = (
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Headers: authorization, content-type, x-retry-count\r\n"
    "Access-Control-Expose-Headers: Retry-After\r\n"
)


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    name: `pass`, `status` (answered here, the server hears nothing), `reset_in_body` (half of the body is taken, then
    the connection is torn), `forward_half` (the server gets half, then both sides are torn), `accept_then_silence` (the
    server takes it all, the client hears nothing for `seconds`), `accept_then_reset` (likewise, then a reset at once),
    `cut_answer` (half of the answer's head, then closed) or `slow` (both ways in small pieces, over `seconds`).
    """

    name: str
    status: int = 200
    retry_after: str | None = None
    seconds: float = 0.0


PASS = Fault("pass")
ERROR_500 = Fault("status", 500)
TOO_MANY = Fault("status", 429, "1")
TOO_MANY_SILENT = Fault("status", 429)
UNAVAILABLE = Fault("status", 503, "1")
RESET_IN_BODY = Fault("reset_in_body")
FORWARD_HALF = Fault("forward_half")
ACCEPT_THEN_SILENCE = Fault("accept_then_silence", seconds=2.5)
ACCEPT_THEN_RESET = Fault("accept_then_reset")
CUT_ANSWER = Fault("cut_answer")
SLOW = Fault("slow", seconds=0.8)

EVERY_FAULT = (
    ERROR_500,
    TOO_MANY,
    UNAVAILABLE,
    RESET_IN_BODY,
    FORWARD_HALF,
    ACCEPT_THEN_SILENCE,
    ACCEPT_THEN_RESET,
    CUT_ANSWER,
    SLOW,
)


def script(seed: int, faults: Sequence[Fault] = EVERY_FAULT) -> list[Fault]:
    """Each fault once in an order of the seed, a good request after each, so that no client runs out of patience."""
    shuffled = list(faults)
    random.Random(seed).shuffle(shuffled)
    return [each for fault in shuffled for each in (fault, PASS)]


@dataclass
class Request:
    method: str
    path: str
    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body


class FaultProxy:
    """Listens on a free port of loopback for as long as the block lasts; its loop has a thread of its own.

    The script counts POST requests only: preflights and settings pass. `done` lists what was done to each.
    """

    def __init__(self, upstream_port: int, faults: Iterable[Fault] = ()) -> None:
        self._upstream_port = upstream_port
        self._faults = iter(faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.done: list[Fault] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the other side went away, as it may
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request of a connection. Returns: whether another may follow."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        fault = PASS
        if method == "POST":
            fault = next(self._faults, PASS)
            self.done.append(fault)
        if fault.name == "reset_in_body":
            await reader.readexactly(max(1, _length(head) // 2))
            _tear(writer)
            return False
        request = Request(method, path, head, await _read_body(reader, head))
        if fault.name == "status":
            writer.write(_answer(fault))
            await writer.drain()
            return True
        if fault.name == "forward_half":
            await self._half(request)
            _tear(writer)
            return False
        answer = await self._forward(request, slow=fault.seconds if fault.name == "slow" else 0)
        if fault.name == "accept_then_silence":
            await asyncio.sleep(fault.seconds)
        if fault.name in {"accept_then_silence", "accept_then_reset"}:
            _tear(writer)
            return False
        if fault.name == "cut_answer":
            writer.write(answer[:20])
            await writer.drain()
            return False
        await _write(writer, answer, fault.seconds if fault.name == "slow" else 0)
        return b"connection: close" not in answer.split(b"\r\n\r\n", 1)[0].lower()

    async def _forward(self, request: Request, *, slow: float) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        try:
            await _write(writer, request.whole, slow)
            head = await reader.readuntil(b"\r\n\r\n")
            return head + await _read_body(reader, head)
        finally:
            writer.close()

    async def _half(self, request: Request) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        writer.write(request.head + request.body[: len(request.body) // 2])
        await writer.drain()
        await asyncio.sleep(0.05)
        _tear(writer)


def _header(head: bytes, name: str) -> str | None:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _length(head: bytes) -> int:
    return int(_header(head, "content-length") or 0)


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body as it is on the wire, chunks included."""
    if (_header(head, "transfer-encoding") or "").lower() != "chunked":
        return await reader.readexactly(_length(head))
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        body += line + await reader.readexactly(size + 2)
        if size == 0:
            return bytes(body)


def _answer(fault: Fault) -> bytes:
    retry = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after else ""
    return f"HTTP/1.1 {fault.status} Fault\r\nContent-Length: 0\r\n{retry}{CORS}\r\n".encode()


async def _write(writer: asyncio.StreamWriter, data: bytes, over_seconds: float) -> None:
    pieces = 8 if over_seconds else 1
    size = max(1, -(-len(data) // pieces))
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await writer.drain()
        await asyncio.sleep(over_seconds / pieces)


def _tear(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

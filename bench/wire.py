"""HTTP/1.1 by hand: what sends load must cost next to nothing, or it is measured itself. Also used by tests/load."""

import asyncio
import base64
import contextlib
from typing import NamedTuple, Self


class Answer(NamedTuple):
    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """The value of a header, named in small letters."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name:
                return value.strip()
        return None


def basic(key: str) -> str:
    """The header with which clients send a write key."""
    return f"Authorization: Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A whole request, to be encoded beforehand."""
    head = [f"POST {path} HTTP/1.1", "Host: bench", *headers, "Content-Type: application/json"]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: bench", *headers, "", ""]).encode()


class Wire:
    """One connection that is kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str) -> Self:
        """address: host:port."""
        host, _, port = address.rpartition(":")
        return cls(*await asyncio.open_connection(host, int(port), limit=2**20))

    async def ask(self, request: bytes) -> Answer:
        """Raises: OSError, EOFError when the connection is torn."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        answer = Answer(int(head[9:12]), head, b"")
        length = answer.header(b"content-length")
        return answer._replace(body=await self._reader.readexactly(int(length or 0)))

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

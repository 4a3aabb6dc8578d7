"""The channel to the sandbox's provider, in two manners: one that takes a key with each message, and one that does not.

For demos and tests: it speaks to this machine only, and only to a port that the installation's owner has opened. As
little as can be stands between a message and the socket, so that what is measured through it is the outbox.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming, Manifest
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Channel, Tools, read_manifest
from onevoice.kit.egress import EgressError
from onevoice.kit.times import retry_after_seconds

_GATEWAY = frozenset({502, 504})


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(asyncio.Protocol):
    """One question at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0
        self._answer: asyncio.Future[_Answer] | None = None
        self._transport: asyncio.Transport

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    def ask(self, question: bytes) -> asyncio.Future[_Answer]:
        """Ends with the answer, or with OSError when the connection does."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(question)
        return self._answer

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection gives
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle(exc or ConnectionResetError("The connection was closed before an answer."))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) < self._needed:
            return
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        try:
            lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            self._needed = end + 4 + int(headers.get("content-length", "0"))
            status = int(lines[0].split(" ", 2)[1])
        except (ValueError, IndexError):
            self._settle(ConnectionError("What came was no HTTP."))
            return
        if len(self._buffer) >= self._needed:
            body = bytes(self._buffer[end + 4 : self._needed])
            del self._buffer[: self._needed]
            self._needed = 0
            self._settle(_Answer(status, headers, body))

    def _settle(self, result: _Answer | Exception) -> None:
        if self._answer is None or self._answer.done():
            return
        if isinstance(result, Exception):
            self._answer.set_exception(result)
        else:
            self._answer.set_result(result)


class SandboxAdaptor:
    def __init__(self, settings: Mapping[str, Any], tools: Tools, *, keyed: bool) -> None:
        """Raises: ActionRequired."""
        self._host, self._port = _own_address(str(settings.get("url") or ""), tools)
        self._tools = tools
        self._keyed = keyed
        self._timeout_seconds = float(settings.get("timeout_seconds") or 10)
        self._slots = asyncio.Semaphore(int(settings.get("connections") or 32))
        self._idle: list[_Connection] = []
        self._shared_head = (
            f"host: {self._host}:{self._port}\r\nauthorization: Bearer {settings.get('token') or ''}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()

    async def probe(self) -> Probed:
        answer = await self._ask(b"GET /account HTTP/1.1\r\n", b"")
        return Probed(_field(answer, "name"))

    async def send(self, message: Outgoing) -> Accepted:
        key = f"idempotency-key: {message.key}\r\n".encode() if self._keyed else b""
        body = msgspec.json.encode({"to": message.address, "text": message.content.text})
        answer = await self._ask(b"POST /messages HTTP/1.1\r\n" + key, body)
        return Accepted(_field(answer, "id"))

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        del request
        raise Permanent("forged", "Nothing comes back from this provider.")

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        del position
        for nothing in ():
            yield nothing

    async def close(self) -> None:
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    async def _ask(self, head: bytes, body: bytes) -> _Answer:
        async with self._slots:
            connection = await self._connected()
            asked = connection.ask(b"%b%b%d\r\n\r\n%b" % (head, self._shared_head, len(body), body))
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await asked
            except TimeoutError as error:
                connection.abort()
                raise Retriable("timed_out", accepted="maybe") from error
            except OSError as error:
                raise Retriable("broken_off", str(error), accepted="maybe") from error
            except asyncio.CancelledError:
                connection.abort()  # its answer, still to come, is nobody's
                raise
            self._idle.append(connection)
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        return answer

    async def _connected(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        try:
            async with asyncio.timeout(self._timeout_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        except OSError as error:
            raise Retriable("unreachable", str(error), scope="account") from error
        return connection

    def _refused(self, answer: _Answer) -> ChannelError:
        status = answer.status
        code = f"status_{status}"
        if status == 429 or status >= 500:
            wait = retry_after_seconds(answer.headers.get("retry-after"), self._tools.clock.now())
            accepted = "maybe" if status in _GATEWAY else "no"
            return Retriable(
                code, after_seconds=wait, scope="account" if status == 429 else "message", accepted=accepted
            )
        if status in {401, 403} or status < 400:
            return ActionRequired(code, "The token is not right, or the provider has moved.")
        return Permanent(code, gone=status == 410)


def _own_address(url: str, tools: Tools) -> tuple[str, int]:
    """Raises: ActionRequired."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        own = parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        own, host, port = False, "", 0
    if not own:
        raise ActionRequired("not_loopback", "The sandbox is an http address of this machine, in digits.")
    try:
        return tools.egress.address(host, port), port
    except EgressError as error:
        raise ActionRequired(error.code, error.detail) from error


def _field(answer: _Answer, name: str) -> str:
    try:
        return str(msgspec.json.decode(answer.body)[name])
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        # It said yes, and nobody knows to what.
        raise Retriable("unreadable_answer", accepted="maybe") from error


_KEYLESS_TITLE: Final = {"en": "Sandbox without keys", "ru": "Песочница без ключей", "pl": "Piaskownica bez kluczy"}
"""Keys: of messages, by which a provider knows one that it has had already."""


def _manner(*, keyed: bool) -> Channel:
    manifest: Manifest = read_manifest(Path(__file__).parent)
    if not keyed:
        capabilities = replace(manifest.capabilities, idempotent=False)
        manifest = replace(manifest, kind="sandbox_keyless", title=_KEYLESS_TITLE, capabilities=capabilities)
    return Channel(manifest, lambda settings, tools: SandboxAdaptor(settings, tools, keyed=keyed))


CHANNEL = _manner(keyed=True)
KEYLESS = _manner(keyed=False)

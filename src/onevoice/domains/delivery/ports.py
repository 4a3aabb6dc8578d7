"""What others plug into delivery: channels, and what templates may speak of."""

import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming, Manifest
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock


class Adaptor(Protocol):
    """One account of a channel, opened with its settings. It waits for sockets and touches nothing else.

    Every method raises Retriable, Permanent or ActionRequired, and nothing else.
    """

    async def probe(self) -> Probed:
        """Try the settings against the provider. Sends nothing to anybody."""
        ...

    async def send(self, message: Outgoing) -> Accepted: ...

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        """What a webhook request says. Raises: Permanent with code `forged` where its signature is not right."""
        ...

    def listen(self, position: str | None) -> AsyncIterator[Heard]:
        """What comes by polling, for ever, from where the caller left off. None: what came before the first poll may be
        left out, as a mailbox of years is; a provider that only keeps what nobody fetched gives that.
        """
        ...

    async def close(self) -> None: ...


class Fetched(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""
        ...

    @property
    def body(self) -> bytes: ...


class Egress(Protocol):
    """The one way out to addresses that others have named; what leads into our own networks is refused.

    Raises: kit.egress.EgressError, which says whether the request may have been sent.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_seconds: float = 30,
        max_bytes: int = 20 * 2**20,
    ) -> Fetched: ...

    def address(self, host: str, port: int) -> str:
        """The IP address to connect to, for protocols other than HTTP."""
        ...


class Room(Protocol):
    """Where the chats of our own site lie, whose provider we are."""

    def put(self, message: Outgoing) -> str | None:
        """Lay a message of ours into the chat with its address, once. Blocks. Gives its name; None: no such chat."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What an adaptor is given beside its settings. egress: the one way to addresses that others have named. room: in
    processes that send.
    """

    clock: Clock
    chance: Chance
    egress: Egress
    room: Room | None = None


@runtime_checkable
class Called(Protocol):
    """What an adaptor has besides, where its provider calls us and must be told where, and that a press was heard."""

    async def connected(self, url: str) -> None:
        """From now on the provider calls this address, or waits to be asked: as the settings say."""
        ...

    async def acknowledge(self, items: Sequence[Inbound]) -> None: ...


@runtime_checkable
class Keeper(Protocol):
    """What an adaptor has besides, where its provider keeps the files that people send."""

    async def fetch(self, reference: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """What the entry point `onevoice.channels` of a package names. open: settings, secrets included, to an adaptor.

    Raises: ActionRequired where the settings cannot be right.
    """

    manifest: Manifest
    open: Callable[[Mapping[str, Any], Tools], Adaptor]


def read_manifest(folder: Path) -> Manifest:
    """The manifest.toml of a channel. Raises: msgspec.ValidationError that says what is missing or unknown."""
    return msgspec.convert(tomllib.loads((folder / "manifest.toml").read_text("utf-8")), Manifest)


class ContextSource(Protocol):
    """One root of what templates may speak of, such as `customer`. Batched: one call for a batch of messages."""

    name: str

    def load(self, conn: Any, nodes: Sequence[int], at: datetime) -> Mapping[int, Mapping[str, Any]]:
        """By the address's identifier: plain JSON values, personal ones as references into the vault.

        What this gives is kept with the message, so a later look shows what was known then.
        """
        ...

"""The site's chat as a channel. Its provider are we: what it takes lies in the room, from where browsers fetch it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, Permanent
from onevoice.domains.delivery.ports import Channel, Room, Tools, read_manifest
from onevoice.kit.origins import read_origins


class ChatAdaptor:
    def __init__(self, settings: Mapping[str, Any], room: Room | None) -> None:
        """Raises: ActionRequired."""
        try:
            self._origins = read_origins(str(settings.get("origins") or ""))
        except ValueError as error:
            raise ActionRequired("unusable_origin", str(error)) from error
        if not self._origins:
            raise ActionRequired("unusable_origin", "No site may show the chat. Write one, as https://shop.example.")
        self._room = room

    async def probe(self) -> Probed:
        """There is nobody to ask."""
        return Probed(", ".join(sorted(origin.partition("://")[2] for origin in self._origins)))

    async def send(self, message: Outgoing) -> Accepted:
        """The room knows the key: what it was given before changes nothing."""
        if self._room is None:
            raise ActionRequired("no_room", "This process has no room for chats.")
        name = await asyncio.to_thread(self._room.put, message)
        if name is None:
            raise Permanent("unknown_chat", "No browser has such a chat.", gone=True)
        return Accepted(name)

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        del request
        raise Permanent("forged", "Browsers do not come by this way.")

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        del position
        for nothing in ():
            yield nothing

    async def close(self) -> None:
        """Nothing is held."""


def _open(settings: Mapping[str, Any], tools: Tools) -> ChatAdaptor:
    return ChatAdaptor(settings, tools.room)


CHANNEL = Channel(read_manifest(Path(__file__).parent), _open)

"""The sender's process, and what everybody shares who asks for messages."""

import asyncio
import signal
from collections.abc import Mapping
from importlib.metadata import entry_points

from onevoice.bootstrap.installation import Installation, UnusableSettingError
from onevoice.domains.delivery.contracts import Manifest
from onevoice.domains.delivery.jobs.send import Kit, Sender
from onevoice.domains.delivery.ports import Channel, Tools
from onevoice.domains.delivery.service import accounts, rendering
from onevoice.kit.egress import Egress
from onevoice.kit.sealing import Sealer

GROUP = "onevoice.channels"
"""The entry points by which packages bring channels, ours and others'."""


def channels() -> dict[str, Channel]:
    """By kind. Raises: UnusableSettingError where two packages bring the same."""
    found: dict[str, Channel] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        channel: Channel = entry.load()
        kind = channel.manifest.kind
        if kind in found:
            raise UnusableSettingError(f"Two packages bring a channel {kind!r}. Remove one of them.")
        found[kind] = channel
    return found


def manifests(found: Mapping[str, Channel]) -> dict[str, Manifest]:
    return {kind: channel.manifest for kind, channel in found.items()}


def sealer(home: Installation) -> Sealer:
    return Sealer(home.secrets.vault_key, accounts.PURPOSE)


def send(home: Installation, base_url: str, *, allowed: frozenset[str] = frozenset()) -> None:
    """Send until SIGTERM or SIGINT; what is in flight is written down first."""

    async def run() -> None:
        egress = Egress(allowed=allowed)
        kit = Kit(
            home.database,
            channels(),
            Tools(home.clock, home.chance, egress),
            sealer(home),
            rendering.Renderer(doors(home, base_url)),
        )
        sender = Sender(kit)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, sender.stop)
        try:
            await sender.run()
        finally:
            await egress.close()

    asyncio.run(run())
    home.database.close()

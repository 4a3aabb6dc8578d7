"""The sender's process, and what everybody shares who asks for messages."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, NoReturn

from onevoice.bootstrap.shared import Installation, UnusableSettingError, web_settings
from onevoice.domains.conversations.service.chatting import Rooms
from onevoice.domains.delivery.contracts.accounts import Account, Probed
from onevoice.domains.delivery.contracts.channels import Inbound, Manifest
from onevoice.domains.delivery.contracts.names import AccountId
from onevoice.domains.delivery.errors import ChannelError, UnusableSettingsError
from onevoice.domains.delivery.jobs.fetch import Fetcher
from onevoice.domains.delivery.jobs.listen import Listener
from onevoice.domains.delivery.jobs.send import Kit, Sender
from onevoice.domains.delivery.ports import Adaptor, Called, Channel, ContextSource, Tools
from onevoice.domains.delivery.service import accounts, rendering
from onevoice.domains.delivery.service.doors import Doors
from onevoice.domains.delivery.service.links import Links
from onevoice.domains.identity.service.links import Keys
from onevoice.domains.profiles.service.context import CustomerContext
from onevoice.kit.egress import Egress, ForbiddenAddressError
from onevoice.kit.sealing import Sealer

GROUP = "onevoice.channels"
"""The entry points by which packages bring channels, ours and others'."""
PROBE_SECONDS = 30.0
SOURCES: tuple[ContextSource, ...] = (CustomerContext(),)
"""What templates may speak of."""


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


def manifests() -> dict[str, Manifest]:
    return {kind: channel.manifest for kind, channel in channels().items()}


def sealer(home: Installation) -> Sealer:
    return Sealer(home.secrets.vault_key, accounts.PURPOSE)


@dataclass(frozen=True)
class SendingSettings:
    """base_url: where people reach us. allowed: `host:port` of our own networks that channels may speak to."""

    base_url: str
    allowed: frozenset[str]


def sending_settings(environ: Mapping[str, str]) -> SendingSettings:
    """Raises: UnusableSettingError."""
    base = web_settings(environ).public_url or environ.get("ONEVOICE_OWN_URL") or "http://127.0.0.1:8600"
    places = frozenset(part.strip() for part in environ.get("ONEVOICE_ALLOWED_PLACES", "").split(",") if part.strip())
    for place in places:
        host, _, port = place.rpartition(":")
        if not (host and port.isascii() and port.isdigit()):
            raise UnusableSettingError(
                f"ONEVOICE_ALLOWED_PLACES holds {place!r}. Write host:port, with commas between, such as mail.lan:25."
            )
    return SendingSettings(base.rstrip("/"), places)


def doors(home: Installation, base_url: str) -> Doors:
    return Doors(base_url, home.secrets.link_key)


def links(home: Installation, base_url: str) -> Links:
    return Links(base_url, Keys(home.secrets.vault_key, home.secrets.link_key))


class _Shut:
    """Reading a webhook asks nobody anything."""

    async def request(self, *_: Any, **__: Any) -> NoReturn:
        raise ForbiddenAddressError("Nothing is asked while a webhook is read.")

    def address(self, host: str, port: int) -> str:
        del port
        return host


def reading(home: Installation, kind: str, settings: Mapping[str, Any]) -> Adaptor:
    """An adaptor that only reads what providers send us. Raises: ChannelError."""
    return channels()[kind].open(settings, Tools(home.clock, home.chance, _Shut()))


async def probe(home: Installation, settings: SendingSettings, kind: str, given: Mapping[str, Any]) -> Probed:
    """Try settings of a channel. Raises: UnusableSettingsError that says what the provider said."""
    try:
        async with _opened(home, settings, kind, given) as adaptor, asyncio.timeout(PROBE_SECONDS):
            return await adaptor.probe()
    except TimeoutError as error:
        raise UnusableSettingsError(f"Nobody answered in {PROBE_SECONDS:.0f} s. Check the address.") from error
    except ChannelError as error:
        raise UnusableSettingsError(
            f"The provider did not accept these settings: {error}", problem=error.code
        ) from error


@contextlib.asynccontextmanager
async def _opened(
    home: Installation, settings: SendingSettings, kind: str, given: Mapping[str, Any]
) -> AsyncGenerator[Adaptor]:
    egress = Egress(allowed=settings.allowed)
    try:
        adaptor = channels()[kind].open(given, Tools(home.clock, home.chance, egress))
        try:
            yield adaptor
        finally:
            await adaptor.close()
    finally:
        await egress.close()


async def connect(
    home: Installation, settings: SendingSettings, kind: str, given: Mapping[str, Any], account_id: AccountId
) -> ChannelError | None:
    """Tell a provider where to call us, or that we ask. Gives what it has against that."""
    try:
        async with _opened(home, settings, kind, given) as adaptor:
            if isinstance(adaptor, Called):
                await adaptor.connected(f"{settings.base_url}/v1/channels/{account_id}")
    except ChannelError as error:
        return error
    return None


def connect_account(
    home: Installation, settings: SendingSettings, wanted: accounts.AccountCreate, *, actor: str
) -> Account:
    """An account with these settings, tried first; one of this name that is there takes them over.

    Raises: UnknownChannelError, UnusableSettingsError, UnknownSiteError.
    """
    known = manifests()
    plain, secret = accounts.checked(accounts.manifest_of(known, wanted.channel), wanted.settings)
    given = {**plain, **secret}
    probed = asyncio.run(probe(home, settings, wanted.channel, given))
    with home.database.transaction() as conn:
        place = (wanted.channel, wanted.name, wanted.site)
        there = [each for each in accounts.accounts(conn) if (each.channel, each.name, each.site) == place]
        if there and there[0].trouble is None and accounts.opened(conn, there[0], sealer(home)) == given:
            return there[0]
        if there:
            # All of them: what the file leaves out is not to stay from before.
            whole = {each.name: "" for each in known[wanted.channel].settings} | given
            made = accounts.update(
                conn, there[0].id, whole, wanted.limits, known, sealer(home),
                actor=actor, clock=home.clock, chance=home.chance,
            )  # fmt: skip
        else:
            made = accounts.create(conn, wanted, known, sealer(home), actor=actor, clock=home.clock, chance=home.chance)
        made = accounts.note_probed(conn, made.id, probed)
    trouble = asyncio.run(connect(home, settings, wanted.channel, given, made.id))
    if trouble is not None:
        with home.database.transaction() as conn:
            accounts.note_trouble(conn, made.id, trouble, home.clock)
        raise UnusableSettingsError(f"The account is kept, but its provider cannot call us: {trouble}")
    return made


def connected_accounts(home: Installation) -> list[Account]:
    with home.database.transaction() as conn:
        return accounts.accounts(conn)


def acknowledge(
    home: Installation, settings: SendingSettings, kind: str, given: Mapping[str, Any], items: Sequence[Inbound]
) -> None:
    """Tell a provider that what it called us with was heard. Never raises: the customer was heard all the same."""

    async def run() -> None:
        async with _opened(home, settings, kind, given) as adaptor:
            if isinstance(adaptor, Called):
                await adaptor.acknowledge(items)

    with contextlib.suppress(ChannelError):
        asyncio.run(run())


def send(home: Installation, settings: SendingSettings) -> None:
    """Send until SIGTERM or SIGINT; what is in flight is written down first."""

    async def run() -> None:
        egress = Egress(allowed=settings.allowed)
        kit = Kit(
            home.database,
            channels(),
            Tools(home.clock, home.chance, egress, Rooms(home.database, home.clock)),
            sealer(home),
            rendering.Renderer(doors(home, settings.base_url), links(home, settings.base_url)),
            home.secrets.vault_key,
        )
        sender, listener, fetcher = Sender(kit), Listener(kit), Fetcher(kit)

        def stop() -> None:
            sender.stop()
            listener.stop()
            fetcher.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        try:
            await asyncio.gather(sender.run(), listener.run(), fetcher.run())
        finally:
            await egress.close()

    asyncio.run(run())
    home.database.close()

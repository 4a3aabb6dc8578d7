"""The e-mail channel: SMTP out, a mailbox over IMAP in."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any

from onevoice.channels.email.imap import Position, Watch, position
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.reading import Arrived, read
from onevoice.channels.email.reports import Ours
from onevoice.channels.email.settings import MANIFEST, EmailSettings
from onevoice.channels.email.settings import read as read_settings
from onevoice.channels.email.smtp import Pool, Timeouts
from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Adaptor, Channel, Tools


class EmailAdaptor:
    """One account. Belongs to one event loop."""

    def __init__(self, settings: EmailSettings, tools: Tools, timeouts: Timeouts | None = None) -> None:
        self._settings, self._tools = settings, tools
        self._ours = Ours(settings.returns, settings.return_key, settings.sender.domain)
        self._pool = Pool(
            settings.smtp,
            tools.egress,
            tools.clock,
            hello=settings.sender.domain,
            concurrency=MANIFEST.limits.concurrency,
            timeouts=timeouts,
        )
        self._watches: set[Watch] = set()

    async def probe(self) -> Probed:
        """Logs in to both servers; says of each what is wrong, so that nobody mends the wrong one."""
        halves = {"SMTP": await _tried(self._pool.probe()), "IMAP": await self._mailbox_tried()}
        wrong = {half: came for half, came in halves.items() if isinstance(came, ChannelError)}
        if wrong:
            code = "_and_".join(error.code for error in wrong.values())
            told = "; ".join(f"{half}: {error}. {_advice(error.code)}" for half, error in wrong.items())
            first = next(iter(wrong.values()))
            if all(isinstance(error, Retriable) for error in wrong.values()):
                raise Retriable(code, told, scope="account") from first
            raise ActionRequired(code, told) from first
        detail = {"smtp": f"{self._settings.smtp.host}: {halves['SMTP']}"}
        if self._settings.imap:
            detail["imap"] = f"{self._settings.imap.host}: {halves['IMAP']} in {self._settings.folder}"
        if self._settings.signer:
            detail["dns_name"], detail["dns_txt"] = self._settings.signer.record
        return Probed(str(self._settings.sender), detail)

    async def send(self, message: Outgoing) -> Accepted:
        made = letter(message, self._settings, self._tools.clock.now())
        await self._pool.send(made)
        return Accepted(made.message_id)

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        raise Permanent("no_webhook", f"e-mail comes by IMAP, not by {request.method} requests")

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        """Ends at once where the account has no mailbox."""
        watch = self._watch()
        if watch is None:
            return
        self._watches.add(watch)
        try:
            async for heard in _heard(watch, position, self._ours):
                yield heard
        finally:
            watch.stopped.set()
            self._watches.discard(watch)

    async def close(self) -> None:
        for watch in self._watches:
            watch.stopped.set()
        await self._pool.close()

    def _watch(self) -> Watch | None:
        settings, tools = self._settings, self._tools
        if settings.imap is None:
            return None
        return Watch(
            settings.imap,
            settings.folder,
            tools.egress,
            tools.clock,
            tools.chance,
            mark_seen=settings.mark_seen,
        )

    async def _mailbox_tried(self) -> str | ChannelError:
        watch = self._watch()
        return await _tried(asyncio.to_thread(lambda: f"{watch.probe()} letters")) if watch else ""


_ADVICE = {
    "smtp_login_refused": "Check smtp_username and smtp_password; many providers want a password made for one app.",
    "imap_login_refused": "Check imap_username and imap_password, and that IMAP is switched on for the mailbox.",
    "imap_folder_unknown": "Check imap_folder: it is written as the server names it.",
    "smtp_certificate_invalid": "Check smtp_host: the certificate is of another name, or of nobody whom we trust.",
    "imap_certificate_invalid": "Check imap_host: the certificate is of another name, or of nobody whom we trust.",
    "forbidden_address": "Servers in private networks must be opened by whoever runs this installation.",
    "smtp_not_supported": "Check smtp_security and smtp_port: the server does not offer what they ask for.",
}


def _advice(code: str) -> str:
    return _ADVICE.get(code, "Check the server's name, its port and the encryption.")


async def _tried(trying: Awaitable[str]) -> str | ChannelError:
    try:
        return await trying
    except ChannelError as error:
        return error


async def _heard(watch: Watch, text: str | None, ours: Ours) -> AsyncIterator[Heard]:
    """Bridges the thread that watches to the loop that asks: the thread goes on when a batch was taken."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Heard | ChannelError | None] = asyncio.Queue()
    taken = threading.Event()

    def take(items: Sequence[Arrived], reached: Position) -> None:
        found = [each for arrived in items for each in read(arrived, ours)]
        taken.clear()
        loop.call_soon_threadsafe(queue.put_nowait, Heard(found, str(reached)))
        while not taken.wait(0.5) and not watch.stopped.is_set():
            pass

    def run() -> None:
        end: ChannelError | None = None
        try:
            watch.run(position(text), take)
        except ChannelError as error:
            end = error
        except Exception as error:  # noqa: BLE001 - whoever listens would wait for this thread for ever
            end = Retriable("listening_failed", repr(error)[:300])
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, end)

    threading.Thread(target=run, name="email-imap", daemon=True).start()
    while True:
        heard = await queue.get()
        if isinstance(heard, ChannelError):
            raise heard
        if heard is None:
            return
        yield heard
        taken.set()


def _open(settings: Mapping[str, Any], tools: Tools) -> Adaptor:
    return EmailAdaptor(read_settings(settings), tools)


CHANNEL = Channel(MANIFEST, _open)

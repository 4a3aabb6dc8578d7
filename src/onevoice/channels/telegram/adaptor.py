"""Telegram's Bot API, without its SDKs. One account is one bot.

Beyond the Adaptor's own methods: `register` and `unregister` (the webhook), `acknowledge` (a pressed button stops
waiting) and `fetch` (a file that somebody sent).
"""

import asyncio
import contextlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from onevoice.channels.telegram import payloads, refusals, updates
from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming, Said
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Channel, Tools, read_manifest
from onevoice.kit import jsons
from onevoice.kit.chance import token as random_token
from onevoice.kit.egress import EgressError, ForbiddenAddressError, UnusableRequestError

TELEGRAM = "https://api.telegram.org"
TIMEOUT_SECONDS = 30
UPLOAD_TIMEOUT_SECONDS = 120
POLL_SECONDS = 50
"""How long Telegram holds a poll open while nothing happens."""
MAX_ANSWER_BYTES = 16 * 2**20
MAX_FILE_BYTES = 20 * 2**20
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name

_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,128}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class TelegramAdaptor:
    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """Raises: ActionRequired."""
        self._token = str(settings.get("token") or "").strip()
        if not _TOKEN.fullmatch(self._token):
            raise ActionRequired(
                "unusable_token", "A bot's token is digits, a colon and letters, as BotFather gave it."
            )
        self._secret = str(settings.get("webhook_secret") or "")
        self._by_webhook = settings.get("updates") == "webhook"
        if (self._by_webhook or self._secret) and not _SECRET.fullmatch(self._secret):
            raise ActionRequired("unusable_secret", "The webhook's secret is 16 to 256 letters, digits, _ and -.")
        self._base = str(settings.get("api_url") or TELEGRAM).rstrip("/")
        self._manner = payloads.Manner(
            link_previews=bool(settings.get("link_previews", True)), protect=bool(settings.get("protect", False))
        )
        self._tools = tools
        self._slowed: tuple[str, datetime] | None = None

    async def probe(self) -> Probed:
        me = await self._ask("getMe")
        hook = await self._ask("getWebhookInfo")
        detail = {
            "id": str(_of(me, "id")),
            "name": str(_of(me, "first_name")),
            "webhook": str(_of(hook, "url")),
            "waiting": str(_of(hook, "pending_update_count")),
            "last_error": str(hook.get("last_error_message", "")),
        }
        return Probed(f"@{_of(me, 'username')}", detail)

    async def send(self, message: Outgoing) -> Accepted:
        what = payloads.call(message, self._manner)
        try:
            result = await self._call(what)
        except Permanent as error:
            if error.code == refusals.NOT_MODIFIED and message.edits is not None:
                return Accepted(message.edits)  # it says already what it was to say
            raise
        except Retriable as error:
            if error.code == refusals.TOO_MANY:
                raise self._slowed_down(error, message.address) from error
            raise
        if message.edits is not None:
            return Accepted(message.edits)
        first = result[0] if isinstance(result, list) and result else result
        return Accepted(payloads.provider_id(payloads.chat_id(message.address), _of(first, "message_id")))

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not self._secret or not hmac.compare_digest(given, self._secret.encode()):
            raise Permanent("forged", "The secret that Telegram was given is not with this update.")
        try:
            value = jsons.mend(jsons.read(request.body).value).value
            return updates.told(updates.read(value), self._tools.clock.now())
        except (jsons.UnreadableError, msgspec.ValidationError) as error:
            raise Permanent("unreadable", "This is no update of the Bot API.") from error

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        # What people wrote before the first poll waits at Telegram for a day, and is theirs to be heard.
        if self._by_webhook:
            await asyncio.Event().wait()  # Telegram answers no polls then
        hold_seconds = POLL_SECONDS
        if position is None:
            position, hold_seconds = "0", 0
        while True:
            got = await self._updates(int(position), hold_seconds)
            if not got and hold_seconds:
                continue
            hold_seconds = POLL_SECONDS
            position = str(_after(got, int(position)))
            items = [item for value in got for item in self._told(value)]
            yield Heard(items, position)
            await self.acknowledge(items)

    async def close(self) -> None:
        """Nothing is held: connections are egress's own."""

    async def connected(self, url: str) -> None:
        if self._by_webhook:
            await self.register(url)
        else:
            await self.unregister()

    async def register(self, url: str) -> None:
        """From now on Telegram sends updates to this https address, with the secret."""
        if not self._secret:
            raise ActionRequired("unusable_secret", "A webhook needs a secret.")
        fields = {"url": url, "secret_token": self._secret, "allowed_updates": updates.TAKEN, "max_connections": 10}
        await self._ask("setWebhook", fields)

    async def unregister(self) -> None:
        """From now on updates wait to be polled."""
        await self._ask("deleteWebhook")

    async def acknowledge(self, items: Sequence[Inbound]) -> None:
        """Ends the waiting that whoever pressed a button sees. Never raises: it is too late or not important."""
        for item in items:
            if isinstance(item, Said) and item.pressed is not None:
                with contextlib.suppress(ChannelError):
                    await self._ask("answerCallbackQuery", {"callback_query_id": item.provider_id})

    async def fetch(self, reference: str) -> bytes:
        """A file that somebody sent, 20 MiB at most."""
        file = await self._ask("getFile", {"file_id": reference})
        path = quote(str(_of(file, "file_path")))
        if ".." in path.split("/"):
            raise Permanent("unusable_file", "Its path leads elsewhere.")
        answer = await self._fetched("GET", f"/file/bot{self._token}/{path}", max_bytes=MAX_FILE_BYTES)
        if answer.status != 200:
            raise Permanent(f"status_{answer.status}", "The file is not there any more.")
        return answer.body

    def _slowed_down(self, error: Retriable, address: str) -> Retriable:
        """Telegram does not say whether one chat or the whole bot is over its limit. The first refusal is taken for the
        chat's; another chat refused while that one still waits means the bot's.
        """
        now = self._tools.clock.now()
        whole = self._slowed is not None and self._slowed[0] != address and now < self._slowed[1]
        self._slowed = (address, now + timedelta(seconds=error.after_seconds or 1))
        return Retriable(
            error.code, error.detail, after_seconds=error.after_seconds, scope="account" if whole else "message"
        )

    def _told(self, value: Any) -> list[Inbound]:
        try:
            return updates.told(updates.read(jsons.mend(value).value), self._tools.clock.now())
        except msgspec.ValidationError:
            return []  # one that cannot be read must not hold up those behind it

    async def _updates(self, offset: int, hold_seconds: int) -> list[Any]:
        fields = {"offset": offset, "timeout": hold_seconds, "allowed_updates": updates.TAKEN}
        what = payloads.Call("getUpdates", fields, {})
        got = await self._call(what, timeout_seconds=hold_seconds + TIMEOUT_SECONDS)
        return [each for each in got if isinstance(each, dict)] if isinstance(got, list) else []

    async def _ask(self, method: str, fields: Mapping[str, Any] | None = None) -> Any:
        return await self._call(payloads.Call(method, fields or {}, {}))

    async def _call(self, what: payloads.Call, *, timeout_seconds: float | None = None) -> Any:
        """Its `result`. Raises: Retriable, Permanent, ActionRequired."""
        content_type, body = payloads.encoded(what, random_token(self._tools.chance, 24))
        if timeout_seconds is None:
            timeout_seconds = UPLOAD_TIMEOUT_SECONDS if what.files else TIMEOUT_SECONDS
        answer = await self._fetched(
            "POST", f"/bot{self._token}/{what.method}", {"content-type": content_type}, body, timeout_seconds
        )
        return refusals.result(answer, self._tools.clock.now())

    async def _fetched(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Any:
        try:
            return await self._tools.egress.request(
                method,
                self._base + path,
                headers=headers,
                content=content,
                timeout_seconds=timeout_seconds,
                max_bytes=max_bytes,
            )
        except (ForbiddenAddressError, UnusableRequestError) as error:
            raise ActionRequired(error.code, error.detail) from error
        except EgressError as error:
            raise Retriable(error.code, error.detail, accepted="maybe" if error.sent else "no") from error


def _after(got: Sequence[Any], position: int) -> int:
    numbers = [each["update_id"] for each in got if isinstance(each.get("update_id"), int)]
    return max([position, *(number + 1 for number in numbers)])


def _of(result: Any, name: str) -> Any:
    try:
        return result[name]
    except (KeyError, TypeError, IndexError) as error:
        raise Retriable("unreadable_answer", f"There is no {name} in it.", accepted="maybe") from error


CHANNEL = Channel(read_manifest(Path(__file__).parent), TelegramAdaptor)

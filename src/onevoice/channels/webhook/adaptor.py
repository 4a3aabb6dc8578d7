"""Webhook out as a channel: each message is a signed POST to one address."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from onevoice.channels.webhook import payloads
from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Channel, Tools, read_manifest
from onevoice.kit.chance import token
from onevoice.kit.egress import EgressError, ForbiddenAddressError, TooLargeError, UnusableRequestError
from onevoice.kit.times import retry_after_seconds

TIMEOUT_SECONDS = 20
MAX_ANSWER_BYTES = 64 * 1024
_LATER = frozenset({408, 425, 429})
_GATEWAY = frozenset({502, 504})
# What will not be other with the next message: the receiver is not there, does not let us in, or wants no more.
_MENDED_FIRST = frozenset({401, 403, 404, 405, 410})


class WebhookAdaptor:
    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """Raises: ActionRequired."""
        self._url = str(settings.get("url") or "")
        self._tools = tools
        given = [str(settings.get(name) or "") for name in ("secret", "previous_secret")]
        try:
            self._secrets = [payloads.read_secret(text) for text in given[:1] + [text for text in given[1:] if text]]
        except ValueError as error:
            raise ActionRequired("unusable_secret", str(error)) from error

    async def probe(self) -> Probed:
        """Posts an `account.probed`, signed as messages are."""
        await self._post(f"probe_{token(self._tools.chance, 12)}", payloads.probe())
        return Probed(self._url)

    async def send(self, message: Outgoing) -> Accepted:
        await self._post(message.key, payloads.message(message))
        return Accepted(message.edits or message.key)

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        del request
        raise Permanent("forged", "Nothing comes back by this channel.")

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        del position
        for nothing in ():
            yield nothing

    async def close(self) -> None:
        """Nothing is held: connections are egress's own."""

    async def _post(self, webhook_id: str, body: bytes) -> None:
        now = self._tools.clock.now()
        try:
            answer = await self._tools.egress.request(
                "POST",
                self._url,
                headers=payloads.headers(self._secrets, webhook_id, now, body),
                content=body,
                timeout_seconds=TIMEOUT_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
            )
            status, wait = answer.status, answer.headers.get("retry-after")
        except TooLargeError as error:  # what it says does not matter, only that it has answered
            status, wait = error.status, None
        except (ForbiddenAddressError, UnusableRequestError) as error:
            raise ActionRequired(error.code, error.detail) from error
        except EgressError as error:
            raise Retriable(error.code, error.detail, accepted="maybe" if error.sent else "no") from error
        if not 200 <= status < 300:
            raise _refused(status, retry_after_seconds(wait, now))


def _refused(status: int, wait_seconds: float | None) -> ChannelError:
    code = f"status_{status}"
    if status in _LATER or status >= 500:
        return Retriable(
            code,
            after_seconds=wait_seconds,
            scope="account" if status == 429 else "message",
            accepted="maybe" if status in _GATEWAY else "no",
        )
    if status < 400:
        return ActionRequired(
            code, "The receiver answers with a redirect, which is not followed: enter its new address."
        )
    if status == 410:
        return ActionRequired(code, "The receiver wants nothing more from us.")
    if status in _MENDED_FIRST:
        return ActionRequired(code, "Nobody takes messages at this address, or not from us.")
    return Permanent(code)


CHANNEL = Channel(read_manifest(Path(__file__).parent), WebhookAdaptor)

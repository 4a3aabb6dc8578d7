"""A whole channel: pages, by a provider that takes one text with one request."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from onevoice.domains.delivery.contracts.accounts import Probed
from onevoice.domains.delivery.contracts.channels import Heard, Inbound, Incoming
from onevoice.domains.delivery.contracts.messages import Accepted, Outgoing
from onevoice.domains.delivery.errors import ActionRequired, Permanent, Retriable
from onevoice.domains.delivery.ports import Channel, Fetched, Tools, read_manifest
from onevoice.kit.egress import EgressError, ForbiddenAddressError, UnusableRequestError
from onevoice.kit.times import retry_after_seconds

MANIFEST = read_manifest(Path(__file__).parent)


class PagerAdaptor:
    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        if not settings.get("key"):
            raise ActionRequired("unusable_key", "A pager needs the key that its provider gave you.")
        self._url = str(settings.get("url") or "").rstrip("/")
        self._key = str(settings["key"])
        self._tools = tools

    async def probe(self) -> Probed:
        answer = await self._ask("GET", "/me")
        return Probed(_field(answer, "name"))

    async def send(self, message: Outgoing) -> Accepted:
        if len(message.content.text) > MANIFEST.capabilities.text_max:
            raise Permanent("too_long", "A page has 160 characters.")
        page = {"to": message.address, "text": message.content.text}
        answer = await self._ask("POST", "/pages", json.dumps(page).encode(), {"idempotency-key": message.key})
        return Accepted(_field(answer, "id"))

    def parse(self, request: Incoming) -> Sequence[Inbound]:
        raise Permanent("forged", "Pagers do not answer.")

    async def listen(self, position: str | None) -> AsyncIterator[Heard]:
        for nothing in ():
            yield nothing

    async def close(self) -> None:
        pass

    async def _ask(self, method: str, path: str, content: bytes | None = None, more: Mapping[str, str] = {}) -> Fetched:
        headers = {"authorization": f"Key {self._key}", "content-type": "application/json", **more}
        try:
            answer = await self._tools.egress.request(method, self._url + path, headers=headers, content=content)
        except (ForbiddenAddressError, UnusableRequestError) as error:
            raise ActionRequired(error.code, error.detail) from error
        except EgressError as error:
            raise Retriable(error.code, error.detail, accepted="maybe" if error.sent else "no") from error
        self._require_taken(answer)
        return answer

    def _require_taken(self, answer: Fetched) -> None:
        """What went wrong decides what is done next; nothing else does."""
        status, code = answer.status, f"status_{answer.status}"
        if 200 <= status < 300:
            return
        if status == 429 or status >= 500:
            wait = retry_after_seconds(answer.headers.get("retry-after"), self._tools.clock.now())
            raise Retriable(code, after_seconds=wait, scope="account" if status == 429 else "message")
        if status == 410:
            raise Permanent("unsubscribed", gone=True)
        if status in {401, 403, 404} or status < 400:
            raise ActionRequired(code, "The address or the key is not right.")
        raise Permanent(code)


def _field(answer: Fetched, name: str) -> str:
    try:
        return str(json.loads(answer.body)[name])
    except (ValueError, KeyError, TypeError) as error:
        raise Retriable("unreadable_answer", accepted="maybe") from error


CHANNEL = Channel(MANIFEST, PagerAdaptor)

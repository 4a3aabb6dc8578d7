"""What a receiver of webhooks gets, and how it is signed: by Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from onevoice.domains.delivery.contracts.messages import Button, Media, Outgoing

PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES = 24, 64


def read_secret(text: str) -> bytes:
    """Raises: ValueError, without repeating the text."""
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not MIN_BYTES <= len(secret) <= MAX_BYTES:
        raise ValueError(f"A secret is {PREFIX} and base64 of {MIN_BYTES} to {MAX_BYTES} bytes.")
    return secret


def headers(secrets: Sequence[bytes], webhook_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """One signature for each secret, so that a receiver that has either can check."""
    seconds = str(int(now.timestamp()))
    signed = b"%b.%b.%b" % (webhook_id.encode(), seconds.encode(), body)
    digests = [base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Onevoice",
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }


def message(outgoing: Outgoing) -> bytes:
    """The same bytes at every attempt: what changes with time stands in the headers."""
    content = outgoing.content
    data: dict[str, Any] = {
        "id": str(outgoing.id),
        "address": outgoing.address,
        "language": outgoing.language,
        "marketing": outgoing.marketing,
        "text": content.text,
        "html": content.html,
        "subject": content.subject,
        "buttons": [[_button(button) for button in row] for row in content.buttons],
        "media": [_media(media) for media in content.media],
        "unsubscribe_url": outgoing.unsubscribe_url,
        "preferences_url": outgoing.preferences_url,
        "answers": outgoing.answers,
        "thread": outgoing.thread,
        "edits": outgoing.edits,
    }
    at = None if outgoing.at is None else outgoing.at.isoformat()
    return msgspec.json.encode({"type": "message.sent", "timestamp": at, "data": data})


def probe() -> bytes:
    return msgspec.json.encode({"type": "account.probed", "data": {}})


def _button(button: Button) -> dict[str, Any]:
    return {"text": button.text, "url": button.url, "data": button.data}


def _media(media: Media) -> dict[str, Any]:
    return {
        "kind": media.kind,
        "name": media.name,
        "content_type": media.content_type,
        "caption": media.caption,
        "base64": base64.b64encode(media.data).decode(),
    }

"""Signatures of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, base64, behind `v1,`."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from onevoice.domains.webhooks.contracts import Headers
from onevoice.domains.webhooks.errors import InvalidSignatureError, UnusableSecretError
from onevoice.kit.chance import Chance

PREFIX = "whsec_"
MADE_BYTES = 32
MIN_BYTES, MAX_BYTES = 16, 128
TOLERANCE_SECONDS = 300
MAX_ID_CHARS = 256
MAX_SIGNATURES = 20

_PRINTABLE = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID_CHARS}}}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def new_secret(chance: Chance) -> bytes:
    return chance.bytes(MADE_BYTES)


def shown(secret: bytes) -> str:
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """Raises: UnusableSecretError, without repeating the text."""
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableSecretError(
            "A secret is `whsec_` and base64. Copy it from the sender's page as it is."
        ) from error
    if not MIN_BYTES <= len(secret) <= MAX_BYTES:
        raise UnusableSecretError(f"A secret holds {MIN_BYTES} to {MAX_BYTES} bytes; this one holds {len(secret)}.")
    return secret


def sign(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    digest = hmac.digest(secret, b"%s.%s.%s" % (message_id.encode(), timestamp.encode(), body), hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def verify(headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime) -> str:
    """The delivery's id, once it is known to be from whoever has a secret, and from just now.

    Compared in constant time, and always with every secret. Raises: InvalidSignatureError.
    """
    message_id, timestamp, signature = headers.message_id, headers.timestamp, headers.signature
    if not message_id or not timestamp or not signature:
        raise InvalidSignatureError("Send the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.")
    if not _PRINTABLE.fullmatch(message_id):
        raise InvalidSignatureError(f"`webhook-id` is at most {MAX_ID_CHARS} visible characters of ASCII.")
    if not _SECONDS.fullmatch(timestamp):
        raise InvalidSignatureError("`webhook-timestamp` is the time of sending in whole seconds since 1970.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise InvalidSignatureError(
            f"`webhook-timestamp` is more than {TOLERANCE_SECONDS // 60} minutes from now. Set the clock right, and"
            " sign anew at every attempt."
        )
    given = [each.encode() for each in signature.split(" ")[:MAX_SIGNATURES] if each.isascii()]
    right = False
    for secret in secrets:
        if len(secret) < MIN_BYTES:
            continue
        wanted = sign(secret, message_id, timestamp, body).encode()
        for each in given:
            right |= hmac.compare_digest(each, wanted)
    if not right:
        raise InvalidSignatureError(
            "No signature in `webhook-signature` is right. Sign `id.timestamp.body`, the body byte for byte as it is"
            " sent, with the base64-decoded part of the secret behind `whsec_`."
        )
    return message_id

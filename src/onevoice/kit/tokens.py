"""Tokens that stand in addresses: a number and a keyed signature, 20 characters that tell nobody anything.

A token is a capability. Each use signs with a key of its own, so that a token of one says nothing to another.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any

from onevoice.kit.chance import Chance

ID_BYTES = 7
MAC_BYTES = 8

_SHAPE = re.compile(r"[\w-]{20}", re.ASCII)


def key_of(secret: bytes, use: str) -> bytes:
    """The key of signatures for one use, derived from one of the installation's."""
    return hashlib.blake2b(use.encode(), key=secret, digest_size=32).digest()


def draw(chance: Chance) -> int:
    """A number that nobody can guess."""
    return int.from_bytes(chance.bytes(ID_BYTES), "big")


def make(number: int, key: bytes) -> str:
    """15 bytes make 20 characters and leave no bit over that could be changed unnoticed."""
    packed = number.to_bytes(ID_BYTES, "big")
    return base64.urlsafe_b64encode(packed + _signature(packed, key)).decode()


def number_of(token: Any, key: bytes) -> int | None:
    """The number that a token of ours holds; None of anything else."""
    if not isinstance(token, str) or not _SHAPE.fullmatch(token):
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    packed, signature = raw[:ID_BYTES], raw[ID_BYTES:]
    if not hmac.compare_digest(signature, _signature(packed, key)):
        return None
    return int.from_bytes(packed, "big")


def _signature(packed: bytes, key: bytes) -> bytes:
    return hmac.digest(key, packed, "sha256")[:MAC_BYTES]

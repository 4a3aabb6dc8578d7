"""Secrets that must be read again, kept so that the database alone does not give them away."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onevoice.kit.chance import Chance

_NONCE_BYTES = 12


class UnsealableError(ValueError):
    """Sealed with another key, for another place, or damaged."""


class Sealer:
    """AES-256-GCM with a key of its own for each purpose, derived from one that the database does not hold."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(derived(key, purpose))

    def seal(self, plain: bytes, place: str, chance: Chance) -> bytes:
        """place: where it is kept; copied elsewhere it cannot be opened."""
        nonce = chance.bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """Raises: UnsealableError."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise UnsealableError(place) from error


def derived(key: bytes, purpose: str) -> bytes:
    """32 bytes by HKDF with SHA-256 (RFC 5869), without a salt: the key is random already."""
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    return hmac.digest(extracted, purpose.encode() + b"\x01", hashlib.sha256)

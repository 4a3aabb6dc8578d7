"""Randomness as an argument."""

import base64
import random
import secrets
import uuid
from typing import Protocol


class Chance(Protocol):
    def bytes(self, n: int) -> bytes: ...


class SystemChance:
    """The operating system's generator, fit for secrets."""

    def bytes(self, n: int) -> bytes:
        return secrets.token_bytes(n)


class SeededChance:
    """Repeatable, for tests and simulations; never for secrets."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)


def token(chance: Chance, n_bytes: int = 32) -> str:
    """URL-safe text holding `n_bytes` of chance, without padding."""
    return base64.urlsafe_b64encode(chance.bytes(n_bytes)).rstrip(b"=").decode()


def random_uuid(chance: Chance) -> uuid.UUID:
    return uuid.UUID(bytes=chance.bytes(16), version=4)

"""Opaque cursors of paged lists: base64url of a JSON array."""

import base64
import binascii
import json
from typing import Any

from onevoice.kit.errors import DomainError


class InvalidCursorError(DomainError):
    """The cursor cannot be read."""

    code = "invalid_cursor"
    kind = "invalid"


def encode(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_id(text: str | None, most: int = 2**63 - 1) -> int | None:
    """The id that a cursor of a list by id holds, None of none. Raises: InvalidCursorError."""
    if not text:
        return None
    found = decode(text, int)[0]
    if not 0 < found <= most:
        raise InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return found


def decode(text: str, *types: type) -> tuple[Any, ...]:
    """The parts of a cursor, of exactly these types, else InvalidCursorError."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.") from error
    matching = isinstance(parts, list) and len(parts) == len(types)
    if not matching or not all(type(part) is kind for part, kind in zip(parts, types, strict=True)):
        raise InvalidCursorError("This cursor belongs to another list. Start again without a cursor.")
    return tuple(parts)

"""The one authoritative JSON reader for what comes from outside. What it lets through, PostgreSQL can store.

Strict and fast where the text is clean; else tolerant: NaN and infinities become null, U+0000 and lone surrogates are
taken out, as senders in the field really produce them (docs/reference/events.md).
"""

import json
import math
import re
from typing import Any, NamedTuple

import msgspec

MAX_DEPTH = 100
MAX_DIGITS = 300

_strict = msgspec.json.Decoder()
_SURROGATES = re.compile("[\ud800-\udfff]")
encode = msgspec.json.Encoder().encode


class UnreadableError(ValueError):
    """The text is no JSON, or nests too deeply to be data."""


class Read(NamedTuple):
    value: Any
    mended: bool
    """True where something was taken out or replaced by null: the original bytes must not be stored."""


def read(raw: bytes | memoryview) -> Read:
    """Raises: UnreadableError."""
    raw = bytes(raw)
    if b"\\u0000" not in raw:
        try:
            value = _strict.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            _measure(value, raw)
            return Read(value, mended=False)
    return Read(_clean(_tolerant(raw), 0), mended=True)


def _measure(value: Any, raw: bytes) -> None:
    """Refuse what nests deeper than anything that is data."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise UnreadableError(f"The JSON nests deeper than {MAX_DEPTH} levels.")


def _tolerant(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"The body is not UTF-8: {error.reason} at byte {error.start}.") from error
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_int=_whole, parse_float=_decimal, strict=False)
    except RecursionError as error:
        raise UnreadableError(f"The JSON nests deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise UnreadableError(f"The body is no JSON: {error}.") from error


def _whole(digits: str) -> int | float | str | None:
    if len(digits) > MAX_DIGITS:
        return None
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else _decimal(digits)


def _decimal(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def clean_text(text: str) -> str:
    return _SURROGATES.sub("�", text).replace("\0", "")


def _clean(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise UnreadableError(f"The JSON nests deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): _clean(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner, depth + 1) for inner in value]
    return value
